//! The names a module gives to what roots are held by and refer to.

use mangrove::{CodeName, FrameOwner, Module, RootOwner, TypeId, TypeIndex, Within, printable};
use mangrove_abi::object;
use std::collections::HashMap;

/// The names of a module's things.
pub struct ModuleNames<'a> {
    module: &'a Module,
    types: HashMap<TypeId, TypeIndex>,
}

impl<'a> ModuleNames<'a> {
    /// The names of this module.
    pub fn new(module: &'a Module) -> Self {
        // Equal types share a number: the first of them gives the name.
        let mut types = HashMap::new();
        for (&id, index) in module.type_ids().iter().zip(0..) {
            types.entry(id).or_insert(TypeIndex::new(index));
        }
        Self { module, types }
    }

    /// What holds a root, without the slot.
    pub fn part(&self, owner: &RootOwner) -> String {
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
        }
    }

    fn frame(&self, frame: &FrameOwner) -> String {
        let code = match frame.function {
            CodeName::Wasm(index) => {
                let name = self.module.parsed().names.functions.get(&index);
                let function = named("func", index.as_u32(), name);
                match self
                    .module
                    .function_export(index)
                    .filter(|_| name.is_none())
                {
                    Some(export) => format!("{function} (export \"{}\")", printable(export)),
                    None => function,
                }
            }
            CodeName::Entry(index) => format!("entry trampoline of type {index}"),
            CodeName::ToHost(index) => format!("host trampoline of type {index}"),
            CodeName::Helper => "helper".to_owned(),
            CodeName::Stubs => "stubs".to_owned(),
        };
        match frame.wasm_offset {
            None => format!("frame {}: {code}", frame.frame),
            Some(offset) => format!("frame {}: {code} at 0x{offset:x}", frame.frame),
        }
    }

    /// Where in its holder a root lies.
    pub fn place(&self, owner: &RootOwner) -> String {
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
        }
    }

    /// An object of a type.
    pub fn object(&self, offset: u32, type_id: TypeId) -> String {
        format!("{} @0x{offset:x}", self.object_type(type_id))
    }

    /// A part of an object of a type.
    pub fn within(&self, type_id: TypeId, within: Within) -> String {
        match within {
            Within::Field { index } => {
                let ty = self.types.get(&type_id);
                let name = ty.and_then(|&ty| self.module.parsed().names.fields.get(&(ty, index)));
                named("field", index, name)
            }
            Within::Element { index } => format!("[{index}]"),
            Within::Payload { index } => format!("payload {index}"),
        }
    }

    fn object_type(&self, id: TypeId) -> String {
        match (id, self.types.get(&id)) {
            (object::TYPE_HOST, _) => "host object".to_owned(),
            (object::TYPE_EXN, _) => "exception".to_owned(),
            (_, Some(index)) => named(
                "type",
                index.as_u32(),
                self.module.parsed().names.types.get(index),
            ),
            (_, None) => format!("canonical type {id}"),
        }
    }
}

fn named(what: &str, index: u32, name: Option<&String>) -> String {
    match name {
        Some(name) => format!("{what} {index} ${}", printable(name)),
        None => format!("{what} {index}"),
    }
}
