//! From what a store shows, in order, to a [`Snapshot`].
//!
//! A reference is told as what the store knows it by: an object by its offset, a
//! continuation by its number. They become nodes at the end, when all are known.

use super::names::Names;
use super::nodes::{
    At, Continuation, FrameRow, Kind, NodeId, Nodes, ObjectRow, Packed, Space, State, Static,
};
use super::values::{Plain, PlainRow};
use super::{About, Snapshot};
use std::fmt;

/// What a reference is to, as the store knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// An object, by its offset.
    Object(u32),
    /// A continuation, by its number.
    Continuation(u32),
}

/// What is in a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SlotValue {
    /// A reference that counts.
    Ref(Target),
    /// Anything else.
    Plain(Plain),
}

/// A continuation and what it holds beside its frames.
#[derive(Clone, Debug, Default)]
pub struct ContinuationParts<'a> {
    /// What is known of it. Its number of frames is set from `frames`.
    pub row: Continuation,
    /// The bytes of its record.
    pub bytes: u32,
    /// The number of the one that resumed it.
    pub parent: Option<u32>,
    /// Arguments bound to it.
    pub bound: &'a [SlotValue],
    /// Its frames that are to be nodes, the innermost first.
    pub frames: &'a [FrameParts<'a>],
}

/// A frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameParts<'a> {
    /// 0 for the innermost of its continuation.
    pub index: u32,
    /// An index of [`Names::sites`].
    pub site: u32,
    /// Bytes it takes on its stack.
    pub bytes: u32,
    /// What is in its slots: as many as its site has.
    pub slots: &'a [SlotValue],
}

/// What a builder was told does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A reference to an object that was not told.
    #[error("node {from:?} refers to an object at {offset:#x}, where there is none")]
    NoObject {
        /// Whose it is.
        from: NodeId,
        /// Where it leads.
        offset: u32,
    },
    /// A reference to a continuation that was not told.
    #[error("node {from:?} refers to continuation {number}, which does not live")]
    NoContinuation {
        /// Whose it is.
        from: NodeId,
        /// Its number.
        number: u32,
    },
    /// Objects are told in the order of their places.
    #[error("the object at {0:#x} comes after one that lies behind it")]
    Order(u32),
    /// More nodes or edges than 32 bits count, or contents than 4 GiB.
    #[error("there is more than 32 bits can count")]
    TooMany,
}

/// Builds a snapshot: first what lies outside of stacks and objects, then continuations,
/// then objects.
pub struct Builder {
    snapshot: Snapshot,
    /// By edge, until the end.
    targets: Vec<Raw>,
    /// By number; node 0 where there is none.
    continuations: Vec<NodeId>,
    /// What the roots refer to.
    roots: Vec<NodeId>,
    error: Option<BuildError>,
}

/// What an edge leads to, until all nodes are known.
#[derive(Clone, Copy)]
enum Raw {
    Node(NodeId),
    Object(u32),
    Continuation(u32),
}

