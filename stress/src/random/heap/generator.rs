//! Random statements on objects of every kind.

use super::ast::{Bare, Branch, DATA, ELEMENTS, Filling, Global, Heap, LEAVES, TABLES, Via};
use super::classes::{Class, Kind, Row, Storage, Target};
use super::emit::{bytes_row, table_kind, things_row};
use super::values::{EXTERNS, FUNCTIONS, THINGS};
use crate::random::ast::{INTEGERS, OBJECTS, Statement};
use crate::random::generator::Generator;

/// Lengths of arrays around what counts: cards begin at 4 KiB, large objects at 64 KiB. Of
/// references and of bytes.
const LONG: [u32; 6] = [1_021, 1_200, 5_000, 16_381, 17_000, 66_000];
/// One of so many arrays is long.
const LONG_ONE_IN: u32 = 24;
/// One of so many statements of a program that may trap is a bare access.
const BARE_ONE_IN: u32 = 12;

/// What the statement before has left in each thing, as far as one can say without running
/// the program: most accesses are to be of what is there.
pub type Hints = [Option<Target>; THINGS as usize];

/// The thing that a statement sets, and what it is then.
fn sets(heap: &Heap) -> Option<(u8, Option<Target>)> {
    Some(match *heap {
        Heap::MakeStruct { to, class, .. } => (to, Some(Target::Class(class))),
        Heap::MakeArray { to, row, .. } => (to, Some(Target::Row(row))),
        Heap::MakeI31 { to, .. } => (to, Some(Target::I31)),
        Heap::Nullify { to }
        | Heap::CopyThing { to, .. }
        | Heap::Select { to, .. }
        | Heap::Internalize { to, .. }
        | Heap::FromObject { to, .. }
        | Heap::PassMany { to, .. }
        | Heap::Branch { to, .. }
        | Heap::Carry { into: to, .. } => (to, None),
        _ => return None,
    })
}

