//! Types as the text format writes them, for messages and reports.

use crate::types::{AbstractHeap, HeapType, RefType, ValType};
use std::fmt;

impl fmt::Display for AbstractHeap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Eq => "eq",
            Self::I31 => "i31",
            Self::Struct => "struct",
            Self::Array => "array",
            Self::None => "none",
            Self::Func => "func",
            Self::NoFunc => "nofunc",
            Self::Extern => "extern",
            Self::NoExtern => "noextern",
            Self::Exn => "exn",
            Self::NoExn => "noexn",
            Self::Cont => "cont",
            Self::NoCont => "nocont",
        })
    }
}

impl<T> RefType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{HeapType, RefType};
    ///
    /// let ty = RefType { nullable: true, heap: HeapType::Concrete(3) };
    /// assert_eq!(ty.text(|index| format!("$t{index}")), "(ref null $t3)");
    /// ```
    pub fn text(self, concrete: impl FnOnce(T) -> String) -> String {
        let heap = match self.heap {
            HeapType::Abstract(heap) => heap.to_string(),
            HeapType::Concrete(number) => concrete(number),
        };
        format!("(ref {}{heap})", if self.nullable { "null " } else { "" })
    }
}

impl<T> ValType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::ValType;
    ///
    /// let ty: ValType = ValType::V128;
    /// assert_eq!(ty.text(|id| id.to_string()), "v128");
    /// ```
    pub fn text(self, concrete: impl FnOnce(T) -> String) -> String {
        match self {
            Self::I32 => "i32".into(),
            Self::I64 => "i64".into(),
            Self::F32 => "f32".into(),
            Self::F64 => "f64".into(),
            Self::V128 => "v128".into(),
            Self::Ref(reference) => reference.text(concrete),
        }
    }
}
