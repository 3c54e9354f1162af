//! Continuations that are alike: one line for those that stand at the same frames with the same
//! kinds of values in their slots.

use super::Dominators;
use super::shape_key::{Reader, read_key};
use crate::Snapshot;
use crate::snapshot::{Kind, NodeId, State};
use std::collections::{BTreeMap, HashMap};

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
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::Shapes;
///
/// # let mut builder = Builder::new();
/// # for number in 0..1000 {
/// #     let row = Continuation { number, ..Continuation::default() };
/// #     builder.continuation(ContinuationParts { row, ..ContinuationParts::default() });
/// # }
/// # let snapshot = builder.finish(About::default())?;
/// let shapes = Shapes::of(&snapshot, None);
/// assert_eq!(shapes.all().len(), 1);
/// assert_eq!((shapes.all()[0].count, shapes.members(0).len()), (1000, 1000));
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    shapes: Vec<Shape>,
    /// By shape: its first of `members`. One more than there are shapes.
    firsts: Vec<u32>,
    members: Vec<NodeId>,
    /// All continuations, in the order of nodes, and the shape of each.
    continuations: Vec<NodeId>,
    shape_of: Vec<u32>,
}

impl Shapes {
    /// Puts continuations together that are alike.
    pub fn of(snapshot: &Snapshot, dominators: Option<&Dominators>) -> Self {
        let mut shapes = Self::default();
        shapes.find(snapshot);
        let mut firsts = vec![0u32; shapes.shapes.len() + 1];
        for &shape in &shapes.shape_of {
            firsts[shape as usize + 1] += 1;
        }
        for index in 1..firsts.len() {
            firsts[index] += firsts[index - 1];
        }
        let mut next = firsts.clone();
        shapes.members = vec![NodeId::ROOTS; shapes.continuations.len()];
        for (&node, &shape) in shapes.continuations.iter().zip(&shapes.shape_of) {
            let place = &mut next[shape as usize];
            shapes.members[*place as usize] = node;
            *place += 1;
        }
        shapes.firsts = firsts;
        for index in 0..shapes.shapes.len() {
            let members = shapes.firsts[index] as usize..shapes.firsts[index + 1] as usize;
            let members = &shapes.members[members];
            shapes.shapes[index].sum_up(snapshot, dominators, members);
        }
        shapes
    }

    /// Some of the continuations put together: the shapes that they have, with the numbers of
    /// these alone. Those of most come first.
    pub fn among(
        &self,
        snapshot: &Snapshot,
        dominators: Option<&Dominators>,
        continuations: &[NodeId],
    ) -> Vec<Shape> {
        let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for &node in continuations {
            if let Some(shape) = self.shape_of(node) {
                groups.entry(shape).or_default().push(node);
            }
        }
        let sum_up = |(index, members): (usize, Vec<NodeId>)| {
            let mut shape = self.shapes[index].clone();
            shape.sum_up(snapshot, dominators, &members);
            shape
        };
        let mut shapes: Vec<Shape> = groups.into_iter().map(sum_up).collect();
        shapes.sort_by_key(|shape| std::cmp::Reverse(shape.count));
        shapes
    }

    /// The shapes.
    pub fn all(&self) -> &[Shape] {
        &self.shapes
    }

    /// The continuations of a shape, by its index, in the order of nodes.
    ///
    /// # Panics
    /// There is no such shape.
    pub fn members(&self, shape: usize) -> &[NodeId] {
        &self.members[self.firsts[shape] as usize..self.firsts[shape + 1] as usize]
    }

    /// The shape of a continuation: an index; none if the node is something else.
    pub fn shape_of(&self, node: NodeId) -> Option<usize> {
        let index = self.continuations.binary_search(&node).ok()?;
        Some(self.shape_of[index] as usize)
    }

    /// Finds the shapes, and gives each continuation one: those of most continuations come first.
    fn find(&mut self, snapshot: &Snapshot) {
        let nodes = snapshot.nodes();
        let mut known: HashMap<Box<[u32]>, u32> = HashMap::new();
        let mut counts: Vec<u64> = Vec::new();
        let mut reader = Reader {
            snapshot,
            plain: &snapshot.plain,
        };
        let mut key = Vec::new();
        for node in nodes.of(Kind::Continuation) {
            let Some(row) = nodes.continuation(node) else {
                continue;
            };
            reader.key(node, row, &mut key);
            let shape = match known.get(&key[..]) {
                Some(&shape) => shape,
                None => {
                    let shape = counts.len() as u32;
                    known.insert(key.as_slice().into(), shape);
                    counts.push(0);
                    shape
                }
            };
            counts[shape as usize] += 1;
            self.continuations.push(node);
            self.shape_of.push(shape);
        }
        let mut keys: Vec<(u64, u32, Box<[u32]>)> = known
            .into_iter()
            .map(|(key, shape)| (counts[shape as usize], shape, key))
            .collect();
        keys.sort_unstable_by_key(|&(count, shape, _)| (!count, shape));
        let mut order = vec![0; keys.len()];
        for (new, (_, old, _)) in (0..).zip(&keys) {
            order[*old as usize] = new;
        }
        for shape in &mut self.shape_of {
            *shape = order[*shape as usize];
        }
        self.shapes = keys.iter().map(|(_, _, key)| read_key(key)).collect();
    }
}

impl Shape {
    /// Fills in the numbers of these, of which there is one at least.
    fn sum_up(&mut self, snapshot: &Snapshot, dominators: Option<&Dominators>, members: &[NodeId]) {
        let nodes = snapshot.nodes();
        let shape = self;
        shape.count = members.len() as u64;
        shape.sample = members[0];
        shape.parked = 0;
        shape.stack_bytes = Sum::default();
        shape.retained = dominators.map(|_| Sum::default());
        shape.forgotten = dominators.map(|_| 0);
        let mut ages = Vec::with_capacity(members.len());
        for &node in members {
            let Some(row) = nodes.continuation(node) else {
                continue;
            };
            ages.push(u64::from(row.age));
            shape.parked += u64::from(row.parked);
            shape.stack_bytes.add(row.stack_bytes.into());
            let (Some(dominators), Some(retained)) = (dominators, &mut shape.retained) else {
                continue;
            };
            let bytes = dominators.retained(node);
            if bytes > retained.max {
                shape.sample = node;
            }
            retained.add(bytes);
            *shape.forgotten.get_or_insert(0) += u64::from(!dominators.is_reachable(node));
        }
        shape.age = Spread::of(&mut ages);
    }
}

impl Spread {
    /// Of these numbers, whose order changes.
    pub fn of(numbers: &mut [u64]) -> Self {
        let middle = numbers.len() / 2;
        if numbers.is_empty() {
            return Self::default();
        }
        let (below, &mut median, above) = numbers.select_nth_unstable(middle);
        Self {
            min: below.iter().copied().min().unwrap_or(median),
            median,
            max: above.iter().copied().max().unwrap_or(median),
        }
    }
}

impl Sum {
    /// One more.
    pub fn add(&mut self, number: u64) {
        self.sum += number;
        self.max = self.max.max(number);
    }
}
