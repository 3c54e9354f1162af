//! Continuations that are alike: one line for those that stand at the same frames with the same
//! kinds of values in their slots.

use super::Dominators;
use crate::Snapshot;
use crate::snapshot::{At, Continuation, Kind, Node, NodeId, Plain, PlainRow, State};
use std::collections::HashMap;

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
            shapes.sum_up(snapshot, dominators, index);
        }
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

    /// Fills in the numbers of a shape.
    fn sum_up(&mut self, snapshot: &Snapshot, dominators: Option<&Dominators>, index: usize) {
        let members = self.firsts[index] as usize..self.firsts[index + 1] as usize;
        let members = &self.members[members];
        let nodes = snapshot.nodes();
        let shape = &mut self.shapes[index];
        shape.count = members.len() as u64;
        shape.sample = members[0];
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

/// Reads continuations in the order of nodes, and the plain values with them.
struct Reader<'a> {
    snapshot: &'a Snapshot,
    /// Those that are not passed yet.
    plain: &'a [PlainRow],
}

/// No function has as many parameters.
const BOUND_MOST: u32 = 1 << 16;

impl Reader<'_> {
    /// What tells a shape: origin, state, stack; how many values are bound, and they; for each
    /// frame its index, its site, how many slots it has, and what is in them.
    fn key(&mut self, node: NodeId, row: &Continuation, key: &mut Vec<u32>) {
        key.clear();
        key.extend([row.origin, row.state as u32, row.stack, 0]);
        self.each(node, |at, kind| {
            if let At::Bound(index) = at
                && index < BOUND_MOST
            {
                let place = BEFORE_BOUND + index as usize;
                key.resize(key.len().max(place + 1), ValueKind::Unknown.encode());
                key[place] = kind.encode();
            }
        });
        key[BEFORE_BOUND - 1] = (key.len() - BEFORE_BOUND) as u32;
        for behind in 1..=row.frames {
            let frame = NodeId(node.0 + behind);
            if frame.index() >= self.snapshot.nodes().len() {
                break;
            }
            let Some(row) = self.snapshot.nodes().frame(frame) else {
                break;
            };
            let site = self.snapshot.names().sites.get(row.site as usize);
            let slots = site.map_or(0, |site| site.slots.len() as u32);
            key.extend([row.index, row.site, slots]);
            let first = key.len();
            key.resize(first + slots as usize, ValueKind::Unknown.encode());
            self.each(frame, |at, kind| {
                if let At::Slot(index) = at
                    && index < slots
                {
                    key[first + index as usize] = kind.encode();
                }
            });
        }
    }

    /// Tells each value of a node: where, and of what kind.
    fn each(&mut self, node: NodeId, mut visit: impl FnMut(At, ValueKind)) {
        let nodes = self.snapshot.nodes();
        for edge in nodes.edges(node) {
            let kind = match nodes.get(edge.to) {
                Node::Object(row) => ValueKind::Object(row.ty),
                Node::Continuation(_) => ValueKind::Continuation,
                _ => continue,
            };
            visit(edge.at, kind);
        }
        while let [row, rest @ ..] = self.plain
            && row.node <= node
        {
            if row.node == node {
                visit(row.at, ValueKind::of(row.value));
            }
            self.plain = rest;
        }
    }
}

/// Origin, state, stack, and how many values are bound.
const BEFORE_BOUND: usize = 4;

impl ValueKind {
    /// Of a value that refers to no node.
    pub fn of(plain: Plain) -> Self {
        match plain {
            Plain::Null => Self::Null,
            Plain::I31(_) => Self::I31,
            Plain::Used(_) => Self::Used,
            Plain::I8(_)
            | Plain::I16(_)
            | Plain::I32(_)
            | Plain::I64(_)
            | Plain::F32(_)
            | Plain::F64(_)
            | Plain::V128(_) => Self::Number,
            Plain::Func(_) => Self::Func,
            Plain::Omitted => Self::Unknown,
        }
    }

    /// What is not an object comes first.
    const OBJECTS: u32 = 7;

    fn encode(self) -> u32 {
        match self {
            Self::Unknown => 0,
            Self::Null => 1,
            Self::I31 => 2,
            Self::Number => 3,
            Self::Func => 4,
            Self::Continuation => 5,
            Self::Used => 6,
            Self::Object(ty) => ty.saturating_add(Self::OBJECTS),
        }
    }

    fn decode(code: u32) -> Self {
        match code {
            0 => Self::Unknown,
            1 => Self::Null,
            2 => Self::I31,
            3 => Self::Number,
            4 => Self::Func,
            5 => Self::Continuation,
            6 => Self::Used,
            code => Self::Object(code - Self::OBJECTS),
        }
    }
}

/// What a key says, the numbers left out.
fn read_key(key: &[u32]) -> Shape {
    let decode = |codes: &[u32]| codes.iter().map(|&code| ValueKind::decode(code)).collect();
    let state = match key[1] {
        0 => State::Fresh,
        1 => State::Running,
        2 => State::Parent,
        _ => State::Suspended,
    };
    let (bound, mut rest) = key[BEFORE_BOUND..].split_at(key[BEFORE_BOUND - 1] as usize);
    let mut frames = Vec::new();
    while let [index, site, slots, behind @ ..] = rest {
        let (slots, behind) = behind.split_at(*slots as usize);
        frames.push(FrameShape {
            index: *index,
            site: *site,
            slots: decode(slots),
        });
        rest = behind;
    }
    Shape {
        origin: key[0],
        state,
        stack: key[2],
        frames,
        bound: decode(bound),
        ..Shape::default()
    }
}
