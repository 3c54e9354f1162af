//! A root set as people look at it: grouped by continuation and frame, with
//! the names the module gives.
//!
//! ```text
//!  View ─▶ Group   a continuation, or what lies outside of all
//!            └▶ Part   a frame, its bound arguments; a global, a table …
//!                 └▶ Line   a slot: place, kind, value
//! ```

use mangrove::{
    Activity, CodeName, FrameOwner, Module, Root, RootKind, RootOwner, RootSet, RootValue,
};
use mangrove_abi::object;
use std::collections::HashMap;

/// A root set, grouped and named.
pub struct View {
    /// How many roots there are.
    pub roots: usize,
    /// How many continuations are live.
    pub continuations: u64,
    /// How many frames they have.
    pub frames: u64,
    /// Continuations in the order they are found; what lies outside at its place.
    pub groups: Vec<Group>,
}

/// A continuation's roots, or those outside of all continuations.
pub struct Group {
    /// The continuation's number.
    pub continuation: Option<u32>,
    /// What it is doing, where a frame says so.
    pub activity: Option<Activity>,
    /// Its frames, innermost first, and others that hold roots.
    pub parts: Vec<Part>,
}

/// A holder of roots.
pub struct Part {
    /// Tells it from others of its group.
    key: PartKey,
    /// What people call it.
    pub title: String,
    /// Its slots.
    pub lines: Vec<Line>,
}

/// A root.
pub struct Line {
    /// Where in the holder it lies.
    pub place: String,
    /// `ref` or `cont`.
    pub kind: &'static str,
    /// What it holds.
    pub value: Value,
}

/// What a root holds.
pub enum Value {
    /// Nothing to point at: null, an `i31`, a reference that was used before.
    Plain(String),
    /// An object.
    Object {
        /// Its offset in the heap.
        offset: u32,
        /// Its type's name.
        ty: String,
    },
    /// A continuation, by number.
    Continuation(u32),
}

/// What makes roots belong to the same part.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum PartKey {
    Frame(u32),
    Bound,
    Globals,
    Table(Option<u32>, u32),
    Segment(u32, u32),
    Handles,
    Exception,
}

impl View {
    /// Groups and names the roots of a store that runs this module.
    pub fn new(set: &RootSet, module: &Module) -> Self {
        let names = Names::new(module);
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<Option<u32>, usize> = HashMap::new();
        for root in &set.roots {
            let continuation = continuation_of(&root.owner);
            let place = *places.entry(continuation).or_insert_with(|| {
                groups.push(Group {
                    continuation,
                    activity: None,
                    parts: Vec::new(),
                });
                groups.len() - 1
            });
            groups[place].add(root, &names);
        }
        Self {
            roots: set.roots.len(),
            continuations: set.continuations,
            frames: set.frames,
            groups,
        }
    }
}

impl Group {
    fn add(&mut self, root: &Root, names: &Names<'_>) {
        let key = key_of(&root.owner);
        if let RootOwner::Frame(frame) = &root.owner {
            self.activity = Some(frame.state);
        }
        // Roots of one part are neighbours.
        if self.parts.last().is_none_or(|part| part.key != key) {
            let title = names.part(&root.owner);
            self.parts.push(Part {
                key,
                title,
                lines: Vec::new(),
            });
        }
        let line = Line {
            place: names.place(&root.owner),
            kind: match root.kind {
                RootKind::Ref => "ref",
                RootKind::Cont => "cont",
            },
            value: names.value(&root.value),
        };
        self.parts
            .last_mut()
            .expect("one was just pushed")
            .lines
            .push(line);
    }

    /// What people call it.
    pub fn title(&self) -> String {
        let Some(number) = self.continuation else {
            return "outside of stacks".to_owned();
        };
        match self.activity {
            None => format!("continuation {number}"),
            Some(Activity::Running) => format!("continuation {number}, running"),
            Some(Activity::Parent) => format!("continuation {number}, parent"),
            Some(Activity::Suspended) => format!("continuation {number}, suspended"),
        }
    }
}

impl Value {
    /// The value as text.
    pub fn text(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Object { offset, ty } => format!("{ty} @0x{offset:x}"),
            Self::Continuation(number) => format!("continuation {number}"),
        }
    }
}

fn continuation_of(owner: &RootOwner) -> Option<u32> {
    match owner {
        RootOwner::Frame(frame) => Some(frame.continuation),
        RootOwner::BoundArgument { continuation, .. } => Some(*continuation),
        RootOwner::Global { .. }
        | RootOwner::Table { .. }
        | RootOwner::Element { .. }
        | RootOwner::Handle { .. }
        | RootOwner::Exception => None,
    }
}

