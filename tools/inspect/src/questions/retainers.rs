//! What refers to each node: the edges, the other way round.

use crate::Snapshot;
use crate::snapshot::{At, NodeId};

/// What refers to each node. Weak handles refer to nothing here.
#[derive(Clone, Debug)]
pub struct Retainers {}

impl Retainers {
    /// The retainers of all nodes.
    pub fn of(snapshot: &Snapshot) -> Self {
        let _ = snapshot;
        todo!()
    }

    /// How many references there are to a node.
    pub fn count(&self, node: NodeId) -> usize {
        let _ = node;
        todo!()
    }

    /// The references to a node: whose they are, and where in it, in the order of nodes.
    pub fn to<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = (NodeId, At)> + ExactSizeIterator + use<'a> {
        let _ = (snapshot, node);
        Vec::new().into_iter()
    }

    /// How many references a shortest way from the roots to a node has; none if there is no way.
    pub fn depth(&self, node: NodeId) -> Option<u32> {
        let _ = node;
        todo!()
    }
}
