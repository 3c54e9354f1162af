//! What the statements do, to whom it is all plain data.

use super::ast::{
    Bare, Branch, CALLABLE, COLLECTS, DATA, DIGEST_DEPTH, ELEMENTS, Filling, Global, Heap, MAKES,
    MANY, NARROW, TABLES, Via, variable,
};
use super::classes::{Class, Kind, Row, Storage, Target};
use super::emit::{bytes_row, table_kind, things_row};
use super::values::{Any, Body, Cell, Func, samples};
use crate::programs::fold;
use crate::random::ast::NULL_DIGEST;
use crate::random::oracle::Trap;
use crate::random::oracle::state::{Frame, Object, digest};

/// A byte of a data segment.
pub fn data_byte(at: usize) -> u8 {
    (at * 37 + at / 7 + 129) as u8
}

/// What is in a passive segment of elements.
fn elements(segment: u8) -> Vec<Cell> {
    let reference = Cell::Ref;
    let root = || Cell::Ref(Any::Object(ROOT));
    let cells = match segment {
        0 => vec![
            reference(Any::I31(11)),
            reference(Any::Null),
            root(),
            reference(Any::I31(-3)),
            root(),
            reference(Any::Null),
        ],
        1 => vec![
            reference(Any::I31(12)),
            root(),
            reference(Any::Null),
            root(),
        ],
        _ => [Some(0), Some(1), None, Some(2), Some(4)]
            .map(Cell::Func)
            .into(),
    };
    debug_assert_eq!(cells.len(), ELEMENTS[usize::from(segment)]);
    cells
}

/// The place of the object that is there for segments: behind the one for everybody.
const ROOT: usize = 1;

/// That object.
pub fn root() -> Object {
    let bits = |storage, value| Cell::of_integer(storage, value);
    let cells = vec![
        bits(Storage::I32, 7),
        bits(Storage::I8, 8),
        bits(Storage::I16, 9),
    ];
    Object::of(Body::Struct(Class::Base, cells))
}

/// Globals, tables and segments.
#[derive(Debug)]
pub struct World {
    globals: [Cell; Global::ALL.len()],
    tables: [Vec<Cell>; TABLES.len()],
    data_dropped: [bool; DATA.len()],
    elements_dropped: [bool; ELEMENTS.len()],
}

/// What a statement leads to outside of variables and objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    /// This goes into the checksum.
    Note(i64),
    /// The program ends.
    Trap(Trap),
}

impl From<Option<Trap>> for Effect {
    fn from(trap: Option<Trap>) -> Self {
        trap.map_or(Self::Nothing, Self::Trap)
    }
}

impl World {
    /// Nothing is in it yet.
    pub fn new() -> Self {
        let table = |index: usize| {
            let cell = match table_kind(index as u8) {
                Kind::Function => Cell::Func(None),
                _ => Cell::Ref(Any::Null),
            };
            vec![cell; TABLES[index].0]
        };
        Self {
            globals: Global::ALL.map(|global| match global.kind() {
                Kind::Function => Cell::Func(None),
                _ => Cell::Ref(Any::Null),
            }),
            tables: [table(0), table(1), table(2)],
            data_dropped: [false; DATA.len()],
            elements_dropped: [false; ELEMENTS.len()],
        }
    }

    /// What the module's globals hold, in order.
    pub fn global_objects(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        let globals = self.globals.iter().map(|cell| cell.any().object());
        std::iter::once(Some(ROOT)).chain(globals)
    }

