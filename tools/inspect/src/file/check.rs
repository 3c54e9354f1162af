//! Whether the parts of a snapshot fit together: checked once, so that nothing that works on a
//! snapshot has to.

use crate::Snapshot;
use crate::snapshot::{
    At, Continuation, FrameRow, Kind, Names, NodeId, Nodes, ObjectRow, Packed, Plain, TypeKind,
};

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Lists of what belongs together are of different lengths.
    #[error("the list of {0} is too long or too short")]
    Length(&'static str),
    /// An entry of the names refers to one that is not there.
    #[error("entry {index} of the {list} refers to what is not there")]
    Name {
        /// Of which list.
        list: &'static str,
        /// Which.
        index: usize,
    },
    /// When it was taken is no time since a beginning.
    #[error("it was taken after {0} seconds")]
    Time(Seconds),
    /// A node lies where none of its kind can, or its row is that of another.
    #[error("node {} is out of order", .0.0)]
    Order(NodeId),
    /// A node names something that is not there.
    #[error("node {} refers to what is not there", .0.0)]
    Row(NodeId),
    /// A reference leads nowhere, or lies where its node has none.
    #[error("a reference of node {} is wrong", .0.0)]
    Edge(NodeId),
    /// A value lies where its node has none, or twice.
    #[error("a value of node {} is wrong", .0.0)]
    Value(NodeId),
}

/// Seconds as a file has them: equal if the bits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f64::from_bits(self.0).fmt(f)
    }
}

type Result = std::result::Result<(), CheckError>;

pub(super) fn check(snapshot: &Snapshot) -> Result {
    let seconds = snapshot.about.seconds;
    or(
        seconds.is_finite() && seconds >= 0.0,
        CheckError::Time(Seconds(seconds.to_bits())),
    )?;
    names(&snapshot.names)?;
    let nodes = &snapshot.nodes;
    lengths(nodes)?;
    let mut counts = Counts::default();
    for node in nodes.all() {
        counts.node(snapshot, node)?;
    }
    counts.all_rows(nodes)?;
    objects(snapshot)?;
    for node in nodes.all() {
        edges(snapshot, node)?;
    }
    plain(snapshot)
}

/// An error, unless something holds.
fn or(holds: bool, error: CheckError) -> Result {
    if holds { Ok(()) } else { Err(error) }
}

fn names(names: &Names) -> Result {
    fn each<T>(list: &'static str, entries: &[T], fits: impl Fn(&T) -> bool) -> Result {
        match entries.iter().position(|entry| !fits(entry)) {
            Some(index) => Err(CheckError::Name { list, index }),
            None => Ok(()),
        }
    }
    let is = |index: u32, len: usize| (index as usize) < len;
    let function = |index: u32| is(index, names.functions.len());
    let module = |index: Option<u32>| index.is_none_or(|index| is(index, names.modules.len()));
    each("functions", &names.functions, |entry| module(entry.module))?;
    each("types", &names.types, |entry| {
        entry.kind != TypeKind::Array || !entry.fields.is_empty()
    })?;
    each("sites", &names.sites, |entry| {
        let inlined = entry.inlined.iter();
        let holds = entry.slots.iter().flat_map(|slot| &slot.holds);
        let frames = holds.filter_map(|holds| holds.outer_frame());
        function(entry.function)
            && inlined.into_iter().all(|frame| function(frame.function))
            && frames
                .into_iter()
                .all(|frame| is(frame, entry.inlined.len()))
    })?;
    each("stacks", &names.stacks, |entry| {
        entry.iter().all(|&site| is(site, names.sites.len()))
    })?;
    each("origins", &names.origins, |entry| {
        function(entry.function) && entry.maker.is_none_or(function)
    })
}