impl From<Target> for Raw {
    fn from(target: Target) -> Self {
        match target {
            Target::Object(offset) => Self::Object(offset),
            Target::Continuation(number) => Self::Continuation(number),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("nodes", &self.snapshot.nodes.len())
            .field("edges", &self.targets.len())
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An empty one, with node 0.
    pub fn new() -> Self {
        let mut builder = Self {
            snapshot: Snapshot::default(),
            targets: Vec::new(),
            continuations: Vec::new(),
            roots: Vec::new(),
            error: None,
        };
        builder.node(Kind::Roots, 0, 0);
        builder
    }

    /// The names, to add to. What is told by index has to be there at the end.
    pub fn names(&mut self) -> &mut Names {
        &mut self.snapshot.names
    }

    /// The rows of what was told by [`Builder::fixed`], in that order: to name them when all
    /// is told.
    pub fn fixed_rows(&mut self) -> &mut [Static] {
        &mut self.snapshot.nodes.statics
    }

    /// Begins a node. Its edges follow.
    fn node(&mut self, kind: Kind, row: usize, bytes: u32) -> NodeId {
        let nodes = &mut self.snapshot.nodes;
        let node = NodeId(nodes.kinds.len() as u32);
        nodes.kinds.push(kind);
        nodes.rows.push(row as u32);
        nodes.bytes.push(bytes);
        nodes.firsts.push(self.targets.len() as u32);
        node
    }

    fn edge(&mut self, to: Raw, at: At) {
        self.targets.push(to);
        self.snapshot.nodes.places.push(Packed::new(at));
    }

    fn value(&mut self, node: NodeId, at: At, value: SlotValue) {
        match value {
            SlotValue::Ref(to) => self.edge(to.into(), at),
            SlotValue::Plain(value) => self.snapshot.plain.push(PlainRow { node, at, value }),
        }
    }

    /// A global, table, segment, handle or weak handle, with what is in it: by element, or one
    /// value. Null elements of tables and segments can be left out.
    pub fn fixed(
        &mut self,
        kind: Kind,
        row: Static,
        values: impl IntoIterator<Item = (u32, SlotValue)>,
    ) -> NodeId {
        self.snapshot.nodes.statics.push(row);
        let node = self.node(kind, self.snapshot.nodes.statics.len() - 1, 0);
        if kind != Kind::Weak {
            self.roots.push(node);
        }
        for (index, value) in values {
            let at = match kind {
                Kind::Table | Kind::Segment => At::Item(index),
                _ => At::Value,
            };
            self.value(node, at, value);
        }
        node
    }

    /// A continuation with its frames.
    pub fn continuation(&mut self, parts: ContinuationParts<'_>) -> NodeId {
        let ContinuationParts {
            mut row,
            bytes,
            parent,
            bound,
            frames,
        } = parts;
        row.frames = frames.len() as u32;
        let runs = matches!(row.state, State::Running | State::Parent);
        let number = row.number;
        self.snapshot.nodes.continuations.push(row);
        let rows = self.snapshot.nodes.continuations.len();
        let node = self.node(Kind::Continuation, rows - 1, bytes);
        let numbers = self.continuations.len().max(number as usize + 1);
        self.continuations.resize(numbers, NodeId::ROOTS);
        self.continuations[number as usize] = node;
        if runs {
            self.roots.push(node);
        }
        if let Some(parent) = parent {
            self.edge(Raw::Continuation(parent), At::Parent);
        }
        for (index, &value) in (0..).zip(bound) {
            self.value(node, At::Bound(index), value);
        }
        for (behind, frame) in (1..).zip(frames) {
            self.edge(Raw::Node(NodeId(node.0 + behind)), At::Frame(frame.index));
        }
        for frame in frames {
            self.frame(node, frame);
        }
        node
    }

    fn frame(&mut self, continuation: NodeId, parts: &FrameParts<'_>) {
        self.snapshot.nodes.frames.push(FrameRow {
            continuation,
            index: parts.index,
            site: parts.site,
        });
        let row = self.snapshot.nodes.frames.len() - 1;
        let node = self.node(Kind::Frame, row, parts.bytes);
        for (index, &value) in (0..).zip(parts.slots) {
            self.value(node, At::Slot(index), value);
        }
    }

    /// An object, with the bytes behind its header as far as they are to be kept, and the
    /// references in it in the order of their places. Objects come in the order of theirs.
    ///
    /// `identity` is what tells it from all others of the run, if objects are followed.
    #[expect(
        clippy::too_many_arguments,
        reason = "one for each thing that is known of an object"
    )]
    pub fn object(
        &mut self,
        offset: u32,
        ty: u32,
        bytes: u32,
        len: u32,
        space: Space,
        identity: Option<u32>,
        contents: &[u8],
        edges: impl IntoIterator<Item = (At, Target)>,
    ) -> NodeId {
        let nodes = &mut self.snapshot.nodes;
        if nodes
            .objects
            .last()
            .is_some_and(|last| last.offset >= offset)
        {
            self.error.get_or_insert(BuildError::Order(offset));
        }
        let start = self.snapshot.contents.len();
        if u32::try_from(start + contents.len()).is_err() {
            self.error.get_or_insert(BuildError::TooMany);
        } else {
            self.snapshot.contents.extend_from_slice(contents);
        }
        nodes.objects.push(ObjectRow {
            offset,
            ty,
            len,
            contents: start as u32,
            space,
        });
        nodes.identities.extend(identity);
        let row = nodes.objects.len() - 1;
        let node = self.node(Kind::Object, row, bytes);
        for (at, to) in edges {
            self.edge(to.into(), at);
        }
        node
    }

    /// The snapshot.
    ///
    /// # Errors
    /// What was told does not fit together.
    pub fn finish(mut self, about: About) -> Result<Snapshot, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let nodes = &mut self.snapshot.nodes;
        let roots = self.roots.len();
        let edges = self.targets.len() + roots;
        if u32::try_from(edges).is_err() || u32::try_from(nodes.len()).is_err() {
            return Err(BuildError::TooMany);
        }
        // The roots' edges come first: node 0 is the only one that was begun before its
        // edges were known.
        nodes
            .firsts
            .iter_mut()
            .skip(1)
            .for_each(|first| *first += roots as u32);
        nodes.firsts.push(edges as u32);
        nodes
            .places
            .splice(0..0, vec![Packed::new(At::Root); roots]);
        let mut targets = self.roots;
        targets.reserve_exact(self.targets.len());
        let mut from = NodeId(0);
        let places = Places::of(nodes);
        for (index, raw) in (roots as u32..).zip(self.targets) {
            while nodes.firsts[from.index() + 1] <= index {
                from.0 += 1;
            }
            targets.push(match raw {
                Raw::Node(node) => node,
                Raw::Continuation(number) => {
                    let known = self.continuations.get(number as usize);
                    let known = known.filter(|&&node| node != NodeId::ROOTS);
                    *known.ok_or(BuildError::NoContinuation { from, number })?
                }
                Raw::Object(offset) => places
                    .find(nodes, offset)
                    .ok_or(BuildError::NoObject { from, offset })?,
            });
        }
        nodes.targets = targets;
        nodes.shrink();
        self.snapshot.plain.shrink_to_fit();
        self.snapshot.contents.shrink_to_fit();
        self.snapshot.about = about;
        Ok(self.snapshot)
    }
}

/// Which object is at an offset. Objects lie in the order of their places: for each piece of
/// the heap, the first object in it.
struct Places {
    firsts: Vec<u32>,
}

impl Places {
    /// Bytes of a piece: few objects lie in one.
    const PIECE: u32 = 256;

    fn of(nodes: &Nodes) -> Self {
        let mut firsts = Vec::new();
        for (index, row) in (0..).zip(&nodes.objects) {
            let piece = (row.offset / Self::PIECE) as usize;
            if firsts.len() <= piece {
                firsts.resize(piece + 1, index);
            }
        }
        Self { firsts }
    }

    fn find(&self, nodes: &Nodes, offset: u32) -> Option<NodeId> {
        let first = *self.firsts.get((offset / Self::PIECE) as usize)? as usize;
        let rest = &nodes.objects[first..];
        let near = &rest[..rest.len().min(Self::PIECE as usize / 8)];
        let index = near.binary_search_by_key(&offset, |row| row.offset).ok()?;
        Some(nodes.object_node(first + index))
    }
}
