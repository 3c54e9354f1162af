//! What can be imported and exported: types, and what an instance exports.

use crate::engine::EngineCore;
use crate::error::Error;
use crate::handle::{Extern, Func, Global, Memory, Table, Tag};
use crate::store::{AsStore, StoreInner, inner};
use mangrove_validate::{EntityIndex, EntityType, FuncType, GlobalType, MemoryType, TableType};

/// What an import asks for, or an export gives. Concrete types are canonical.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Extern, ExternType, FuncType, Store, Tag, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let ty = FuncType::new([ValType::I32], []);
/// let tag = Extern::Tag(Tag::new(&mut store, ty.clone())?);
/// assert_eq!(tag.ty(&store), ExternType::Tag(ty));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// A tag of this function type.
    Tag(FuncType),
}

/// From the form the registry knows, in which functions are type numbers.
///
/// # Panics
/// If a number is not that of a function type of the engine.
pub fn extern_type(engine: &EngineCore, entity: EntityType) -> ExternType {
    let func = |id| {
        engine
            .func_type(id)
            .expect("functions and tags have function types")
    };
    match entity {
        EntityType::Func(id) => ExternType::Func(func(id)),
        EntityType::Table(ty) => ExternType::Table(ty),
        EntityType::Memory(ty) => ExternType::Memory(ty),
        EntityType::Global(ty) => ExternType::Global(ty),
        EntityType::Tag(id) => ExternType::Tag(func(id)),
    }
}

impl Extern {
    /// Its type; the minimum of a table or memory is its present size.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> ExternType {
        let store = inner(store);
        let entity = store.entity_type(*self).expect("something of this store");
        extern_type(&store.engine, entity)
    }
}

impl StoreInner {
    /// The type of something of this store, in canonical form.
    ///
    /// # Errors
    /// It is of another store.
    pub fn entity_type(&self, item: Extern) -> Result<EntityType, Error> {
        self.check_same_store(item.store(), "import or export")?;
        Ok(match item {
            Extern::Func(func) => EntityType::Func(func.type_id()),
            Extern::Table(table) => {
                EntityType::Table(self.tables[table.index as usize].current_type())
            }
            Extern::Memory(memory) => {
                EntityType::Memory(self.memories[memory.index as usize].current_type())
            }
            Extern::Global(global) => EntityType::Global(self.globals[global.index as usize].ty),
            Extern::Tag(tag) => EntityType::Tag(self.tag_type(tag.index)),
        })
    }

    /// What an instance has at an index of one of its index spaces.
    ///
    /// # Panics
    /// If there is no such instance, or nothing there.
    pub fn extern_at(&self, instance: u32, index: EntityIndex) -> Extern {
        let store = self.id;
        let data = &self.instances[instance as usize];
        match index {
            EntityIndex::Func(index) => Func::new_ref(store, data.func_ref(index)).into(),
            EntityIndex::Table(index) => Table {
                store,
                index: data.tables.at(index),
            }
            .into(),
            EntityIndex::Memory(index) => Memory {
                store,
                index: data.memories.at(index),
            }
            .into(),
            EntityIndex::Global(index) => Global {
                store,
                index: data.globals.at(index),
            }
            .into(),
            EntityIndex::Tag(index) => Tag {
                store,
                index: data.tags.at(index.as_u32()),
            }
            .into(),
        }
    }
}
