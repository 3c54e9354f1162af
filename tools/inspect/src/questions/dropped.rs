//! What would die if some nodes or references were gone.

use crate::Snapshot;
use crate::snapshot::{At, Node, NodeId};
use std::collections::{HashMap, HashSet};

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gone {
    /// A node, with all references to it and in it.
    Node(NodeId),
    /// One reference. Those of the roots are not told apart by their places: what they refer to
    /// is named as a node.
    Reference {
        /// Whose it is.
        from: NodeId,
        /// Where in it.
        at: At,
    },
}

impl From<NodeId> for Gone {
    fn from(node: NodeId) -> Self {
        Self::Node(node)
    }
}

/// Objects of one type, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeSum {
    /// An index of [`crate::snapshot::Names::types`].
    pub ty: u32,
    /// How many.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What would die.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::{Dropped, Gone};
///
/// # let mut builder = Builder::new();
/// # let value = SlotValue::Ref(Target::Object(16));
/// # let global = builder.fixed(Kind::Global, Static::default(), [(0, value)]);
/// # builder.object(16, 0, 16, 0, Space::Old, None, &[], []);
/// # let snapshot = builder.finish(About::default())?;
/// let value = Gone::Reference { from: global, at: At::Value };
/// let dropped = Dropped::of(&snapshot, &[value]);
/// assert_eq!((dropped.objects, dropped.bytes), (1, 16));
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dropped {
    /// All of it, in the order of nodes.
    pub nodes: Vec<NodeId>,
    /// Its bytes.
    pub bytes: u64,
    /// The objects among it.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
    /// The frames among it.
    pub frames: u64,
    /// The continuations among it.
    pub continuations: Vec<NodeId>,
    /// The objects by type, most bytes first.
    pub types: Vec<TypeSum>,
    /// What was named in vain: it is not there, or the roots do not reach it now.
    pub dead: Vec<Gone>,
}

impl Dropped {
    /// What the roots reach now, and would not reach if this were gone. If the roots themselves
    /// are named, that is everything but them.
    pub fn of(snapshot: &Snapshot, gone: &[Gone]) -> Self {
        let nodes = snapshot.nodes();
        let now = reach(snapshot, &HashSet::new(), &HashSet::new());
        let (mut without, mut cut) = (HashSet::new(), HashSet::new());
        let mut dropped = Self::default();
        for &what in gone {
            let lives = |node: NodeId| now.get(node.index()) == Some(&true);
            match what {
                Gone::Node(node) if lives(node) => {
                    without.insert(node);
                }
                Gone::Reference { from, at }
                    if lives(from)
                        && from != NodeId::ROOTS
                        && nodes.edge_at(from, at).is_some() =>
                {
                    cut.insert((from, at));
                }
                _ => dropped.dead.push(what),
            }
        }
        let then = reach(snapshot, &without, &cut);
        let mut types = HashMap::new();
        for node in nodes.all().skip(1) {
            if now[node.index()] && !then[node.index()] {
                dropped.count(snapshot, node, &mut types);
            }
        }
        dropped.types = types.into_values().collect();
        dropped
            .types
            .sort_unstable_by_key(|sum| (!sum.bytes, sum.ty));
        dropped
    }

    fn count(&mut self, snapshot: &Snapshot, node: NodeId, types: &mut HashMap<u32, TypeSum>) {
        let bytes = snapshot.nodes().bytes(node);
        self.nodes.push(node);
        self.bytes += bytes;
        match snapshot.nodes().get(node) {
            Node::Object(row) => {
                self.objects += 1;
                self.object_bytes += bytes;
                let sum = types.entry(row.ty).or_default();
                sum.ty = row.ty;
                sum.objects += 1;
                sum.bytes += bytes;
            }
            Node::Frame(_) => self.frames += 1,
            Node::Continuation(_) => self.continuations.push(node),
            Node::Roots | Node::Static(..) => {}
        }
    }
}

/// By node, whether the roots reach it without some nodes and references.
fn reach(snapshot: &Snapshot, without: &HashSet<NodeId>, cut: &HashSet<(NodeId, At)>) -> Vec<bool> {
    let nodes = snapshot.nodes();
    let mut reached = vec![false; nodes.len()];
    let mut work = Vec::new();
    if !nodes.is_empty() {
        reached[0] = true;
        work.push(NodeId::ROOTS);
    }
    let cut_from: HashSet<NodeId> = cut.iter().map(|&(from, _)| from).collect();
    while let Some(node) = work.pop() {
        if !without.is_empty() && without.contains(&node) {
            // It is gone with all that is in it.
            reached[node.index()] = false;
            continue;
        }
        let cuts = !cut_from.is_empty() && cut_from.contains(&node);
        let first = nodes.first_edge(node);
        for (number, &to) in (first..).zip(nodes.keeps(node)) {
            let seen = &mut reached[to.index()];
            if *seen || cuts && cut.contains(&(node, nodes.edge(number).1.at)) {
                continue;
            }
            *seen = true;
            work.push(to);
        }
    }
    reached
}
