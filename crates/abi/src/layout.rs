//! Where the arrays of an instance context lie.
//!
//! ```text
//!  InstanceContext   header
//!  types             u32 each: canonical TypeId of each type of the module
//!  imported funcs    *const FuncRef each
//!  defined funcs     FuncRef each, in place: a reference is its address
//!  globals           *mut GlobalCell each
//!  tables            *mut TableDef each
//!  memories          {base, *mut MemoryDef} each
//!  tags              *const TagDef each
//!  handlers          HandlerTable, count entries, one after another
//! ```

use crate::context::{FuncRef, InstanceContext};
use crate::index::{FuncIndex, TagIndex, TypeIndex};
use crate::record::HandlerTable;
use core::mem::{offset_of, size_of};

/// How many of each thing a module has, imports first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceCounts {
    /// How many types it has.
    pub types: u32,
    /// How many functions it imports.
    pub imported_funcs: u32,
    /// How many functions it defines.
    pub defined_funcs: u32,
    /// How many globals it has.
    pub globals: u32,
    /// How many tables it has.
    pub tables: u32,
    /// How many memories it has.
    pub memories: u32,
    /// How many tags it has.
    pub tags: u32,
}

/// Offsets into an instance context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceLayout {
    counts: InstanceCounts,
    types: u32,
    imported_funcs: u32,
    defined_funcs: u32,
    globals: u32,
    tables: u32,
    memories: u32,
    tags: u32,
    handlers: u32,
}

const WORD: u32 = 8;

impl InstanceLayout {
    /// The layout for a module with these counts.
    pub fn new(counts: &InstanceCounts) -> Self {
        let types = size_of::<InstanceContext>() as u32;
        let imported_funcs = (types + 4 * counts.types).next_multiple_of(WORD);
        let defined_funcs = imported_funcs + WORD * counts.imported_funcs;
        let globals = defined_funcs + size_of::<FuncRef>() as u32 * counts.defined_funcs;
        let tables = globals + WORD * counts.globals;
        let memories = tables + WORD * counts.tables;
        let tags = memories + 2 * WORD * counts.memories;
        let handlers = tags + WORD * counts.tags;
        let counts = counts.clone();
        Self {
            counts,
            types,
            imported_funcs,
            defined_funcs,
            globals,
            tables,
            memories,
            tags,
            handlers,
        }
    }

    /// The counts it was made for.
    pub fn counts(&self) -> &InstanceCounts {
        &self.counts
    }

    /// Offset of the canonical id of a type.
    pub fn type_id(&self, index: TypeIndex) -> i32 {
        debug_assert!(index.as_u32() < self.counts.types);
        (self.types + 4 * index.as_u32()) as i32
    }

    /// Offset of the pointer to an imported function's `FuncRef`.
    pub fn imported_func(&self, index: FuncIndex) -> i32 {
        debug_assert!(index.as_u32() < self.counts.imported_funcs);
        (self.imported_funcs + WORD * index.as_u32()) as i32
    }

    /// Offset of a defined function's `FuncRef` itself; `index` counts from
    /// the first defined function.
    pub fn defined_func(&self, index: u32) -> i32 {
        debug_assert!(index < self.counts.defined_funcs);
        (self.defined_funcs + size_of::<FuncRef>() as u32 * index) as i32
    }

    /// Offset of the pointer to a global's cell.
    pub fn global(&self, index: u32) -> i32 {
        debug_assert!(index < self.counts.globals);
        (self.globals + WORD * index) as i32
    }

    /// Offset of the pointer to a table's definition.
    pub fn table(&self, index: u32) -> i32 {
        debug_assert!(index < self.counts.tables);
        (self.tables + WORD * index) as i32
    }

    /// Offset of a copy of a memory's base.
    pub fn memory_base(&self, index: u32) -> i32 {
        debug_assert!(index < self.counts.memories);
        (self.memories + 2 * WORD * index) as i32
    }

    /// Offset of the pointer to a memory's definition.
    pub fn memory(&self, index: u32) -> i32 {
        self.memory_base(index) + WORD as i32
    }

    /// Offset of the pointer to a tag.
    pub fn tag(&self, index: TagIndex) -> i32 {
        debug_assert!(index.as_u32() < self.counts.tags);
        (self.tags + WORD * index.as_u32()) as i32
    }

    /// Offset of the handler area. Each table takes [`handler_table_size`].
    pub fn handlers(&self) -> i32 {
        self.handlers as i32
    }

    /// Bytes of the whole context when the handler area takes `handler_bytes`.
    pub fn size(&self, handler_bytes: u32) -> u32 {
        self.handlers + handler_bytes
    }
}

/// Bytes a handler table with `entries` entries takes (an empty one keeps room
/// for its null first entry).
pub const fn handler_table_size(entries: u32) -> u32 {
    let head = offset_of!(HandlerTable, first) as u32;
    head + WORD * if entries == 0 { 1 } else { entries }
}
