//! Reads the references, and the values that refer to no node.

use super::blocks::Unblocked;
use super::columns::{column, steps_small};
use super::error::ReadError;
use super::layout::{Expected, VALUES, class};
use crate::snapshot::{Kind, NodeId, Nodes, Packed, Plain, PlainRow};
use std::io::Read;

type Result<T> = std::result::Result<T, ReadError>;

pub(super) fn edges(from: &mut Unblocked<impl Read>, nodes: &mut Nodes) -> Result<()> {
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

pub(super) fn plain(from: &mut Unblocked<impl Read>, kinds: &[Kind]) -> Result<Vec<PlainRow>> {
    let count = from.number()?;
    let ids = column(from, count, steps_small(0))?;
    let places = column(from, count, Unblocked::small)?;
    let mut before = [0u64; VALUES];
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
        12 => Plain::DeadObject(number.try_into().ok()?),
        13 => Plain::DeadContinuation(number.try_into().ok()?),
        _ => return None,
    })
}