    /// The objects in tables: by table, and element.
    pub fn table_objects(&self) -> impl Iterator<Item = (u32, u64, usize)> + '_ {
        (0..).zip(&self.tables).flat_map(|(table, cells)| {
            let objects = (0..).zip(cells);
            objects.filter_map(move |(at, cell)| Some((table, at, cell.any().object()?)))
        })
    }

    /// The objects in segments that were not dropped: by segment, and element.
    pub fn segment_objects(&self) -> Vec<(u32, u32, usize)> {
        let mut found = Vec::new();
        for segment in 0..ELEMENTS.len() as u8 {
            for (at, cell) in (0..).zip(self.segment(segment)) {
                let object = cell.any().object();
                found.extend(object.map(|object| (u32::from(segment), at, object)));
            }
        }
        found
    }

    fn segment(&self, segment: u8) -> Vec<Cell> {
        match self.elements_dropped[usize::from(segment)] {
            true => Vec::new(),
            false => elements(segment),
        }
    }

    /// The leaf that a statement calls, if it calls one.
    pub fn leaf(&self, frame: &Frame<'_>, heap: &Heap) -> Option<u8> {
        let function = match *heap {
            Heap::CallLeaf { via, from, .. } => match via {
                Via::Reference => frame.function(from),
                Via::Table => {
                    let at = frame.integers[usize::from(from)] as u32 as usize;
                    self.function(at % self.tables[2].len())
                }
            },
            Heap::Bare { bare, with, .. } => match bare {
                Bare::CallRef => frame.function(with as u8),
                Bare::CallIndirect if (with as usize) < self.tables[2].len() => {
                    self.function(with as usize)
                }
                _ => None,
            },
            _ => None,
        };
        function.filter(|&leaf| leaf < CALLABLE)
    }

    fn function(&self, at: usize) -> Func {
        match self.tables[2][at] {
            Cell::Func(function) => function,
            Cell::Bits(_) | Cell::Ref(_) => None,
        }
    }
}

/// Whether a reference is of a type.
fn is(objects: &[Object], any: Any, target: Target, nullable: bool) -> bool {
    let at = match any {
        Any::Null => return nullable,
        Any::I31(_) => return matches!(target, Target::Any | Target::Eq | Target::I31),
        Any::Object(at) => at,
    };
    match (target, &objects[at].body) {
        (Target::Any | Target::Eq, _) | (Target::Node, None) => true,
        (Target::Struct, body) => !matches!(body, Some(Body::Array(..))),
        (Target::Array, body) => matches!(body, Some(Body::Array(..))),
        (Target::Class(target), Some(Body::Struct(class, _))) => class.is(target),
        (Target::Row(target), Some(Body::Array(row, _))) => *row == target,
        _ => false,
    }
}

/// What is in a thing and behind it.
fn digest_any(objects: &[Object], any: Any, depth: u32) -> i64 {
    let at = match any {
        Any::Null => return NULL_DIGEST,
        Any::I31(value) => return i64::from(value),
        Any::Object(_) if depth == 0 => return 0,
        Any::Object(at) => at,
    };
    let cell = |storage: Storage, cell: Cell| match cell {
        Cell::Bits(_) => cell.integer(storage, false),
        Cell::Ref(any) if storage == Storage::Node => digest(objects, any.object(), depth - 1),
        Cell::Ref(any) => digest_any(objects, any, depth - 1),
        Cell::Func(None) => NULL_DIGEST,
        Cell::Func(Some(NARROW)) => 2,
        Cell::Func(Some(leaf)) => 1 + 2 * i64::from(leaf >= CALLABLE),
    };
    match &objects[at].body {
        None => digest(objects, Some(at), depth),
        Some(Body::Struct(class, cells)) => {
            let all = Class::ALL.iter();
            let number = (0..).zip(all).find(|(_, one)| *one == class);
            let start = number.map_or(-1, |(number, _)| number);
            let fields = class.fields().iter().zip(cells);
            fields.fold(start, |sum, (field, &value)| {
                fold(sum, cell(field.storage, value))
            })
        }
        Some(Body::Array(row, cells)) => {
            let start = fold(100 + row.index() as i64, cells.len() as i64);
            samples(cells.len()).fold(start, |sum, at| fold(sum, cell(row.storage, cells[at])))
        }
    }
}

/// A statement at work.
struct Act<'a, 'p> {
    world: &'a mut World,
    objects: &'a mut Vec<Object>,
    frame: &'a mut Frame<'p>,
}

