//! What lives, and the references between it: a few arrays, indexed by [`NodeId`].

pub use mangrove::HeapSpace as Space;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A node's number. 0 is the roots.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The node that has an edge to each root.
    pub const ROOTS: Self = Self(0);

    /// As an index of arrays.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Node 0.
    #[default]
    Roots,
    /// A global. Its row is a [`Static`].
    Global,
    /// A table.
    Table,
    /// An element segment.
    Segment,
    /// A host handle, an owned one or one of a scope.
    Handle,
    /// A weak handle: its edge holds nothing, and node 0 has none to it.
    Weak,
    /// A continuation. Its row is a [`Continuation`].
    Continuation,
    /// A frame. Its row is a [`FrameRow`].
    Frame,
    /// An object. Its row is an [`ObjectRow`].
    Object,
}

/// A node, with its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node<'a> {
    /// Node 0.
    Roots,
    /// A global, a table, a segment or a handle.
    Static(Kind, &'a Static),
    /// A continuation.
    Continuation(&'a Continuation),
    /// A frame.
    Frame(&'a FrameRow),
    /// An object.
    Object(&'a ObjectRow),
}

/// What a continuation is doing: [`mangrove::State`], of those that live.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, and never resumed.
    #[default]
    Fresh,
    /// The one that runs.
    Running,
    /// Waits for one it resumed, or for the host.
    Parent,
    /// Waits to be resumed.
    Suspended,
}

/// A global, a table, a segment or a handle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Static {
    /// The instance that defines it; none for the host's.
    pub instance: Option<u32>,
    /// Its index there, or its number in the store.
    pub index: u32,
    /// Its name in the module's text or name section, or what it is exported as.
    pub name: Option<String>,
    /// Elements of a table or a segment, empty ones included.
    pub len: u64,
}

/// A continuation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// Its number, unique among the live ones.
    pub number: u32,
    /// Unique in the run.
    pub serial: u64,
    /// What it does.
    pub state: State,
    /// Whether it has no stack: fresh, or its frames are parked.
    pub parked: bool,
    /// What it was made from, and where: an index of [`super::Names::origins`].
    pub origin: u32,
    /// The number of the one it is a clone of.
    pub clone_of: Option<u32>,
    /// Full collections that have found it alive.
    pub age: u32,
    /// Bytes it uses of its stack, or of parked frames.
    pub stack_bytes: u32,
    /// Frames that are nodes, which lie behind it.
    pub frames: u32,
    /// The sites of all its frames, the innermost first, those of trampolines included: an index
    /// of [`super::Names::stacks`].
    pub stack: u32,
}

/// A frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRow {
    /// Whose it is.
    pub continuation: NodeId,
    /// 0 for the innermost of its continuation.
    pub index: u32,
    /// Where it stands: an index of [`super::Names::sites`].
    pub site: u32,
}

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRow {
    /// Its offset from the heap's base.
    pub offset: u32,
    /// An index of [`super::Names::types`].
    pub ty: u32,
    /// Elements of an array; 0 of any other.
    pub len: u32,
    /// Where its contents begin, in bytes; see [`super::Snapshot::contents`].
    pub(crate) contents: u32,
    /// Where it lies.
    pub space: Space,
}

/// Where in its node a reference lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "at", content = "index", rename_all = "snake_case")]
pub enum At {
    /// Of the roots.
    Root,
    /// From a continuation to a frame of it: 0 for the innermost.
    Frame(u32),
    /// From a continuation to the one that resumed it, with which it runs or is suspended.
    Parent,
    /// An argument bound to a continuation.
    Bound(u32),
    /// A slot of a frame: an index of [`super::Site::slots`].
    Slot(u32),
    /// What a global or a handle holds.
    Value,
    /// An element of a table or a segment.
    Item(u32),
    /// A field of a struct.
    Field(u32),
    /// An element of an array.
    Element(u32),
    /// A value of an exception's payload.
    Payload(u32),
    /// A place its type does not have, which only a defect can bring.
    Unknown,
}

/// A reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// What it refers to.
    pub to: NodeId,
    /// Where in its node it lies.
    pub at: At,
}

