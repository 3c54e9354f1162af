//! What leaks, most likely.
//!
//! | cause | how it is found |
//! |-|-|
//! | [`Cause::Waiting`] | continuations of one origin that stand at one place, and have done so for some time |
//! | [`Cause::Frame`] | a frame that waits, with much below one of its slots in the dominator tree |
//! | [`Cause::Accumulates`] | down the dominator tree as long as nearly all hangs on one node |
//! | [`Cause::Cycle`] | strongly connected parts with continuations in them |
//! | [`Cause::Forgotten`] | continuations that the roots do not reach |
//!
//! An earlier snapshot of the run tells more than any size: what was resumed in between waits for
//! nothing, and what grew is suspected more.

mod cycles;
mod frames;
mod held;
mod sentence;
mod waiting;

pub(crate) use sentence::{bytes_text, percent};

use super::{Diff, Dominators, Retainers, Shapes, Spread};
use crate::Snapshot;
use crate::snapshot::{At, Kind, NodeId, State};
use std::collections::HashMap;

/// What holds a part of some nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The node that all ways to them pass; the roots if there is no other.
    pub node: NodeId,
    /// The node on which that hangs, of those that are directly below the roots in the dominator
    /// tree: often itself.
    pub root: NodeId,
    /// How many of them.
    pub count: u64,
}

/// Why something is suspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Continuations that wait and wait.
    Waiting {
        /// What they were made from, and where: an index of [`crate::snapshot::Names::origins`].
        origin: u32,
        /// Fresh or suspended.
        state: State,
        /// Where they stand: an index of [`crate::snapshot::Names::stacks`].
        stack: u32,
        /// They themselves, the oldest first.
        members: Vec<NodeId>,
        /// How many full collections they have lived through.
        age: Spread,
        /// What holds them: who holds most of them first.
        holders: Vec<Holder>,
    },
    /// One node, through which alone much is alive.
    Accumulates {
        /// The node.
        node: NodeId,
        /// As [`Holder::root`].
        root: NodeId,
        /// What it holds most of, by bytes: an index of [`crate::snapshot::Names::types`], and how
        /// many.
        of: Option<(u32, u64)>,
    },
    /// A frame that waits, and keeps much alive until it goes on.
    Frame {
        /// The frame.
        frame: NodeId,
        /// The slot.
        at: At,
        /// What is in it.
        to: NodeId,
        /// How many frames at the same place keep something in this slot.
        alike: u64,
    },
    /// Continuations and objects that refer to each other.
    Cycle {
        /// Some of them, each with a reference to the next, the last to the first.
        nodes: Vec<NodeId>,
        /// What holds it: none if that is the roots, or nothing.
        holder: Option<NodeId>,
        /// How many such cycles there are.
        alike: u64,
    },
    /// Continuations that the roots do not reach and the store has not ended.
    Forgotten {
        /// Those on which the rest hangs.
        heads: Vec<NodeId>,
    },
}

/// Something that leaks, most likely.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Why.
    pub cause: Cause,
    /// Bytes that live because of it alone.
    pub retained: u64,
    /// Those bytes as a part of all, from 0 to 1.
    pub share: f64,
    /// If an earlier snapshot was given: how many more of the continuations there are now, or how
    /// many of the objects are new. None if it tells nothing of them.
    pub grown: Option<i64>,
    /// How much it is suspected: suspects are in the descending order of this. It has no unit.
    pub weight: f64,
    /// The node to look at first.
    pub sample: NodeId,
}

/// What leaks, most likely, the most suspected first.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::{Dominators, Retainers, Shapes, Suspects};
///
/// # let mut builder = Builder::new();
/// # builder.names().functions.push(Function { name: Some("gen".into()), ..Function::default() });
/// # builder.names().origins.push(Origin::default());
/// # let row = Static { index: 0, name: Some("pool".into()), instance: Some(0), len: 100 };
/// # let pool = (0..100).map(|number| (number, SlotValue::Ref(Target::Continuation(number))));
/// # builder.fixed(Kind::Table, row, pool);
/// # for number in 0..100 {
/// #     let row = Continuation { number, age: 3, ..Continuation::default() };
/// #     builder.continuation(ContinuationParts { row, bytes: 176, ..Default::default() });
/// # }
/// # let snapshot = builder.finish(About { full_collections: 3, ..About::default() })?;
/// let retainers = Retainers::of(&snapshot);
/// let dominators = Dominators::of(&snapshot);
/// let shapes = Shapes::of(&snapshot, Some(&dominators));
/// let suspects = Suspects::of(&snapshot, &retainers, &dominators, &shapes, None);
/// let sentence = suspects.all[0].sentence(&snapshot);
/// assert!(sentence.starts_with("table 0 $pool holds 100 continuations of $gen"), "{sentence}");
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// They.
    pub all: Vec<Suspect>,
    /// Bytes of all nodes.
    pub bytes: u64,
}

/// What all searches look at.
struct Scene<'a> {
    snapshot: &'a Snapshot,
    retainers: &'a Retainers,
    dominators: &'a Dominators,
    shapes: &'a Shapes,
    diff: Option<&'a Diff>,
    /// Bytes of all nodes.
    bytes: u64,
}

/// What is suspected less is not told.
const LEAST_WEIGHT: f64 = 0.01;

