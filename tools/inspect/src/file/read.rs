//! Reads a snapshot: nothing in a file is trusted. What cannot be stored is refused here; whether
//! the parts fit together is checked once all are there.

use super::blocks::{Unblocked, exactly};
use super::{CheckError, Expected, MAGIC, VERSION, class};
use crate::Snapshot;
use crate::snapshot::{
    Continuation, FrameRow, Kind, Names, NodeId, Nodes, ObjectRow, Packed, Plain, PlainRow, Space,
    State,
};
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// Why a file could not be read as a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader's error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no saved snapshot")]
    Magic,
    /// It was written by a later Mangrove.
    #[error(
        "this snapshot has format {found}, and formats up to {known} are known: it was saved by a \
         later version"
    )]
    Version {
        /// What it says.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// It ends too early.
    #[error("the file ends in the middle of the snapshot")]
    Truncated,
    /// Its bytes are not those that were written.
    #[error("the snapshot is damaged, in its part `{section}`: {what}")]
    Damaged {
        /// Which part.
        section: &'static str,
        /// What was found.
        what: &'static str,
    },
    /// Its parts do not fit together.
    #[error("the snapshot is damaged: {0}")]
    Check(#[from] CheckError),
}

type Result<T> = std::result::Result<T, ReadError>;

pub(super) fn read(mut from: impl Read) -> Result<Snapshot> {
    let mut magic = [0; MAGIC.len()];
    match exactly(&mut from, &mut magic) {
        Err(ReadError::Truncated) => return Err(ReadError::Magic),
        other => other?,
    }
    if magic != MAGIC {
        return Err(ReadError::Magic);
    }
    let mut version = [0; 4];
    exactly(&mut from, &mut version)?;
    let found = u32::from_le_bytes(version);
    if found == 0 || found > VERSION {
        return Err(ReadError::Version {
            found,
            known: VERSION,
        });
    }
    let mut from = Unblocked::new(from);
    let snapshot = parts(&mut from)?;
    from.finish()?;
    snapshot.check()?;
    Ok(snapshot)
}

fn parts(from: &mut Unblocked<impl Read>) -> Result<Snapshot> {
    let mut snapshot = Snapshot {
        about: item(from)?,
        names: names(from)?,
        ..Snapshot::default()
    };
    let nodes = &mut snapshot.nodes;
    kinds(from, nodes)?;
    from.section = "globals, tables and handles";
    nodes.statics = items(from)?;
    from.section = "continuations";
    nodes.continuations = continuations(from)?;
    from.section = "frames";
    nodes.frames = frames(from, &nodes.kinds)?;
    from.section = "objects";
    nodes.objects = objects(from)?;
    let count = from.number()?;
    nodes.identities = column(from, count, steps_small(0))?;
    from.section = "references";
    edges(from, nodes)?;
    from.section = "values";
    snapshot.plain = plain(from, &nodes.kinds)?;
    from.section = "contents";
    let count = from.number()?;
    from.bytes(count, &mut snapshot.contents)?;
    snapshot.contents.shrink_to_fit();
    Ok(snapshot)
}

/// One thing, behind its length.
fn item<T: DeserializeOwned>(from: &mut Unblocked<impl Read>) -> Result<T> {
    let mut bytes = Vec::new();
    let len = from.number()?;
    from.bytes(len, &mut bytes)?;
    match postcard::take_from_bytes(&bytes) {
        Ok((thing, [])) => Ok(thing),
        _ => Err(from.damaged("an entry does not read")),
    }
}

fn items<T: DeserializeOwned>(from: &mut Unblocked<impl Read>) -> Result<Vec<T>> {
    let count = from.number()?;
    column(from, count, item)
}

/// That many things, kept as they come: none are reserved before.
fn column<T, R: Read>(
    from: &mut Unblocked<R>,
    count: u64,
    mut one: impl FnMut(&mut Unblocked<R>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut things = Vec::new();
    for _ in 0..count {
        things.push(one(from)?);
    }
    things.shrink_to_fit();
    Ok(things)
}

/// Gives each of some rows, whose number is known, a value.
fn fill<T, R: Read>(
    from: &mut Unblocked<R>,
    rows: &mut [T],
    mut one: impl FnMut(&mut Unblocked<R>, &mut T) -> Result<()>,
) -> Result<()> {
    rows.iter_mut().try_for_each(|row| one(from, row))
}

/// Reads differences to the number before.
fn steps<R: Read>(mut before: u64) -> impl FnMut(&mut Unblocked<R>) -> Result<u64> {
    move |from| {
        before = before.wrapping_add(from.signed()? as u64);
        Ok(before)
    }
}

fn steps_small<R: Read>(before: u64) -> impl FnMut(&mut Unblocked<R>) -> Result<u32> {
    let mut next = steps(before);
    move |from| {
        let number = next(from)?;
        u32::try_from(number).map_err(|_| from.damaged("a number is too large"))
    }
}

fn names(from: &mut Unblocked<impl Read>) -> Result<Names> {
    from.section = "names";
    Ok(Names {
        modules: items(from)?,
        functions: items(from)?,
        types: items(from)?,
        sites: items(from)?,
        stacks: items(from)?,
        origins: items(from)?,
    })
}

fn kinds(from: &mut Unblocked<impl Read>, nodes: &mut Nodes) -> Result<()> {
    from.section = "nodes";
    let count = from.number()?;
    nodes.kinds = column(from, count, |from| {
        Ok(match from.byte()? {
            0 => Kind::Roots,
            1 => Kind::Global,
            2 => Kind::Table,
            3 => Kind::Segment,
            4 => Kind::Handle,
            5 => Kind::Weak,
            6 => Kind::Continuation,
            7 => Kind::Frame,
            8 => Kind::Object,
            _ => return Err(from.damaged("there is no such kind")),
        })
    })?;
    nodes.bytes = column(from, count, Unblocked::small)?;
    // The rows of each kind are in the order of nodes; those of what lies outside of stacks and
    // objects are of one kind.
    let mut next = [0u32; 4];
    nodes.rows = nodes
        .kinds
        .iter()
        .map(|kind| {
            let next = match kind {
                Kind::Roots => return 0,
                Kind::Continuation => &mut next[1],
                Kind::Frame => &mut next[2],
                Kind::Object => &mut next[3],
                _ => &mut next[0],
            };
            *next += 1;
            *next - 1
        })
        .collect();
    Ok(())
}

fn continuations<R: Read>(from: &mut Unblocked<R>) -> Result<Vec<Continuation>> {
    let count = from.number()?;
    let mut number = steps_small(0);
    let mut rows: Vec<Continuation> = column(from, count, |from| {
        Ok(Continuation {
            number: number(from)?,
            ..Continuation::default()
        })
    })?;
    let mut serial = steps(0);
    fill(from, &mut rows, |from, row| {
        row.serial = serial(from)?;
        Ok(())
    })?;
    fill(from, &mut rows, |from, row| {
        let state = from.byte()?;
        row.parked = state & 1 == 1;
        row.state = match state >> 1 {
            0 => State::Fresh,
            1 => State::Running,
            2 => State::Parent,
            3 => State::Suspended,
            _ => return Err(from.damaged("there is no such state")),
        };
        Ok(())
    })?;
    small(from, &mut rows, |row| &mut row.origin)?;
    fill(from, &mut rows, |from, row| {
        row.clone_of = one_less(from)?;
        Ok(())
    })?;
    small(from, &mut rows, |row| &mut row.age)?;
    small(from, &mut rows, |row| &mut row.stack_bytes)?;
    small(from, &mut rows, |row| &mut row.frames)?;
    small(from, &mut rows, |row| &mut row.stack)?;
    Ok(rows)
}

/// A number for a field of each row.
fn small<T>(
    from: &mut Unblocked<impl Read>,
    rows: &mut [T],
    field: impl Fn(&mut T) -> &mut u32,
) -> Result<()> {
    fill(from, rows, |from, row| {
        *field(row) = from.small()?;
        Ok(())
    })
}

/// A number that may be missing.
fn one_less(from: &mut Unblocked<impl Read>) -> Result<Option<u32>> {
    match from.number()? {
        0 => Ok(None),
        number => match u32::try_from(number - 1) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(from.damaged("a number is too large")),
        },
    }
}

fn frames(from: &mut Unblocked<impl Read>, kinds: &[Kind]) -> Result<Vec<FrameRow>> {
    let count = from.number()?;
    let mut owners = Vec::new();
    let mut owner = NodeId::ROOTS;
    for (node, kind) in (0..).map(NodeId).zip(kinds) {
        match kind {
            Kind::Continuation => owner = node,
            Kind::Frame => owners.push(owner),
            _ => {}
        }
    }
    if owners.len() as u64 != count {
        return Err(from.damaged("there are not as many as nodes"));
    }
    let mut owners = owners.into_iter();
    let mut rows: Vec<FrameRow> = column(from, count, |from| {
        Ok(FrameRow {
            continuation: owners.next().unwrap_or_default(),
            index: from.small()?,
            site: 0,
        })
    })?;
    small(from, &mut rows, |row| &mut row.site)?;
    Ok(rows)
}

fn objects(from: &mut Unblocked<impl Read>) -> Result<Vec<ObjectRow>> {
    let count = from.number()?;
    let mut offset = steps_small(0);
    let mut rows: Vec<ObjectRow> = column(from, count, |from| {
        Ok(ObjectRow {
            offset: offset(from)?,
            ..ObjectRow::default()
        })
    })?;
    small(from, &mut rows, |row| &mut row.ty)?;
    small(from, &mut rows, |row| &mut row.len)?;
    fill(from, &mut rows, |from, row| {
        row.space = match from.byte()? {
            0 => Space::Young,
            1 => Space::Old,
            2 => Space::Large,
            _ => return Err(from.damaged("there is no such space")),
        };
        Ok(())
    })?;
    let (mut start, mut end) = (0, steps_small(0));
    fill(from, &mut rows, |from, row| {
        row.contents = std::mem::replace(&mut start, end(from)?);
        Ok(())
    })?;
    Ok(rows)
}

fn edges(from: &mut Unblocked<impl Read>, nodes: &mut Nodes) -> Result<()> {
    let mut sum = 0u32;
    let mut firsts = column(from, nodes.kinds.len() as u64, |from| {
        let count = from.small()?;
        match sum.checked_add(count) {
            Some(next) => Ok(std::mem::replace(&mut sum, next)),
            None => Err(from.damaged("there are too many")),
        }
    })?;
    if !firsts.is_empty() {
        firsts.push(sum);
    }
    let mut expected = Expected::new();
    let mut places = Vec::new();
    for index in 0..nodes.kinds.len() {
        let (kind, of) = (nodes.kinds[index], class(nodes, index));
        for number in 0..firsts[index + 1] - firsts[index] {
            let class = Expected::class(kind, of, number);
            let place = i64::from(expected.places[class]).checked_add(from.signed()?);
            let place = place.and_then(|place| u32::try_from(place).ok());
            let place = place.ok_or_else(|| from.damaged("there is no such place"))?;
            places.push(Packed(place));
            expected.places[class] = place.wrapping_add(u32::from(number >= Expected::FIRST));
        }
    }
    let mut targets = Vec::with_capacity(places.len());
    for index in 0..nodes.kinds.len() {
        let (kind, of) = (nodes.kinds[index], class(nodes, index));
        for number in 0..firsts[index + 1] - firsts[index] {
            let class = Expected::class(kind, of, number);
            let distance = expected.distances[class].checked_add(from.signed()?);
            let to = distance.and_then(|distance| distance.checked_add(index as i64));
            let to = to.and_then(|to| u32::try_from(to).ok());
            let to = to.ok_or_else(|| from.damaged("a reference leads nowhere"))?;
            targets.push(NodeId(to));
            expected.distances[class] = i64::from(to) - index as i64;
        }
    }
    (nodes.firsts, nodes.places, nodes.targets) = (firsts, places, targets);
    nodes.places.shrink_to_fit();
    Ok(())
}

fn plain(from: &mut Unblocked<impl Read>, kinds: &[Kind]) -> Result<Vec<PlainRow>> {
    let count = from.number()?;
    let ids = column(from, count, steps_small(0))?;
    let places = column(from, count, Unblocked::small)?;
    let mut before = [0u64; 12];
    let mut rows = Vec::with_capacity(ids.len());
    for (node, place) in ids.into_iter().map(NodeId).zip(places) {
        let Some(&kind) = kinds.get(node.index()) else {
            return Err(from.damaged("a value is of no node"));
        };
        let tag = usize::from(from.byte()?);
        if tag == 9 {
            let mut bytes = Vec::with_capacity(16);
            from.bytes(16, &mut bytes)?;
            let mut value = [0; 16];
            value.copy_from_slice(&bytes);
            rows.push(PlainRow {
                node,
                at: Packed(place).at(kind),
                value: Plain::V128(value),
            });
            continue;
        }
        let Some(before) = before.get_mut(tag) else {
            return Err(from.damaged("there is no such value"));
        };
        *before = before.wrapping_add(from.signed()? as u64);
        let value = value(tag, *before).ok_or_else(|| from.damaged("a value is too large"))?;
        rows.push(PlainRow {
            node,
            at: Packed(place).at(kind),
            value,
        });
    }
    Ok(rows)
}

/// A value by its tag, if it is none of 16 bytes; none if it has no such value.
fn value(tag: usize, number: u64) -> Option<Plain> {
    let signed = number as i64;
    Some(match tag {
        0 => Plain::Null,
        1 => Plain::I31(signed.try_into().ok()?),
        2 => Plain::Used(number.try_into().ok()?),
        3 => Plain::I8(signed.try_into().ok()?),
        4 => Plain::I16(signed.try_into().ok()?),
        5 => Plain::I32(signed.try_into().ok()?),
        6 => Plain::I64(signed),
        7 => Plain::F32(number.try_into().ok()?),
        8 => Plain::F64(number),
        10 => Plain::Func(match number {
            0 => None,
            function => Some(u32::try_from(function - 1).ok()?),
        }),
        11 => Plain::Omitted,
        _ => return None,
    })
}
