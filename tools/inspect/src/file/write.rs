//! Writes a snapshot, array by array.

use super::blocks::Blocks;
use super::layout::{Expected, MAGIC, VALUES, VERSION, class};
use crate::Snapshot;
use crate::snapshot::{Continuation, Names, Nodes, ObjectRow, Packed, Plain, PlainRow};
use serde::Serialize;
use std::io::{self, Write};

pub(super) fn write(snapshot: &Snapshot, mut to: impl Write) -> io::Result<()> {
    to.write_all(&MAGIC)?;
    to.write_all(&VERSION.to_le_bytes())?;
    let mut blocks = Blocks::new(to);
    item(&mut blocks, &snapshot.about)?;
    names(&mut blocks, &snapshot.names)?;
    let nodes = &snapshot.nodes;
    kinds(&mut blocks, nodes)?;
    items(&mut blocks, &nodes.statics)?;
    continuations(&mut blocks, &nodes.continuations)?;
    frames(&mut blocks, nodes)?;
    objects(&mut blocks, &nodes.objects, snapshot.contents.len())?;
    differences(&mut blocks, nodes.identities.iter().map(|&id| id.into()))?;
    edges(&mut blocks, nodes)?;
    plain(&mut blocks, &snapshot.plain)?;
    blocks.number(snapshot.contents.len() as u64)?;
    blocks.bytes(&snapshot.contents)?;
    blocks.finish()
}

/// One thing, behind its length.
fn item<W: Write>(to: &mut Blocks<W>, thing: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_stdvec(thing).map_err(io::Error::other)?;
    to.number(bytes.len() as u64)?;
    to.bytes(&bytes)
}

fn items<W: Write>(to: &mut Blocks<W>, things: &[impl Serialize]) -> io::Result<()> {
    to.number(things.len() as u64)?;
    things.iter().try_for_each(|thing| item(to, thing))
}

fn names<W: Write>(to: &mut Blocks<W>, names: &Names) -> io::Result<()> {
    let Names {
        modules,
        functions,
        types,
        sites,
        stacks,
        origins,
    } = names;
    items(to, modules)?;
    items(to, functions)?;
    items(to, types)?;
    items(to, sites)?;
    items(to, stacks)?;
    items(to, origins)
}

fn kinds<W: Write>(to: &mut Blocks<W>, nodes: &Nodes) -> io::Result<()> {
    to.number(nodes.kinds.len() as u64)?;
    for &kind in &nodes.kinds {
        to.number(kind as u64)?;
    }
    each(to, nodes.bytes.iter().map(|&bytes| bytes.into()))
}

/// Numbers as they are. How many there are is known.
fn each<W: Write>(to: &mut Blocks<W>, mut numbers: impl Iterator<Item = u64>) -> io::Result<()> {
    numbers.try_for_each(|number| to.number(number))
}

/// Numbers that mostly grow slowly, each as the difference to the one before.
fn steps<W: Write>(to: &mut Blocks<W>, numbers: impl Iterator<Item = u64>) -> io::Result<()> {
    let mut before = 0;
    for number in numbers {
        to.signed(number.wrapping_sub(before) as i64)?;
        before = number;
    }
    Ok(())
}

/// As [`steps`], with their number before them.
fn differences<W: Write>(
    to: &mut Blocks<W>,
    numbers: impl ExactSizeIterator<Item = u64>,
) -> io::Result<()> {
    to.number(numbers.len() as u64)?;
    steps(to, numbers)
}

fn continuations<W: Write>(to: &mut Blocks<W>, rows: &[Continuation]) -> io::Result<()> {
    differences(to, rows.iter().map(|row| row.number.into()))?;
    steps(to, rows.iter().map(|row| row.serial))?;
    let state = |row: &Continuation| row.state as u64 * 2 + u64::from(row.parked);
    each(to, rows.iter().map(state))?;
    each(to, rows.iter().map(|row| row.origin.into()))?;
    let clone_of = |row: &Continuation| row.clone_of.map_or(0, |of| u64::from(of) + 1);
    each(to, rows.iter().map(clone_of))?;
    each(to, rows.iter().map(|row| row.age.into()))?;
    each(to, rows.iter().map(|row| row.stack_bytes.into()))?;
    each(to, rows.iter().map(|row| row.frames.into()))?;
    each(to, rows.iter().map(|row| row.stack.into()))
}

