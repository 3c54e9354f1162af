//! Canonical types as the text format writes them, for messages: with what is in them, but
//! for types inside of types inside of types.

use crate::engine::EngineCore;
use mangrove_abi::TypeId;
use mangrove_validate::{FuncType, ValType};

/// How many types deep a text goes. Types refer to themselves.
const DEPTH: u32 = 2;

impl EngineCore {
    /// A value type.
    pub(crate) fn type_text(&self, ty: ValType) -> String {
        ty.text(|id| self.text_of(id, DEPTH))
    }

    /// A function type.
    pub(crate) fn func_text(&self, ty: &FuncType) -> String {
        ty.text(|id| self.text_of(id, DEPTH))
    }

    fn text_of(&self, id: TypeId, depth: u32) -> String {
        match self.types().try_get(id) {
            Some(ty) if depth > 0 => ty.composite.text(|id| self.text_of(id, depth - 1)),
            _ => format!("(type {id})"),
        }
    }
}
