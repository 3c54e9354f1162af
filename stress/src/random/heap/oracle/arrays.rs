//! Fields and elements.

use super::{Act, among};
use crate::random::heap::ast::{DATA, Filling, Heap};
use crate::random::heap::classes::{Class, Row, Storage, Target};
use crate::random::heap::oracle::data_byte;
use crate::random::heap::values::{Any, Body, Cell};

impl Act<'_, '_> {
    pub(super) fn make_struct(&mut self, to: u8, class: Class, from: Option<u8>) {
        let fields = (0..).zip(class.fields());
        let cells = fields.map(|(index, field)| match from {
            Some(from) => self.stored(field.storage, from.wrapping_add(index)),
            None => Cell::default_of(field.storage),
        });
        let cells = cells.collect();
        let made = self.push(Body::Struct(class, cells));
        self.set_thing(to, made);
    }

    pub(super) fn make_array(&mut self, to: u8, row: Row, filling: Filling, len: usize) {
        let storage = row.storage;
        let cells = match filling {
            Filling::Value(from) => vec![self.stored(storage, from); len],
            Filling::Default => vec![Cell::default_of(storage); len],
            Filling::Fixed(from) => (0..len)
                .map(|at| self.stored(storage, from.wrapping_add(at as u8)))
                .collect(),
            Filling::Data { segment, from } => self.data_of(storage, segment, from, len),
            Filling::Elements { segment, from } => {
                let cells = self.world.segment(segment).into_iter();
                cells.skip(usize::from(from)).take(len).collect()
            }
        };
        let made = self.push(Body::Array(row, cells));
        self.set_thing(to, made);
    }

    /// Values from a data segment; none if it was dropped.
    pub(super) fn data_of(&self, storage: Storage, segment: u8, from: u8, len: usize) -> Vec<Cell> {
        if self.world.data_dropped[usize::from(segment)] {
            return Vec::new();
        }
        let value = |at: usize| {
            let first = usize::from(from) + at * storage.bytes();
            let bytes = (0..storage.bytes()).rev();
            let bits = bytes.fold(0, |bits, byte| {
                bits << 8 | u128::from(data_byte(first + byte))
            });
            Cell::Bits(bits)
        };
        (0..len).map(value).collect()
    }

    /// The elements of a thing, if it is such an array.
    pub(super) fn row(&mut self, thing: Any, row: Row) -> Option<&mut Vec<Cell>> {
        match &mut self.objects[thing.object()?].body {
            Some(Body::Array(is, cells)) if *is == row => Some(cells),
            _ => None,
        }
    }

    pub(super) fn field(&mut self, heap: &Heap) {
        match *heap {
            Heap::GetField {
                to,
                thing,
                class,
                field,
                signed,
            } => {
                let thing = self.thing(thing);
                if let (true, Some(at)) =
                    (self.is(thing, Target::Class(class), false), thing.object())
                    && let Some(body) = &self.objects[at].body
                {
                    let cell = body.cells()[usize::from(field)];
                    let storage = class.fields()[usize::from(field)].storage;
                    self.read(storage, to, cell, signed);
                }
            }
            Heap::SetField {
                thing,
                class,
                field,
                from,
            } => {
                let thing = self.thing(thing);
                let value = self.stored(class.fields()[usize::from(field)].storage, from);
                if let (true, Some(at)) =
                    (self.is(thing, Target::Class(class), false), thing.object())
                    && let Some(Body::Struct(_, cells)) = &mut self.objects[at].body
                {
                    cells[usize::from(field)] = value;
                }
            }
            ref other => unreachable!("{other:?} is about no field"),
        }
    }

    pub(super) fn elements(&mut self, heap: &Heap) {
        match *heap {
            Heap::GetElement {
                to,
                thing,
                row,
                at,
                signed,
            } => {
                let (thing, at) = (self.thing(thing), self.integer(at));
                if let Some(cells) = self.row(thing, row)
                    && !cells.is_empty()
                {
                    let cell = cells[among(at, cells.len() - 1)];
                    self.read(row.storage, to, cell, signed);
                }
            }
            Heap::SetElement {
                thing,
                row,
                at,
                from,
            } => {
                let (thing, at) = (self.thing(thing), self.integer(at));
                let value = self.stored(row.storage, from);
                if let Some(cells) = self.row(thing, row)
                    && !cells.is_empty()
                {
                    let at = among(at, cells.len() - 1);
                    cells[at] = value;
                }
            }
            Heap::Fill {
                thing,
                row,
                at,
                count,
                from,
            } => {
                let (thing, at, count) = (self.thing(thing), self.integer(at), self.integer(count));
                let value = self.stored(row.storage, from);
                if let Some(cells) = self.row(thing, row) {
                    let at = among(at, cells.len());
                    let count = among(count, cells.len() - at);
                    cells[at..at + count].fill(value);
                }
            }
            Heap::CopyElements { .. } => self.copy_elements(heap),
            Heap::Init {
                thing,
                row,
                at,
                segment,
                from,
                count,
            } => {
                let (thing, at, count) = (self.thing(thing), self.integer(at), self.integer(count));
                let source = match row.storage.bytes() {
                    0 => {
                        let cells = self.world.segment(segment).into_iter();
                        cells.skip(usize::from(from)).collect()
                    }
                    bytes => {
                        let most = (DATA[usize::from(segment)] - usize::from(from)) / bytes;
                        self.data_of(row.storage, segment, from, most)
                    }
                };
                if let Some(cells) = self.row(thing, row) {
                    let at = among(at, cells.len());
                    let count = among(count, source.len().min(cells.len() - at));
                    cells[at..at + count].copy_from_slice(&source[..count]);
                }
            }
            Heap::Len { to, thing } => {
                if let Some(at) = self.thing(thing).object()
                    && let Some(Body::Array(_, cells)) = &self.objects[at].body
                {
                    let len = cells.len() as i64;
                    self.set_integer(to, len);
                }
            }
            ref other => unreachable!("{other:?} is about no array"),
        }
    }

    pub(super) fn copy_elements(&mut self, heap: &Heap) {
        let Heap::CopyElements {
            to,
            to_row,
            to_at,
            from,
            from_row,
            from_at,
            count,
        } = *heap
        else {
            return;
        };
        let (to, from) = (self.thing(to), self.thing(from));
        let (to_at, from_at) = (self.integer(to_at), self.integer(from_at));
        let count = self.integer(count);
        let Some(source) = self.row(from, from_row).cloned() else {
            return;
        };
        if let Some(target) = self.row(to, to_row) {
            let to_at = among(to_at, target.len());
            let from_at = among(from_at, source.len());
            let most = (target.len() - to_at).min(source.len() - from_at);
            let count = among(count, most);
            target[to_at..to_at + count].copy_from_slice(&source[from_at..from_at + count]);
        }
    }
}
