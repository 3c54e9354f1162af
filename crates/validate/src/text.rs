//! Types as the text format writes them, for messages and reports.

use crate::module::{EntityType, GlobalType, MemoryType, TableType};
use crate::types::{
    AbstractHeap, CompositeType, FieldType, FuncType, HeapType, RefType, StorageType, SubType,
    ValType,
};
use std::fmt;
use std::fmt::Write as _;

/// Fields, parameters or results beyond which the text of a type says `…`.
const MOST_SHOWN: usize = 24;

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

impl<T: Copy> StorageType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    pub fn text(self, concrete: impl FnOnce(T) -> String) -> String {
        match self {
            Self::I8 => "i8".into(),
            Self::I16 => "i16".into(),
            Self::Val(ty) => ty.text(concrete),
        }
    }
}

impl<T: Copy> FieldType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{FieldType, StorageType};
    ///
    /// let ty: FieldType = FieldType { storage: StorageType::I8, mutable: true };
    /// assert_eq!(ty.text(|id| id.to_string()), "(mut i8)");
    /// ```
    pub fn text(self, concrete: impl FnOnce(T) -> String) -> String {
        let storage = self.storage.text(concrete);
        match self.mutable {
            true => format!("(mut {storage})"),
            false => storage,
        }
    }
}

/// The texts with a space before each; of many, the first.
fn spaced(texts: impl ExactSizeIterator<Item = String>) -> String {
    let more = texts.len() > MOST_SHOWN;
    let mut text = String::new();
    for item in texts.take(MOST_SHOWN) {
        text.push(' ');
        text.push_str(&item);
    }
    if more {
        text.push_str(" …");
    }
    text
}

impl<T: Copy> FuncType<T> {
    /// The type in text form; `concrete` says what a concrete type is called. Of many
    /// parameters or results, the first are shown.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{FuncType, ValType};
    ///
    /// let ty: FuncType = FuncType { params: vec![ValType::I32; 2], results: vec![ValType::F64] };
    /// assert_eq!(ty.text(|id| id.to_string()), "(func (param i32 i32) (result f64))");
    /// ```
    pub fn text(&self, concrete: impl Fn(T) -> String) -> String {
        format!("(func{})", self.signature(concrete))
    }

    /// Its parameters and results in text form, each with a space before it.
    pub fn signature(&self, concrete: impl Fn(T) -> String) -> String {
        let mut text = String::new();
        for (word, types) in [("param", &self.params), ("result", &self.results)] {
            if !types.is_empty() {
                let types = spaced(types.iter().map(|&ty| ty.text(&concrete)));
                let _ = write!(text, " ({word}{types})");
            }
        }
        text
    }
}

impl<T: Copy> CompositeType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    pub fn text(&self, concrete: impl Fn(T) -> String) -> String {
        match self {
            Self::Func(ty) => ty.text(concrete),
            Self::Struct(fields) => {
                let field = |field: &FieldType<T>| format!("(field {})", field.text(&concrete));
                format!("(struct{})", spaced(fields.iter().map(field)))
            }
            Self::Array(element) => format!("(array {})", element.text(concrete)),
            Self::Cont(function) => format!("(cont {})", concrete(*function)),
        }
    }
}

impl<T: Copy> SubType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{CompositeType, SubType};
    ///
    /// let ty = SubType {
    ///     is_final: false,
    ///     supertype: Some(3),
    ///     composite: CompositeType::Struct(vec![]),
    /// };
    /// assert_eq!(ty.text(|index| format!("$t{index}")), "(sub $t3 (struct))");
    /// ```
    pub fn text(&self, concrete: impl Fn(T) -> String) -> String {
        let composite = self.composite.text(&concrete);
        if self.is_final && self.supertype.is_none() {
            return composite;
        }
        let last = if self.is_final { " final" } else { "" };
        let above = self
            .supertype
            .map(|above| format!(" {}", concrete(above)))
            .unwrap_or_default();
        format!("(sub{last}{above} {composite})")
    }
}

/// The sizes of a table or memory, with a space before each.
fn limits(is_64: bool, minimum: u64, maximum: Option<u64>) -> String {
    let address = if is_64 { " i64" } else { "" };
    let maximum = maximum.map(|maximum| format!(" {maximum}"));
    format!("{address} {minimum}{}", maximum.unwrap_or_default())
}

impl<T: Copy> TableType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    pub fn text(self, concrete: impl FnOnce(T) -> String) -> String {
        let limits = limits(self.table64, self.minimum, self.maximum);
        format!("(table{limits} {})", self.element.text(concrete))
    }
}

impl fmt::Display for MemoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = limits(self.memory64, self.minimum, self.maximum);
        write!(f, "(memory{limits}")?;
        if self.page_log2 != Self::PAGE_LOG2 {
            write!(f, " (pagesize {})", self.bytes(1))?;
        }
        f.write_str(")")
    }
}

impl<T: Copy> GlobalType<T> {
    /// The type in text form; `concrete` says what a concrete type is called.
    pub fn text(self, concrete: impl FnOnce(T) -> String) -> String {
        let content = self.content.text(concrete);
        match self.mutable {
            true => format!("(global (mut {content}))"),
            false => format!("(global {content})"),
        }
    }
}

impl<T: Copy> EntityType<T> {
    /// The type in text form. `concrete` says what a concrete type is called, `function`
    /// gives the function type of a number.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{EntityType, FuncType, MemoryType};
    ///
    /// let function = |_: u32| FuncType::default();
    /// let text = |ty: EntityType<u32>| ty.text(|index| index.to_string(), function);
    /// assert_eq!(text(EntityType::Tag(3)), "(tag)");
    /// let ty = MemoryType::new(1, Some(2));
    /// assert_eq!(text(EntityType::Memory(ty)), "(memory 1 2)");
    /// ```
    pub fn text(
        &self,
        concrete: impl Fn(T) -> String,
        function: impl FnOnce(T) -> FuncType<T>,
    ) -> String {
        match *self {
            Self::Func(ty) => function(ty).text(concrete),
            Self::Table(ty) => ty.text(concrete),
            Self::Memory(ty) => ty.to_string(),
            Self::Global(ty) => ty.text(concrete),
            Self::Tag(ty) => format!("(tag{})", function(ty).signature(concrete)),
        }
    }
}