/// Executes a statement without blocks that calls no function of the program.
pub fn execute(
    world: &mut World,
    objects: &mut Vec<Object>,
    frame: &mut Frame<'_>,
    heap: &Heap,
) -> Effect {
    let leaf = world.leaf(frame, heap);
    let mut act = Act {
        world,
        objects,
        frame,
    };
    match *heap {
        Heap::MakeStruct { to, class, from } => act.make_struct(to, class, from),
        Heap::MakeArray {
            to,
            row,
            filling,
            len,
        } => act.make_array(to, row, filling, len as usize),
        Heap::GetField { .. } | Heap::SetField { .. } => act.field(heap),
        Heap::GetElement { .. }
        | Heap::SetElement { .. }
        | Heap::Fill { .. }
        | Heap::CopyElements { .. }
        | Heap::Init { .. }
        | Heap::Len { .. } => act.elements(heap),
        Heap::SetGlobal { .. } | Heap::GetGlobal { .. } => act.globals(heap),
        Heap::TableGet { .. }
        | Heap::TableSet { .. }
        | Heap::TableSize { .. }
        | Heap::TableGrow { .. }
        | Heap::TableFill { .. }
        | Heap::TableCopy { .. }
        | Heap::TableInit { .. } => act.tables(heap),
        Heap::DropData { segment } => act.world.data_dropped[usize::from(segment)] = true,
        Heap::DropElements { segment } => act.world.elements_dropped[usize::from(segment)] = true,
        Heap::MakeFunction { to, leaf } => act.frame.set_function(to, leaf),
        Heap::TestFunction { to, from, narrow } => {
            let leaf = act.frame.function(from);
            let is = leaf.is_some_and(|leaf| match narrow {
                true => leaf == NARROW,
                false => leaf < CALLABLE,
            });
            act.frame.integers[usize::from(to)] = i64::from(is);
        }
        Heap::PassMany { to, from } => {
            let last = variable(Kind::Thing, from.wrapping_add(MANY.0 - 1));
            let thing = act.thing(last);
            act.set_thing(to, thing);
        }
        Heap::CallLeaf { give, to, .. } => {
            if let Some(leaf) = leaf {
                let argument = act.frame.integers[usize::from(give)];
                let result = act.call(leaf, argument);
                act.frame.vars.things[usize::from(to)] = result;
            }
        }
        Heap::Note { from } => {
            let thing = act.thing(from);
            return Effect::Note(digest_any(act.objects, thing, DIGEST_DEPTH));
        }
        Heap::Bare { bare, thing, with } => return act.bare(bare, thing, with, leaf).into(),
        Heap::Hold { .. } | Heap::Carry { .. } | Heap::CallFunction { .. } => {
            unreachable!("{heap:?} is for the machine")
        }
        _ => act.references(heap),
    }
    Effect::Nothing
}

impl Act<'_, '_> {
    fn thing(&self, any: u8) -> Any {
        self.frame.vars.things[usize::from(any)]
    }

    fn set_thing(&mut self, any: u8, value: Any) {
        self.frame.vars.things[usize::from(any)] = value;
    }

    fn integer(&self, any: u8) -> i64 {
        self.frame.integers[usize::from(any)]
    }

    fn set_integer(&mut self, any: u8, value: i64) {
        self.frame.integers[usize::from(any)] = value;
    }

    /// What is stored for a variable.
    fn stored(&self, storage: Storage, any: u8) -> Cell {
        let at = usize::from(variable(storage.kind(), any));
        match storage.kind() {
            Kind::Integer => Cell::of_integer(storage, self.frame.integers[at]),
            Kind::Object => Cell::Ref(self.frame.objects[at].into()),
            Kind::Thing => Cell::Ref(self.frame.vars.things[at]),
            Kind::Extern => Cell::Ref(self.frame.vars.externs[at]),
            Kind::Function => Cell::Func(self.frame.vars.functions[at]),
        }
    }

    /// Sets a variable to what is read.
    fn read(&mut self, storage: Storage, any: u8, cell: Cell, signed: bool) {
        let at = usize::from(variable(storage.kind(), any));
        match (storage.kind(), cell) {
            (Kind::Integer, cell) => self.frame.integers[at] = cell.integer(storage, signed),
            (Kind::Object, cell) => self.frame.objects[at] = cell.any().object(),
            (Kind::Thing, cell) => self.frame.vars.things[at] = cell.any(),
            (Kind::Extern, cell) => self.frame.vars.externs[at] = cell.any(),
            (Kind::Function, Cell::Func(function)) => self.frame.vars.functions[at] = function,
            (Kind::Function, other) => unreachable!("{other:?} is no function"),
        }
    }