fn lengths(nodes: &Nodes) -> Result {
    let count = nodes.kinds.len();
    let firsts = match count {
        0 => nodes.firsts.len() <= 1,
        _ => nodes.firsts.len() == count + 1,
    };
    or(nodes.rows.len() == count, CheckError::Length("rows"))?;
    or(nodes.bytes.len() == count, CheckError::Length("bytes"))?;
    or(u32::try_from(count).is_ok(), CheckError::Length("nodes"))?;
    let last = nodes.firsts.last().map_or(0, |&last| last as usize);
    let fits = firsts
        && nodes.firsts.first().is_none_or(|&first| first == 0)
        && nodes.firsts.is_sorted()
        && last == nodes.targets.len();
    or(fits, CheckError::Length("references"))?;
    or(
        nodes.places.len() == nodes.targets.len(),
        CheckError::Length("places"),
    )?;
    let identities = nodes.identities.len();
    or(
        identities == 0 || identities == nodes.objects.len(),
        CheckError::Length("identities"),
    )
}

/// How many rows of each kind were passed.
#[derive(Default)]
struct Counts {
    statics: u32,
    continuations: u32,
    frames: u32,
    objects: u32,
    /// The continuation passed last, and how many of its frames are to come.
    owner: NodeId,
    frames_left: u32,
}

impl Counts {
    /// The next node: its place among the others, its row, and what that names.
    fn node(&mut self, snapshot: &Snapshot, node: NodeId) -> Result {
        let Nodes { kinds, rows, .. } = &snapshot.nodes;
        let names = &snapshot.names;
        let kind = kinds[node.index()];
        let row = rows[node.index()];
        let out_of_order = CheckError::Order(node);
        or(
            (kind == Kind::Frame) == (self.frames_left > 0),
            out_of_order.clone(),
        )?;
        let (next, before) = match kind {
            Kind::Roots => return or(node == NodeId::ROOTS && row == 0, out_of_order),
            Kind::Continuation => (&mut self.continuations, self.objects == 0),
            Kind::Frame => (&mut self.frames, true),
            Kind::Object => (&mut self.objects, true),
            _ => {
                let first = self.continuations == 0 && self.objects == 0;
                (&mut self.statics, first)
            }
        };
        or(
            before && row == *next && node != NodeId::ROOTS,
            out_of_order.clone(),
        )?;
        *next += 1;
        let row = row as usize;
        let nodes = &snapshot.nodes;
        match kind {
            Kind::Continuation => {
                let Some(row) = nodes.continuations.get(row) else {
                    return Err(CheckError::Length("continuations"));
                };
                (self.owner, self.frames_left) = (node, row.frames);
                or(named(names, row), CheckError::Row(node))
            }
            Kind::Frame => {
                self.frames_left -= 1;
                let Some(row) = nodes.frames.get(row) else {
                    return Err(CheckError::Length("frames"));
                };
                let FrameRow {
                    continuation, site, ..
                } = *row;
                or(continuation == self.owner, out_of_order)?;
                or((site as usize) < names.sites.len(), CheckError::Row(node))
            }
            Kind::Object => {
                let row = nodes
                    .objects
                    .get(row)
                    .ok_or(CheckError::Length("objects"))?;
                or((row.ty as usize) < names.types.len(), CheckError::Row(node))
            }
            _ => Ok(()),
        }
    }

    /// At the end: no row is left.
    fn all_rows(&self, nodes: &Nodes) -> Result {
        let same = |count: u32, rows: usize| count as usize == rows;
        or(
            same(self.continuations, nodes.continuations.len()),
            CheckError::Length("continuations"),
        )?;
        or(
            same(self.frames, nodes.frames.len()) && self.frames_left == 0,
            CheckError::Length("frames"),
        )?;
        or(
            same(self.objects, nodes.objects.len()),
            CheckError::Length("objects"),
        )?;
        or(
            same(self.statics, nodes.statics.len()),
            CheckError::Length("globals, tables and handles"),
        )
    }
}

/// Whether what a continuation names is there.
fn named(names: &Names, row: &Continuation) -> bool {
    (row.origin as usize) < names.origins.len() && (row.stack as usize) < names.stacks.len()
}

