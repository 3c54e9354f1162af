//! What changed between two snapshots.
//!
//! Types are the same if they are equal in all that is known of them; stacks, if the same
//! functions stand at the same offsets. Continuations are known again by their serial numbers and
//! objects by their identities, if both snapshots are of one run.

use super::alike::{self, Alike};
use crate::Snapshot;
use crate::snapshot::{Continuation, Kind, Node, NodeId, ObjectType};
use std::collections::HashMap;

/// How many, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
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
    /// One of them in the second: one that is not in the first, if that is known.
    pub after_sample: Option<NodeId>,
}

/// A continuation that is in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
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
    pub moved: Vec<Pair>,
    /// In both, where they stood, doing what they did.
    pub stayed: Vec<Pair>,
}

/// The objects of two snapshots of one run in which objects were followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectChanges {
    /// In the second and not in the first, in the order of nodes.
    pub entered: Vec<NodeId>,
    /// In the first and not in the second, in the order of nodes.
    pub left: Vec<NodeId>,
    /// How many are in both.
    pub stayed: u64,
}

/// What changed between two snapshots.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::Diff;
///
/// # let snapshot = |objects: u32| {
/// #     let mut builder = Builder::new();
/// #     for index in 1..=objects {
/// #         builder.object(16 * index, 0, 16, 0, Space::Old, Some(index), &[], []);
/// #     }
/// #     builder.names().types.push(ObjectType::default());
/// #     builder.finish(About { run: 1, ..About::default() })
/// # };
/// let (before, after) = (snapshot(2)?, snapshot(5)?);
/// let diff = Diff::of(&before, &after);
/// assert_eq!((diff.types[0].before.count, diff.types[0].after.count), (2, 5));
/// assert_eq!(diff.objects.unwrap().entered.len(), 3);
/// # Ok::<(), BuildError>(())
/// ```
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
        let one_run = before.about().run == after.about().run && before.about().run != 0;
        let mut diff = Self::default();
        let alike = Alike::of(before, after);
        if one_run {
            diff.continuations = Some(continuations(before, after, &alike));
            diff.objects = objects(before, after);
        }
        diff.count_types(before, after);
        diff.count_stacks(before, after, &alike);
        diff
    }

    /// What could not be compared, as a sentence; none if all was.
    pub fn limits(&self) -> Option<&'static str> {
        match (&self.continuations, &self.objects) {
            (None, _) => Some(
                "The moments are of two runs: only types and stacks are compared, \
                 and nothing is known again.",
            ),
            (_, None) => Some(
                "Objects were not followed in this run: continuations are known again, \
                 objects are compared by type only.",
            ),
            _ => None,
        }
    }

    fn count_types(&mut self, before: &Snapshot, after: &Snapshot) {
        let mut places: HashMap<&ObjectType, usize> = HashMap::new();
        let mut changes: Vec<TypeChange> = Vec::new();
        let mut place = |ty| {
            *places.entry(ty).or_insert_with(|| {
                changes.push(TypeChange::default());
                changes.len() - 1
            })
        };
        let before_places: Vec<usize> = before.names().types.iter().map(&mut place).collect();
        let after_places: Vec<usize> = after.names().types.iter().map(&mut place).collect();
        for (ty, &place) in (0..).zip(&before_places) {
            changes[place].before_type.get_or_insert(ty);
        }
        for (ty, &place) in (0..).zip(&after_places) {
            changes[place].after_type.get_or_insert(ty);
        }
        each_object(before, |_, ty, bytes| {
            self.before_objects.add(bytes);
            if let Some(&place) = before_places.get(ty) {
                changes[place].before.add(bytes);
            }
        });
        each_object(after, |_, ty, bytes| {
            self.after_objects.add(bytes);
            if let Some(&place) = after_places.get(ty) {
                changes[place].after.add(bytes);
            }
        });
        if let Some(objects) = &self.objects {
            let tell = |snapshot: &Snapshot, node: NodeId| {
                let ty = snapshot.nodes().object(node).map_or(0, |row| row.ty);
                (ty as usize, snapshot.nodes().bytes(node))
            };
            for change in &mut changes {
                (change.entered, change.left) = (Some(Count::default()), Some(Count::default()));
            }
            for &node in &objects.entered {
                let (ty, bytes) = tell(after, node);
                if let Some(&place) = after_places.get(ty) {
                    changes[place].entered.get_or_insert_default().add(bytes);
                }
            }
            for &node in &objects.left {
                let (ty, bytes) = tell(before, node);
                if let Some(&place) = before_places.get(ty) {
                    changes[place].left.get_or_insert_default().add(bytes);
                }
            }
        }
        changes.retain(|change| {
            let came = change.entered.is_some_and(|count| count.count > 0);
            came || change.before != change.after
        });
        changes.sort_by_key(|change| {
            let grown = change.after.bytes as i64 - change.before.bytes as i64;
            (-grown, change.after_type, change.before_type)
        });
        self.types = changes;
    }

    fn count_stacks(&mut self, before: &Snapshot, after: &Snapshot, alike: &Alike) {
        let mut changes: HashMap<(u32, u32), StackChange> = HashMap::new();
        each_continuation(before, |node, row| {
            self.before_continuations.add(row.stack_bytes.into());
            let change = changes.entry(alike.before.key(row)).or_default();
            change.before_stack.get_or_insert(row.stack);
            change.before_origin.get_or_insert(row.origin);
            change.before_sample.get_or_insert(node);
            change.before.add(row.stack_bytes.into());
        });
        let mut entered = self
            .continuations
            .iter()
            .flat_map(|changes| &changes.entered)
            .peekable();
        let mut samples_are_new = HashMap::new();
        each_continuation(after, |node, row| {
            self.after_continuations.add(row.stack_bytes.into());
            let key = alike.after.key(row);
            let change = changes.entry(key).or_default();
            change.after_stack.get_or_insert(row.stack);
            change.after_origin.get_or_insert(row.origin);
            let new = entered.next_if(|&&next| next == node).is_some();
            if change.after_sample.is_none() || new && samples_are_new.insert(key, ()).is_none() {
                change.after_sample = Some(node);
            }
            change.after.add(row.stack_bytes.into());
        });
        self.stacks = changes.into_values().collect();
        self.stacks.retain(|change| change.before != change.after);
        self.stacks.sort_by_key(|change| {
            let grown = change.after.count as i64 - change.before.count as i64;
            (-grown, change.after_sample, change.before_sample)
        });
    }
}