    fn is(&self, any: Any, target: Target, nullable: bool) -> bool {
        is(self.objects, any, target, nullable)
    }

    fn push(&mut self, body: Body) -> Any {
        self.objects.push(Object::of(body));
        Any::Object(self.objects.len() - 1)
    }

    fn make_struct(&mut self, to: u8, class: Class, from: Option<u8>) {
        let fields = (0..).zip(class.fields());
        let cells = fields.map(|(index, field)| match from {
            Some(from) => self.stored(field.storage, from.wrapping_add(index)),
            None => Cell::default_of(field.storage),
        });
        let cells = cells.collect();
        let made = self.push(Body::Struct(class, cells));
        self.set_thing(to, made);
    }

    fn make_array(&mut self, to: u8, row: Row, filling: Filling, len: usize) {
        let storage = row.storage;
        let cells = match filling {
            Filling::Value(from) => vec![self.stored(storage, from); len],
            Filling::Default => vec![Cell::default_of(storage); len],
            Filling::Fixed(from) => (0..len)
                .map(|at| self.stored(storage, from.wrapping_add(at as u8)))
                .collect(),
            Filling::Data { segment, from } => self.from_data(storage, segment, from, len),
            Filling::Elements { segment, from } => {
                let cells = self.world.segment(segment).into_iter();
                cells.skip(usize::from(from)).take(len).collect()
            }
        };
        let made = self.push(Body::Array(row, cells));
        self.set_thing(to, made);
    }

