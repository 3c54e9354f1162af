//! A validated module: what the compiler and the linker need to know of it.

use crate::types::{FuncType, RefType, SubType, ValType};
use mangrove_abi::{FuncIndex, InstanceCounts, TagIndex, TypeId, TypeIndex};
use std::ops::Range;

/// What an import or export is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityType<T = TypeId> {
    /// A function of this type.
    Func(T),
    /// A table.
    Table(TableType<T>),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType<T>),
    /// A tag of this function type.
    Tag(T),
}

/// The index of an exported entity in its index space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityIndex {
    /// Function.
    Func(FuncIndex),
    /// Table.
    Table(u32),
    /// Memory.
    Memory(u32),
    /// Global.
    Global(u32),
    /// Tag.
    Tag(TagIndex),
}

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// Module part of its name.
    pub module: String,
    /// Second part of its name.
    pub name: String,
    /// What is asked for.
    pub ty: EntityType<TypeIndex>,
}

/// An export.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it names.
    pub index: EntityIndex,
}

/// A table's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableType<T = TypeId> {
    /// Element type.
    pub element: RefType<T>,
    /// Whether it is addressed by i64.
    pub table64: bool,
    /// Initial size, in elements.
    pub minimum: u64,
    /// Largest size.
    pub maximum: Option<u64>,
}

/// A memory's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryType {
    /// Whether it is addressed by i64.
    pub memory64: bool,
    /// Initial size, in pages.
    pub minimum: u64,
    /// Largest size, in pages.
    pub maximum: Option<u64>,
    /// The binary logarithm of a page's bytes: 16, or 0 where the module has set its pages to
    /// one byte.
    pub page_log2: u8,
}

/// A global's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalType<T = TypeId> {
    /// Type of its value.
    pub content: ValType<T>,
    /// Whether it can be assigned.
    pub mutable: bool,
}

/// One instruction of a constant expression, in order of execution (a small
/// stack machine; evaluated by the runtime at instantiation).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ConstOp {
    /// `i32.const`
    I32(i32),
    /// `i64.const`
    I64(i64),
    /// `f32.const`, as bits
    F32(u32),
    /// `f64.const`, as bits
    F64(u64),
    /// `v128.const`
    V128(u128),
    /// `global.get`
    GlobalGet(u32),
    /// `ref.null` of a reference type's hierarchy
    RefNull(RefType<TypeIndex>),
    /// `ref.func`
    RefFunc(FuncIndex),
    /// `ref.i31`
    RefI31,
    /// `struct.new`
    StructNew(TypeIndex),
    /// `struct.new_default`
    StructNewDefault(TypeIndex),
    /// `array.new`
    ArrayNew(TypeIndex),
    /// `array.new_default`
    ArrayNewDefault(TypeIndex),
    /// `array.new_fixed`, and the length
    ArrayNewFixed(TypeIndex, u32),
    /// `i32.add`
    I32Add,
    /// `i32.sub`
    I32Sub,
    /// `i32.mul`
    I32Mul,
    /// `i64.add`
    I64Add,
    /// `i64.sub`
    I64Sub,
    /// `i64.mul`
    I64Mul,
    /// `any.convert_extern`
    AnyConvertExtern,
    /// `extern.convert_any`
    ExternConvertAny,
}

/// A constant expression: at the end of its operations one value is left.
pub type ConstExpr = Vec<ConstOp>;

/// A table defined by the module.
#[derive(Clone, Debug)]
pub struct TableDefinition {
    /// Its type.
    pub ty: TableType<TypeIndex>,
    /// Value of the initial elements; null where there is none.
    pub init: Option<ConstExpr>,
}

/// A global defined by the module.
#[derive(Clone, Debug)]
pub struct GlobalDefinition {
    /// Its type.
    pub ty: GlobalType<TypeIndex>,
    /// Its initial value.
    pub init: ConstExpr,
}

/// How a segment is used at instantiation.
#[derive(Clone, Debug)]
pub enum SegmentMode {
    /// Copied into a table or memory (index) at this offset, then dropped.
    Active(u32, ConstExpr),
    /// Kept for `*.init` and `array.new_*`.
    Passive,
    /// An element segment that only declares functions; dropped at once.
    Declared,
}

/// An element segment.
#[derive(Clone, Debug)]
pub struct ElementSegment {
    /// Type of its elements.
    pub ty: RefType<TypeIndex>,
    /// How it is used.
    pub mode: SegmentMode,
    /// Its elements, one expression each (a `ref.func` for function indices).
    pub items: Vec<ConstExpr>,
}

/// A data segment.
#[derive(Clone, Debug)]
pub struct DataSegment {
    /// How it is used.
    pub mode: SegmentMode,
    /// Where its bytes lie in the module's bytes.
    pub bytes: Range<usize>,
}