/// Objects lie in the order of their places, and so do their contents.
fn objects(snapshot: &Snapshot) -> Result {
    let rows = &snapshot.nodes.objects;
    let node = |index: usize| snapshot.nodes.object_node(index);
    let ordered = |pair: &[ObjectRow]| {
        pair[0].offset < pair[1].offset && pair[0].contents <= pair[1].contents
    };
    if let Some(index) = rows.windows(2).position(|pair| !ordered(pair)) {
        return Err(CheckError::Order(node(index + 1)));
    }
    let last = rows.last().map_or(0, |row| row.contents);
    or(
        last as usize <= snapshot.contents.len() && u32::try_from(snapshot.contents.len()).is_ok(),
        CheckError::Length("contents"),
    )
}

/// The edges of a node.
fn edges(snapshot: &Snapshot, node: NodeId) -> Result {
    let nodes = &snapshot.nodes;
    let kind = nodes.kind(node);
    let range = nodes.range(node);
    let places = &nodes.places[range.clone()];
    let wrong = CheckError::Edge(node);
    let mut frames = 0;
    for (index, &to) in nodes.targets[range].iter().enumerate() {
        or(to.index() < nodes.len(), wrong.clone())?;
        let place = places[index];
        let at = place.at(kind);
        // Of the roots and of unknown places there are many alike.
        let ordered = index == 0
            || places[index - 1] < place
            || places[index - 1] == place && matches!(at, At::Root | At::Unknown);
        let fits = match (at, nodes.kind(to)) {
            (At::Root, to) => !matches!(to, Kind::Roots | Kind::Weak),
            (At::Frame(_), Kind::Frame) => nodes
                .frame(to)
                .is_some_and(|frame| frame.continuation == node && At::Frame(frame.index) == at),
            (At::Parent, to) => to == Kind::Continuation,
            (_, to) => matches!(to, Kind::Continuation | Kind::Object),
        };
        or(ordered && fits && has(snapshot, node, place), wrong.clone())?;
        frames += u32::from(matches!(at, At::Frame(_)));
    }
    // Each frame hangs on its continuation once: no two references are at one place, and a frame
    // has one place.
    let expected = nodes.continuation(node).map_or(0, |row| row.frames);
    or(frames == expected, wrong)
}

/// Whether a node has such a place: so nothing that goes by places takes more than there is.
fn has(snapshot: &Snapshot, node: NodeId, place: Packed) -> bool {
    let nodes = &snapshot.nodes;
    let kind = nodes.kind(node);
    let at = place.at(kind);
    let row = nodes.rows[node.index()] as usize;
    Packed::new(at) == place
        && match at {
            At::Root | At::Value | At::Parent | At::Unknown => true,
            At::Frame(_) => kind == Kind::Continuation,
            At::Bound(index) => index < BOUND,
            At::Item(index) => u64::from(index) < nodes.statics[row].len,
            At::Slot(index) => {
                let site = snapshot.names.sites.get(nodes.frames[row].site as usize);
                site.is_some_and(|site| (index as usize) < site.slots.len())
            }
            At::Element(index) => index < nodes.objects[row].len,
            At::Field(index) | At::Payload(index) => {
                let ty = snapshot.names.types.get(nodes.objects[row].ty as usize);
                ty.is_some_and(|ty| (index as usize) < ty.fields.len())
            }
        }
}

/// A function has a thousand parameters at most.
const BOUND: u32 = 1 << 16;

/// The values that refer to no node.
fn plain(snapshot: &Snapshot) -> Result {
    let nodes = &snapshot.nodes;
    let mut before = None;
    for row in &snapshot.plain {
        let wrong = CheckError::Value(row.node);
        or(row.node.index() < nodes.len(), wrong.clone())?;
        let place = Packed::new(row.at);
        let key = (row.node, place);
        let fits = before.is_none_or(|before| before < key)
            && !matches!(row.at, At::Root | At::Frame(_) | At::Parent)
            && place.at(nodes.kind(row.node)) == row.at
            && nodes.edge_at(row.node, row.at).is_none()
            && has(snapshot, row.node, place)
            && match row.value {
                Plain::Func(Some(function)) => (function as usize) < snapshot.names.functions.len(),
                Plain::DeadObject(ty) => (ty as usize) < snapshot.names.types.len(),
                _ => true,
            };
        or(fits, wrong)?;
        before = Some(key);
    }
    Ok(())
}
