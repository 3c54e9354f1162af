//! Which nodes are written, in which order, and with which edges.
//!
//! ```text
//!  ordinal 0          the root
//!          1          (GC roots)
//!          2 …        the groups
//!          then       the snapshot's nodes that are reachable, in its order
//! ```
//!
//! What is not reachable is left out: one such node hides the distance of its whole class in DevTools. The
//! root has an edge to `(GC roots)` only: with an object below it, or an edge of type `shortcut`,
//! DevTools takes what is below `(GC roots)` for the browser's own and shows no distances.

use super::ids;
use super::strings::Strings;
use super::{NODE_FIELDS, Options, WriteError};
use crate::Snapshot;
use crate::snapshot::{At, Edge, Kind, Node, NodeId, Nodes};

/// The most nodes whose places fit 32 bits, in which readers hold them.
pub(super) const MOST_NODES: u32 = u32::MAX / NODE_FIELDS;

/// Places in V8's list of node types.
mod node_type {
    pub(super) const OBJECT: u32 = 3;
    pub(super) const SYNTHETIC: u32 = 9;
}

/// Places in V8's list of edge types.
mod edge_type {
    pub(super) const ELEMENT: u32 = 1;
    pub(super) const PROPERTY: u32 = 2;
    pub(super) const INTERNAL: u32 = 3;
    pub(super) const WEAK: u32 = 6;
}

/// The groups, and what they are called.
const GROUPS: [(&str, Kind); 6] = [
    ("(Continuations)", Kind::Continuation),
    ("(Globals)", Kind::Global),
    ("(Tables)", Kind::Table),
    ("(Element segments)", Kind::Segment),
    ("(Host handles)", Kind::Handle),
    ("(Weak handles)", Kind::Weak),
];
/// The last one, which there is if it is asked for.
const FORGOTTEN: &str = "(Forgotten)";
/// The ordinal of the first group.
const FIRST_GROUP: u32 = 2;

/// Left out.
const OUT: u32 = u32::MAX;

/// A node as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) ty: u32,
    pub(super) name: u32,
    pub(super) id: u32,
    pub(super) size: u32,
}

/// An edge as it is written.
pub(super) struct EdgeRow {
    pub(super) ty: u32,
    /// A name, or an index.
    pub(super) name: u32,
    /// The ordinal of its node.
    pub(super) to: u32,
}

/// What is written.
pub(super) struct Plan<'a> {
    snapshot: &'a Snapshot,
    /// By node of the snapshot: its ordinal.
    ordinals: Vec<u32>,
    /// From the first that is no group: the node of the snapshot.
    written: Vec<NodeId>,
    ids: Vec<u32>,
    /// By group: its nodes.
    groups: Vec<Vec<NodeId>>,
    edges: u32,
}

