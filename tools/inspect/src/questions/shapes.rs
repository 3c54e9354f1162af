//! Continuations that are alike: one line for those that stand at the same frames with the same
//! kinds of values in their slots.

use super::Dominators;
use crate::Snapshot;
use crate::snapshot::{NodeId, State};

/// What is in a slot, or bound: not which, but what kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// A null reference.
    Null,
    /// An `i31`.
    I31,
    /// A number or a vector.
    Number,
    /// A function.
    Func,
    /// An object of a type: an index of [`crate::snapshot::Names::types`].
    Object(u32),
    /// A continuation.
    Continuation,
    /// A reference to a continuation that was used.
    Used,
}

/// A frame of a shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameShape {
    /// As [`crate::snapshot::FrameRow::index`].
    pub index: u32,
    /// An index of [`crate::snapshot::Names::sites`].
    pub site: u32,
    /// By slot of the site.
    pub slots: Vec<ValueKind>,
}

/// The smallest, the middle and the largest of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The smallest.
    pub min: u64,
    /// As many are below it as above it.
    pub median: u64,
    /// The largest.
    pub max: u64,
}

/// Some numbers summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The sum.
    pub sum: u64,
    /// The largest.
    pub max: u64,
}

/// Continuations that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// What they were made from, and where: an index of [`crate::snapshot::Names::origins`].
    pub origin: u32,
    /// What they do.
    pub state: State,
    /// Where they stand: an index of [`crate::snapshot::Names::stacks`].
    pub stack: u32,
    /// Their frames that are nodes, the innermost first.
    pub frames: Vec<FrameShape>,
    /// What is bound to them.
    pub bound: Vec<ValueKind>,
    /// How many there are.
    pub count: u64,
    /// How many of them have no stack.
    pub parked: u64,
    /// How many of them the roots do not reach. Nothing if no dominators were given.
    pub forgotten: Option<u64>,
    /// Full collections they have lived through.
    pub age: Spread,
    /// Bytes they use of stacks, or of parked frames.
    pub stack_bytes: Sum,
    /// What they retain, each for itself. Nothing if no dominators were given.
    pub retained: Option<Sum>,
    /// The one of them that retains most, or the first.
    pub sample: NodeId,
}

/// The shapes of all continuations, those of most first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shapes {}

impl Shapes {
    /// Puts continuations together that are alike.
    pub fn of(snapshot: &Snapshot, dominators: Option<&Dominators>) -> Self {
        let _ = (snapshot, dominators);
        todo!()
    }

    /// The shapes.
    pub fn all(&self) -> &[Shape] {
        todo!()
    }

    /// The continuations of a shape, by its index, in the order of nodes.
    ///
    /// # Panics
    /// There is no such shape.
    pub fn members(&self, shape: usize) -> &[NodeId] {
        let _ = shape;
        todo!()
    }

    /// The shape of a continuation: an index; none if the node is something else.
    pub fn shape_of(&self, node: NodeId) -> Option<usize> {
        let _ = node;
        todo!()
    }
}