impl Generator<'_> {
    /// A statement; `depth` counts the blocks around it, `deepest` how many there may be.
    pub(in crate::random) fn heap(&mut self, depth: u32, deepest: u32) -> Statement {
        let heap = self.any_heap(depth, deepest);
        if let Some((to, is)) = sets(&heap) {
            self.hints[usize::from(to)] = is;
        }
        Statement::Heap(heap)
    }

    /// A thing that is likely to fit, and what it is.
    fn likely<T>(&mut self, fits: impl Fn(Target) -> Option<T>) -> Option<(u8, T)> {
        let first = self.thing();
        let all = (0..THINGS).map(|index| (first + index) % THINGS);
        let mut found = all.filter_map(|thing| {
            let hint = self.hints[usize::from(thing)]?;
            Some((thing, fits(hint)?))
        });
        found.next()
    }

    /// An array that is likely to be in a thing: now and then any.
    fn likely_row(&mut self, fits: impl Fn(Row) -> bool) -> (u8, Row) {
        let row = |target| match target {
            Target::Row(row) if fits(row) => Some(row),
            _ => None,
        };
        match self.likely(row) {
            Some(found) if !self.rng.one_in(8) => found,
            _ => (self.thing(), self.row(fits)),
        }
    }

    fn any_heap(&mut self, depth: u32, deepest: u32) -> Heap {
        if self.bare && self.rng.one_in(BARE_ONE_IN) {
            return self.bare();
        }
        let deep = depth >= deepest;
        match self.rng.range(0, 29) {
            0..=2 => self.make_struct(),
            3..=5 => self.make_array(),
            6..=7 | 28..=29 => self.field(),
            8..=9 | 26..=27 => self.elements(),
            10 | 24..=25 => self.many_elements(),
            11..=13 => self.references(),
            14..=15 => self.moves(),
            16 => self.branch(),
            17..=18 => self.tables(),
            19 => self.globals(),
            20 => self.functions(),
            21 => Heap::Note { from: self.thing() },
            22 if !deep => self.hold_things(depth),
            23 if !deep => self.carry(depth),
            _ => self.make_array(),
        }
    }

    fn thing(&mut self) -> u8 {
        self.below(THINGS)
    }

    fn external(&mut self) -> u8 {
        self.below(EXTERNS)
    }

    fn leaf_variable(&mut self) -> u8 {
        self.below(FUNCTIONS)
    }

    fn below(&mut self, count: u8) -> u8 {
        self.rng.range(0, u32::from(count) - 1) as u8
    }

    /// A variable of any kind, modulo how many there are.
    fn any(&mut self) -> u8 {
        self.below(8)
    }

    fn class(&mut self) -> Class {
        *self.rng.pick(&Class::ALL)
    }

    fn row(&mut self, fits: impl Fn(Row) -> bool) -> Row {
        loop {
            let row = *self.rng.pick(&Row::ALL);
            if fits(row) {
                return row;
            }
        }
    }

    fn target(&mut self) -> Target {
        match self.rng.range(0, 9) {
            0 => Target::Any,
            1 => Target::Eq,
            2 => Target::I31,
            3 => Target::Struct,
            4 => Target::Array,
            5 => Target::None,
            6 => Target::Node,
            7..=8 => Target::Class(self.class()),
            _ => Target::Row(self.row(|_| true)),
        }
    }

    fn make_struct(&mut self) -> Heap {
        let class = self.class();
        let named = class.is_named() && !self.rng.one_in(4);
        Heap::MakeStruct {
            to: self.thing(),
            class,
            from: named.then(|| self.any()),
        }
    }

    fn make_array(&mut self) -> Heap {
        let to = self.thing();
        let long = self.rng.one_in(LONG_ONE_IN);
        let mut len = self.rng.range(0, 12);
        let (row, filling) = match self.rng.range(0, 7) {
            0..=1 => (self.row(|_| true), Filling::Value(self.any())),
            2 => (self.row(|_| true), Filling::Default),
            3..=4 => (self.row(|_| true), Filling::Fixed(self.any())),
            5..=6 => {
                let row = self.row(|row| row.storage.bytes() > 0);
                let (segment, from) = self.data();
                let most = (DATA[usize::from(segment)] - usize::from(from)) / row.storage.bytes();
                len = len.min(most as u32);
                (row, Filling::Data { segment, from })
            }
            _ => {
                let row = self.row(|row| segment_of(row.storage).is_some());
                let segment = segment_of(row.storage).unwrap_or_default();
                let from = self.below(ELEMENTS[usize::from(segment)] as u8);
                len = len.min(ELEMENTS[usize::from(segment)] as u32 - u32::from(from));
                (row, Filling::Elements { segment, from })
            }
        };
        if long && matches!(filling, Filling::Value(_) | Filling::Default) {
            // Now and then of references, and now and then of anything.
            let reference = self.rng.one_in(2);
            let row = match reference {
                true => self.row(|row| row.storage.is_root()),
                false => row,
            };
            let len = *self.rng.pick(&LONG);
            return Heap::MakeArray {
                to,
                row,
                filling,
                len,
            };
        }
        Heap::MakeArray {
            to,
            row,
            filling,
            len,
        }
    }

    /// A data segment, and a place in it.
    fn data(&mut self) -> (u8, u8) {
        let segment = self.below(DATA.len() as u8);
        (
            segment,
            self.below(DATA[usize::from(segment)].min(200) as u8),
        )
    }

    fn field(&mut self) -> Heap {
        let class = |target| match target {
            Target::Class(class) => Some(class),
            _ => None,
        };
        let (thing, class) = match self.likely(class) {
            // By its own type, or by one above it.
            Some((thing, class)) if !self.rng.one_in(8) => {
                let above = self.class();
                (thing, if class.is(above) { above } else { class })
            }
            _ => (self.thing(), self.class()),
        };
        let field = self.below(class.fields().len() as u8);
        match class.fields()[usize::from(field)].mutable && self.rng.one_in(2) {
            true => Heap::SetField {
                thing,
                class,
                field,
                from: self.any(),
            },
            false => Heap::GetField {
                to: self.any(),
                thing,
                class,
                field,
                signed: self.rng.one_in(2),
            },
        }
    }

    fn elements(&mut self) -> Heap {
        let at = self.below(INTEGERS);
        let choice = self.rng.range(0, 4);
        let (thing, row) = self.likely_row(|row| row.mutable || choice > 1);
        match choice {
            0..=1 => Heap::SetElement {
                thing,
                row,
                at,
                from: self.any(),
            },
            2..=3 => Heap::GetElement {
                to: self.any(),
                thing,
                row,
                at,
                signed: self.rng.one_in(2),
            },
            _ => Heap::Len {
                to: self.below(INTEGERS),
                thing,
            },
        }
    }

    fn many_elements(&mut self) -> Heap {
        let (at, count) = (self.below(INTEGERS), self.below(INTEGERS));
        let choice = self.rng.range(0, 9);
        let has_segment = |row: Row| row.storage.bytes() > 0 || segment_of(row.storage).is_some();
        let (thing, row) = self.likely_row(|row| row.mutable && (choice <= 5 || has_segment(row)));
        match choice {
            0..=2 => Heap::Fill {
                thing,
                row,
                at,
                count,
                from: self.any(),
            },
            3..=5 => {
                // An array of nodes is a source for one of things too.
                let fits = |from: Row| {
                    from.storage == row.storage
                        || (from.storage, row.storage) == (Storage::Node, Storage::Any)
                };
                let (from, from_row) = match self.rng.one_in(2) {
                    true => (thing, row),
                    false => self.likely_row(fits),
                };
                Heap::CopyElements {
                    to: thing,
                    to_row: row,
                    to_at: at,
                    from,
                    from_row,
                    from_at: self.below(INTEGERS),
                    count,
                }
            }
            6..=8 => {
                let (segment, from) = match segment_of(row.storage) {
                    None => self.data(),
                    Some(segment) => (segment, self.below(ELEMENTS[usize::from(segment)] as u8)),
                };
                Heap::Init {
                    thing,
                    row,
                    at,
                    segment,
                    from,
                    count,
                }
            }
            _ if self.rng.one_in(2) => Heap::DropData {
                segment: self.below(DATA.len() as u8),
            },
            _ => Heap::DropElements {
                segment: self.below(ELEMENTS.len() as u8),
            },
        }
    }

    fn references(&mut self) -> Heap {
        let (to, nullable) = (self.below(INTEGERS), self.rng.one_in(2));
        match self.rng.range(0, 11) {
            0..=1 => Heap::MakeI31 {
                to: self.thing(),
                from: self.below(INTEGERS),
            },
            2 | 10..=11 => {
                let is_i31 = |target| (target == Target::I31).then_some(());
                let likely = self.likely(is_i31).map(|(thing, ())| thing);
                Heap::GetI31 {
                    to,
                    thing: likely.unwrap_or(0),
                    signed: nullable,
                }
            }
            3..=4 => Heap::Test {
                to,
                thing: self.thing(),
                target: self.target(),
                nullable,
            },
            5 => {
                let kind = *self.rng.pick(&[Kind::Thing, Kind::Extern, Kind::Function]);
                let from = self.any();
                let from = super::ast::variable(kind, from);
                Heap::IsNull { to, kind, from }
            }
            6..=7 => Heap::Cast {
                to: self.thing(),
                from: self.thing(),
                target: self.target(),
                nullable,
            },
            8 => Heap::AsNonNull {
                to: self.thing(),
                from: self.thing(),
            },
            _ => Heap::SameThings {
                to,
                one: self.thing(),
                other: self.thing(),
            },
        }
    }

    fn moves(&mut self) -> Heap {
        let (to, from) = (self.thing(), self.thing());
        match self.rng.range(0, 9) {
            0 => Heap::Nullify { to },
            1..=2 => Heap::CopyThing { to, from },
            3 => Heap::Externalize {
                to: self.external(),
                from,
            },
            4 => Heap::Internalize {
                to,
                from: self.external(),
            },
            5..=6 => Heap::FromObject {
                to,
                from: self.below(OBJECTS),
            },
            7 => Heap::ToObject {
                to: self.below(OBJECTS),
                from,
            },
            _ => Heap::Select {
                to,
                one: from,
                other: self.thing(),
                condition: self.below(INTEGERS),
            },
        }
    }

    fn branch(&mut self) -> Heap {
        let (target, nullable) = (self.target(), self.rng.one_in(2));
        Heap::Branch {
            branch: match self.rng.range(0, 5) {
                0..=1 => Branch::Cast { target, nullable },
                2..=3 => Branch::CastFail { target, nullable },
                4 => Branch::Null,
                _ => Branch::NonNull,
            },
            thing: self.thing(),
            under: self.thing(),
            to: self.thing(),
            also: self.thing(),
            outcome: self.below(INTEGERS),
        }
    }

    fn tables(&mut self) -> Heap {
        let table = self.below(TABLES.len() as u8);
        let (at, count) = (self.below(INTEGERS), self.below(INTEGERS));
        let variable = match table_kind(table) {
            Kind::Thing => self.thing(),
            Kind::Extern => self.external(),
            _ => self.leaf_variable(),
        };
        match self.rng.range(0, 9) {
            0..=2 => Heap::TableGet {
                table,
                to: variable,
                at,
            },
            3..=4 => Heap::TableSet {
                table,
                at,
                from: variable,
            },
            5 => Heap::TableSize { table, to: count },
            6 => Heap::TableGrow {
                table,
                to: count,
                by: self.below(9),
                from: variable,
            },
            7 => Heap::TableFill {
                table,
                at,
                count,
                from: variable,
            },
            8 => Heap::TableCopy {
                table,
                to_at: at,
                from_at: self.below(INTEGERS),
                count,
            },
            _ => Heap::TableInit {
                table,
                at,
                from: self.below(ELEMENTS[usize::from(table)] as u8),
                count,
            },
        }
    }

    fn globals(&mut self) -> Heap {
        let global = *self.rng.pick(&Global::ALL);
        let variable = match global.kind() {
            Kind::Extern => self.external(),
            Kind::Function => self.leaf_variable(),
            _ => self.thing(),
        };
        match self.rng.one_in(2) {
            true => Heap::SetGlobal {
                global,
                from: variable,
            },
            false => Heap::GetGlobal {
                global,
                to: variable,
            },
        }
    }

    fn functions(&mut self) -> Heap {
        let via = match self.rng.one_in(2) {
            true => Via::Reference,
            false => Via::Table,
        };
        match self.rng.range(0, 7) {
            7 => Heap::PassMany {
                to: self.thing(),
                from: self.thing(),
            },
            0..=1 => Heap::MakeFunction {
                to: self.leaf_variable(),
                leaf: (!self.rng.one_in(8)).then(|| self.below(LEAVES)),
            },
            2 => Heap::TestFunction {
                to: self.below(INTEGERS),
                from: self.leaf_variable(),
                narrow: self.rng.one_in(2),
            },
            3 if self.function > 0
                && let Some(function) = self.later() =>
            {
                Heap::CallFunction {
                    via,
                    function,
                    give: self.pair(),
                    take: self.pair(),
                }
            }
            _ => Heap::CallLeaf {
                via,
                from: match via {
                    Via::Reference => self.leaf_variable(),
                    Via::Table => self.below(INTEGERS),
                },
                give: self.below(INTEGERS),
                to: self.thing(),
            },
        }
    }

    fn carry(&mut self, depth: u32) -> Heap {
        let (times, into, from) = (self.rng.range(2, 3), self.thing(), self.thing());
        let body = self.block(depth + 1, 1, 4);
        Heap::Carry {
            times,
            into,
            from,
            body: self.sheltered(body),
        }
    }

    fn hold_things(&mut self, depth: u32) -> Heap {
        let things = (0..THINGS).filter(|_| self.rng.one_in(2)).collect();
        let externs = (0..EXTERNS).filter(|_| self.rng.one_in(3)).collect();
        let mut body = self.block(depth + 1, 0, 2);
        body.push(self.transfer(depth + 1));
        body.extend(self.block(depth + 1, 0, 2));
        Heap::Hold {
            things,
            externs,
            body: self.sheltered(body),
        }
    }

    fn bare(&mut self) -> Heap {
        let bare = *self.rng.pick(&Bare::ALL);
        // Small, and now and then beyond any array and table.
        let with = match self.rng.range(0, 3) {
            0 => u32::MAX,
            1 => self.rng.range(0, 64),
            _ => self.rng.range(0, 4),
        };
        let row = match bare {
            Bare::ArrayInitData => bytes_row(),
            _ => things_row(),
        };
        let is_row = |target| (target == Target::Row(row)).then_some(());
        let likely = self.likely(is_row).map(|(thing, ())| thing);
        let thing = match likely {
            Some(thing) if !self.rng.one_in(3) => thing,
            _ => self.thing(),
        };
        Heap::Bare { bare, thing, with }
    }
}

/// The segment with elements of a type.
fn segment_of(storage: Storage) -> Option<u8> {
    match storage {
        Storage::Any => Some(0),
        Storage::Extern => Some(1),
        Storage::Func => Some(2),
        _ => None,
    }
}