    /// Values from a data segment; none if it was dropped.
    fn from_data(&self, storage: Storage, segment: u8, from: u8, len: usize) -> Vec<Cell> {
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
    fn row(&mut self, thing: Any, row: Row) -> Option<&mut Vec<Cell>> {
        match &mut self.objects[thing.object()?].body {
            Some(Body::Array(is, cells)) if *is == row => Some(cells),
            _ => None,
        }
    }

    fn field(&mut self, heap: &Heap) {
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

    fn elements(&mut self, heap: &Heap) {
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
                        self.from_data(row.storage, segment, from, most)
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

    fn copy_elements(&mut self, heap: &Heap) {
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

    fn references(&mut self, heap: &Heap) {
        match *heap {
            Heap::MakeI31 { to, from } => {
                let value = Any::i31(self.integer(from));
                self.set_thing(to, value);
            }
            Heap::GetI31 { to, thing, signed } => {
                if let Any::I31(value) = self.thing(thing) {
                    let value = match signed {
                        true => value,
                        false => value & 0x7fff_ffff,
                    };
                    self.set_integer(to, i64::from(value));
                }
            }
            Heap::Test {
                to,
                thing,
                target,
                nullable,
            } => {
                let is = self.is(self.thing(thing), target, nullable);
                self.set_integer(to, i64::from(is));
            }
            Heap::IsNull { to, kind, from } => {
                let from = usize::from(from);
                let vars = &self.frame.vars;
                let is = match kind {
                    Kind::Function => vars.functions[from].is_none(),
                    Kind::Extern => vars.externs[from] == Any::Null,
                    _ => vars.things[from] == Any::Null,
                };
                self.set_integer(to, i64::from(is));
            }
            Heap::Cast {
                to,
                from,
                target,
                nullable,
            } => {
                let thing = self.thing(from);
                if self.is(thing, target, nullable) {
                    self.set_thing(to, thing);
                }
            }
            Heap::AsNonNull { to, from } => {
                let thing = self.thing(from);
                if thing != Any::Null {
                    self.set_thing(to, thing);
                }
            }
            Heap::Branch {
                branch,
                thing,
                under,
                to,
                also,
                outcome,
            } => {
                let (thing, under) = (self.thing(thing), self.thing(under));
                let hit = match branch {
                    Branch::Cast { target, nullable } | Branch::CastFail { target, nullable } => {
                        self.is(thing, target, nullable)
                    }
                    Branch::Null | Branch::NonNull => thing != Any::Null,
                };
                self.set_thing(to, if hit { thing } else { under });
                if hit {
                    self.set_thing(also, under);
                }
                self.set_integer(outcome, i64::from(hit));
            }
            Heap::SameThings { to, one, other } => {
                let same = self.thing(one) == self.thing(other);
                self.set_integer(to, i64::from(same));
            }
            Heap::Select {
                to,
                one,
                other,
                condition,
            } => {
                let odd = self.integer(condition) & 1 == 1;
                let thing = self.thing(if odd { one } else { other });
                self.set_thing(to, thing);
            }
            ref other => self.moves(other),
        }
    }

    /// What passes references on.
    fn moves(&mut self, heap: &Heap) {
        match *heap {
            Heap::Nullify { to } => self.set_thing(to, Any::Null),
            Heap::CopyThing { to, from } => {
                let thing = self.thing(from);
                self.set_thing(to, thing);
            }
            Heap::Externalize { to, from } => {
                self.frame.vars.externs[usize::from(to)] = self.thing(from);
            }
            Heap::Internalize { to, from } => {
                let thing = self.frame.vars.externs[usize::from(from)];
                self.set_thing(to, thing);
            }
            Heap::FromObject { to, from } => {
                let object = self.frame.objects[usize::from(from)];
                self.set_thing(to, object.into());
            }
            Heap::ToObject { to, from } => {
                let thing = self.thing(from);
                if self.is(thing, Target::Node, false) {
                    self.frame.objects[usize::from(to)] = thing.object();
                }
            }
            ref other => unreachable!("{other:?} is executed elsewhere"),
        }
    }

    fn globals(&mut self, heap: &Heap) {
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

    fn tables(&mut self, heap: &Heap) {
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
    fn index(&self, table: u8, at: u8) -> usize {
        let len = self.world.tables[usize::from(table)].len();
        self.integer(at) as u32 as usize % len
    }

    /// What a leaf returns. Who called it knows whether it collects.
    fn call(&mut self, leaf: u8, argument: i64) -> Any {
        match leaf {
            0 => Any::i31(argument),
            NARROW => Any::i31(argument ^ 1),
            MAKES => {
                let cells = vec![
                    Cell::of_integer(Storage::I32, argument),
                    Cell::of_integer(Storage::I8, 5),
                    Cell::of_integer(Storage::I16, 6),
                ];
                self.push(Body::Struct(Class::Base, cells))
            }
            COLLECTS => Any::Null,
            other => unreachable!("leaf {other} is not called"),
        }
    }

    /// An access that nothing guards: the trap it ends in.
    fn bare(&mut self, bare: Bare, thing: u8, with: u32, leaf: Option<u8>) -> Option<Trap> {
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
    fn cast(&self, thing: Any, target: Target, null: Trap) -> Option<Trap> {
        match thing {
            Any::Null => Some(null),
            _ => (!self.is(thing, target, false)).then_some(Trap::CastFailure),
        }
    }

    /// A cast to an array of things, and then an access, which says whether it is in bounds.
    fn array(&mut self, thing: Any, access: impl FnOnce(&mut Vec<Cell>) -> bool) -> Option<Trap> {
        let trap = self.cast(thing, Target::Row(things_row()), Trap::NullArray);
        trap.or_else(|| {
            let fits = access(self.row(thing, things_row())?);
            (!fits).then_some(Trap::ArrayOutOfBounds)
        })
    }

    fn bare_call(&mut self, bare: Bare, with: u32, leaf: Option<u8>) -> Option<Trap> {
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

/// What a variable of a kind of references holds.
fn storage_of(kind: Kind) -> Storage {
    match kind {
        Kind::Extern => Storage::Extern,
        Kind::Function => Storage::Func,
        _ => Storage::Any,
    }
}

/// A number from 0 to `most`.
fn among(by: i64, most: usize) -> usize {
    (by as u64 % (most as u64 + 1)) as usize
}
