//! Questions that a key asks and that take time in a large store: they are answered in a thread of their own, one after
//! another. What is asked last is what is wanted; an earlier question is given up.
//!
//! ```text
//!  key ─ ask ─▶ worker's thread ─ answer ─▶ poll ─▶ a list is opened
//!         │          ▲ looks now and then whether it is still wanted
//!         └ cancel ──┘
//! ```

use super::search::{Found, search};
use super::views::View;
use crate::Snapshot;
use crate::questions::{Dominators, Retainers, ways};
use crate::snapshot::NodeId;
use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// Ways that are shown of those to a node.
const WAYS: usize = 5;
/// An answer that comes so soon is waited for: nothing flickers then.
const SOON: Duration = Duration::from_millis(20);
/// Nodes that are looked at between two looks whether the answer is still wanted.
const STEP: usize = 4096;

/// What is asked.
#[derive(Debug)]
pub enum Question {
    /// The nodes that are called so.
    Search(String),
    /// Why a node is alive.
    Why(NodeId, Arc<Retainers>),
    /// What a node dominates.
    Dominated(NodeId, Arc<Dominators>),
    /// The objects of a type.
    OfType(u32),
    /// Nothing, until somebody says so.
    #[cfg(test)]
    Gate(Receiver<()>),
}

/// What came of it.
#[derive(Debug)]
pub enum Answer {
    /// A list is to be opened.
    Open(View),
    /// Nothing is called so.
    Nothing(String),
}

/// How far an answer is, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct Progress {
    looked_at: AtomicUsize,
    cancelled: AtomicBool,
}

impl Progress {
    /// The answer is not wanted any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The nodes in pieces, as long as the answer is wanted: none at all otherwise.
    pub fn nodes<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = NodeId> + 'a {
        let wanted = move |node: &NodeId| {
            if node.index().is_multiple_of(STEP) {
                self.looked_at.store(node.index(), Ordering::Relaxed);
                return !self.cancelled.load(Ordering::Relaxed);
            }
            true
        };
        snapshot.nodes().all().take_while(wanted)
    }
}

/// A question that waits for its answer.
struct Pending {
    number: u64,
    progress: Arc<Progress>,
    /// What it is, for people.
    text: String,
    /// Nodes that are looked at in all, if that is known.
    of: Option<usize>,
}

struct Job {
    number: u64,
    snapshot: Arc<Snapshot>,
    question: Question,
    progress: Arc<Progress>,
}

/// What asks a thread, and its answers with the numbers of their questions.
type Worker = (Sender<Job>, Receiver<(u64, Answer)>);

/// The thread that answers, and what it is asked.
pub struct Asking {
    worker: Option<Worker>,
    pending: Option<Pending>,
    asked: u64,
}

impl Asking {
    /// Without a question yet.
    pub fn new() -> Self {
        Self {
            worker: None,
            pending: None,
            asked: 0,
        }
    }

    /// Asks, instead of what was asked before. Gives the answer if it comes at once; an error if the system gives no
    /// thread.
    pub fn ask(
        &mut self,
        snapshot: &Arc<Snapshot>,
        question: Question,
    ) -> std::io::Result<Option<Answer>> {
        self.cancel();
        if self.worker.is_none() {
            self.worker = Some(start()?);
        }
        self.asked += 1;
        let progress = Arc::new(Progress::default());
        let nodes = snapshot.nodes().len();
        let (text, of) = match &question {
            Question::Search(_) => ("looks through all nodes", Some(nodes)),
            Question::OfType(_) => ("looks for the objects", Some(nodes)),
            Question::Why(..) => ("looks for the shortest ways", None),
            Question::Dominated(..) => ("puts what it retains in order", None),
            #[cfg(test)]
            Question::Gate(_) => ("waits", None),
        };
        self.pending = Some(Pending {
            number: self.asked,
            progress: Arc::clone(&progress),
            text: text.to_owned(),
            of,
        });
        let job = Job {
            number: self.asked,
            snapshot: Arc::clone(snapshot),
            question,
            progress,
        };
        if let Some((ask, _)) = &self.worker {
            // Only a panic ends the thread: then no answer comes, and `poll` says so.
            let _ = ask.send(job);
        }
        Ok(self.wait(SOON))
    }

