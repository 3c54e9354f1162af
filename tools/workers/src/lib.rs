//! What drivers that play many seeds share: numbers from a seed, and workers that may die.
//!
//! ```text
//!  supervise ── a thread for each job ── chunks of seeds ──▶ part ── Worker ──▶ this program again
//!                                                              └──◀── lines, silence, its end
//! ```
//!
//! A seed on which a worker dies costs that worker only: `part` says with which seed the
//! next one goes on.
#![forbid(unsafe_code)]

mod rng;

pub use rng::Rng;

use anyhow::{Context, Result, anyhow};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Which seeds, and how they are dealt out.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// The seeds, the last one excluded.
    pub all: Range<u64>,
    /// How many a worker gets at a time.
    pub chunk: u64,
    /// Workers at a time.
    pub jobs: usize,
    /// When to begin no further chunk.
    pub until: Option<Instant>,
}

/// Plays all seeds. `part` plays some with one worker and says with which to go on: the
/// end, or the one after that on which the worker died.
///
/// # Errors
/// The first of `part`, or a part that does not get on.
///
/// # Examples
/// ```
/// use mangrove_workers::{Seeds, supervise};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// let sum = AtomicU64::new(0);
/// let seeds = Seeds { all: 0..10, chunk: 4, jobs: 2, until: None };
/// // A worker that dies after every seed.
/// supervise(&seeds, |part| {
///     sum.fetch_add(part.start, Ordering::Relaxed);
///     Ok(part.start + 1)
/// })?;
/// assert_eq!(sum.into_inner(), 45);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn supervise(seeds: &Seeds, part: impl Fn(Range<u64>) -> Result<u64> + Sync) -> Result<()> {
    let next = Mutex::new(seeds.all.start);
    let take = || {
        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = *next;
        if seeds.until.is_none_or(|until| Instant::now() < until) {
            *next = seeds.all.end.min(start.saturating_add(seeds.chunk.max(1)));
        }
        start..*next
    };
    let work = || {
        loop {
            let mut chunk = take();
            if chunk.is_empty() {
                return anyhow::Ok(());
            }
            while !chunk.is_empty() {
                let start = part(chunk.clone())?;
                if start <= chunk.start {
                    return Err(anyhow!("a worker did not get beyond seed {start}"));
                }
                chunk.start = start;
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..seeds.jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            let ended = worker.join();
            ended.unwrap_or_else(|_| Err(anyhow!("a thread panicked")))
        })
    })
}

/// What one hears of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line of its output.
    Line(String),
    /// Nothing more, ever.
    End,
    /// Nothing, for as long as one was ready to wait.
    Nothing,
}

/// This program, started again as a worker, with its output.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    lines: Receiver<String>,
}

impl Worker {
    /// This program with the arguments `--worker --seeds A..B` and then these.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start<S: AsRef<OsStr>>(
        seeds: &Range<u64>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let this = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(this);
        command
            .args(["--worker", "--seeds"])
            .arg(format!("{}..{}", seeds.start, seeds.end))
            .args(arguments);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting a worker")?;
        let lines = lines(&mut child);
        Ok(Self { child, lines })
    }

    /// What comes next, within this time.
    pub fn hear(&self, patience: Duration) -> Heard {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Heard::Line(line),
            Err(RecvTimeoutError::Disconnected) => Heard::End,
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
        }
    }

    /// Ends it, if it does not do so by itself.
    ///
    /// # Errors
    /// The system knows no such process.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().context("ending a worker")
    }

    /// How it ended; waits for it.
    ///
    /// # Errors
    /// The system knows no such process.
    pub fn wait(mut self) -> Result<ExitStatus> {
        self.child.wait().context("waiting for a worker")
    }
}

/// The child's lines, read on a thread so that waiting for one can end.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_seed_is_played_once_by_whomever() {
        for (jobs, chunk) in [(1, 1), (3, 7), (4, 1000)] {
            let seeds = Seeds {
                all: 5..105,
                chunk,
                jobs,
                until: None,
            };
            let played = Mutex::new(BTreeMap::<u64, u32>::new());
            // Every tenth seed ends the worker.
            let part = |part: Range<u64>| {
                for seed in part.clone() {
                    *played.lock().unwrap().entry(seed).or_default() += 1;
                    if seed % 10 == 0 {
                        return Ok(seed + 1);
                    }
                }
                Ok(part.end)
            };
            supervise(&seeds, part).unwrap();
            let expected = (5..105).map(|seed| (seed, 1)).collect();
            assert_eq!(*played.lock().unwrap(), expected);
        }
    }

    #[test]
    fn errors_end_it_and_so_does_standing_still() {
        let seeds = Seeds {
            all: 0..10,
            chunk: 2,
            jobs: 2,
            until: None,
        };
        assert!(supervise(&seeds, |_| Err(anyhow!("no"))).is_err());
        assert!(supervise(&seeds, |part| Ok(part.start)).is_err());
        let over = Seeds {
            until: Some(Instant::now()),
            ..seeds
        };
        assert!(supervise(&over, |_| Err(anyhow!("no"))).is_ok());
    }

    #[test]
    fn a_worker_is_heard_to_its_end() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            Worker::spawn(command).unwrap()
        };
        let long = Duration::from_secs(60);
        let worker = shell("echo one; echo two; exit 3");
        assert_eq!(worker.hear(long), Heard::Line("one".into()));
        assert_eq!(worker.hear(long), Heard::Line("two".into()));
        assert_eq!(worker.hear(long), Heard::End);
        assert_eq!(worker.wait().unwrap().code(), Some(3));
        let mut worker = shell("exec sleep 600");
        assert_eq!(worker.hear(Duration::from_millis(1)), Heard::Nothing);
        worker.kill().unwrap();
        assert_eq!(worker.hear(long), Heard::End);
        assert!(!worker.wait().unwrap().success());
    }
}
