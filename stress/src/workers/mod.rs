//! Running suites in other processes: one that a round kills costs that process alone.
//!
//! ```text
//!  run_with_workers ── a thread for each job ── Request {suite, seed} ──▶ serve_standard: this program again
//!                                           ◀── Message: began, failing, alive, ended ──┘
//!                                           ◀── its end: a crash, a refusal, or killed from outside
//! ```
//!
//! A line is one request or message, as JSON. What does not begin as one is none. A worker ends
//! when its input does, whatever it plays: nothing is left of a run that was killed.
//!
//! A round that kills its process is played once more, alone. If that kills another process, smaller
//! things derived from it are, in a process each, as long as they do ([`crate::trials`]).

mod message;
mod serve;

pub use serve::serve_standard;

use crate::options::{ChoiceError, StressOptions};
use crate::progress::{Progress, RoundBegins};
use crate::schedule::{Schedule, Task};
use crate::suite::{FailedRound, FailureKind, Figures, RoundEnd, RoundResult};
use crate::summary::Summary;
use mangrove_workers::{Heard, Worker};
use message::{Message, Request};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The exit code of a worker that was refused a resource.
const REFUSED: i32 = 3;
/// What nobody does to itself: SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM, SIGXCPU. The kernel
/// kills so where memory is short, and schedulers where time is.
const FROM_OUTSIDE: [i32; 6] = [1, 2, 3, 9, 15, 24];
/// Most processes to find something smaller that kills one.
const QUESTIONS: usize = 200;

/// Who plays.
pub struct Workers<'a> {
    /// How many at a time, at least one.
    pub jobs: usize,
    /// How long one may be silent: a round says nothing while it is played.
    pub patience: Duration,
    /// Starts one: a program that calls [`serve_standard`] with the same options.
    pub command: &'a (dyn Fn() -> Command + Sync),
}

/// How a request ended.
enum Reply {
    Ended(RoundResult),
    Answer(bool),
    /// The process died.
    Died(ExitStatus, Said),
    /// It was silent for too long.
    Silent(Said),
    /// None could be started.
    NoWorker(io::Error),
}

/// What a worker had said of a round before it ended.
#[derive(Debug, Default)]
struct Said {
    parameters: String,
    failing: Option<Box<FailedRound>>,
    /// Whether something smaller was being played.
    alive: bool,
    /// The end of its standard error.
    complaint: String,
}

/// Runs the suites by workers. What fails is in the summary, and so is a round that kills a worker,
/// or keeps it silent for too long.
///
/// # Errors
/// If a name is no suite's, or none is left.
pub fn run_with_workers(
    options: &StressOptions,
    workers: &Workers<'_>,
    progress: &mut (dyn Progress + Send),
) -> Result<Summary, ChoiceError> {
    let mut schedule = Schedule::new(options, workers.jobs)?;
    progress.begin(options, schedule.wanted());
    for report in schedule.ended(Duration::ZERO) {
        progress.end(&report);
    }
    let run = Run {
        workers,
        begun: Instant::now(),
        shared: Mutex::new((schedule, progress)),
    };
    thread::scope(|scope| {
        for job in 1..workers.jobs {
            let run = &run;
            // With fewer threads it takes longer.
            let started = thread::Builder::new().spawn_scoped(scope, move || run.work(job));
            if started.is_err() {
                break;
            }
        }
        run.work(0);
    });
    let elapsed = run.begun.elapsed();
    let shared = run.shared.into_inner();
    let (schedule, _) = shared.unwrap_or_else(PoisonError::into_inner);
    Ok(schedule.summary(elapsed))
}

/// A run, as the threads share it.
struct Run<'a> {
    workers: &'a Workers<'a>,
    begun: Instant,
    shared: Mutex<(Schedule<'a>, &'a mut (dyn Progress + Send))>,
}

impl<'a> Run<'a> {
    fn lock(&self) -> MutexGuard<'_, (Schedule<'a>, &'a mut (dyn Progress + Send))> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays rounds as long as there are some.
    fn work(&self, job: usize) {
        let mut worker = None;
        loop {
            // The lock is held no longer than this.
            let task = self.lock().0.take(self.begun.elapsed());
            let Some(task) = task else { break };
            let result = self.play(job, &task, &mut worker);
            let now = self.begun.elapsed();
            let (schedule, progress) = &mut *self.lock();
            schedule.done(task, result, now);
            progress.played(job, schedule.so_far(&task), now);
            for report in schedule.ended(now) {
                progress.end(&report);
            }
        }
        if let Some(worker) = worker {
            // How it ends makes no difference any more.
            let _ = worker.wait();
        }
    }