    /// The answer to what was asked last, if it has come.
    pub fn poll(&mut self) -> Option<Answer> {
        self.wait(Duration::ZERO)
    }

    fn wait(&mut self, time: Duration) -> Option<Answer> {
        let pending = self.pending.as_ref()?.number;
        let (_, answers) = self.worker.as_ref()?;
        loop {
            match answers.recv_timeout(time) {
                Ok((number, answer)) if number == pending => {
                    self.pending = None;
                    return Some(answer);
                }
                // To what was given up.
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => return None,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    (self.pending, self.worker) = (None, None);
                    return Some(Answer::Nothing("this could not be found out".to_owned()));
                }
            }
        }
    }

    /// Gives up what was asked. Tells whether there was something.
    pub fn cancel(&mut self) -> bool {
        let pending = self.pending.take();
        if let Some(pending) = &pending {
            pending.progress.cancel();
        }
        pending.is_some()
    }

    /// Whether an answer is to come.
    pub fn waits(&self) -> bool {
        self.pending.is_some()
    }

    /// What is done at present, and how far it is.
    pub fn status(&self) -> Option<String> {
        let pending = self.pending.as_ref()?;
        let text = &pending.text;
        Some(match pending.of {
            Some(of) if of > 0 => {
                let looked_at = pending.progress.looked_at.load(Ordering::Relaxed);
                format!("{text}: {}%; Escape gives it up", 100 * looked_at / of)
            }
            _ => format!("{text} …; Escape gives it up"),
        })
    }
}

impl Drop for Asking {
    /// The thread ends when it sees that nobody asks any more.
    fn drop(&mut self) {
        self.cancel();
    }
}

fn start() -> std::io::Result<Worker> {
    let (ask, asked) = mpsc::channel::<Job>();
    let (tell, answers) = mpsc::channel();
    let work = move || {
        while let Ok(job) = asked.recv() {
            if job.progress.cancelled.load(Ordering::Relaxed) {
                continue;
            }
            let answer = answer(&job.snapshot, job.question, &job.progress);
            if tell.send((job.number, answer)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("questions".to_owned())
        .spawn(work)?;
    Ok((ask, answers))
}

fn answer(snapshot: &Snapshot, question: Question, progress: &Progress) -> Answer {
    Answer::Open(match question {
        Question::Search(text) => match search(snapshot, &text, progress) {
            Found::One(node) => View::Node(node),
            Found::Many(nodes) => match nodes.as_slice() {
                [] => {
                    let text = mangrove::printable(&text);
                    return Answer::Nothing(format!("nothing is called {text}"));
                }
                [one] => View::Node(*one),
                _ => {
                    let title = format!("called {}", mangrove::printable(&text));
                    View::List(title, nodes.into())
                }
            },
        },
        Question::Why(node, retainers) => {
            View::Why(Arc::new(ways(snapshot, &retainers, node, WAYS)))
        }
        Question::Dominated(node, dominators) => {
            let mut below: Vec<NodeId> = dominators.children(node).collect();
            below.sort_by_key(|&node| Reverse(dominators.retained(node)));
            View::Dominated(node, below.into())
        }
        Question::OfType(ty) => {
            let nodes = snapshot.nodes();
            let of = |node: &NodeId| nodes.object(*node).is_some_and(|row| row.ty == ty);
            let all: Vec<NodeId> = progress.nodes(snapshot).filter(of).collect();
            View::List(snapshot.type_name(ty), all.into())
        }
        #[cfg(test)]
        Question::Gate(gate) => {
            let _ = gate.recv();
            View::Roots
        }
    })
}
