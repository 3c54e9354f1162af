//! What is suspected, and why.

use crate::questions::Spread;
use crate::snapshot::{At, NodeId, State};

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
        /// How many of them stand where they stood in the earlier snapshot, if that is known.
        still: Option<u64>,
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
    /// Objects of a type, of which there are many more than in the earlier snapshot.
    Grows {
        /// The type: an index of [`crate::snapshot::Names::types`].
        ty: u32,
        /// How many there were.
        before: u64,
        /// How many there are.
        after: u64,
        /// What holds the new ones, or all if that is not known which are: who holds most first.
        holders: Vec<Holder>,
    },
    /// A frame that keeps much alive: until it goes on if it waits, until it returns if it runs.
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
