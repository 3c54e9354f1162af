//! TODO

use crate::engine::Engine;
use crate::error::Error;
use crate::handle::Extern;
use crate::store::{AsStore, StoreInner, inner};
use mangrove_validate::{EntityType, FuncType, GlobalType, MemoryType, TableType};

/// What an import asks for, or an export gives. Concrete types are canonical.
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

impl ExternType {
    /// From the form the registry knows, in which functions are type numbers.
    ///
    /// # Panics
    /// If a number is not that of a function type of the engine.
    pub(crate) fn from_entity(engine: &Engine, entity: EntityType) -> Self {
        let func = |id| {
            engine
                .func_type(id)
                .expect("functions and tags have function types")
        };
        match entity {
            EntityType::Func(id) => Self::Func(func(id)),
            EntityType::Table(ty) => Self::Table(ty),
            EntityType::Memory(ty) => Self::Memory(ty),
            EntityType::Global(ty) => Self::Global(ty),
            EntityType::Tag(id) => Self::Tag(func(id)),
        }
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
        ExternType::from_entity(&store.engine, entity)
    }
}

impl StoreInner {
    /// The type of something of this store, in canonical form.
    pub(crate) fn entity_type(&self, item: Extern) -> Result<EntityType, Error> {
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
}