/// All nodes, with their edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Nodes {
    /// By node.
    pub(crate) kinds: Vec<Kind>,
    /// By node: which of its kind's rows.
    pub(crate) rows: Vec<u32>,
    /// By node: the bytes it takes itself.
    pub(crate) bytes: Vec<u32>,
    /// By node: its first edge. One more than there are nodes.
    pub(crate) firsts: Vec<u32>,
    /// By edge.
    pub(crate) targets: Vec<NodeId>,
    /// By edge.
    pub(crate) places: Vec<Packed>,
    pub(crate) statics: Vec<Static>,
    pub(crate) continuations: Vec<Continuation>,
    pub(crate) frames: Vec<FrameRow>,
    pub(crate) objects: Vec<ObjectRow>,
    /// By object, if objects are followed in the run: what tells it from all others, never 0.
    pub(crate) identities: Vec<u32>,
}

impl Nodes {
    /// Gives memory back that was taken for more: arrays grow by doubling.
    pub(super) fn shrink(&mut self) {
        let Self {
            kinds,
            rows,
            bytes,
            firsts,
            targets,
            places,
            statics,
            continuations,
            frames,
            objects,
            identities,
        } = self;
        kinds.shrink_to_fit();
        for array in [rows, bytes, firsts, identities] {
            array.shrink_to_fit();
        }
        targets.shrink_to_fit();
        places.shrink_to_fit();
        statics.shrink_to_fit();
        continuations.shrink_to_fit();
        frames.shrink_to_fit();
        objects.shrink_to_fit();
    }

    /// How many nodes there are, the roots included.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there is no node, which only [`super::Snapshot::default`] is.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// How many continuations there are, and how many objects.
    pub(crate) fn many(&self) -> (u64, u64) {
        (self.continuations.len() as u64, self.objects.len() as u64)
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// All nodes.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.len() as u32).map(NodeId)
    }

    /// The nodes of a kind. They lie together, but for frames, which lie behind their
    /// continuations.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = NodeId> + '_ {
        self.all().filter(move |&node| self.kind(node) == kind)
    }

    /// What a node is.
    ///
    /// # Panics
    /// As all that follow, if there is no such node.
    pub fn kind(&self, node: NodeId) -> Kind {
        looked_at();
        self.kinds[node.index()]
    }

    /// A node with its row.
    pub fn get(&self, node: NodeId) -> Node<'_> {
        let row = self.rows[node.index()] as usize;
        match self.kind(node) {
            Kind::Roots => Node::Roots,
            kind @ (Kind::Global | Kind::Table | Kind::Segment | Kind::Handle | Kind::Weak) => {
                Node::Static(kind, &self.statics[row])
            }
            Kind::Continuation => Node::Continuation(&self.continuations[row]),
            Kind::Frame => Node::Frame(&self.frames[row]),
            Kind::Object => Node::Object(&self.objects[row]),
        }
    }

    /// A continuation's row; none if the node is something else.
    pub fn continuation(&self, node: NodeId) -> Option<&Continuation> {
        match self.get(node) {
            Node::Continuation(row) => Some(row),
            _ => None,
        }
    }

    /// A frame's row; none if the node is something else.
    pub fn frame(&self, node: NodeId) -> Option<&FrameRow> {
        match self.get(node) {
            Node::Frame(row) => Some(row),
            _ => None,
        }
    }

    /// An object's row; none if the node is something else.
    pub fn object(&self, node: NodeId) -> Option<&ObjectRow> {
        match self.get(node) {
            Node::Object(row) => Some(row),
            _ => None,
        }
    }

    /// The bytes a node takes itself: an object with its header, a frame, a continuation's
    /// record. What lies in modules and tables counts for nothing.
    pub fn bytes(&self, node: NodeId) -> u64 {
        self.bytes[node.index()].into()
    }

    /// The references in a node, in the order of their places.
    pub fn edges(
        &self,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = Edge> + ExactSizeIterator + '_ {
        let range = self.range(node);
        let kind = self.kind(node);
        let pairs = self.targets[range.clone()].iter().zip(&self.places[range]);
        pairs.map(move |(&to, &place)| Edge {
            to,
            at: place.at(kind),
        })
    }

    /// What a node refers to, without the places: quicker than [`Nodes::edges`]. Edges of weak
    /// handles hold nothing, and are here too.
    pub fn targets(&self, node: NodeId) -> &[NodeId] {
        &self.targets[self.range(node)]
    }

    /// The reference at a place of a node.
    pub fn edge_at(&self, node: NodeId, at: At) -> Option<Edge> {
        let range = self.range(node);
        let index = self.places[range.clone()]
            .binary_search(&Packed::new(at))
            .ok()?;
        let to = self.targets[range.start + index];
        Some(Edge { to, at })
    }

    /// The numbers of a node's edges.
    pub(crate) fn range(&self, node: NodeId) -> Range<usize> {
        looked_at();
        let index = node.index();
        self.firsts[index] as usize..self.firsts[index + 1] as usize
    }

    /// The reference with this number, and whose it is. Edges are numbered through all nodes.
    ///
    /// # Panics
    /// There is no such edge.
    pub fn edge(&self, number: u32) -> (NodeId, Edge) {
        let (index, node) = (number as usize, self.owner(number));
        let edge = Edge {
            to: self.targets[index],
            at: self.places[index].at(self.kind(node)),
        };
        (node, edge)
    }

    /// Whose edge this is: the last node that begins at it or before it.
    pub(crate) fn owner(&self, edge: u32) -> NodeId {
        NodeId(self.firsts.partition_point(|&first| first <= edge) as u32 - 1)
    }

    /// What a node keeps alive: all that it refers to, and nothing if it is a weak handle.
    pub fn keeps(&self, node: NodeId) -> &[NodeId] {
        match self.kind(node) {
            Kind::Weak => &[],
            _ => self.targets(node),
        }
    }

    /// The number of the first edge of a node. Edges are numbered through all nodes.
    pub fn first_edge(&self, node: NodeId) -> u32 {
        self.firsts[node.index()]
    }

    /// The continuation with this number.
    pub fn continuation_numbered(&self, number: u32) -> Option<NodeId> {
        let mut continuations = self.of(Kind::Continuation);
        continuations.find(|&node| {
            self.continuation(node)
                .is_some_and(|row| row.number == number)
        })
    }

    /// The object at this offset of the heap.
    pub fn object_at(&self, offset: u32) -> Option<NodeId> {
        let index = self
            .objects
            .binary_search_by_key(&offset, |row| row.offset)
            .ok()?;
        Some(self.object_node(index))
    }

    /// Objects are the last nodes.
    pub(crate) fn object_node(&self, index: usize) -> NodeId {
        NodeId((self.len() - self.objects.len() + index) as u32)
    }

    /// What tells an object from all others of the run, in all snapshots of it; none if objects
    /// were not followed.
    pub fn identity(&self, node: NodeId) -> Option<u32> {
        if self.kind(node) != Kind::Object {
            return None;
        }
        self.identities
            .get(self.rows[node.index()] as usize)
            .copied()
    }
}

