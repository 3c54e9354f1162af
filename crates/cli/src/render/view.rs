//! A root set as people look at it: grouped by continuation and frame, with
//! the names the module gives.
//!
//! ```text
//!  View ─▶ RootGroup  a continuation, or what lies outside of all
//!            └▶ Part   a frame, its bound arguments; a global, a table …
//!                 └▶ Line   a slot: place, kind, value
//! ```

use super::names::ModuleNames;
use mangrove::{Activity, Module, Root, RootKind, RootOwner, RootSet};
use std::collections::HashMap;

/// A root set, grouped and named.
pub struct View {
    /// How many roots there are.
    pub roots: usize,
    /// How many continuations are live.
    pub continuations: u64,
    /// How many frames they have.
    pub frames: u64,
    /// How many objects the roots reach.
    pub objects: u64,
    /// How many bytes those take.
    pub object_bytes: u64,
    /// Continuations in the order they are found; what lies outside at its place.
    pub groups: Vec<RootGroup>,
}

/// A continuation's roots, or those outside of all continuations.
pub struct RootGroup {
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
}

impl View {
    /// Groups and names the roots of a store that runs this module.
    pub fn new(set: &RootSet, module: &Module) -> Self {
        let names = ModuleNames::new(module);
        let mut groups: Vec<RootGroup> = Vec::new();
        let mut places: HashMap<Option<u32>, usize> = HashMap::new();
        for root in &set.roots {
            let continuation = continuation_of(&root.owner);
            let place = *places.entry(continuation).or_insert_with(|| {
                groups.push(RootGroup {
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
            objects: set.objects,
            object_bytes: set.object_bytes,
            groups,
        }
    }

    /// How much there is, in a line.
    pub fn summary(&self) -> String {
        let count = |number: u64, what: &str| match number {
            1 => format!("1 {what}"),
            number => format!("{number} {what}s"),
        };
        let continuations = count(self.continuations, "continuation");
        let frames = count(self.frames, "frame");
        let objects = count(self.objects, "object");
        let bytes = count(self.object_bytes, "byte");
        format!(
            "{}, {continuations}, {frames}; {objects} reachable, {bytes}",
            count(self.roots as u64, "root")
        )
    }
}

impl RootGroup {
    fn add(&mut self, root: &Root, names: &ModuleNames<'_>) {
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
        | RootOwner::Handle { .. } => None,
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
    }
}
