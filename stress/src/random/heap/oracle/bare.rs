//! Accesses that nothing guards: the traps they end in.

use super::Act;
use crate::random::heap::ast::{Bare, DATA};
use crate::random::heap::classes::{Class, Target};
use crate::random::heap::emit::{bytes_row, things_row};
use crate::random::heap::oracle::data_byte;
use crate::random::heap::values::{Any, Body, Cell};
use crate::random::oracle::Trap;

impl Act<'_, '_> {
    /// An access that nothing guards: the trap it ends in.
    pub(super) fn bare(
        &mut self,
        bare: Bare,
        thing: u8,
        with: u32,
        leaf: Option<u8>,
    ) -> Option<Trap> {
        let (thing, at) = (self.thing(thing), with as usize);
        let size = self.world.tables[0].len();
        let data = DATA[0] * usize::from(!self.world.data_dropped[0]);
        let elements = self.world.segment(0).len();
        let when = |out: bool, trap| out.then_some(trap);
        match bare {
            Bare::Unreachable => Some(Trap::Unreachable),
            Bare::StructGet => self.cast(thing, Target::Class(Class::Base), Trap::NullStruct),
            Bare::HugeGet => self.cast(thing, Target::Class(Class::Huge), Trap::NullStruct),
            Bare::StructSet => {
                let trap = self.cast(thing, Target::Class(Class::Mid), Trap::NullStruct);
                if trap.is_none()
                    && let Some(object) = thing.object()
                    && let Some(Body::Struct(_, cells)) = &mut self.objects[object].body
                {
                    cells[3] = Cell::Ref(thing);
                }
                trap
            }
            Bare::ArrayGet => self.array(thing, |cells| at < cells.len()),
            Bare::ArraySet => self.array(thing, |cells| {
                let fits = at < cells.len();
                if fits {
                    cells[at] = Cell::Ref(thing);
                }
                fits
            }),
            Bare::ArrayFill => self.array(thing, |cells| {
                let fits = 2 * at <= cells.len();
                if fits {
                    cells[at..2 * at].fill(Cell::Ref(thing));
                }
                fits
            }),
            Bare::ArrayCopy => self.array(thing, |cells| {
                let fits = 2 * at <= cells.len();
                if fits {
                    cells.copy_within(..at, at);
                }
                fits
            }),
            Bare::ArrayLen => self.cast(thing, Target::Array, Trap::NullArray),
            Bare::ArrayInitData => {
                let row = bytes_row();
                let trap = self.cast(thing, Target::Row(row), Trap::NullArray);
                trap.or_else(|| {
                    let cells = self.row(thing, row)?;
                    if cells.is_empty() {
                        return Some(Trap::ArrayOutOfBounds);
                    }
                    if at >= data {
                        return Some(Trap::MemoryOutOfBounds);
                    }
                    cells[0] = Cell::Bits(u128::from(data_byte(at)));
                    None
                })
            }
            Bare::ArrayInitElem => {
                let value = self.world.segment(0).get(at).copied();
                let trap = self.array(thing, |cells| !cells.is_empty());
                trap.or_else(|| {
                    let Some(value) = value else {
                        return Some(Trap::TableOutOfBounds);
                    };
                    self.row(thing, things_row())?[0] = value;
                    None
                })
            }
            Bare::ArrayNewData => Some(Trap::MemoryOutOfBounds),
            Bare::ArrayNewElem => Some(Trap::TableOutOfBounds),
            Bare::TooLarge => Some(Trap::AllocationTooLarge),
            Bare::I31Get => self.cast(thing, Target::I31, Trap::NullI31),
            Bare::AsNonNull => when(thing == Any::Null, Trap::NullReference),
            Bare::Cast => {
                let is = self.is(thing, Target::Class(Class::Leaf), false);
                when(!is, Trap::CastFailure)
            }
            Bare::CastNull => {
                let is = self.is(thing, Target::Row(bytes_row()), true);
                when(!is, Trap::CastFailure)
            }
            Bare::CallRef | Bare::CallIndirect => self.bare_call(bare, with, leaf),
            Bare::TableGet => when(at >= size, Trap::TableOutOfBounds),
            Bare::TableSet => {
                if let Some(cell) = self.world.tables[0].get_mut(at) {
                    *cell = Cell::Ref(thing);
                }
                when(at >= size, Trap::TableOutOfBounds)
            }
            Bare::TableFill | Bare::TableCopy | Bare::TableInit => {
                let short = bare == Bare::TableInit && elements < 2;
                if at + 2 > size || short {
                    return Some(Trap::TableOutOfBounds);
                }
                let source = self.world.segment(0);
                let cells = &mut self.world.tables[0];
                match bare {
                    Bare::TableFill => cells[at..at + 2].fill(Cell::Ref(thing)),
                    Bare::TableCopy => cells.copy_within(..2, at),
                    _ => cells[at..at + 2].copy_from_slice(&source[..2]),
                }
                None
            }
        }
    }

    /// A cast to a nullable type, and then an access.
    pub(super) fn cast(&self, thing: Any, target: Target, null: Trap) -> Option<Trap> {
        match thing {
            Any::Null => Some(null),
            _ => (!self.is(thing, target, false)).then_some(Trap::CastFailure),
        }
    }

    /// A cast to an array of things, and then an access, which says whether it is in bounds.
    pub(super) fn array(
        &mut self,
        thing: Any,
        access: impl FnOnce(&mut Vec<Cell>) -> bool,
    ) -> Option<Trap> {
        let trap = self.cast(thing, Target::Row(things_row()), Trap::NullArray);
        trap.or_else(|| {
            let fits = access(self.row(thing, things_row())?);
            (!fits).then_some(Trap::ArrayOutOfBounds)
        })
    }

    pub(super) fn bare_call(&mut self, bare: Bare, with: u32, leaf: Option<u8>) -> Option<Trap> {
        if let Some(leaf) = leaf {
            self.call(leaf, i64::from(with));
            return None;
        }
        let at = with as usize;
        Some(match bare {
            Bare::CallRef if self.frame.function(with as u8).is_none() => Trap::NullFunction,
            Bare::CallRef => Trap::CastFailure,
            _ if at >= self.world.tables[2].len() => Trap::UndefinedElement,
            _ if self.world.function(at).is_none() => Trap::UninitializedElement,
            _ => Trap::IndirectCallMismatch,
        })
    }
}
