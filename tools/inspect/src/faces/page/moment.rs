//! One snapshot as a page has it: totals of everything, and the columns of a part.

use super::columns::Columns;
use super::facts::{Facts, holders};
use super::names::Names;
use super::options::PageOptions;
use super::select::Selection;
use crate::Snapshot;
use crate::questions::{Cause, KindLine, Shape, Suspect, ValueKind};
use crate::snapshot::{About, NodeId};
use serde::Serialize;
use std::collections::HashMap;

/// Shapes and types in a page: of more, those of most.
pub(super) const LINES: usize = 2_000;
/// Slots of a frame of a shape.
const SLOTS: usize = 64;
/// Suspects in a page.
const SUSPECTS: usize = 50;
/// Nodes named with a suspect.
const NAMED: usize = 12;
/// Frames of a shape in a page: of deeper ones the innermost.
const FRAMES: usize = 32;

/// A snapshot.
#[derive(Serialize)]
pub(super) struct Moment<'a> {
    about: &'a About,
    /// As text: its numbers are more than a script's can be.
    run: String,
    names: Names,
    statistics: Statistics,
    shapes: Vec<ShapeLine>,
    /// What slots of shapes hold.
    kinds: Vec<String>,
    /// Shapes that are left out, and their continuations.
    more_shapes: (usize, u64),
    suspects: Vec<SuspectLine>,
    more_suspects: usize,
    forgotten: Forgotten,
    nodes: Columns,
}

#[derive(Serialize)]
struct Statistics {
    nodes: u64,
    edges: u64,
    bytes: u64,
    /// Of everything that the roots reach.
    reachable: u64,
    kinds: Vec<KindRow>,
    /// Type, objects, bytes, bytes retained.
    types: Vec<(u32, u64, u64, Option<u64>)>,
    /// Types that are left out, and their objects and bytes.
    more_types: (usize, u64, u64),
    spaces: Vec<(crate::snapshot::Space, u64, u64)>,
    heap_live: u64,
    heap_dead: u64,
    heap_free: u64,
    stack_free: u64,
}

