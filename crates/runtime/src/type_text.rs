//! Canonical types as the text format writes them, for messages: in full, but for types
//! inside of types inside of types.

use crate::engine::EngineCore;
use mangrove_validate::{CompositeType, FieldType, FuncType, HeapType, StorageType, ValType};
use std::fmt::Write;

/// How many types deep a text goes. Types refer to themselves.
const DEPTH: u32 = 2;

impl EngineCore {
    /// A value type.
    pub(crate) fn type_text(&self, ty: ValType) -> String {
        self.value(ty, DEPTH)
    }

    /// A function type.
    pub(crate) fn func_text(&self, ty: &FuncType) -> String {
        self.func(ty, DEPTH)
    }

    fn value(&self, ty: ValType, depth: u32) -> String {
        let ValType::Ref(reference) = ty else {
            return ty.text(|id| id.to_string());
        };
        reference.text(|id| match self.types().try_get(id) {
            Some(ty) if depth > 0 => self.composite(&ty.composite, depth - 1),
            _ => format!("(type {id})"),
        })
    }

    fn composite(&self, ty: &CompositeType, depth: u32) -> String {
        match ty {
            CompositeType::Func(ty) => self.func(ty, depth),
            CompositeType::Struct(fields) => {
                let mut text = "(struct".to_owned();
                for &field in fields {
                    // Writing to a string cannot fail.
                    let _ = write!(text, " (field {})", self.field(field, depth));
                }
                text + ")"
            }
            CompositeType::Array(element) => format!("(array {})", self.field(*element, depth)),
            CompositeType::Cont(func) => {
                let of = ValType::Ref(mangrove_validate::RefType {
                    nullable: false,
                    heap: HeapType::Concrete(*func),
                });
                let text = self.value(of, depth);
                let inner = text
                    .strip_prefix("(ref ")
                    .and_then(|rest| rest.strip_suffix(')'));
                format!("(cont {})", inner.unwrap_or(&text))
            }
        }
    }

    fn field(&self, field: FieldType, depth: u32) -> String {
        let storage = match field.storage {
            StorageType::I8 => "i8".to_owned(),
            StorageType::I16 => "i16".to_owned(),
            StorageType::Val(ty) => self.value(ty, depth),
        };
        match field.mutable {
            true => format!("(mut {storage})"),
            false => storage,
        }
    }

    fn func(&self, ty: &FuncType, depth: u32) -> String {
        let mut text = "(func".to_owned();
        for (what, types) in [("param", &ty.params), ("result", &ty.results)] {
            if types.is_empty() {
                continue;
            }
            let _ = write!(text, " ({what}");
            for &ty in types {
                let _ = write!(text, " {}", self.value(ty, depth));
            }
            text.push(')');
        }
        text + ")"
    }
}
