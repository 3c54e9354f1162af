//! Wasm types, as a module or an engine knows them.
//!
//! One set of definitions serves both: inside a [`crate::Module`] a concrete
//! type is an index into the module's types, inside the [`crate::TypeRegistry`]
//! and in the embedding API it is a canonical [`mangrove_abi::TypeId`].

pub use mangrove_abi::Repr;

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
pub enum HeapType {
    /// One that every module has.
    Abstract(AbstractHeap),
    /// A defined type: its index or canonical id.
    Concrete(u32),
}

/// A reference type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefType {
    /// Whether null is one of its values.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType,
}

/// A value type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValType {
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
    Ref(RefType),
}

/// What a field or element stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageType {
    /// Packed 8 bits.
    I8,
    /// Packed 16 bits.
    I16,
    /// A value.
    Val(ValType),
}

/// A field of a struct, or an array's element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// What it stores.
    pub storage: StorageType,
    /// Whether it can be assigned.
    pub mutable: bool,
}

/// A function type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct FuncType {
    /// Parameters.
    pub params: Vec<ValType>,
    /// Results.
    pub results: Vec<ValType>,
}

/// The structure of a defined type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CompositeType {
    /// A function.
    Func(FuncType),
    /// A struct.
    Struct(Vec<FieldType>),
    /// An array of this element.
    Array(FieldType),
    /// A continuation over this function type.
    Cont(u32),
}

/// A defined type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubType {
    /// Whether it can have no subtypes.
    pub is_final: bool,
    /// Its declared supertype.
    pub supertype: Option<u32>,
    /// Its structure.
    pub composite: CompositeType,
}
