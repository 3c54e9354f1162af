//! Globals and tables.

use super::{Act, among};
use crate::random::heap::ast::{CALLABLE, Global, Heap, TABLES};
use crate::random::heap::classes::{Kind, Storage};
use crate::random::heap::emit::table_kind;
use crate::random::heap::values::Cell;

impl Act<'_, '_> {
    pub(super) fn globals(&mut self, heap: &Heap) {
        let place = |global: Global| {
            let all = Global::ALL.iter();
            all.take_while(|one| **one != global).count()
        };
        match *heap {
            Heap::SetGlobal { global, from } => {
                let storage = storage_of(global.kind());
                let value = self.stored(storage, from);
                let fits = match (global, value) {
                    (Global::Sig, Cell::Func(leaf)) => leaf.is_none_or(|leaf| leaf < CALLABLE),
                    (_, Cell::Ref(any)) if global.kind() == Kind::Thing => {
                        self.is(any, global.target(), true)
                    }
                    _ => true,
                };
                if fits {
                    self.world.globals[place(global)] = value;
                }
            }
            Heap::GetGlobal { global, to } => {
                let value = self.world.globals[place(global)];
                self.read(storage_of(global.kind()), to, value, false);
            }
            ref other => unreachable!("{other:?} is about no global"),
        }
    }

    pub(super) fn tables(&mut self, heap: &Heap) {
        match *heap {
            Heap::TableGet { table, to, at } => {
                let cells = &self.world.tables[usize::from(table)];
                let value = cells[self.index(table, at)];
                self.read(storage_of(table_kind(table)), to, value, false);
            }
            Heap::TableSet { table, at, from } => {
                let value = self.stored(storage_of(table_kind(table)), from);
                let at = self.index(table, at);
                self.world.tables[usize::from(table)][at] = value;
            }
            Heap::TableSize { table, to } => {
                let size = self.world.tables[usize::from(table)].len();
                self.set_integer(to, size as i64);
            }
            Heap::TableGrow {
                table,
                to,
                by,
                from,
            } => {
                let value = self.stored(storage_of(table_kind(table)), from);
                let most = TABLES[usize::from(table)].1;
                let cells = &mut self.world.tables[usize::from(table)];
                let (before, after) = (cells.len(), cells.len() + usize::from(by));
                let fits = after <= most;
                if fits {
                    cells.resize(after, value);
                }
                self.set_integer(to, if fits { before as i64 } else { -1 });
            }
            Heap::TableFill {
                table,
                at,
                count,
                from,
            } => {
                let value = self.stored(storage_of(table_kind(table)), from);
                let (at, count) = (self.index(table, at), self.integer(count));
                let cells = &mut self.world.tables[usize::from(table)];
                let count = among(count, cells.len() - at);
                cells[at..at + count].fill(value);
            }
            Heap::TableCopy {
                table,
                to_at,
                from_at,
                count,
            } => {
                let (to, from) = (self.index(table, to_at), self.index(table, from_at));
                let count = self.integer(count);
                let cells = &mut self.world.tables[usize::from(table)];
                let count = among(count, cells.len() - to.max(from));
                cells.copy_within(from..from + count, to);
            }
            Heap::TableInit {
                table,
                at,
                from,
                count,
            } => {
                let source = self.world.segment(table);
                let source = source.get(usize::from(from)..).unwrap_or_default();
                let (at, count) = (self.index(table, at), self.integer(count));
                let cells = &mut self.world.tables[usize::from(table)];
                let count = among(count, source.len().min(cells.len() - at));
                cells[at..at + count].copy_from_slice(&source[..count]);
            }
            ref other => unreachable!("{other:?} is about no table"),
        }
    }

    /// The element of a table that an integer chooses.
    pub(super) fn index(&self, table: u8, at: u8) -> usize {
        let len = self.world.tables[usize::from(table)].len();
        self.integer(at) as u32 as usize % len
    }
}

/// What a variable of a kind of references holds.
fn storage_of(kind: Kind) -> Storage {
    match kind {
        Kind::Extern => Storage::Extern,
        Kind::Function => Storage::Func,
        _ => Storage::Any,
    }
}
