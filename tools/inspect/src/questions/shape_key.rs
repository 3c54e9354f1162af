//! What tells a shape from others, as a list of numbers.

use super::shapes::{FrameShape, Shape, ValueKind};
use crate::Snapshot;
use crate::snapshot::{At, Continuation, Node, NodeId, Plain, PlainRow, State};

/// Reads continuations in the order of nodes, and the plain values with them.
pub(super) struct Reader<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// Those that are not passed yet.
    pub(super) plain: &'a [PlainRow],
}

/// No function has as many parameters.
const BOUND_MOST: u32 = 1 << 16;

impl Reader<'_> {
    /// What tells a shape: origin, state, stack; how many values are bound, and they; for each
    /// frame its index, its site, how many slots it has, and what is in them.
    pub(super) fn key(&mut self, node: NodeId, row: &Continuation, key: &mut Vec<u32>) {
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
            // No frame has those.
            Plain::Omitted | Plain::DeadObject(_) | Plain::DeadContinuation(_) => Self::Unknown,
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
pub(super) fn read_key(key: &[u32]) -> Shape {
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
