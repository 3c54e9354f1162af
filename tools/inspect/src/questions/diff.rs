//! What changed between two snapshots.

use crate::Snapshot;
use crate::snapshot::NodeId;

/// How many, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The objects of a type, in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeChange {
    /// Its index in the first; none if it is not there.
    pub before_type: Option<u32>,
    /// Its index in the second.
    pub after_type: Option<u32>,
    /// In the first.
    pub before: Count,
    /// In the second.
    pub after: Count,
    /// In the second and not in the first, if objects can be known again.
    pub entered: Option<Count>,
    /// In the first and not in the second, if objects can be known again.
    pub left: Option<Count>,
}

/// Continuations of one origin that stand at the same functions and offsets, in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackChange {
    /// Their stack in the first: an index of [`crate::snapshot::Names::stacks`].
    pub before_stack: Option<u32>,
    /// In the second.
    pub after_stack: Option<u32>,
    /// Their origin in the first: an index of [`crate::snapshot::Names::origins`].
    pub before_origin: Option<u32>,
    /// In the second.
    pub after_origin: Option<u32>,
    /// In the first, with the bytes of their stacks.
    pub before: Count,
    /// In the second.
    pub after: Count,
    /// One of them in the first.
    pub before_sample: Option<NodeId>,
    /// One of them in the second: one that is not in the first if that is known.
    pub after_sample: Option<NodeId>,
}

/// A continuation that is in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// In the first.
    pub before: NodeId,
    /// In the second.
    pub after: NodeId,
}

/// The continuations of two snapshots of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContinuationChanges {
    /// In the second and not in the first.
    pub entered: Vec<NodeId>,
    /// In the first and not in the second.
    pub left: Vec<NodeId>,
    /// In both, and not where they stood.
    pub moved: Vec<Moved>,
    /// In both, where they stood.
    pub stayed: Vec<Moved>,
}

/// The objects of two snapshots of one run in which objects were followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectChanges {
    /// In the second and not in the first.
    pub entered: Vec<NodeId>,
    /// In the first and not in the second.
    pub left: Vec<NodeId>,
    /// How many are in both.
    pub stayed: u64,
}

/// What changed between two snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// By type: what grew most first, in bytes. Types that did not change are left out.
    pub types: Vec<TypeChange>,
    /// By stack and origin: what grew most first. Those that did not change are left out.
    pub stacks: Vec<StackChange>,
    /// One by one, if both are of one run.
    pub continuations: Option<ContinuationChanges>,
    /// One by one, if both are of one run and objects were followed.
    pub objects: Option<ObjectChanges>,
    /// All objects of the first.
    pub before_objects: Count,
    /// All objects of the second.
    pub after_objects: Count,
    /// All continuations of the first, with the bytes of their stacks.
    pub before_continuations: Count,
    /// All continuations of the second.
    pub after_continuations: Count,
}

impl Diff {
    /// What changed from `before` to `after`.
    pub fn of(before: &Snapshot, after: &Snapshot) -> Self {
        let _ = (before, after);
        todo!()
    }

    /// Whether continuations were compared one by one, and objects: else a sentence that says
    /// why not.
    pub fn limits(&self) -> Option<&'static str> {
        todo!()
    }
}
