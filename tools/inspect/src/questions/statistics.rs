//! What there is, in numbers.

use super::Dominators;
use crate::Snapshot;
use crate::snapshot::{Kind, Node, NodeId, Space};

/// The objects of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeLine {
    /// An index of [`crate::snapshot::Names::types`].
    pub ty: u32,
    /// How many.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of all that an object of this type dominates, each byte once. What two of them hold
    /// together hangs on neither: [`super::Dropped`] of all of them tells that too. Nothing if no
    /// dominators were given.
    pub retained: Option<u64>,
}

/// The objects of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::Statistics;
///
/// # let mut builder = Builder::new();
/// # builder.object(16, 0, 16, 0, Space::Old, None, &[], []);
/// # builder.object(32, 0, 24, 0, Space::Old, None, &[], []);
/// # let snapshot = builder.finish(About::default())?;
/// let statistics = Statistics::of(&snapshot, None);
/// assert_eq!((statistics.types[0].objects, statistics.types[0].bytes), (2, 40));
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// By type, most bytes first.
    pub types: Vec<TypeLine>,
    /// By space: those that have objects.
    pub spaces: Vec<SpaceLine>,
    /// By kind: those that there are nodes of, but for the roots.
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
        let nodes = snapshot.nodes();
        let mut types = vec![TypeLine::default(); snapshot.names().types.len()];
        let mut spaces: [SpaceLine; 3] =
            [Space::Young, Space::Old, Space::Large].map(|space| SpaceLine {
                space,
                objects: 0,
                bytes: 0,
            });
        let mut kinds = KINDS.map(|kind| KindLine {
            kind,
            unreachable: dominators.map(|_| 0),
            ..KindLine::default()
        });
        for node in nodes.all() {
            let bytes = nodes.bytes(node);
            let line = &mut kinds[nodes.kind(node) as usize];
            line.nodes += 1;
            line.bytes += bytes;
            if let (Some(count), Some(dominators)) = (&mut line.unreachable, dominators) {
                *count += u64::from(!dominators.is_reachable(node));
            }
            if let Node::Object(row) = nodes.get(node) {
                let line = &mut spaces[row.space as usize];
                line.objects += 1;
                line.bytes += bytes;
                let line = at(&mut types, row.ty);
                line.objects += 1;
                line.bytes += bytes;
            }
        }
        if let Some(dominators) = dominators {
            retained(snapshot, dominators, &mut types, &mut kinds);
        }
        for (ty, line) in (0..).zip(&mut types) {
            line.ty = ty;
        }
        types.retain(|line| line.objects > 0);
        types.sort_unstable_by_key(|line| (!line.bytes, line.ty));
        Self {
            types,
            spaces: spaces.into_iter().filter(|line| line.objects > 0).collect(),
            bytes: kinds.iter().map(|line| line.bytes).sum(),
            nodes: (nodes.len() as u64).saturating_sub(1),
            edges: nodes.edge_count() as u64,
            fragmentation: fragmentation(snapshot, kinds[Kind::Object as usize].bytes),
            kinds: kinds
                .into_iter()
                .filter(|line| line.nodes > 0 && line.kind != Kind::Roots)
                .collect(),
        }
    }
}

/// All, in the order of their declaration.
const KINDS: [Kind; 9] = [
    Kind::Roots,
    Kind::Global,
    Kind::Table,
    Kind::Segment,
    Kind::Handle,
    Kind::Weak,
    Kind::Continuation,
    Kind::Frame,
    Kind::Object,
];

/// The line of a type. A snapshot made by hand may have none for it.
fn at(types: &mut Vec<TypeLine>, ty: u32) -> &mut TypeLine {
    let index = ty as usize;
    if types.len() <= index {
        types.resize(index + 1, TypeLine::default());
    }
    &mut types[index]
}

/// Adds up what the topmost of each type and kind retain, on one walk over the tree.
fn retained(
    snapshot: &Snapshot,
    dominators: &Dominators,
    types: &mut [TypeLine],
    kinds: &mut [KindLine],
) {
    let nodes = snapshot.nodes();
    kinds.iter_mut().for_each(|line| line.retained = Some(0));
    types.iter_mut().for_each(|line| line.retained = Some(0));
    // How many of each are above.
    let mut open_types = vec![0u32; types.len()];
    let mut open_kinds = [0u32; KINDS.len()];
    dominators.walk(|node: NodeId, enters: bool| {
        let kind = nodes.kind(node) as usize;
        let ty = nodes.object(node).map(|row| row.ty as usize);
        if !enters {
            open_kinds[kind] -= 1;
            if let Some(ty) = ty {
                open_types[ty] -= 1;
            }
            return;
        }
        let bytes = dominators.retained(node);
        if open_kinds[kind] == 0 {
            *kinds[kind].retained.get_or_insert(0) += bytes;
        }
        open_kinds[kind] += 1;
        if let Some(ty) = ty {
            if open_types[ty] == 0 {
                *types[ty].retained.get_or_insert(0) += bytes;
            }
            open_types[ty] += 1;
        }
    });
}

fn fragmentation(snapshot: &Snapshot, heap_live: u64) -> Fragmentation {
    let about = snapshot.about();
    let stacks = about.stack_bytes;
    Fragmentation {
        heap_live,
        heap_dead: about.heap_used.saturating_sub(heap_live),
        heap_free: about.heap_committed.saturating_sub(about.heap_used),
        stack_free: about.stack_committed.saturating_sub(stacks),
    }
}
