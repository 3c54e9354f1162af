//! What leaks, most likely.

use super::{Diff, Dominators, Retainers, Shapes, Spread};
use crate::Snapshot;
use crate::snapshot::{At, NodeId, State};

/// What holds a part of some nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The node that all ways to them pass; the roots if there is no other.
    pub node: NodeId,
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
        /// What it holds most of, by bytes: an index of [`crate::snapshot::Names::types`], and how many.
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
        /// How many frames at the same place do so.
        alike: u64,
    },
    /// Continuations and objects that refer to each other, so that none of them ends.
    Cycle {
        /// Some of them, each with a reference to the next, the last to the first.
        nodes: Vec<NodeId>,
        /// What holds it: nothing if it is forgotten.
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
    /// Bytes that would be free without it.
    pub retained: u64,
    /// Those bytes as a part of all, from 0 to 1.
    pub share: f64,
    /// How many more there are than in the earlier snapshot, if one was given.
    pub grown: Option<i64>,
    /// How much it is suspected: suspects are in the descending order of this.
    pub weight: f64,
    /// The node to look at first.
    pub sample: NodeId,
}

/// What leaks, most likely, the most suspected first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// They.
    pub all: Vec<Suspect>,
    /// Bytes of all that lives.
    pub bytes: u64,
}

impl Suspects {
    /// What is suspected in a snapshot. An earlier one of the same program tells what grew.
    pub fn of(
        snapshot: &Snapshot,
        retainers: &Retainers,
        dominators: &Dominators,
        shapes: &Shapes,
        diff: Option<(&Snapshot, &Diff)>,
    ) -> Self {
        let _ = (snapshot, retainers, dominators, shapes, diff);
        todo!()
    }
}

impl Suspect {
    /// The cause as a sentence.
    pub fn sentence(&self, snapshot: &Snapshot) -> String {
        let _ = snapshot;
        todo!()
    }
}
