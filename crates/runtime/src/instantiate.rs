//! Instantiation, in the specification's order.
//!
//! ```text
//!  match imports ─▶ allocate ─▶ globals, tables, elements (constant expressions)
//!    ─▶ active element segments ─▶ active data segments ─▶ start
//! ```
//!
//! Everything allocated belongs to the store from the moment it exists. When a
//! later step traps, the instance stays: functions of it may already be in
//! tables of others.

use crate::elements::ElementValues;
use crate::error::Error;
use crate::handle::{Extern, Func};
use crate::id::Origin;
use crate::instance::{InstanceData, InstancePtr};
use crate::kind::ValueKind;
use crate::module::ModuleImage;
use crate::report::type_text;
use crate::store::StoreInner;
use mangrove_abi::layout::handler_table_size;
use mangrove_abi::{
    Defect, FuncIndex, FuncRef, GlobalCell, HandlerTable, MemoryDef, TableDef, TagDef, TagIndex,
    TransferSlot, TypeId, TypeIndex,
};
use mangrove_validate::{ElementSegment, EntityType, Import, SegmentMode, ValType};
use std::mem::offset_of;
use std::ptr::{self, NonNull};
use std::sync::Arc;

impl StoreInner {
    /// An instance with these imports, in the module's order: its number, and the
    /// start function, which is still to be called.
    ///
    /// # Errors
    /// Imports that do not match; a limit ([`Error::Limit`]); address space or memory
    /// that is not to be had ([`Error::Resource`]); a trap from a segment.
    pub fn instantiate(
        &mut self,
        module: &Arc<ModuleImage>,
        imports: &[Extern],
    ) -> Result<(u32, Option<Func>), Error> {
        if !module.engine().same(&self.engine) {
            return Err(Error::usage("a module of another engine was instantiated"));
        }
        self.match_imports(module, imports)?;
        self.instantiate_matching(module, imports)
    }

    /// [`StoreInner::instantiate`] with imports that are known to match.
    ///
    /// # Errors
    /// As there, but for the match; an import of another store.
    pub fn instantiate_matching(
        &mut self,
        module: &Arc<ModuleImage>,
        imports: &[Extern],
    ) -> Result<(u32, Option<Func>), Error> {
        for import in imports {
            self.check_same_store(import.store(), "import or export")?;
        }
        let data = self.make_instance(module, imports)?;
        self.run_segments(data)?;
        let start = data.module.parsed().start;
        let start = start.map(|index| Func::new_ref(self.id, data.func_ref(index)));
        Ok((data.index, start))
    }

    /// How many instances there are. The next one gets this number.
    pub fn instance_count(&self) -> u32 {
        self.instances.len() as u32
    }

    /// Everything up to the segments.
    fn make_instance(
        &mut self,
        module: &Arc<ModuleImage>,
        imports: &[Extern],
    ) -> Result<InstancePtr, Error> {
        self.check_limits(module)?;
        let parsed = module.parsed();
        let memories = parsed.memories.len() - parsed.imported_memories as usize;
        self.allow_instance(parsed.defined_tables.len(), memories)?;
        let index = self.instances.len() as u32;
        let data = InstanceData::allocate(self.ctx.as_ptr(), self.heap.base(), module, index);
        self.instances.push(data);
        self.code.add(module.code(), module.id());
        for import in imports {
            match *import {
                Extern::Func(_) => {}
                Extern::Table(table) => data.tables.push(table.index),
                Extern::Memory(memory) => data.memories.push(memory.index),
                Extern::Global(global) => data.globals.push(global.index),
                Extern::Tag(tag) => data.tags.push(tag.index),
            }
        }
        self.place_types_and_functions(data, imports);
        self.make_memories_and_tags(data)?;
        self.make_globals(data)?;
        self.make_tables(data)?;
        self.make_elements(data)?;
        self.place_entities(data);
        place_handlers(data);
        Ok(data)
    }

    fn match_imports(&self, module: &ModuleImage, imports: &[Extern]) -> Result<(), Error> {
        let wanted = &module.parsed().imports;
        if wanted.len() != imports.len() {
            return Err(Error::usage(format!(
                "{} imports for a module with {}",
                imports.len(),
                wanted.len()
            )));
        }
        for (wanted, &given) in wanted.iter().zip(imports) {
            let given = self.entity_type(given)?;
            let ty = module.canonical(wanted.ty.clone());
            let is_tag = matches!(given, EntityType::Tag(_));
            if is_tag && Defect::TagOfAnyType.is_in(self.engine.settings().defect) {
                continue;
            }
            if !self.engine.types().matches_extern(&given, &ty) {
                return Err(import_mismatch(module, wanted, &given));
            }
        }
        Ok(())
    }