    /// Plays a round, whatever becomes of the worker.
    fn play(&self, job: usize, task: &Task, worker: &mut Option<Worker>) -> RoundResult {
        let (kind, said, message) = match self.ask(job, task, None, worker) {
            Reply::Ended(result) => return result,
            Reply::Answer(_) => return refused("a worker answered what nobody had asked"),
            Reply::NoWorker(error) => return refused(&format!("cannot start a worker: {error}")),
            Reply::Died(status, said) if was_refused(status) => {
                let last = said.complaint.lines().last().unwrap_or_default();
                return refused(&format!("the worker ended with {status}: {last}"));
            }
            Reply::Died(status, said) => {
                let message = format!("the process that played it ended with {status}");
                (FailureKind::Crash, said, message)
            }
            Reply::Silent(said) => {
                let patience = self.workers.patience.as_secs_f64();
                let message = format!("nothing was heard of it for {patience} s");
                (FailureKind::Hang, said, message)
            }
        };
        // How it failed first is known, only nothing smaller.
        if let Some(failing) = said.failing {
            return failed(*failing);
        }
        let complaint = match said.complaint.trim() {
            "" => String::new(),
            text => format!(": {text}"),
        };
        let mut failure = FailedRound {
            kind,
            message: format!("{message}{complaint}"),
            parameters: said.parameters,
            ..FailedRound::default()
        };
        if kind == FailureKind::Crash {
            self.confirm(job, task, &mut failure);
        }
        failed(failure)
    }

    /// Plays a round that has killed a worker again, and looks for something smaller that does so.
    fn confirm(&self, job: usize, task: &Task, failure: &mut FailedRound) {
        let again = self.ask(job, task, None, &mut None);
        if !matches!(again, Reply::Died(status, _) if !was_refused(status)) {
            failure.message += "; played once more, alone, it did not do so";
            return;
        }
        let mut answers = Vec::new();
        loop {
            let asks = answers.len() < QUESTIONS;
            let script = Some((answers.clone(), asks));
            match self.ask(job, task, script, &mut None) {
                Reply::Answer(answer) => answers.push(answer),
                // One that dies before it comes to a question is of a suite that asks none.
                Reply::Died(status, said) if said.alive && !was_refused(status) => {
                    answers.push(true);
                }
                // No more questions: this is the smallest.
                Reply::Ended(result) => {
                    if let RoundEnd::Failed(smallest) = result.end {
                        failure.parameters = smallest.parameters;
                        failure.program = smallest.program;
                        failure.arguments = smallest.arguments;
                    }
                    return;
                }
                Reply::Died(..) | Reply::Silent(_) | Reply::NoWorker(_) => return,
            }
        }
    }

    /// Asks a worker, a new one where there is none, and listens until it has answered. One
    /// that has ended is gone.
    fn ask(
        &self,
        job: usize,
        task: &Task,
        script: Option<(Vec<bool>, bool)>,
        worker: &mut Option<Worker>,
    ) -> Reply {
        let mut one = match worker.take() {
            Some(one) => one,
            None => match Worker::talk((self.workers.command)()) {
                Ok(one) => one,
                Err(error) => return Reply::NoWorker(error),
            },
        };
        let request = Request {
            suite: task.suite.name.to_owned(),
            seed: task.seed,
            script,
        };
        let line = serde_json::to_string(&request).unwrap_or_default();
        // One that is gone is heard to be.
        let _ = one.tell(&line);
        let mut said = Said::default();
        loop {
            let line = match one.hear(self.workers.patience) {
                Heard::Line(line) => line,
                Heard::Nothing => {
                    let _ = one.kill();
                    let _ = one.wait();
                    return Reply::Silent(said);
                }
                Heard::End => {
                    said.complaint = one.complaint();
                    return match one.wait() {
                        Ok(status) => Reply::Died(status, said),
                        Err(error) => Reply::NoWorker(io::Error::other(error.to_string())),
                    };
                }
            };
            match serde_json::from_str(&line) {
                Ok(Message::Began(parameters)) => {
                    self.lock().1.round(&RoundBegins {
                        job,
                        suite: task.suite,
                        seed: task.seed,
                        parameters: &parameters,
                    });
                    said.parameters = parameters;
                }
                Ok(Message::Failing(failure)) => said.failing = Some(failure),
                Ok(Message::Alive) => said.alive = true,
                Ok(Message::Answer(answer)) => {
                    // It ends by itself now.
                    let _ = one.wait();
                    return Reply::Answer(answer);
                }
                Ok(Message::Ended(result)) => {
                    *worker = Some(one);
                    return Reply::Ended(*result);
                }
                // What others print there is not for us.
                Err(_) => {}
            }
        }
    }
}

fn refused(why: &str) -> RoundResult {
    RoundResult {
        figures: Figures::default(),
        end: RoundEnd::Refused(why.to_owned()),
    }
}

fn failed(failure: FailedRound) -> RoundResult {
    RoundResult {
        figures: Figures::default(),
        end: RoundEnd::Failed(failure),
    }
}

/// Whether a worker did not end by a fault of what it played.
fn was_refused(status: ExitStatus) -> bool {
    let signal = status.signal();
    status.code() == Some(REFUSED) || signal.is_some_and(|signal| FROM_OUTSIDE.contains(&signal))
}