/// A kind: its name, nodes, bytes, bytes retained, and nodes that the roots do not reach.
#[derive(Serialize)]
struct KindRow(&'static str, u64, u64, Option<u64>, Option<u64>);

#[derive(Serialize)]
struct ShapeLine {
    origin: u32,
    state: &'static str,
    stack: u32,
    /// Of each frame that is a node: site, and what is in its slots: indices of `kinds`.
    frames: Vec<(u32, Vec<usize>)>,
    bound: Vec<usize>,
    count: u64,
    parked: u64,
    forgotten: Option<u64>,
    age: [u64; 3],
    stack_bytes: [u64; 2],
    retained: Option<[u64; 2]>,
    /// A place in the page.
    sample: Option<u32>,
}

#[derive(Serialize)]
struct SuspectLine {
    kind: &'static str,
    sentence: String,
    retained: u64,
    share: f64,
    grown: Option<i64>,
    sample: Option<u32>,
    /// How many there are of what is suspected.
    count: u64,
    /// Some of them.
    nodes: Vec<u32>,
    /// What holds them, and how many.
    holders: Vec<(u32, u64)>,
}

#[derive(Serialize)]
struct Forgotten {
    count: usize,
    nodes: Vec<u32>,
}

impl<'a> Moment<'a> {
    /// What the page has of a snapshot.
    pub fn of(facts: &Facts<'a>, selection: &Selection, options: &PageOptions) -> Self {
        let shapes = facts.shapes.all();
        let (shown, rest) = shapes.split_at(shapes.len().min(LINES));
        let mut kinds = Kinds::default();
        let lines: Vec<ShapeLine> = shown
            .iter()
            .map(|shape| ShapeLine::of(facts.snapshot, selection, shape, &mut kinds))
            .collect();
        let suspects = &facts.suspects.all;
        let forgotten = facts.dominators.forgotten();
        Self {
            about: facts.snapshot.about(),
            run: format!("{:x}", facts.snapshot.about().run),
            names: Names::of(facts, selection, shown),
            statistics: Statistics::of(facts),
            shapes: lines,
            kinds: kinds.texts,
            more_shapes: (rest.len(), rest.iter().map(|shape| shape.count).sum()),
            suspects: suspects
                .iter()
                .take(SUSPECTS)
                .map(|suspect| SuspectLine::of(facts.snapshot, selection, suspect))
                .collect(),
            more_suspects: suspects.len().saturating_sub(SUSPECTS),
            forgotten: Forgotten {
                count: forgotten.len(),
                nodes: places(selection, forgotten),
            },
            nodes: Columns::of(facts, selection, options),
        }
    }
}

/// The first of some nodes, as far as they are in the page.
fn places(selection: &Selection, nodes: &[NodeId]) -> Vec<u32> {
    let known = nodes.iter().filter_map(|&node| selection.place(node));
    known.take(NAMED).collect()
}

impl Statistics {
    fn of(facts: &Facts<'_>) -> Self {
        let all = &facts.statistics;
        let rest = &all.types[all.types.len().min(LINES)..];
        Self {
            nodes: all.nodes,
            edges: all.edges,
            bytes: all.bytes,
            reachable: facts.dominators.retained(NodeId::ROOTS),
            kinds: all
                .kinds
                .iter()
                .map(|line| {
                    let KindLine {
                        kind, nodes, bytes, ..
                    } = *line;
                    KindRow(kind.name(), nodes, bytes, line.retained, line.unreachable)
                })
                .collect(),
            types: all
                .types
                .iter()
                .take(LINES)
                .map(|line| (line.ty, line.objects, line.bytes, line.retained))
                .collect(),
            more_types: (
                rest.len(),
                rest.iter().map(|line| line.objects).sum(),
                rest.iter().map(|line| line.bytes).sum(),
            ),
            spaces: all
                .spaces
                .iter()
                .map(|line| (line.space, line.objects, line.bytes))
                .collect(),
            heap_live: all.fragmentation.heap_live,
            heap_dead: all.fragmentation.heap_dead,
            heap_free: all.fragmentation.heap_free,
            stack_free: all.fragmentation.stack_free,
        }
    }
}

impl ShapeLine {
    fn of(snapshot: &Snapshot, selection: &Selection, shape: &Shape, kinds: &mut Kinds) -> Self {
        let mut values = |values: &[ValueKind]| -> Vec<usize> {
            let values = values.iter().take(SLOTS);
            values.map(|&kind| kinds.index(snapshot, kind)).collect()
        };
        Self {
            origin: shape.origin,
            state: shape.state.name(),
            stack: shape.stack,
            frames: shape
                .frames
                .iter()
                .take(FRAMES)
                .map(|frame| (frame.site, values(&frame.slots)))
                .collect(),
            bound: values(&shape.bound),
            count: shape.count,
            parked: shape.parked,
            forgotten: shape.forgotten,
            age: [shape.age.min, shape.age.median, shape.age.max],
            stack_bytes: [shape.stack_bytes.sum, shape.stack_bytes.max],
            retained: shape.retained.map(|sum| [sum.sum, sum.max]),
            sample: selection.place(shape.sample),
        }
    }
}

/// What slots hold, each kind once.
#[derive(Default)]
struct Kinds {
    known: HashMap<ValueKind, usize>,
    texts: Vec<String>,
}

impl Kinds {
    fn index(&mut self, snapshot: &Snapshot, kind: ValueKind) -> usize {
        *self.known.entry(kind).or_insert_with(|| {
            self.texts.push(kind_text(snapshot, kind));
            self.texts.len() - 1
        })
    }
}

fn kind_text(snapshot: &Snapshot, kind: ValueKind) -> String {
    match kind {
        ValueKind::Unknown => "unknown".to_owned(),
        ValueKind::Null => "null".to_owned(),
        ValueKind::I31 => "i31".to_owned(),
        ValueKind::Number => "a number".to_owned(),
        ValueKind::Func => "a function".to_owned(),
        ValueKind::Object(ty) => snapshot.type_name(ty),
        ValueKind::Continuation => "a continuation".to_owned(),
        ValueKind::Used => "a used continuation".to_owned(),
    }
}

impl SuspectLine {
    fn of(snapshot: &Snapshot, selection: &Selection, suspect: &Suspect) -> Self {
        let one = std::slice::from_ref(&suspect.sample);
        let (kind, count, nodes): (_, u64, &[NodeId]) = match &suspect.cause {
            Cause::Waiting { members, .. } => ("waiting", members.len() as u64, members),
            Cause::Accumulates { .. } => ("accumulates", 1, one),
            Cause::Grows { after, .. } => ("grows", *after, one),
            Cause::Frame { alike, .. } => ("frame", *alike, one),
            Cause::Cycle { nodes, alike, .. } => ("cycle", *alike, nodes),
            Cause::Forgotten { heads } => ("forgotten", heads.len() as u64, heads),
        };
        Self {
            kind,
            sentence: suspect.sentence(snapshot),
            retained: suspect.retained,
            share: suspect.share,
            grown: suspect.grown,
            sample: selection.place(suspect.sample),
            count,
            nodes: places(selection, nodes),
            holders: holders(suspect)
                .iter()
                .filter_map(|holder| Some((selection.place(holder.node)?, holder.count)))
                .take(NAMED)
                .collect(),
        }
    }
}
