//! Tables and element segments.

use super::call::{Answer, DONE, Invocation, LibcallOutcome, halves};
use crate::elements::ElementValues;
use crate::pending::Pending;
use crate::table::entry::{TableEntry, copy as copy_table};

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
    // SAFETY: validation made the value one of the table's.
    let filled = unsafe { invocation.table(table as u32).fill(at, len, value) };
    filled.map_err(Pending::from)?;
    DONE
}

pub fn copy(invocation: &mut Invocation<'_>, [tables, to, from, len]: [u64; 4]) -> Answer {
    let (to_table, from_table) = halves(tables);
    let table =
        |index: u32| &invocation.store.tables[invocation.instance.tables.at(index) as usize];
    // SAFETY: validation made the elements of one table those of the other.
    let copied = unsafe { copy_table((table(to_table), to), (table(from_table), from), len) };
    copied.map_err(Pending::from)?;
    DONE
}

pub fn init(invocation: &mut Invocation<'_>, [table_elem, to, from, len]: [u64; 4]) -> Answer {
    let (table, elem) = halves(table_elem);
    let instance = invocation.instance;
    let values = &instance.elements.borrow()[elem as usize];
    // SAFETY: validation made the segment's items those of the table.
    let copied = unsafe { invocation.table(table).init(to, values, from, len) };
    copied.map_err(Pending::from)?;
    DONE
}

pub fn elem_drop(invocation: &mut Invocation<'_>, [elem, ..]: [u64; 4]) -> Answer {
    invocation.instance.elements.borrow_mut()[elem as usize] = ElementValues::DROPPED;
    DONE
}
