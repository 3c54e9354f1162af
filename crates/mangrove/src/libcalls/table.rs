//! Tables and element segments.

use super::{Answer, DONE, Outcome, Scene, halves};
use crate::instance::ElementValues;
use crate::pending::Pending;
use crate::table::{TableEntry, copy as copy_table};

impl Scene<'_> {
    fn table(&mut self, index: u32) -> &mut TableEntry {
        let index = self.instance.tables.at(index);
        &mut self.store.tables[index as usize]
    }
}

pub fn grow(scene: &mut Scene<'_>, [table, len, ..]: [u64; 4]) -> Answer {
    let value = scene.store.context().transfer[0];
    // SAFETY: validation made the value one of the table's.
    let old = unsafe { scene.table(table as u32).grow(len, value) };
    Ok(Outcome::Value(old.unwrap_or(u64::MAX)))
}

pub fn fill(scene: &mut Scene<'_>, [table, at, len, _]: [u64; 4]) -> Answer {
    let value = scene.store.context().transfer[0];
    // SAFETY: validation made the value one of the table's.
    let filled = unsafe { scene.table(table as u32).fill(at, len, value) };
    filled.map_err(Pending::from)?;
    DONE
}

pub fn copy(scene: &mut Scene<'_>, [tables, to, from, len]: [u64; 4]) -> Answer {
    let (to_table, from_table) = halves(tables);
    let table = |index: u32| &scene.store.tables[scene.instance.tables.at(index) as usize];
    // SAFETY: validation made the elements of one table those of the other.
    let copied = unsafe { copy_table((table(to_table), to), (table(from_table), from), len) };
    copied.map_err(Pending::from)?;
    DONE
}

pub fn init(scene: &mut Scene<'_>, [table_elem, to, from, len]: [u64; 4]) -> Answer {
    let (table, elem) = halves(table_elem);
    let instance = scene.instance;
    let values = &instance.elements.borrow()[elem as usize];
    // SAFETY: validation made the segment's items those of the table.
    let copied = unsafe { scene.table(table).init(to, values, from, len) };
    copied.map_err(Pending::from)?;
    DONE
}

pub fn elem_drop(scene: &mut Scene<'_>, [elem, ..]: [u64; 4]) -> Answer {
    scene.instance.elements.borrow_mut()[elem as usize] = ElementValues::DROPPED;
    DONE
}