/// Tells each object: its node, its type, its bytes.
fn each_object(snapshot: &Snapshot, mut tell: impl FnMut(NodeId, usize, u64)) {
    let nodes = snapshot.nodes();
    for node in nodes.of(Kind::Object) {
        if let Node::Object(row) = nodes.get(node) {
            tell(node, row.ty as usize, nodes.bytes(node));
        }
    }
}

fn each_continuation(snapshot: &Snapshot, mut tell: impl FnMut(NodeId, &Continuation)) {
    let nodes = snapshot.nodes();
    for node in nodes.of(Kind::Continuation) {
        if let Some(row) = nodes.continuation(node) {
            tell(node, row);
        }
    }
}

fn continuations(before: &Snapshot, after: &Snapshot, alike: &Alike) -> ContinuationChanges {
    let serials = |snapshot: &Snapshot| {
        let mut serials = Vec::new();
        each_continuation(snapshot, |node, row| serials.push((row.serial, node)));
        serials.sort_unstable();
        serials
    };
    let mut changes = ContinuationChanges::default();
    alike::merge(&serials(before), &serials(after), |one, other| {
        match (one, other) {
            (Some(left), None) => changes.left.push(left),
            (None, Some(entered)) => changes.entered.push(entered),
            (Some(one), Some(other)) => {
                let rows = (
                    before.nodes().continuation(one),
                    after.nodes().continuation(other),
                );
                let pair = Pair {
                    before: one,
                    after: other,
                };
                match rows {
                    (Some(one), Some(other))
                        if alike.before.key(one) == alike.after.key(other)
                            && one.state == other.state =>
                    {
                        changes.stayed.push(pair);
                    }
                    _ => changes.moved.push(pair),
                }
            }
            (None, None) => {}
        }
    });
    changes.left.sort_unstable();
    changes.entered.sort_unstable();
    changes
}

/// None if objects were not followed.
fn objects(before: &Snapshot, after: &Snapshot) -> Option<ObjectChanges> {
    let identities = |snapshot: &Snapshot| {
        let nodes = snapshot.nodes();
        let known = nodes.of(Kind::Object);
        let mut known: Vec<(u32, NodeId)> = known
            .map(|node| Some((nodes.identity(node)?, node)))
            .collect::<Option<_>>()?;
        known.sort_unstable();
        Some(known)
    };
    let mut changes = ObjectChanges::default();
    alike::merge(
        &identities(before)?,
        &identities(after)?,
        |one, other| match (one, other) {
            (Some(left), None) => changes.left.push(left),
            (None, Some(entered)) => changes.entered.push(entered),
            _ => changes.stayed += 1,
        },
    );
    changes.left.sort_unstable();
    changes.entered.sort_unstable();
    Some(changes)
}
