//! Lists of one thing after another, each kept as it comes: none are reserved for what a file
//! claims.

use super::blocks::Unblocked;
use super::error::ReadError;
use serde::de::DeserializeOwned;
use std::io::Read;

type Result<T> = std::result::Result<T, ReadError>;

/// One thing, behind its length.
pub(super) fn item<T: DeserializeOwned>(from: &mut Unblocked<impl Read>) -> Result<T> {
    let mut bytes = Vec::new();
    let len = from.number()?;
    from.bytes(len, &mut bytes)?;
    match postcard::take_from_bytes(&bytes) {
        Ok((thing, [])) => Ok(thing),
        _ => Err(from.damaged("an entry does not read")),
    }
}

pub(super) fn items<T: DeserializeOwned>(from: &mut Unblocked<impl Read>) -> Result<Vec<T>> {
    let count = from.number()?;
    column(from, count, item)
}

/// That many things, kept as they come: none are reserved before.
pub(super) fn column<T, R: Read>(
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
pub(super) fn fill<T, R: Read>(
    from: &mut Unblocked<R>,
    rows: &mut [T],
    mut one: impl FnMut(&mut Unblocked<R>, &mut T) -> Result<()>,
) -> Result<()> {
    rows.iter_mut().try_for_each(|row| one(from, row))
}

/// Reads differences to the number before.
pub(super) fn steps<R: Read>(mut before: u64) -> impl FnMut(&mut Unblocked<R>) -> Result<u64> {
    move |from| {
        before = before.wrapping_add(from.signed()? as u64);
        Ok(before)
    }
}

pub(super) fn steps_small<R: Read>(before: u64) -> impl FnMut(&mut Unblocked<R>) -> Result<u32> {
    let mut next = steps(before);
    move |from| {
        let number = next(from)?;
        u32::try_from(number).map_err(|_| from.damaged("a number is too large"))
    }
}

/// A number for a field of each row.
pub(super) fn small<T>(
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
pub(super) fn one_less(from: &mut Unblocked<impl Read>) -> Result<Option<u32>> {
    match from.number()? {
        0 => Ok(None),
        number => match u32::try_from(number - 1) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(from.damaged("a number is too large")),
        },
    }
}