/// Whose a frame is shows by where its node lies.
fn frames<W: Write>(to: &mut Blocks<W>, nodes: &Nodes) -> io::Result<()> {
    let rows = &nodes.frames;
    to.number(rows.len() as u64)?;
    each(to, rows.iter().map(|row| row.index.into()))?;
    each(to, rows.iter().map(|row| row.site.into()))
}

fn objects<W: Write>(to: &mut Blocks<W>, rows: &[ObjectRow], contents: usize) -> io::Result<()> {
    differences(to, rows.iter().map(|row| row.offset.into()))?;
    each(to, rows.iter().map(|row| row.ty.into()))?;
    each(to, rows.iter().map(|row| row.len.into()))?;
    each(to, rows.iter().map(|row| row.space as u64))?;
    // Where the contents of each begin: those of the first at 0, and the last end with all.
    let ends = rows.iter().skip(1).map(|row| u64::from(row.contents));
    let last = (!rows.is_empty()).then_some(contents as u64);
    steps(to, ends.chain(last))
}

fn edges<W: Write>(to: &mut Blocks<W>, nodes: &Nodes) -> io::Result<()> {
    let counts = nodes.firsts.windows(2).map(|pair| pair[1] - pair[0]);
    each(to, counts.map(u64::from))?;
    let mut expected = Expected::new();
    for index in 0..nodes.kinds.len() {
        let (kind, of) = (nodes.kinds[index], class(nodes, index));
        let range = nodes.firsts[index] as usize..nodes.firsts[index + 1] as usize;
        for (number, edge) in (0..).zip(range) {
            let class = Expected::class(kind, of, number);
            let place = nodes.places[edge].0;
            to.signed(i64::from(place) - i64::from(expected.places[class]))?;
            expected.places[class] = place.wrapping_add(u32::from(number >= Expected::FIRST));
        }
    }
    for index in 0..nodes.kinds.len() {
        let (kind, of) = (nodes.kinds[index], class(nodes, index));
        let range = nodes.firsts[index] as usize..nodes.firsts[index + 1] as usize;
        for (number, edge) in (0..).zip(range) {
            let class = Expected::class(kind, of, number);
            let distance = i64::from(nodes.targets[edge].0) - index as i64;
            to.signed(distance - expected.distances[class])?;
            expected.distances[class] = distance;
        }
    }
    Ok(())
}

fn plain<W: Write>(to: &mut Blocks<W>, rows: &[PlainRow]) -> io::Result<()> {
    differences(to, rows.iter().map(|row| row.node.0.into()))?;
    each(to, rows.iter().map(|row| Packed::new(row.at).0.into()))?;
    // Numbers mostly are near the one before of the same kind.
    let mut before = [0u64; VALUES];
    for row in rows {
        let (tag, value) = match row.value {
            Plain::Null => (0, 0),
            Plain::I31(value) => (1, value as u64),
            Plain::Used(number) => (2, number.into()),
            Plain::I8(value) => (3, value as u64),
            Plain::I16(value) => (4, value as u64),
            Plain::I32(value) => (5, value as u64),
            Plain::I64(value) => (6, value as u64),
            Plain::F32(bits) => (7, bits.into()),
            Plain::F64(bits) => (8, bits),
            Plain::V128(bytes) => {
                to.number(9)?;
                to.bytes(&bytes)?;
                continue;
            }
            Plain::Func(function) => (10, function.map_or(0, |of| u64::from(of) + 1)),
            Plain::Omitted => (11, 0),
            Plain::DeadObject(ty) => (12, ty.into()),
            Plain::DeadContinuation(number) => (13, number.into()),
        };
        to.number(tag as u64)?;
        to.signed(value.wrapping_sub(before[tag]) as i64)?;
        before[tag] = value;
    }
    Ok(())
}
