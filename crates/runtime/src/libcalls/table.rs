//! Tables and element segments.

use super::call::{Answer, DONE, Invocation, LibcallOutcome, halves, left, piece_of_copy};
use crate::elements::ElementValues;
use crate::pending::Pending;
use crate::table::entry::{TableEntry, copy as copy_table, in_bounds};
use mangrove_abi::libcall::pieces;

impl Invocation<'_> {
    fn table(&mut self, index: u32) -> &mut TableEntry {
        let index = self.instance.tables.at(index);
        &mut self.store.tables[index as usize]
    }
}

pub fn grow(invocation: &mut Invocation<'_>, [table, len, ..]: [u64; 4]) -> Answer {
    let value = invocation.store.context().transfer[0];
    let index = invocation.instance.tables.at(table as u32);
    // SAFETY: validation made the value one of the table's.
    let old = unsafe { invocation.store.grow_table(index, len, value) };
    let old = old.map_err(Pending::from)?;
    Ok(LibcallOutcome::Value(old.unwrap_or(u64::MAX)))
}

pub fn fill(invocation: &mut Invocation<'_>, [table, at, len, _]: [u64; 4]) -> Answer {
    let value = invocation.store.context().transfer[0];
    let now = invocation.piece(len, pieces::ELEMENTS);
    let table = invocation.table(table as u32);
    in_bounds(at, len, table.len()).map_err(Pending::from)?;
    // SAFETY: validation made the value one of the table's.
    let filled = unsafe { table.fill(at, now, value) };
    filled.map_err(Pending::from)?;
    left(len, now)
}

pub fn copy(invocation: &mut Invocation<'_>, [tables, to, from, len]: [u64; 4]) -> Answer {
    let (to_table, from_table) = halves(tables);
    let table =
        |index: u32| &invocation.store.tables[invocation.instance.tables.at(index) as usize];
    let now = invocation.piece(len, pieces::ELEMENTS);
    let tables = [to_table, from_table].map(table);
    for (table, at) in tables.into_iter().zip([to, from]) {
        in_bounds(at, len, table.len()).map_err(Pending::from)?;
    }
    let [to, from] = piece_of_copy([to, from], len, now);
    // SAFETY: validation made the elements of one table those of the other.
    let copied = unsafe { copy_table((tables[0], to), (tables[1], from), now) };
    copied.map_err(Pending::from)?;
    left(len, now)
}

pub fn init(invocation: &mut Invocation<'_>, [table_elem, to, from, len]: [u64; 4]) -> Answer {
    let (table, elem) = halves(table_elem);
    let instance = invocation.instance;
    let now = invocation.piece(len, pieces::ELEMENTS);
    let values = &instance.elements.borrow()[elem as usize];
    let table = invocation.table(table);
    in_bounds(to, len, table.len()).map_err(Pending::from)?;
    in_bounds(from, len, values.len()).map_err(Pending::from)?;
    // SAFETY: validation made the segment's items those of the table.
    let copied = unsafe { table.init(to, values, from, now) };
    copied.map_err(Pending::from)?;
    left(len, now)
}

pub fn elem_drop(invocation: &mut Invocation<'_>, [elem, ..]: [u64; 4]) -> Answer {
    invocation.instance.elements.borrow_mut()[elem as usize] = ElementValues::DROPPED;
    DONE
}
