//! Answers to the questions that take time: they are looked for in a thread of their own, while the snapshot
//! is shown already.

use crate::Snapshot;
use crate::questions::{Diff, Dominators, Retainers, Shapes, Statistics, Suspects};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

/// One of them.
enum Answer {
    Shapes(Shapes),
    Dominators(Arc<Dominators>),
    Retainers(Arc<Retainers>),
    Statistics(Statistics),
    Suspects(Suspects),
}

/// Those that have come.
#[derive(Debug, Default)]
pub struct Answers {
    pub shapes: Option<Shapes>,
    pub dominators: Option<Arc<Dominators>>,
    pub retainers: Option<Arc<Retainers>>,
    pub statistics: Option<Statistics>,
    pub suspects: Option<Suspects>,
    coming: Option<Receiver<Answer>>,
    /// Whether no more will come although not all are there.
    pub failed: bool,
}

impl Answers {
    /// Looks for the answers. An earlier snapshot tells what grew.
    pub fn about(snapshot: &Arc<Snapshot>, earlier: Option<&Arc<Snapshot>>) -> Self {
        let (tell, coming) = mpsc::channel();
        let (snapshot, earlier) = (Arc::clone(snapshot), earlier.map(Arc::clone));
        let work = move || {
            // Nobody listens any more: another snapshot is shown.
            let _ = find(&snapshot, earlier.as_deref(), &tell);
        };
        let thread = thread::Builder::new()
            .name("answers".to_owned())
            .spawn(work);
        Self {
            failed: thread.is_err(),
            coming: thread.is_ok().then_some(coming),
            ..Self::default()
        }
    }

    /// Takes those that have come. Tells whether any has.
    pub fn poll(&mut self) -> bool {
        let mut any = false;
        while self.take() {
            any = true;
        }
        any
    }

    fn take(&mut self) -> bool {
        let Some(coming) = &self.coming else {
            return false;
        };
        let answer = match coming.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return false,
            Err(TryRecvError::Disconnected) => {
                self.failed = self.suspects.is_none();
                self.coming = None;
                return true;
            }
        };
        match answer {
            Answer::Shapes(answer) => self.shapes = Some(answer),
            Answer::Dominators(answer) => self.dominators = Some(answer),
            Answer::Retainers(answer) => self.retainers = Some(answer),
            Answer::Statistics(answer) => self.statistics = Some(answer),
            Answer::Suspects(answer) => self.suspects = Some(answer),
        }
        true
    }

    /// Whether all that will come has.
    pub fn complete(&self) -> bool {
        self.coming.is_none()
    }
}

/// Finds them, first those that are quick and shown first. Ends early if nobody listens.
fn find(
    snapshot: &Snapshot,
    earlier: Option<&Snapshot>,
    tell: &mpsc::Sender<Answer>,
) -> Option<()> {
    let tell = |answer| tell.send(answer).ok();
    tell(Answer::Shapes(Shapes::of(snapshot, None)))?;
    let dominators = Arc::new(Dominators::of(snapshot));
    tell(Answer::Dominators(Arc::clone(&dominators)))?;
    let shapes = Shapes::of(snapshot, Some(&dominators));
    tell(Answer::Shapes(shapes.clone()))?;
    let retainers = Arc::new(Retainers::of(snapshot));
    tell(Answer::Retainers(Arc::clone(&retainers)))?;
    tell(Answer::Statistics(Statistics::of(
        snapshot,
        Some(&dominators),
    )))?;
    let diff = earlier.map(|earlier| (earlier, Diff::of(earlier, snapshot)));
    let grown = diff.as_ref().map(|(earlier, diff)| (*earlier, diff));
    let suspects = Suspects::of(snapshot, &retainers, &dominators, &shapes, grown);
    tell(Answer::Suspects(suspects))
}
