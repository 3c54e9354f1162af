//! What all searches for suspects look at.

use crate::Snapshot;
use crate::questions::{Diff, Dominators, Retainers, Shapes};
use crate::snapshot::{NodeId, State};
use std::collections::HashMap;

/// No more suspects than so many are told.
pub(super) const MOST: usize = 50;

/// What all searches look at.
pub(super) struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) retainers: &'a Retainers,
    pub(super) dominators: &'a Dominators,
    pub(super) shapes: &'a Shapes,
    pub(super) diff: Option<&'a Diff>,
    /// Bytes of all nodes.
    pub(super) bytes: u64,
}

/// In a store that is smaller nothing is much: parts are those of so many bytes.
const SMALL: u64 = 64 << 10;

impl Scene<'_> {
    /// Bytes as a part of all, which is what is told.
    pub(super) fn share(&self, bytes: u64) -> f64 {
        bytes as f64 / self.bytes.max(1) as f64
    }

    /// Bytes as a part of all, or of a small store if all is less: what they are suspected by.
    pub(super) fn part(&self, bytes: u64) -> f64 {
        bytes as f64 / self.bytes.max(SMALL) as f64
    }

    /// What the continuation of a frame does.
    pub(super) fn state(&self, frame: NodeId) -> Option<State> {
        let nodes = self.snapshot.nodes();
        let row = nodes.frame(frame)?;
        Some(nodes.continuation(row.continuation)?.state)
    }

    /// Whether a frame waits to be resumed.
    pub(super) fn is_suspended(&self, frame: NodeId) -> bool {
        self.state(frame) == Some(State::Suspended)
    }

    /// Bytes that live because of one of these nodes, and those nodes of them that no other of
    /// them dominates, in the order of the tree.
    pub(super) fn union(&self, nodes: &[NodeId]) -> (u64, Vec<NodeId>) {
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
    pub(super) fn root(&self, node: NodeId) -> NodeId {
        let mut root = node;
        while let Some(above) = self.dominators.dominator(root)
            && above != NodeId::ROOTS
        {
            root = above;
        }
        root
    }

    /// How long a continuation has lived, from 0 to 1.
    pub(super) fn age(&self, age: u64) -> f64 {
        match self.snapshot.about().full_collections {
            0 => 0.3,
            _ => age as f64 / (age + 1) as f64,
        }
    }
}

/// A way down the dominator tree that does not go along lists: of lists and trees, all that hangs
/// on them hangs on each object from the first on.
pub(super) struct Path {
    nodes: Vec<NodeId>,
    /// The first object of each type.
    firsts: HashMap<u32, NodeId>,
}

impl Path {
    pub(super) fn from(node: NodeId) -> Self {
        Self {
            nodes: vec![node],
            firsts: HashMap::new(),
        }
    }

    pub(super) fn last(&self) -> NodeId {
        self.nodes.last().copied().unwrap_or_default()
    }

    /// Goes on to a child. If there was an object of its type before, that is where it ends.
    pub(super) fn step(&mut self, snapshot: &Snapshot, child: NodeId) -> Option<NodeId> {
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
