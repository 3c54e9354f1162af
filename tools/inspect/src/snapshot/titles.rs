//! What nodes, places and values are called in text: one wording for all faces.
//!
//! Names come from modules, and so from outside: they are made printable here.

use super::names::{Field, Function, FunctionKind, Holds, Line, Site, TypeKind};
use super::nodes::{At, Kind, Node, NodeId, State, Static};
use super::values::{Plain, Value};
use super::{Continuation, FrameRow, Snapshot};
use mangrove::printable;
use std::fmt::Write as _;

/// Letters of a module's name before the name of a function. It stands before each of them, and a
/// file may have any number of functions.
const MODULE_LETTERS: usize = 200;

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Running => "running",
            Self::Parent => "parent",
            Self::Suspended => "suspended",
        }
    }
}

impl Kind {
    /// What nodes of the kind are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Roots => "roots",
            Self::Global => "global",
            Self::Table => "table",
            Self::Segment => "element segment",
            Self::Handle => "host handle",
            Self::Weak => "weak handle",
            Self::Continuation => "continuation",
            Self::Frame => "frame",
            Self::Object => "object",
        }
    }
}

impl Snapshot {
    /// What a node is called, unique in the snapshot: `$point @0x40`, `continuation 7 of $gen`,
    /// `frame 0 of continuation 7: $gen at 0x3a`, `global 2 $pool`.
    pub fn title(&self, node: NodeId) -> String {
        match self.nodes.get(node) {
            Node::Roots => "the roots".to_owned(),
            Node::Static(kind, row) => fixed(kind, row),
            Node::Continuation(row) => self.continuation_title(row),
            Node::Frame(row) => self.frame_title(row),
            Node::Object(row) => format!("{} @{:#x}", self.type_name(row.ty), row.offset),
        }
    }

    fn continuation_title(&self, row: &Continuation) -> String {
        let number = row.number;
        match self.names.origins.get(row.origin as usize) {
            Some(origin) => {
                format!(
                    "continuation {number} of {}",
                    self.function_name(origin.function)
                )
            }
            None => format!("continuation {number}"),
        }
    }

    fn frame_title(&self, row: &FrameRow) -> String {
        let of = self.nodes.continuation(row.continuation);
        let number = of.map_or(0, |continuation| continuation.number);
        let index = row.index;
        format!(
            "frame {index} of continuation {number}: {}",
            self.site_text(row.site)
        )
    }

    /// The name of a type of objects: `$point`.
    pub fn type_name(&self, ty: u32) -> String {
        match self.names.types.get(ty as usize) {
            Some(ty) => printable(&ty.name).into_owned(),
            None => format!("type {ty}"),
        }
    }

    /// What a function is called: `$gen`, `func 3 (export "main")`, with its module's name if
    /// there are several modules: 200 letters of it.
    pub fn function_name(&self, function: u32) -> String {
        let Some(function) = self.names.functions.get(function as usize) else {
            return format!("function {function}");
        };
        let mut text = String::new();
        if let Some(module) = function.module
            && self.names.modules.len() > 1
            && let Some(module) = self.names.modules.get(module as usize)
            && !module.name.is_empty()
        {
            let end = module.name.char_indices().nth(MODULE_LETTERS);
            let name = &module.name[..end.map_or(module.name.len(), |(end, _)| end)];
            let _ = write!(text, "{}!", printable(name));
        }
        text.push_str(&code(function));
        text
    }

    /// Where a frame stands: `$gen at 0x3a (gen.wat:12)`.
    pub fn site_text(&self, site: u32) -> String {
        let Some(site) = self.names.sites.get(site as usize) else {
            return format!("site {site}");
        };
        self.place_text(site.function, site.offset, site.line.as_ref())
    }

    /// A place in a function: `$gen at 0x3a (gen.wat:12)`.
    pub fn place_text(&self, function: u32, offset: Option<u32>, line: Option<&Line>) -> String {
        let mut text = self.function_name(function);
        if let Some(offset) = offset {
            let _ = write!(text, " at {offset:#x}");
        }
        if let Some(line) = line {
            let _ = write!(text, " ({}:{})", printable(&line.file), line.line);
        }
        text
    }

    /// What a place of a node is called: `field 1 $next`, `[3]`, `fp-16 (local 2 $x)`.
    pub fn place_name(&self, node: NodeId, at: At) -> String {
        match at {
            At::Root => "root".to_owned(),
            At::Frame(index) => format!("frame {index}"),
            At::Parent => "resumed by".to_owned(),
            At::Bound(index) => format!("bound argument {index}"),
            At::Slot(index) => self.slot_name(node, index),
            At::Value => "value".to_owned(),
            At::Item(index) | At::Element(index) => format!("[{index}]"),
            At::Field(index) => match self
                .field(node, index)
                .and_then(|field| field.name.as_ref())
            {
                Some(name) => format!("field {index} ${}", printable(name)),
                None => format!("field {index}"),
            },
            At::Payload(index) => format!("payload {index}"),
            At::Unknown => "a place that its type does not have".to_owned(),
        }
    }

