//! Where snapshots come from: a program that runs and stops, or files.

use crate::Snapshot;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

/// How far a program is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// To the next collection.
    Collection,
    /// To the next resume or suspend.
    Switch,
    /// To its end, or a trap.
    End,
}

impl Until {
    /// As text: `the next collection`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Collection => "the next collection",
            Self::Switch => "the next resume or suspend",
            Self::End => "the end",
        }
    }
}

/// What became of a program.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It has not come to where it is to stop.
    Running,
    /// It stopped, or the next snapshot was opened.
    Stopped(Arc<Snapshot>),
    /// There is nothing more: what there is to say of it.
    Over(String),
}

/// What snapshots come from.
///
/// [`Source::go`] begins, and [`Source::poll`] is asked until the answer is not [`Progress::Running`]; in the
/// meantime the earlier snapshots can be looked at.
pub trait Source {
    /// Goes on. If it goes already, that is what it goes to from now on.
    fn go(&mut self, until: Until);

    /// What became of it. Does not wait.
    fn poll(&mut self) -> Progress;

    /// What it does while it does not run a program, for people: `reads a.moment`.
    fn doing(&self) -> Option<String> {
        None
    }

    /// Whether it keeps its snapshots itself, so that others that keep them take nothing more.
    fn keeps(&self) -> bool {
        false
    }
}

/// Snapshots that were saved, in their order.
///
/// # Examples
/// ```
/// use mangrove_inspect::Snapshot;
/// use mangrove_inspect::terminal::{Progress, Saved, Source, Until};
///
/// let mut saved = Saved::new(vec![Snapshot::default()]);
/// saved.go(Until::Collection);
/// assert!(matches!(saved.poll(), Progress::Stopped(_)));
/// assert!(matches!(saved.poll(), Progress::Over(_)));
/// ```
#[derive(Debug)]
pub struct Saved {
    snapshots: Vec<Arc<Snapshot>>,
    next: usize,
    /// Where they come from, until they have come.
    opening: Option<Opening>,
    /// Why they do not come.
    failed: Option<String>,
}

/// Snapshots that are on their way.
#[derive(Debug)]
struct Opening {
    from: Receiver<Result<Vec<Snapshot>, String>>,
    /// What is said meanwhile.
    doing: String,
}

impl Saved {
    /// These.
    pub fn new(snapshots: Vec<Snapshot>) -> Self {
        Self {
            snapshots: snapshots.into_iter().map(Arc::new).collect(),
            next: 0,
            opening: None,
            failed: None,
        }
    }

    /// Those that `open` gives, or why there are none. It works in a thread, and the terminal says `doing` meanwhile.
    ///
    /// # Errors
    /// The system gives no thread.
    ///
    /// # Examples
    /// ```
    /// use mangrove_inspect::Snapshot;
    /// use mangrove_inspect::terminal::{Progress, Saved, Source, Until};
    ///
    /// let mut saved = Saved::opening("reads a.moment".to_owned(), || {
    ///     let file = std::fs::read("a.moment").map_err(|error| error.to_string())?;
    ///     Snapshot::read(&file[..]).map(|it| vec![it]).map_err(|error| error.to_string())
    /// })?;
    /// saved.go(Until::End);
    /// let over = loop {
    ///     match saved.poll() {
    ///         Progress::Running => std::thread::yield_now(),
    ///         other => break other,
    ///     }
    /// };
    /// assert!(matches!(over, Progress::Over(text) if text.contains("No such file")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn opening(
        doing: String,
        open: impl FnOnce() -> Result<Vec<Snapshot>, String> + Send + 'static,
    ) -> io::Result<Self> {
        let (tell, from) = mpsc::channel();
        // Nobody may be there any more.
        let work = move || drop(tell.send(open()));
        thread::Builder::new()
            .name("opening".to_owned())
            .spawn(work)?;
        Ok(Self {
            opening: Some(Opening { from, doing }),
            ..Self::new(Vec::new())
        })
    }

    /// Takes what was opened; tells whether it is still to come.
    fn comes(&mut self) -> bool {
        let Some(opening) = &self.opening else {
            return false;
        };
        let opened = match opening.from.try_recv() {
            Err(TryRecvError::Empty) => return true,
            Ok(opened) => opened,
            Err(TryRecvError::Disconnected) => Err("the thread that opens it panicked".to_owned()),
        };
        self.opening = None;
        match opened {
            Ok(snapshots) => self.snapshots = snapshots.into_iter().map(Arc::new).collect(),
            Err(error) => self.failed = Some(error),
        }
        false
    }
}

impl Source for Saved {
    /// All that is saved are moments: the next one is the next collection and the next switch, and the
    /// end is reached one by one.
    fn go(&mut self, _until: Until) {}

    fn poll(&mut self) -> Progress {
        if self.comes() {
            return Progress::Running;
        }
        match (self.snapshots.get(self.next), &self.failed) {
            (Some(snapshot), _) => {
                self.next += 1;
                Progress::Stopped(Arc::clone(snapshot))
            }
            (None, Some(failed)) => Progress::Over(failed.clone()),
            (None, None) => Progress::Over("no later moment was saved".to_owned()),
        }
    }

    fn doing(&self) -> Option<String> {
        self.opening.as_ref().map(|opening| opening.doing.clone())
    }

    fn keeps(&self) -> bool {
        true
    }
}
