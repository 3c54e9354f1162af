//! Answers to the questions that take time: they are looked for in a thread of their own, while the snapshot
//! is shown already.

use crate::Snapshot;
use crate::questions::{Diff, Dominators, Retainers, Shapes, Statistics, Suspects};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};

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
    /// Whether nobody wants them any more: for the thread that looks for them.
    unwanted: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Whether no more will come although not all are there.
    pub failed: bool,
}

impl Answers {
    /// Looks for the answers. An earlier snapshot tells what grew. `before` are those about another moment, which
    /// nobody wants any more: their thread ends first, so that many moments in a row take the memory of one.
    pub fn about(
        snapshot: &Arc<Snapshot>,
        earlier: Option<&Arc<Snapshot>>,
        mut before: Self,
    ) -> Self {
        let (tell, coming) = mpsc::channel();
        let (snapshot, earlier) = (Arc::clone(snapshot), earlier.map(Arc::clone));
        let unwanted = Arc::new(AtomicBool::new(false));
        let tell = Tell {
            to: tell,
            unwanted: Arc::clone(&unwanted),
        };
        before.unwanted.store(true, Ordering::Relaxed);
        let work = move || {
            // Letting them go takes a while, too.
            if let Some(thread) = before.thread.take() {
                let _ = thread.join();
            }
            drop(before);
            // Nobody listens any more: another snapshot is shown.
            let _ = find(&snapshot, earlier.as_deref(), &tell);
        };
        let thread = thread::Builder::new()
            .name("answers".to_owned())
            .spawn(work);
        Self {
            failed: thread.is_err(),
            coming: thread.is_ok().then_some(coming),
            unwanted,
            thread: thread.ok(),
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

/// Where answers go.
struct Tell {
    to: Sender<Answer>,
    unwanted: Arc<AtomicBool>,
}

impl Tell {
    fn wanted(&self) -> Option<()> {
        (!self.unwanted.load(Ordering::Relaxed)).then_some(())
    }

    /// None if nobody wants more.
    fn send(&self, answer: Answer) -> Option<()> {
        self.wanted()?;
        self.to.send(answer).ok()
    }
}

/// Finds them, first those that are quick and shown first. Ends early if nobody listens.
fn find(snapshot: &Snapshot, earlier: Option<&Snapshot>, tell: &Tell) -> Option<()> {
    tell.wanted()?;
    let tell = |answer| tell.send(answer);
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