    fn field(&self, node: NodeId, index: u32) -> Option<&Field> {
        let row = self.nodes.object(node)?;
        let ty = self.names.types.get(row.ty as usize)?;
        match ty.kind {
            TypeKind::Struct | TypeKind::Exception => ty.fields.get(index as usize),
            TypeKind::Array | TypeKind::Host => None,
        }
    }

    fn slot_name(&self, node: NodeId, index: u32) -> String {
        let row = self.nodes.frame(node);
        let site = row.and_then(|row| self.names.sites.get(row.site as usize));
        match site.and_then(|site: &Site| site.slots.get(index as usize)) {
            Some(slot) if slot.holds.is_empty() => format!("fp-{}", slot.distance),
            Some(slot) => {
                let holds = slot.holds.iter().map(|holds| {
                    let text = holds.text();
                    let outer = holds.outer_frame().zip(site);
                    match outer.and_then(|(frame, site)| site.inlined.get(frame as usize)) {
                        Some(outer) => format!("{text} of {}", self.function_name(outer.function)),
                        None => text,
                    }
                });
                let holds: Vec<String> = holds.collect();
                format!("fp-{} ({})", slot.distance, holds.join(", "))
            }
            None => format!("slot {index}"),
        }
    }

    /// A value as text: `null`, `i31 -3`, `5`, `0x1.8p1`, `dead, was $node`, or a node's title.
    pub fn value_text(&self, value: &Value) -> String {
        match *value {
            Value::Node(node) => self.title(node),
            Value::Plain(plain) => self.plain_text(plain),
        }
    }

    /// A value that refers to no node as text.
    pub fn plain_text(&self, plain: Plain) -> String {
        match plain {
            Plain::Null => "null".to_owned(),
            Plain::I31(value) => format!("i31 {value}"),
            Plain::Used(number) => format!("continuation {number}, consumed"),
            Plain::I8(value) => value.to_string(),
            Plain::I16(value) => value.to_string(),
            Plain::I32(value) => value.to_string(),
            Plain::I64(value) => value.to_string(),
            Plain::F32(bits) => f32::from_bits(bits).to_string(),
            Plain::F64(bits) => f64::from_bits(bits).to_string(),
            Plain::V128(bytes) => format!("{:#034x}", u128::from_le_bytes(bytes)),
            Plain::Func(Some(function)) => self.function_name(function),
            Plain::Func(None) => "a function".to_owned(),
            Plain::Omitted => "not kept".to_owned(),
            Plain::DeadObject(ty) => format!("dead, was {}", self.type_name(ty)),
            Plain::DeadContinuation(number) => format!("dead, was continuation {number}"),
        }
    }
}

impl Holds {
    /// As text: `local 2 $x`, `operand 0`.
    pub fn text(&self) -> String {
        match self {
            Self::Local { index, name } | Self::OuterLocal { index, name, .. } => match name {
                Some(name) => format!("local {index} ${}", printable(name)),
                None => format!("local {index}"),
            },
            Self::Operand { depth } | Self::OuterOperand { depth, .. } => {
                format!("operand {depth}")
            }
        }
    }

    /// Which of [`Site::inlined`] it is of; none if it is of the site's own function.
    pub fn outer_frame(&self) -> Option<u32> {
        match *self {
            Self::Local { .. } | Self::Operand { .. } => None,
            Self::OuterLocal { frame, .. } | Self::OuterOperand { frame, .. } => Some(frame),
        }
    }
}

fn fixed(kind: Kind, row: &Static) -> String {
    let mut text = format!("{} {}", kind.name(), row.index);
    if let Some(name) = &row.name {
        let _ = write!(text, " ${}", printable(name));
    }
    // Most programs have one instance. Handles have none.
    match row.instance {
        Some(0) => {}
        Some(instance) => {
            let _ = write!(text, " of instance {instance}");
        }
        None if matches!(kind, Kind::Global | Kind::Table) => text.push_str(" of the host"),
        None => {}
    }
    text
}

fn code(function: &Function) -> String {
    let index = function.index;
    match (function.kind, &function.name, &function.export) {
        (FunctionKind::Wasm | FunctionKind::Host, Some(name), _) => {
            format!("${}", printable(name))
        }
        (FunctionKind::Wasm, None, Some(export)) => {
            format!("func {index} (export \"{}\")", printable(export))
        }
        (FunctionKind::Wasm, None, None) => format!("func {index}"),
        (FunctionKind::Host, None, _) => format!("host function {index}"),
        (FunctionKind::Entry, ..) => format!("entry trampoline of type {index}"),
        (FunctionKind::ToHost, ..) => format!("host trampoline of type {index}"),
        (FunctionKind::Helper, ..) => "helper".to_owned(),
    }
}

/// Whether what is valid UTF-8 is text: zeros and other data would be a page of escapes.
pub(crate) fn reads_as_text(text: &str) -> bool {
    let strange = |sign: &char| sign.is_control() && !sign.is_whitespace();
    text.chars().filter(strange).count() * 4 <= text.chars().count()
}