    /// Refuses what cannot be made before anything is.
    fn check_limits(&self, module: &ModuleImage) -> Result<(), Error> {
        let most = self.engine.settings().instances_max;
        if self.instances.len() >= most {
            return Err(Error::Limit(format!(
                "the limit of {most} instances in a store is reached (instances_max)"
            )));
        }
        let max = self.engine.settings().table_max;
        for table in &module.parsed().defined_tables {
            if table.ty.minimum > max {
                return Err(Error::Limit(format!(
                    "a table of {} elements is beyond the limit of {max} (table_max)",
                    table.ty.minimum
                )));
            }
        }
        Ok(())
    }

    fn place_types_and_functions(&self, data: InstancePtr, imports: &[Extern]) {
        let module = data.module.clone();
        let (layout, parsed, code) = (module.layout(), module.parsed(), module.code());
        for (index, &id) in (0..).zip(module.type_ids()) {
            // SAFETY: the layout has this entry.
            unsafe {
                data.at::<TypeId>(layout.type_id(TypeIndex::new(index)))
                    .write(id)
            };
        }
        let functions = imports.iter().filter_map(|import| match import {
            Extern::Func(func) => Some(func.as_ptr()),
            _ => None,
        });
        for (index, func) in (0..).zip(functions) {
            // SAFETY: as above.
            unsafe {
                data.at::<NonNull<FuncRef>>(layout.imported_func(FuncIndex::new(index)))
                    .write(func)
            };
        }
        for (defined, &stretch) in (0..).zip(&code.image.defined) {
            let index = parsed.imported_functions + defined;
            let ty = parsed.functions[index as usize];
            let entry = code.image.entries.get(ty.index()).copied().flatten();
            let func = FuncRef {
                code: code.address(stretch),
                instance: data.context(),
                entry: entry.map_or(ptr::null(), |entry| code.address(entry)),
                type_id: module.type_id(ty),
                index,
            };
            // SAFETY: as above.
            unsafe { data.at::<FuncRef>(layout.defined_func(defined)).write(func) };
        }
    }

    fn make_memories_and_tags(&mut self, data: InstancePtr) -> Result<(), Error> {
        let module = data.module.clone();
        let parsed = module.parsed();
        for &ty in &parsed.memories[parsed.imported_memories as usize..] {
            let memory = self.new_memory(ty)?;
            self.memories.push(memory);
            data.memories.push(self.memories.len() as u32 - 1);
        }
        for &ty in &parsed.tags[parsed.imported_tags as usize..] {
            let tag = self.add_tag(module.type_id(ty))?;
            data.tags.push(tag.index);
        }
        Ok(())
    }

    fn make_globals(&mut self, data: InstancePtr) -> Result<(), Error> {
        let module = data.module.clone();
        for definition in &module.parsed().defined_globals {
            let value = self.evaluate(data, &definition.init)?;
            let index = data.globals.len();
            let origin = Origin {
                instance: Some(data.index),
                index,
            };
            // SAFETY: validation made the expression's value one of the type.
            let global = unsafe { self.add_global(module.canonical(definition.ty), value, origin) };
            data.globals.push(global);
        }
        Ok(())
    }

    fn make_tables(&mut self, data: InstancePtr) -> Result<(), Error> {
        let module = data.module.clone();
        for definition in &module.parsed().defined_tables {
            let index = data.tables.len();
            let origin = Origin {
                instance: Some(data.index),
                index,
            };
            let mut table = self.new_table(module.canonical(definition.ty), origin)?;
            if let Some(init) = &definition.init {
                let value = self.evaluate(data, init)?;
                // All elements exist: the table was made with as many.
                // SAFETY: validation made the value one of the table's.
                let filled = unsafe { table.fill(0, definition.ty.minimum, value) };
                filled.map_err(Error::trap)?;
            }
            self.tables.push(table);
            data.tables.push(self.tables.len() as u32 - 1);
        }
        Ok(())
    }

    fn make_elements(&mut self, data: InstancePtr) -> Result<(), Error> {
        let module = data.module.clone();
        for segment in &module.parsed().elements {
            let kind = self
                .engine
                .kind_of(ValType::Ref(module.canonical(segment.ty)));
            let empty = match kind {
                ValueKind::Func => ElementValues::Func(Vec::new()),
                ValueKind::Cont(_) => ElementValues::Cont(Vec::new()),
                _ => ElementValues::Heap(Vec::new()),
            };
            // In the instance from the first item on: each may collect.
            data.elements.borrow_mut().push(empty);
            self.evaluate_items(data, segment)?;
        }
        Ok(())
    }

    fn evaluate_items(&mut self, data: InstancePtr, segment: &ElementSegment) -> Result<(), Error> {
        for item in &segment.items {
            let value = self.evaluate(data, item)?;
            let mut elements = data.elements.borrow_mut();
            match elements.last_mut().expect("pushed by the caller") {
                ElementValues::Heap(items) => {
                    items.push(value.words[0] as u32);
                    let known = self.new_segments.last();
                    if known.is_none_or(|known| known.index != data.index) {
                        self.new_segments.push(data);
                    }
                }
                ElementValues::Func(items) => items.push(value.words[0]),
                ElementValues::Cont(items) => items.push(value.as_cont()),
            }
        }
        Ok(())
    }