/// Counts that the thread has looked at a node, for tests of how much work something is.
#[inline]
fn looked_at() {
    #[cfg(test)]
    LOOKED_AT.with(|count| count.set(count.get() + 1));
}

#[cfg(test)]
thread_local! {
    /// How many nodes the thread has looked at.
    pub(crate) static LOOKED_AT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// An [`At`] in 32 bits, given its node's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Packed(pub(crate) u32);

impl Packed {
    const SHIFT: u32 = 30;
    const MASK: u32 = (1 << Self::SHIFT) - 1;
    const UNKNOWN: Self = Self(u32::MAX);

    /// Orders the edges of a continuation: the parent, then arguments, then frames. No object
    /// has 2^30 references: the heap is at most 4 GiB.
    pub(crate) fn new(at: At) -> Self {
        let tagged = |tag: u32, index: u32| Self(tag << Self::SHIFT | index & Self::MASK);
        match at {
            At::Root | At::Value => Self(0),
            At::Parent => tagged(0, 0),
            At::Bound(index) => tagged(1, index),
            At::Frame(index) => tagged(2, index),
            At::Slot(index) | At::Item(index) => Self(index),
            At::Field(index) => tagged(0, index),
            At::Element(index) => tagged(1, index),
            At::Payload(index) => tagged(2, index),
            At::Unknown => Self::UNKNOWN,
        }
    }

    pub(crate) fn at(self, kind: Kind) -> At {
        if self == Self::UNKNOWN {
            return At::Unknown;
        }
        let index = self.0 & Self::MASK;
        match (kind, self.0 >> Self::SHIFT) {
            (Kind::Roots, _) => At::Root,
            (Kind::Global | Kind::Handle | Kind::Weak, _) => At::Value,
            (Kind::Table | Kind::Segment, _) => At::Item(self.0),
            (Kind::Frame, _) => At::Slot(self.0),
            (Kind::Continuation, 0) => At::Parent,
            (Kind::Continuation, 1) => At::Bound(index),
            (Kind::Continuation, _) => At::Frame(index),
            (Kind::Object, 0) => At::Field(index),
            (Kind::Object, 1) => At::Element(index),
            (Kind::Object, _) => At::Payload(index),
        }
    }
}
