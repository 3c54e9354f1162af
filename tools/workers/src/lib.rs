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
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
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
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// The end of its standard error, once that is closed.
    complaint: Arc<Mutex<String>>,
    /// Reads that.
    listener: Option<thread::JoinHandle<()>>,
}

/// Bytes of standard error that are kept, from its end.
const COMPLAINT: usize = 2_000;

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
        command.stdin(Stdio::null()).stderr(Stdio::null());
        Self::with_output(command).context("starting a worker")
    }

    /// A worker that one can talk to, and of whose standard error the end is kept.
    ///
    /// # Errors
    /// It cannot be started, or no thread to listen to it.
    ///
    /// # Examples
    /// ```
    /// use mangrove_workers::{Heard, Worker};
    /// use std::process::Command;
    /// use std::time::Duration;
    ///
    /// let mut echo = Worker::talk(Command::new("cat"))?;
    /// echo.tell("hello")?;
    /// assert_eq!(echo.hear(Duration::from_secs(60)), Heard::Line("hello".into()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn talk(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut worker = Self::with_output(command)?;
        worker.input = worker.child.stdin.take();
        if let Some(mut errors) = worker.child.stderr.take() {
            let complaint = Arc::clone(&worker.complaint);
            let listen = move || {
                let said = end_of(&mut errors);
                *complaint.lock().unwrap_or_else(PoisonError::into_inner) = said;
            };
            let listener = thread::Builder::new().spawn(listen);
            worker.listener = Some(listener.inspect_err(|_| worker.give_up())?);
        }
        Ok(worker)
    }

    fn with_output(mut command: Command) -> io::Result<Self> {
        let child = command.stdout(Stdio::piped()).spawn()?;
        let (sender, lines) = mpsc::channel();
        let mut worker = Self {
            input: None,
            lines,
            complaint: Arc::default(),
            listener: None,
            child,
        };
        child_lines(&mut worker.child, sender).inspect_err(|_| worker.give_up())?;
        Ok(worker)
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// It does not listen any more, or never did.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let Some(input) = &mut self.input else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        input.write_all(format!("{line}\n").as_bytes())?;
        input.flush()
    }

    /// The end of what it has said on standard error; waits until that is closed, as it is
    /// when the worker has ended.
    pub fn complaint(&mut self) -> String {
        if let Some(listener) = self.listener.take() {
            // One that panicked has said nothing.
            let _ = listener.join();
        }
        let complaint = self.complaint.lock();
        complaint.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends one that cannot be listened to.
    fn give_up(&mut self) {
        // One that has ended already cannot be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
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

    /// How it ended; waits for it, after it was told that nothing more comes.
    ///
    /// # Errors
    /// The system knows no such process.
    pub fn wait(mut self) -> Result<ExitStatus> {
        drop(self.input.take());
        self.child.wait().context("waiting for a worker")
    }
}

/// The child's lines, read on a thread so that waiting for one can end.
fn child_lines(child: &mut Child, sender: mpsc::Sender<String>) -> io::Result<()> {
    let Some(stdout) = child.stdout.take() else {
        return Ok(());
    };
    let read = move || {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        for line in lines {
            if sender.send(line).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// Reads all of it, and keeps the end.
fn end_of(errors: &mut impl Read) -> String {
    let mut kept = Vec::new();
    let mut bytes = [0; 4096];
    // An error is an end as well.
    while let Ok(count @ 1..) = errors.read(&mut bytes) {
        kept.extend_from_slice(&bytes[..count]);
        let over = kept.len().saturating_sub(COMPLAINT);
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).into_owned()
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

    #[test]
    fn a_worker_answers_and_the_end_of_its_complaint_is_kept() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "read a; echo \"got $a\"; i=0; while [ $i -lt 999 ]; do i=$((i+1)); echo $i >&2; done; exit 4",
        ]);
        let long = Duration::from_secs(60);
        let mut worker = Worker::talk(command).unwrap();
        worker.tell("this").unwrap();
        assert_eq!(worker.hear(long), Heard::Line("got this".into()));
        assert_eq!(worker.hear(long), Heard::End);
        let complaint = worker.complaint();
        assert!(complaint.ends_with("998\n999\n"), "{complaint}");
        assert_eq!(complaint.len(), COMPLAINT);
        assert_eq!(worker.wait().unwrap().code(), Some(4));
    }
}
