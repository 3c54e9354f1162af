//! What lives because of one node alone.
//!
//! The tree lies in arrays by position: a node, then what it dominates, child by child. So all
//! that dies with a node lies together, and its children are found by stepping over what theirs
//! take.
//!
//! What the roots do not reach (continuations that were forgotten, objects not collected yet)
//! comes behind all that they reach, below heads of its own: the nodes from which all of it can
//! be reached, and that nothing else of it leads to. References from there to what lives retain
//! nothing.

use super::tree::{self, NONE, Tree};
use crate::Snapshot;
use crate::snapshot::NodeId;

/// The dominator tree: the parent of a node is the last node that all ways from the roots to it
/// pass.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::Dominators;
///
/// # let mut builder = Builder::new();
/// # let value = SlotValue::Ref(Target::Object(16));
/// # let global = builder.fixed(Kind::Global, Static::default(), [(0, value)]);
/// # let next = (At::Field(0), Target::Object(32));
/// # let list = builder.object(16, 0, 16, 0, Space::Old, None, &[], [next]);
/// # let tail = builder.object(32, 0, 16, 0, Space::Old, None, &[], []);
/// # let snapshot = builder.finish(About::default())?;
/// let dominators = Dominators::of(&snapshot);
/// assert_eq!(dominators.retained(list), 32);
/// assert_eq!(dominators.dominator(tail), Some(list));
/// assert_eq!(dominators.dominated(global), [global, list, tail]);
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dominators {
    /// By node: its position, or `NONE`.
    places: Vec<u32>,
    tree: Tree,
    forgotten: Vec<NodeId>,
}

impl Dominators {
    /// The dominators of all nodes.
    pub fn of(snapshot: &Snapshot) -> Self {
        let (mut tree, places) = tree::build(snapshot.nodes());
        let retained = |head: &NodeId| tree.retained[places[head.index()] as usize];
        let mut forgotten = std::mem::take(&mut tree.heads);
        forgotten.sort_by_key(|head| !retained(head));
        Self {
            places,
            tree,
            forgotten,
        }
    }

    fn place(&self, node: NodeId) -> Option<usize> {
        let place = self.places[node.index()];
        (place != NONE).then_some(place as usize)
    }

    /// Whether the roots reach a node.
    ///
    /// # Panics
    /// As all methods, if there is no such node.
    pub fn is_reachable(&self, node: NodeId) -> bool {
        self.places[node.index()] < self.tree.reached
    }

    /// The last node that all ways to this one pass; none of the roots and of weak handles, and
    /// of what is forgotten none of the heads and of what several of them lead to.
    pub fn dominator(&self, node: NodeId) -> Option<NodeId> {
        let parent = self.tree.parents[self.place(node)?];
        (parent != NONE).then(|| self.tree.order[parent as usize])
    }

    /// The bytes of a node and of all that would die with it.
    pub fn retained(&self, node: NodeId) -> u64 {
        self.place(node)
            .map_or(0, |place| self.tree.retained[place])
    }

    /// The nodes that a node dominates directly, the one that retains most first.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let range = self.place(node).map_or(0..0, |place| self.below(place));
        let mut next = range.start;
        std::iter::from_fn(move || {
            let place = next;
            if place >= range.end {
                return None;
            }
            next += self.tree.sizes[place] as usize;
            Some(self.tree.order[place])
        })
    }

    fn below(&self, place: usize) -> std::ops::Range<usize> {
        place + 1..place + self.tree.sizes[place] as usize
    }

    /// A node and all that would die with it, each behind its dominator.
    pub fn dominated(&self, node: NodeId) -> &[NodeId] {
        match self.place(node) {
            Some(place) => &self.tree.order[place..self.below(place).end],
            None => &[],
        }
    }

    /// The positions of a node and all that it dominates. They begin with its own, and those of
    /// two nodes lie one in the other or apart.
    pub(super) fn span(&self, node: NodeId) -> Option<std::ops::Range<usize>> {
        let place = self.place(node)?;
        Some(place..self.below(place).end)
    }

    /// Whether all ways to `node` pass `dominator`, or it is `node` itself.
    pub fn dominates(&self, dominator: NodeId, node: NodeId) -> bool {
        match (self.place(dominator), self.place(node)) {
            (Some(above), Some(place)) => (above..self.below(above).end).contains(&place),
            _ => false,
        }
    }

    /// Walks over all of the tree, and what is forgotten behind it: each node is told as it is
    /// entered, with `true`, and as all below it was walked over, with `false`.
    pub fn walk(&self, mut visit: impl FnMut(NodeId, bool)) {
        // The ends of those that are open.
        let mut open: Vec<(usize, NodeId)> = Vec::new();
        for (place, &node) in self.tree.order.iter().enumerate() {
            while let Some(&(end, above)) = open.last()
                && end <= place
            {
                visit(above, false);
                open.pop();
            }
            visit(node, true);
            open.push((self.below(place).end, node));
        }
        while let Some((_, above)) = open.pop() {
            visit(above, false);
        }
    }

    /// What the roots do not reach and the store has not ended yet: the nodes on which all of it
    /// hangs, the one that retains most first. Weak handles are not among them.
    pub fn forgotten(&self) -> &[NodeId] {
        &self.forgotten
    }

    /// How many nodes the roots reach, they included.
    pub fn reachable(&self) -> usize {
        self.tree.reached as usize
    }
}
