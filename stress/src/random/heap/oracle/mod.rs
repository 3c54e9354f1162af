//! What the statements do, to whom it is all plain data.

mod arrays;
mod bare;
mod references;
mod tables;

use super::ast::{
    Bare, CALLABLE, COLLECTS, DATA, DIGEST_DEPTH, ELEMENTS, Global, Heap, MAKES, MANY, NARROW,
    TABLES, Via, variable,
};
use super::classes::{Class, Kind, Storage, Target};
use super::emit::table_kind;
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
}

/// A number from 0 to `most`.
fn among(by: i64, most: usize) -> usize {
    (by as u64 % (most as u64 + 1)) as usize
}
