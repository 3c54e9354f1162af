//! What there is, in numbers.

use super::Dominators;
use crate::Snapshot;
use crate::snapshot::{Kind, Space};

/// The objects of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeLine {
    /// An index of [`crate::snapshot::Names::types`].
    pub ty: u32,
    /// How many.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of all that lives because of objects of this type: what hangs on two of them counts
    /// once. Nothing if no dominators were given.
    pub retained: Option<u64>,
}

/// The objects of a space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceLine {
    /// Which.
    pub space: Space,
    /// How many.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The nodes of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindLine {
    /// Which.
    pub kind: Kind,
    /// How many.
    pub nodes: u64,
    /// Their bytes.
    pub bytes: u64,
    /// As [`TypeLine::retained`].
    pub retained: Option<u64>,
    /// How many of them the roots do not reach. Nothing if no dominators were given.
    pub unreachable: Option<u64>,
}

/// Memory that holds nothing that lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragmentation {
    /// Bytes of objects in the snapshot.
    pub heap_live: u64,
    /// Bytes of the heap in use that are no objects of the snapshot: dead ones, and gaps.
    pub heap_dead: u64,
    /// Bytes behind the heap that are not in use.
    pub heap_free: u64,
    /// Bytes behind stacks that no frame uses.
    pub stack_free: u64,
}

/// What there is, in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// By type, most bytes first.
    pub types: Vec<TypeLine>,
    /// By space: those that have objects.
    pub spaces: Vec<SpaceLine>,
    /// By kind: those that there are nodes of.
    pub kinds: Vec<KindLine>,
    /// Memory that holds nothing that lives.
    pub fragmentation: Fragmentation,
    /// Bytes of all nodes.
    pub bytes: u64,
    /// Nodes, the roots left out.
    pub nodes: u64,
    /// References.
    pub edges: u64,
}

impl Statistics {
    /// Counts. With dominators it tells too what each type and kind retains.
    pub fn of(snapshot: &Snapshot, dominators: Option<&Dominators>) -> Self {
        let _ = (snapshot, dominators);
        todo!()
    }
}