impl<'a> Plan<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, options: &Options) -> Result<Self, WriteError> {
        let nodes = snapshot.nodes();
        let mut groups: Vec<Vec<NodeId>> = GROUPS
            .iter()
            .map(|&(_, kind)| members(nodes, kind))
            .collect();
        let mut reached = vec![false; nodes.len()];
        reach(nodes, &mut reached, groups.iter().flatten().copied());
        if options.forgotten {
            let forgotten = nodes.of(Kind::Continuation);
            let forgotten: Vec<NodeId> = forgotten.filter(|node| !reached[node.index()]).collect();
            reach(nodes, &mut reached, forgotten.iter().copied());
            groups.push(forgotten);
        }
        let before = FIRST_GROUP + groups.len() as u32;
        let mut ordinals = vec![OUT; nodes.len()];
        let mut written = Vec::new();
        for node in nodes.all().filter(|node| reached[node.index()]) {
            let ordinal = u32::try_from(written.len()).unwrap_or(OUT);
            ordinals[node.index()] = ordinal.saturating_add(before);
            written.push(node);
        }
        if written.len() + before as usize > MOST_NODES as usize {
            return Err(WriteError::TooManyNodes(written.len()));
        }
        let ids = ids::ids(snapshot, written.iter().copied());
        let mut plan = Self {
            snapshot,
            ordinals,
            written,
            ids,
            groups,
            edges: 0,
        };
        let edges = plan
            .ordinals()
            .map(|ordinal| u64::from(plan.edges_of(ordinal)));
        // A frame has an edge more than in the snapshot, and edges are counted with 32 bits there.
        let edges: u64 = edges.sum();
        plan.edges =
            u32::try_from(edges).map_err(|_| WriteError::TooManyNodes(plan.written.len()))?;
        Ok(plan)
    }

    pub(super) fn node_count(&self) -> u32 {
        self.first_written() + self.written.len() as u32
    }

    pub(super) fn edge_count(&self) -> u32 {
        self.edges
    }

    pub(super) fn ordinals(&self) -> impl Iterator<Item = u32> + use<> {
        0..self.node_count()
    }

    fn first_written(&self) -> u32 {
        FIRST_GROUP + self.groups.len() as u32
    }

    /// The node of the snapshot that is written with an ordinal.
    pub(super) fn written(&self, ordinal: u32) -> Option<(usize, NodeId)> {
        let index = ordinal.checked_sub(self.first_written())? as usize;
        Some((index, *self.written.get(index)?))
    }

    /// The nodes of a group.
    fn group(&self, ordinal: u32) -> &[NodeId] {
        let index = ordinal.checked_sub(FIRST_GROUP);
        let group = index.and_then(|index| self.groups.get(index as usize));
        group.map_or(&[], Vec::as_slice)
    }

    /// A node: what the store has by itself is `synthetic` and has no size, all else is an `object` and has
    /// one. Objects of other types are merged or hidden.
    pub(super) fn node(&self, strings: &mut Strings<'_>, ordinal: u32) -> Row {
        let Some((index, node)) = self.written(ordinal) else {
            let name = match ordinal {
                0 => "",
                1 => "(GC roots)",
                _ => GROUPS
                    .get((ordinal - FIRST_GROUP) as usize)
                    .map_or(FORGOTTEN, |group| group.0),
            };
            return Row {
                ty: node_type::SYNTHETIC,
                name: strings.number(name),
                id: ids::id(ordinal),
                size: 0,
            };
        };
        let nodes = self.snapshot.nodes();
        let bytes = u32::try_from(nodes.bytes(node)).unwrap_or(u32::MAX);
        let (ty, size) = match nodes.kind(node) {
            Kind::Continuation | Kind::Frame | Kind::Object => (node_type::OBJECT, bytes.max(1)),
            _ => (node_type::SYNTHETIC, 0),
        };
        Row {
            ty,
            name: strings.node(node),
            id: self.ids[index],
            size,
        }
    }

    /// How many edges a node has.
    pub(super) fn edges_of(&self, ordinal: u32) -> u32 {
        let Some((_, node)) = self.written(ordinal) else {
            return match ordinal {
                0 => 1,
                1 => self.groups.len() as u32,
                _ => self.group(ordinal).len() as u32,
            };
        };
        let nodes = self.snapshot.nodes();
        let targets = nodes.targets(node).iter();
        let count = targets
            .filter(|to| self.ordinals[to.index()] != OUT)
            .count() as u32;
        count + u32::from(self.caller(node).is_some())
    }

    /// Tells each edge of a node.
    pub(super) fn each_edge(
        &self,
        strings: &mut Strings<'_>,
        ordinal: u32,
        mut tell: impl FnMut(EdgeRow),
    ) {
        let Some((_, node)) = self.written(ordinal) else {
            let mut elements = |targets: &mut dyn Iterator<Item = u32>| {
                for (name, to) in (1..).zip(targets) {
                    tell(EdgeRow {
                        ty: edge_type::ELEMENT,
                        name,
                        to,
                    });
                }
            };
            let members = self.group(ordinal).iter();
            match ordinal {
                0 => elements(&mut (1..2)),
                1 => elements(&mut (FIRST_GROUP..self.first_written())),
                _ => elements(&mut members.map(|member| self.ordinals[member.index()])),
            }
            return;
        };
        let nodes = self.snapshot.nodes();
        let weak = nodes.kind(node) == Kind::Weak;
        for edge in nodes.edges(node) {
            let to = self.ordinals[edge.to.index()];
            if to == OUT {
                continue;
            }
            let (ty, name) = match edge.at {
                _ if weak => (edge_type::WEAK, strings.place(node, edge)),
                At::Item(index) | At::Element(index) => (edge_type::ELEMENT, index),
                At::Frame(_) if self.is_top(node, edge) => {
                    (edge_type::INTERNAL, strings.number("top"))
                }
                At::Frame(index) => (edge_type::ELEMENT, index),
                At::Field(_) | At::Payload(_) => (edge_type::PROPERTY, strings.place(node, edge)),
                _ => (edge_type::INTERNAL, strings.place(node, edge)),
            };
            tell(EdgeRow { ty, name, to });
        }
        if let Some(caller) = self.caller(node) {
            tell(EdgeRow {
                ty: edge_type::INTERNAL,
                name: strings.number("caller"),
                to: self.ordinals[caller.index()],
            });
        }
    }

    /// Whether an edge of a continuation leads to the innermost of its frames that are nodes: the first
    /// one behind it.
    fn is_top(&self, continuation: NodeId, edge: Edge) -> bool {
        edge.to.0 == continuation.0 + 1
    }

    /// The frame behind a frame, if it is of the same continuation.
    fn caller(&self, node: NodeId) -> Option<NodeId> {
        let nodes = self.snapshot.nodes();
        let Node::Frame(row) = nodes.get(node) else {
            return None;
        };
        let next = NodeId(node.0.checked_add(1)?);
        if next.index() >= nodes.len() || self.ordinals[next.index()] == OUT {
            return None;
        }
        let same = nodes.frame(next)?.continuation == row.continuation;
        same.then_some(next)
    }
}

/// The nodes of a group: roots of a kind; weak handles are no roots.
fn members(nodes: &Nodes, kind: Kind) -> Vec<NodeId> {
    if kind == Kind::Weak {
        return nodes.of(kind).collect();
    }
    if nodes.is_empty() {
        return Vec::new();
    }
    let roots = nodes.targets(NodeId::ROOTS).iter().copied();
    roots.filter(|&root| nodes.kind(root) == kind).collect()
}

/// Marks what is reachable from some nodes.
fn reach(nodes: &Nodes, reached: &mut [bool], from: impl Iterator<Item = NodeId>) {
    let mut work: Vec<NodeId> = Vec::new();
    for node in from {
        if !std::mem::replace(&mut reached[node.index()], true) {
            work.push(node);
        }
    }
    while let Some(node) = work.pop() {
        if nodes.kind(node) == Kind::Weak {
            continue;
        }
        for &to in nodes.targets(node) {
            if !std::mem::replace(&mut reached[to.index()], true) {
                work.push(to);
            }
        }
    }
}