fn key_of(owner: &RootOwner) -> PartKey {
    match *owner {
        RootOwner::Frame(frame) => PartKey::Frame(frame.frame),
        RootOwner::BoundArgument { .. } => PartKey::Bound,
        RootOwner::Global { .. } => PartKey::Globals,
        RootOwner::Table {
            instance, index, ..
        } => PartKey::Table(instance, index),
        RootOwner::Element {
            instance, segment, ..
        } => PartKey::Segment(instance, segment),
        RootOwner::Handle { .. } => PartKey::Handles,
        RootOwner::Exception => PartKey::Exception,
    }
}

/// The names of a module's things.
struct Names<'a> {
    module: &'a Module,
    types: HashMap<u32, u32>,
}

impl<'a> Names<'a> {
    fn new(module: &'a Module) -> Self {
        // Equal types share a number: the first of them gives the name.
        let mut types = HashMap::new();
        for (&id, index) in module.type_ids().iter().zip(0..) {
            types.entry(id).or_insert(index);
        }
        Self { module, types }
    }

    fn part(&self, owner: &RootOwner) -> String {
        match owner {
            RootOwner::Frame(frame) => self.frame(frame),
            RootOwner::BoundArgument { .. } => "bound arguments".to_owned(),
            RootOwner::Global { .. } => "globals".to_owned(),
            RootOwner::Table {
                instance: Some(_),
                index,
                ..
            } => named(
                "table",
                *index,
                self.module.parsed().names.tables.get(index),
            ),
            RootOwner::Table {
                instance: None,
                index,
                ..
            } => format!("table {index} of the host"),
            RootOwner::Element { segment, .. } => format!("element segment {segment}"),
            RootOwner::Handle { .. } => "host handles".to_owned(),
            RootOwner::Exception => "exception in flight".to_owned(),
        }
    }

    fn frame(&self, frame: &FrameOwner) -> String {
        let code = match frame.function {
            CodeName::Wasm(index) => named(
                "func",
                index,
                self.module.parsed().names.functions.get(&index),
            ),
            CodeName::Entry(index) => format!("entry trampoline of type {index}"),
            CodeName::ToHost(index) => format!("host trampoline of type {index}"),
            CodeName::Helper => "helper".to_owned(),
            CodeName::Stubs => "stubs".to_owned(),
        };
        match frame.wasm_offset {
            0 => format!("frame {}: {code}", frame.frame),
            offset => format!("frame {}: {code} at 0x{offset:x}", frame.frame),
        }
    }

    fn place(&self, owner: &RootOwner) -> String {
        match owner {
            RootOwner::Frame(frame) => format!("fp-{}", frame.distance),
            RootOwner::Global {
                instance: Some(_),
                index,
            } => named(
                "global",
                *index,
                self.module.parsed().names.globals.get(index),
            ),
            RootOwner::Global {
                instance: None,
                index,
            } => format!("global {index} of the host"),
            RootOwner::Table { element, .. } => format!("[{element}]"),
            RootOwner::BoundArgument { index, .. }
            | RootOwner::Element { index, .. }
            | RootOwner::Handle { index } => format!("[{index}]"),
            RootOwner::Exception => "exception".to_owned(),
        }
    }

    fn value(&self, value: &RootValue) -> Value {
        match *value {
            RootValue::Null => Value::Plain("null".to_owned()),
            RootValue::I31 { value } => Value::Plain(format!("i31 {value}")),
            RootValue::Object { offset, type_id } => Value::Object {
                offset,
                ty: self.object_type(type_id),
            },
            RootValue::Continuation {
                id,
                consumed: false,
            } => Value::Continuation(id),
            RootValue::Continuation { id, consumed: true } => {
                Value::Plain(format!("continuation {id}, consumed"))
            }
        }
    }

    fn object_type(&self, id: u32) -> String {
        match (id, self.types.get(&id)) {
            (object::TYPE_HOST, _) => "host object".to_owned(),
            (object::TYPE_EXN, _) => "exception".to_owned(),
            (_, Some(index)) => named("type", *index, self.module.parsed().names.types.get(index)),
            (_, None) => format!("canonical type {id}"),
        }
    }
}

fn named(what: &str, index: u32, name: Option<&String>) -> String {
    match name {
        Some(name) => format!("{what} {index} ${name}"),
        None => format!("{what} {index}"),
    }
}
