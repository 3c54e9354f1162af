//! Wasm types, as a module or an engine knows them.
//!
//! One set of definitions serves both; `T` is what a concrete type is called by. Inside
//! a [`crate::ParsedModule`] that is a [`TypeIndex`], inside the [`crate::TypeRegistry`] and in
//! the embedding API the canonical [`TypeId`], which is meant where nothing is said.
//! [`crate::MapTypes`] leads from one to the other.

pub use mangrove_abi::Repr;
use mangrove_abi::TypeId;
#[cfg(doc)]
use mangrove_abi::TypeIndex;

/// An abstract heap type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbstractHeap {
    /// Top of the internal hierarchy.
    Any,
    /// What `ref.eq` compares.
    Eq,
    /// 31-bit integers.
    I31,
    /// All structs.
    Struct,
    /// All arrays.
    Array,
    /// Bottom of the internal hierarchy.
    None,
    /// All functions.
    Func,
    /// Bottom of the function hierarchy.
    NoFunc,
    /// All external references.
    Extern,
    /// Bottom of the external hierarchy.
    NoExtern,
    /// All exceptions.
    Exn,
    /// Bottom of the exception hierarchy.
    NoExn,
    /// All continuations.
    Cont,
    /// Bottom of the continuation hierarchy.
    NoCont,
}

/// A heap type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeapType<T = TypeId> {
    /// One that every module has.
    Abstract(AbstractHeap),
    /// A defined type.
    Concrete(T),
}

/// A reference type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefType<T = TypeId> {
    /// Whether null is one of its values.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType<T>,
}

/// A value type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValType<T = TypeId> {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// A reference.
    Ref(RefType<T>),
}

/// What a field or element stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageType<T = TypeId> {
    /// Packed 8 bits.
    I8,
    /// Packed 16 bits.
    I16,
    /// A value.
    Val(ValType<T>),
}

/// A field of a struct, or an array's element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType<T = TypeId> {
    /// What it stores.
    pub storage: StorageType<T>,
    /// Whether it can be assigned.
    pub mutable: bool,
}

impl<T> From<ValType<T>> for StorageType<T> {
    fn from(ty: ValType<T>) -> Self {
        Self::Val(ty)
    }
}

impl<T> FieldType<T> {
    /// A field that can be assigned.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{FieldType, StorageType, ValType};
    ///
    /// let count: FieldType = FieldType::variable(ValType::I32);
    /// assert!(count.mutable);
    /// assert!(!FieldType::<u32>::constant(StorageType::I8).mutable);
    /// ```
    pub fn variable(storage: impl Into<StorageType<T>>) -> Self {
        let storage = storage.into();
        Self {
            storage,
            mutable: true,
        }
    }

    /// A field that stays as it was made.
    pub fn constant(storage: impl Into<StorageType<T>>) -> Self {
        let storage = storage.into();
        Self {
            storage,
            mutable: false,
        }
    }
}

/// A function type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FuncType<T = TypeId> {
    /// Parameters.
    pub params: Vec<ValType<T>>,
    /// Results.
    pub results: Vec<ValType<T>>,
}

impl<T> Default for FuncType<T> {
    /// The type of functions without parameters and results.
    fn default() -> Self {
        Self {
            params: Vec::new(),
            results: Vec::new(),
        }
    }
}

/// The structure of a defined type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CompositeType<T = TypeId> {
    /// A function.
    Func(FuncType<T>),
    /// A struct.
    Struct(Vec<FieldType<T>>),
    /// An array of this element.
    Array(FieldType<T>),
    /// A continuation over this function type.
    Cont(T),
}

/// A defined type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubType<T = TypeId> {
    /// Whether it can have no subtypes.
    pub is_final: bool,
    /// Its declared supertype.
    pub supertype: Option<T>,
    /// Its structure.
    pub composite: CompositeType<T>,
}