/// No more than so many are told.
const MOST: usize = 50;

impl Suspects {
    /// What is suspected in a snapshot. An earlier one of the same program, with the difference
    /// from it to this one, tells what grew.
    pub fn of(
        snapshot: &Snapshot,
        retainers: &Retainers,
        dominators: &Dominators,
        shapes: &Shapes,
        earlier: Option<(&Snapshot, &Diff)>,
    ) -> Self {
        let nodes = snapshot.nodes();
        let scene = Scene {
            snapshot,
            retainers,
            dominators,
            shapes,
            diff: earlier.map(|(_, diff)| diff),
            bytes: nodes.all().map(|node| nodes.bytes(node)).sum(),
        };
        let mut all = waiting::find(&scene);
        all.extend(frames::find(&scene));
        held::find(&scene, &mut all);
        all.extend(cycles::find(&scene));
        all.extend(forgotten(&scene));
        explained(&scene, &mut all);
        all.retain(|suspect| suspect.weight >= LEAST_WEIGHT);
        all.sort_by(|one, other| other.weight.total_cmp(&one.weight));
        all.truncate(MOST);
        Self {
            all,
            bytes: scene.bytes,
        }
    }
}

impl Scene<'_> {
    fn share(&self, bytes: u64) -> f64 {
        bytes as f64 / self.bytes.max(1) as f64
    }

    /// Bytes that live because of one of these nodes, and those nodes of them that no other of
    /// them dominates, in the order of the tree.
    fn union(&self, nodes: &[NodeId]) -> (u64, Vec<NodeId>) {
        let mut spans: Vec<_> = nodes
            .iter()
            .filter_map(|&node| Some((self.dominators.span(node)?, node)))
            .collect();
        spans.sort_unstable_by_key(|(span, _)| span.start);
        let (mut bytes, mut end, mut tops) = (0, 0, Vec::new());
        for (span, node) in spans {
            if span.start >= end {
                end = span.end;
                bytes += self.dominators.retained(node);
                tops.push(node);
            }
        }
        (bytes, tops)
    }

    /// The node on which another hangs, of those directly below the roots.
    fn root(&self, node: NodeId) -> NodeId {
        let mut root = node;
        while let Some(above) = self.dominators.dominator(root)
            && above != NodeId::ROOTS
        {
            root = above;
        }
        root
    }

    /// How long a continuation has lived, from 0 to 1.
    fn age(&self, age: u64) -> f64 {
        match self.snapshot.about().full_collections {
            0 => 0.3,
            _ => age as f64 / (age + 1) as f64,
        }
    }
}

/// A way down the dominator tree that does not go along lists: of lists and trees, all that hangs
/// on them hangs on each object from the first on.
struct Path {
    nodes: Vec<NodeId>,
    /// The first object of each type.
    firsts: HashMap<u32, NodeId>,
}

impl Path {
    fn from(node: NodeId) -> Self {
        Self {
            nodes: vec![node],
            firsts: HashMap::new(),
        }
    }

    fn last(&self) -> NodeId {
        self.nodes.last().copied().unwrap_or_default()
    }

    /// Goes on to a child. If there was an object of its type before, that is where it ends.
    fn step(&mut self, snapshot: &Snapshot, child: NodeId) -> Option<NodeId> {
        // The node it began with counts when the next one is looked at.
        let last = self.last();
        if let Some(row) = snapshot.nodes().object(last) {
            self.firsts.entry(row.ty).or_insert(last);
        }
        let ty = snapshot.nodes().object(child).map(|row| row.ty);
        let first = ty.and_then(|ty| self.firsts.get(&ty).copied());
        self.nodes.push(child);
        first
    }
}

/// What the roots do not reach: gone with the next full collection, so it matters little.
fn forgotten(scene: &Scene<'_>) -> Option<Suspect> {
    let nodes = scene.snapshot.nodes();
    let heads = scene.dominators.forgotten().iter().copied();
    let heads: Vec<NodeId> = heads
        .filter(|&head| nodes.kind(head) == Kind::Continuation)
        .collect();
    let sample = *heads.first()?;
    let retained = heads
        .iter()
        .map(|&head| scene.dominators.retained(head))
        .sum();
    let share = scene.share(retained);
    Some(Suspect {
        retained,
        share,
        grown: None,
        weight: 0.02 + share / 2.0,
        sample,
        cause: Cause::Forgotten { heads },
    })
}

/// Of two that are one, the one that tells more stays: a few continuations that wait are explained
/// by what a frame of theirs keeps.
fn explained(scene: &Scene<'_>, all: &mut [Suspect]) {
    let nodes = scene.snapshot.nodes();
    let frames: Vec<(NodeId, u64)> = all
        .iter()
        .filter_map(|suspect| match suspect.cause {
            Cause::Frame { frame, .. } => {
                Some((nodes.frame(frame)?.continuation, suspect.retained))
            }
            _ => None,
        })
        .collect();
    for suspect in all {
        let Cause::Waiting { members, .. } = &suspect.cause else {
            continue;
        };
        let by_frame = frames.iter().any(|(continuation, bytes)| {
            members.contains(continuation) && bytes * 5 >= suspect.retained * 4
        });
        if by_frame && members.len() < waiting::MANY {
            suspect.weight -= suspect.share;
        }
    }
}
