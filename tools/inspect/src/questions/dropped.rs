//! What would die if some nodes or references were gone.

use crate::Snapshot;
use crate::snapshot::{At, NodeId};

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gone {
    /// A node, with all references to it and in it.
    Node(NodeId),
    /// One reference.
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dropped {
    /// All of it.
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
    /// How many of the nodes and references named are not reached by the roots, or not there.
    pub dead: usize,
}

impl Dropped {
    /// What the roots reach now, and would not reach if this were gone.
    pub fn of(snapshot: &Snapshot, gone: &[Gone]) -> Self {
        let _ = (snapshot, gone);
        todo!()
    }
}
