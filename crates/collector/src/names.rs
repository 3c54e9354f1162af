//! What a report calls functions, types and places in code. The collector knows
//! numbers only; whoever asks for a report gives it a look-up of [`Names`].

use crate::ModuleId;
use mangrove_abi::{FuncIndex, Kind, TypeId, WasmOffset};
use mangrove_validate::printable;
use serde::Serialize;
use std::fmt;

/// The names behind numbers.
pub trait Names {
    /// The function a continuation was made from.
    fn made_from(&self, function: FunctionId) -> MadeFrom;
    /// The continuation's type, in text form, with the names of that function's module.
    fn ty(&self, function: FunctionId) -> String;
    /// The `cont.new` that was executed; none if it is unknown.
    fn created(&self, created: Created) -> Option<Place>;
    /// A call in Wasm code; none if it is unknown.
    fn stopped(&self, at: WasmLocation) -> Option<Place>;
    /// What lies in objects of a type, so many bytes from their start; none if nothing
    /// does.
    fn within(&self, type_id: TypeId, offset: u32) -> Option<Within>;
}

/// A place in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Within {
    /// A field of a struct.
    Field {
        /// Its index.
        index: u32,
    },
    /// An element of an array.
    Element {
        /// Its index.
        index: u32,
    },
    /// A value of an exception's payload.
    Payload {
        /// Which parameter of its tag.
        index: u32,
    },
}

impl Within {
    /// The part of an object of this kind with this number; none if it has no parts.
    pub fn of(kind: Kind, index: u32) -> Option<Self> {
        match kind {
            Kind::Struct => Some(Self::Field { index }),
            Kind::Array => Some(Self::Element { index }),
            Kind::Exn => Some(Self::Payload { index }),
            Kind::Unused | Kind::Host | Kind::Func | Kind::Cont => None,
        }
    }
}

/// A function of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId {
    /// The instance's number; none for a host function.
    pub instance: Option<u64>,
    /// The function's index in its module (for a host function: in the store).
    pub index: u32,
    /// Its canonical type.
    pub type_id: TypeId,
}

/// A `cont.new` that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Created {
    /// The instance that executed it.
    pub instance: u64,
    /// Where it is in its module.
    pub wasm_offset: WasmOffset,
}

/// A call in Wasm code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WasmLocation {
    /// The module.
    pub module: ModuleId,
    /// The function there.
    pub function: FuncIndex,
    /// Where the call is in the module; none if it is unknown.
    pub wasm_offset: Option<WasmOffset>,
}

/// The function a continuation was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeFrom {
    /// The instance's number; none for a host function.
    pub instance: Option<u64>,
    /// The module's name, if it has one.
    pub module: Option<String>,
    /// The function's index in its module, or a host function's number.
    pub index: u32,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it is exported as, if it has no name.
    pub export: Option<String>,
}

/// An instruction of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Name of the module, where it has one.
    pub module: Option<String>,
    /// Index of the function in its module.
    pub function: FuncIndex,
    /// Name of the function, where it has one.
    pub name: Option<String>,
    /// What the function is exported as, where it has no name.
    pub export: Option<String>,
    /// Where the instruction is in the module.
    pub offset: Option<WasmOffset>,
    /// Where that was written, if the module's DWARF, text or source map says so.
    pub source: Option<SourceLine>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(module) = &self.module {
            write!(f, "{} ", printable(module))?;
        }
        write!(f, "func {}", self.function)?;
        if let Some(name) = &self.name {
            write!(f, " ${}", printable(name))?;
        } else if let Some(export) = &self.export {
            write!(f, " (export \"{}\")", printable(export))?;
        }
        if let Some(offset) = self.offset {
            write!(f, " at {offset:#x}")?;
        }
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// The file, as the compiler named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, where it is known.
    pub column: Option<u32>,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", printable(&self.file), self.line)?;
        match self.column {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}
