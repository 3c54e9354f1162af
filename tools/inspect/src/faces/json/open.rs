//! What is in a node, and in what it refers to, written place by place: nothing of it is kept but
//! a mark for each node that was opened.

use super::items::{held, sized};
use super::writer::{self, Seq};
use crate::faces::Asked;
use crate::faces::outline::{frames, parts};
use crate::snapshot::{At, Edge, Kind, NodeId, Snapshot, Value as Held};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::cell::{Cell, RefCell};

/// Most levels that are opened: readers of JSON recurse.
const DEEPEST: u32 = 64;

/// What was opened so far.
pub struct Opened<'a> {
    asked: &'a Asked<'a>,
    /// By node: whether its inside is written, or being written.
    seen: RefCell<Vec<bool>>,
    /// Most places of a node.
    most: usize,
    /// Places that there may still be.
    left: Cell<usize>,
}

impl<'a> Opened<'a> {
    pub fn new(asked: &'a Asked<'a>, most: usize) -> Self {
        Self {
            asked,
            seen: RefCell::new(vec![false; asked.snapshot().nodes().len()]),
            most,
            left: Cell::new(most.saturating_mul(50)),
        }
    }

    /// A node with what is in it. What was opened before, or is too deep, has no `parts`.
    pub fn node(&self, id: NodeId, depth: u32) -> OpenedNode<'_> {
        OpenedNode {
            opened: self,
            id,
            depth: depth.min(DEEPEST),
        }
    }

    /// Whether a node was not opened before. It is now.
    fn enter(&self, id: NodeId) -> bool {
        !std::mem::replace(&mut self.seen.borrow_mut()[id.index()], true)
    }

    /// Takes so many of the places that are left, or fewer.
    fn take(&self, wanted: usize) -> usize {
        let taken = wanted.min(self.left.get());
        self.left.set(self.left.get() - taken);
        taken
    }
}

/// A node that is opened as it is written. Recursion is bounded by [`DEEPEST`].
pub struct OpenedNode<'a> {
    opened: &'a Opened<'a>,
    id: NodeId,
    depth: u32,
}

impl Serialize for OpenedNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { opened, id, depth } = *self;
        let mut map = serializer.serialize_map(None)?;
        writer::entries(&mut map, &sized(opened.asked, id))?;
        if depth == 0 || !opened.enter(id) {
            return map.end();
        }
        let snapshot = opened.asked.snapshot();
        let all = || places(snapshot, id);
        // One more tells whether there are more.
        let count = all().take(opened.most.saturating_add(1)).count();
        // All places of a node are taken before those of what is in them.
        let shown = opened.take(count.min(opened.most));
        let part = |(at, held)| OpenedPart {
            opened,
            of: id,
            at,
            held,
            depth: depth - 1,
        };
        map.serialize_entry("parts", &Seq(|| all().take(shown).map(part)))?;
        map.serialize_entry("cut", &(count > shown))?;
        map.end()
    }
}

/// A place of a node that is opened.
struct OpenedPart<'a> {
    opened: &'a Opened<'a>,
    of: NodeId,
    at: At,
    held: Held,
    /// Of what is in it.
    depth: u32,
}

impl Serialize for OpenedPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshot = self.opened.asked.snapshot();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("place", &snapshot.place_name(self.of, self.at))?;
        map.serialize_entry("value", &held(snapshot, &self.held))?;
        if let Held::Node(to) = self.held {
            map.serialize_entry("node", &self.opened.node(to, self.depth))?;
        }
        map.end()
    }
}

/// All places of a node with what is in them: the parent and frames of a continuation too.
fn places(snapshot: &Snapshot, id: NodeId) -> Box<dyn Iterator<Item = (At, Held)> + '_> {
    let nodes = snapshot.nodes();
    let edge = |edge: Edge| (edge.at, Held::Node(edge.to));
    let inside = || parts(snapshot, id).map(|part| (part.at, part.value));
    match nodes.kind(id) {
        Kind::Roots => Box::new(nodes.edges(id).map(edge)),
        Kind::Continuation => {
            let frame = move |frame| {
                let index = nodes.frame(frame).map_or(0, |row| row.index);
                (At::Frame(index), Held::Node(frame))
            };
            let parent = nodes.edge_at(id, At::Parent).map(edge);
            let frames = frames(snapshot, id).map(frame);
            Box::new(parent.into_iter().chain(inside()).chain(frames))
        }
        _ => Box::new(inside()),
    }
}
