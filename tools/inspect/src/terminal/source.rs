//! Where snapshots come from: a program that runs and stops, or files.

use crate::Snapshot;
use std::sync::Arc;

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
}

impl Saved {
    /// These.
    pub fn new(snapshots: Vec<Snapshot>) -> Self {
        Self {
            snapshots: snapshots.into_iter().map(Arc::new).collect(),
            next: 0,
        }
    }
}

impl Source for Saved {
    /// All that is saved are moments: the next one is the next collection and the next switch, and the
    /// end is reached one by one.
    fn go(&mut self, _until: Until) {}

    fn poll(&mut self) -> Progress {
        match self.snapshots.get(self.next) {
            Some(snapshot) => {
                self.next += 1;
                Progress::Stopped(Arc::clone(snapshot))
            }
            None => Progress::Over("no later moment was saved".to_owned()),
        }
    }

    fn keeps(&self) -> bool {
        true
    }
}