    /// Tells compiled code where globals, tables, memories and tags are.
    fn place_entities(&self, data: InstancePtr) {
        let module = data.module.clone();
        let layout = module.layout();
        // SAFETY: the layout has as many entries as the module has entities,
        // and by now the instance does too.
        unsafe {
            for (index, global) in (0..).zip(data.globals.iter()) {
                let cell = self.globals[global as usize].cell;
                data.at::<NonNull<GlobalCell>>(layout.global(index))
                    .write(cell);
            }
            for (index, table) in (0..).zip(data.tables.iter()) {
                let def = self.tables[table as usize].def();
                data.at::<NonNull<TableDef>>(layout.table(index)).write(def);
            }
            for (index, memory) in (0..).zip(data.memories.iter()) {
                let memory = &self.memories[memory as usize];
                data.at::<*mut u8>(layout.memory_base(index))
                    .write(memory.base());
                data.at::<NonNull<MemoryDef>>(layout.memory(index))
                    .write(memory.def());
            }
            for (index, tag) in (0..).zip(data.tags.iter()) {
                let def = self.tags[tag as usize].def;
                let at = layout.tag(TagIndex::new(index));
                data.at::<NonNull<TagDef>>(at).write(def);
            }
        }
    }

    /// Active segments, in order, each dropped when it has been copied.
    fn run_segments(&mut self, data: InstancePtr) -> Result<(), Error> {
        let module = data.module.clone();
        let parsed = module.parsed();
        for (index, segment) in parsed.elements.iter().enumerate() {
            match &segment.mode {
                SegmentMode::Passive => continue,
                SegmentMode::Declared => {}
                SegmentMode::Active(table, offset) => {
                    let is_64 = parsed.tables[*table as usize].table64;
                    let to = offset_of(self.evaluate(data, offset)?, is_64);
                    let table = data.tables.at(*table) as usize;
                    let values = &data.elements.borrow()[index];
                    let len = values.len();
                    // SAFETY: validation made the segment's items those of the table.
                    let copied = unsafe { self.tables[table].init(to, values, 0, len) };
                    copied.map_err(Error::trap)?;
                }
            }
            data.elements.borrow_mut()[index] = ElementValues::DROPPED;
        }
        for (index, segment) in parsed.data.iter().enumerate() {
            let SegmentMode::Active(memory, offset) = &segment.mode else {
                continue;
            };
            let is_64 = parsed.memories[*memory as usize].memory64;
            let to = offset_of(self.evaluate(data, offset)?, is_64);
            let bytes = &parsed.bytes[segment.bytes.clone()];
            let memory = &self.memories[data.memories.at(*memory) as usize];
            memory
                .init(to, bytes, 0, bytes.len() as u64)
                .map_err(Error::trap)?;
            data.dropped_data[index].set(true);
        }
        Ok(())
    }
}

/// The error for an import that is given something of another type, canonical.
pub fn import_mismatch(module: &ModuleImage, wanted: &Import, given: &EntityType) -> Error {
    Error::Link {
        module: wanted.module.clone(),
        name: wanted.name.clone(),
        message: format!(
            "incompatible import type: {} is wanted, {} is given",
            import_text(module, wanted),
            entity_text(module, given)
        ),
    }
}

/// The type of an import, as its module calls it.
pub fn import_text(module: &ModuleImage, import: &Import) -> String {
    entity_text(module, &module.canonical(import.ty.clone()))
}

fn entity_text(module: &ModuleImage, ty: &EntityType) -> String {
    let function = |id| module.engine().func_type(id).unwrap_or_default();
    ty.text(|id| type_text(id, Some(module)), function)
}

/// A segment's offset, unsigned.
fn offset_of(value: TransferSlot, is_64: bool) -> u64 {
    if is_64 {
        value.words[0]
    } else {
        u64::from(value.words[0] as u32)
    }
}

/// Resolves the tags of the module's handler tables.
fn place_handlers(data: InstancePtr) {
    let layout = data.module.layout();
    let mut at = layout.handlers();
    for table in &data.module.code().image.handler_tables {
        let count = table.len() as u32;
        // SAFETY: the context was made large enough for all tables; an entry is a
        // word, from `first` on, and leads to a tag that was placed before.
        unsafe {
            let mut bits = 0;
            let first = at + offset_of!(HandlerTable, first) as i32;
            for (position, &(tag, is_switch)) in (0..).zip(table) {
                let tag = data.at::<u64>(layout.tag(tag)).read();
                let entry = tag | if is_switch { HandlerTable::SWITCH } else { 0 };
                bits |= HandlerTable::bit_of(entry);
                data.at::<u64>(first + 8 * position).write(entry);
            }
            let field = |offset: usize| data.at::<u64>(at + offset as i32);
            field(offset_of!(HandlerTable, count)).write(u64::from(count));
            field(offset_of!(HandlerTable, bits)).write(bits);
        }
        at += handler_table_size(count) as i32;
    }
}