/// The code of a function defined by the module.
#[derive(Clone, Debug)]
pub struct FunctionBody {
    /// Where the body (locals and instructions) lies in the module's bytes.
    pub range: Range<usize>,
}

/// A tag that some instruction throws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrownTag {
    /// The tag.
    pub tag: TagIndex,
    /// Byte offset of the first instruction that throws it.
    pub offset: usize,
}

/// What the custom `name` section says. Missing names are missing entries.
#[derive(Clone, Debug, Default)]
pub struct NameSection {
    /// The module's own name.
    pub module: Option<String>,
    /// Functions by index.
    pub functions: std::collections::HashMap<FuncIndex, String>,
    /// Types by index.
    pub types: std::collections::HashMap<TypeIndex, String>,
    /// Tags by index.
    pub tags: std::collections::HashMap<TagIndex, String>,
    /// Globals by index.
    pub globals: std::collections::HashMap<u32, String>,
    /// Tables by index.
    pub tables: std::collections::HashMap<u32, String>,
    /// Fields of struct types, by type index and field index.
    pub fields: std::collections::HashMap<(TypeIndex, u32), String>,
}

/// A validated module. All index spaces list imports first.
#[derive(Clone, Debug, Default)]
pub struct ParsedModule {
    /// The module's bytes; ranges and offsets refer to them.
    pub bytes: Vec<u8>,
    /// Its types.
    pub types: Vec<SubType<TypeIndex>>,
    /// The recursion groups, as ranges of type indices, in order, covering all types.
    pub rec_groups: Vec<Range<u32>>,
    /// Byte offset of each type's definition.
    pub type_offsets: Vec<usize>,
    /// Imports in order.
    pub imports: Vec<Import>,
    /// Exports in order.
    pub exports: Vec<Export>,
    /// Their numbers, in the order of their names: see [`Self::export`].
    pub exports_by_name: Vec<u32>,
    /// Type of each function.
    pub functions: Vec<TypeIndex>,
    /// How many functions are imported.
    pub imported_functions: u32,
    /// Type of each table.
    pub tables: Vec<TableType<TypeIndex>>,
    /// Tables defined here.
    pub defined_tables: Vec<TableDefinition>,
    /// Type of each memory.
    pub memories: Vec<MemoryType>,
    /// How many memories are imported.
    pub imported_memories: u32,
    /// Type of each global.
    pub globals: Vec<GlobalType<TypeIndex>>,
    /// Globals defined here.
    pub defined_globals: Vec<GlobalDefinition>,
    /// Function type of each tag.
    pub tags: Vec<TypeIndex>,
    /// How many tags are imported.
    pub imported_tags: u32,
    /// Element segments.
    pub elements: Vec<ElementSegment>,
    /// Data segments.
    pub data: Vec<DataSegment>,
    /// Bodies of the functions defined here, in order.
    pub bodies: Vec<FunctionBody>,
    /// Where the contents of the code section begin: what addresses in DWARF
    /// count from. 0 without such a section.
    pub code_offset: usize,
    /// The custom sections `.debug_*`, by name: where their contents lie in the
    /// module's bytes.
    pub debug_sections: Vec<(String, Range<usize>)>,
    /// The start function.
    pub start: Option<FuncIndex>,
    /// Functions that can be referred to from outside their module's direct
    /// calls (exported, `ref.func`, in a segment, a global or a table, start):
    /// those need an entry trampoline. By index, sorted.
    pub escaping: Vec<FuncIndex>,
    /// Tags that `throw` or `resume_throw` can throw, with the first place of
    /// each, in the order of those places.
    pub thrown_tags: Vec<ThrownTag>,
    /// Names for people.
    pub names: NameSection,
}

impl ParsedModule {
    /// What it exports under a name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        let named = |&index: &u32| self.exports[index as usize].name.as_str();
        let order = &self.exports_by_name;
        let at = order
            .binary_search_by(|index| named(index).cmp(name))
            .ok()?;
        self.exports.get(order[at] as usize)
    }

    /// How many of each thing an instance has, for the layout of its context.
    pub fn instance_counts(&self) -> InstanceCounts {
        InstanceCounts {
            types: self.types.len() as u32,
            imported_funcs: self.imported_functions,
            defined_funcs: self.functions.len() as u32 - self.imported_functions,
            globals: self.globals.len() as u32,
            tables: self.tables.len() as u32,
            memories: self.memories.len() as u32,
            tags: self.tags.len() as u32,
        }
    }

    /// A function type.
    ///
    /// # Panics
    /// If the type is not one.
    pub fn func_type(&self, type_index: TypeIndex) -> &FuncType<TypeIndex> {
        match &self.types[type_index.index()].composite {
            crate::types::CompositeType::Func(ty) => ty,
            other => panic!("type {type_index} is not a function type: {other:?}"),
        }
    }

    /// The type of a function.
    pub fn function_type(&self, function: FuncIndex) -> &FuncType<TypeIndex> {
        self.func_type(self.functions[function.index()])
    }
}
