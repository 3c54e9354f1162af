//! What lives because of one node alone.

use crate::Snapshot;
use crate::snapshot::NodeId;

/// The dominator tree: the parent of a node is the last node that all ways from the roots to it
/// pass.
#[derive(Clone, Debug)]
pub struct Dominators {}

impl Dominators {
    /// The dominators of all nodes.
    pub fn of(snapshot: &Snapshot) -> Self {
        let _ = snapshot;
        todo!()
    }

    /// Whether the roots reach a node.
    pub fn is_reachable(&self, node: NodeId) -> bool {
        let _ = node;
        todo!()
    }

    /// The last node that all ways to this one pass; none of the roots, and none of what heads
    /// what is forgotten.
    pub fn dominator(&self, node: NodeId) -> Option<NodeId> {
        let _ = node;
        todo!()
    }

    /// The bytes of a node and of all that would die with it.
    pub fn retained(&self, node: NodeId) -> u64 {
        let _ = node;
        todo!()
    }

    /// The nodes that a node dominates directly, the one that retains most first.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let _ = node;
        std::iter::empty()
    }

    /// A node and all that would die with it, each behind its dominator.
    pub fn dominated(&self, node: NodeId) -> &[NodeId] {
        let _ = node;
        todo!()
    }

    /// What the roots do not reach and the store has not ended yet: the nodes on which all of it
    /// hangs, the one that retains most first. Weak handles are not among them.
    pub fn forgotten(&self) -> &[NodeId] {
        todo!()
    }
}
