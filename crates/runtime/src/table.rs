//! Tables, as the embedder sees them. What they are made of is in `entry`.

pub mod entry;

use crate::error::Error;
use crate::handle::Table;
use crate::id::Origin;
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::value::Val;
use entry::TableEntry;
use mangrove_validate::{TableType, ValType};

impl Table {
    fn entry(self, store: &StoreInner) -> Result<&TableEntry, Error> {
        store.check_same_store(self.store, "table")?;
        Ok(&store.tables[self.index as usize])
    }

    /// A table of `ty.minimum` times `init`.
    ///
    /// # Errors
    /// `init` is not of the element type, the engine does not have that type, or
    /// there is no room ([`Error::Limit`], [`Error::Resource`]).
    pub fn new(store: &mut impl AsStoreMut, ty: TableType, init: Val) -> Result<Self, Error> {
        let store = inner_mut(store);
        store.keep_type(ValType::Ref(ty.element))?;
        let value = store.lower(&init, ValType::Ref(ty.element))?;
        let origin = Origin {
            instance: None,
            index: store.tables.len() as u32,
        };
        let mut table = store.new_table(ty, origin)?;
        // SAFETY: the value is of the element type.
        let filled = unsafe { table.fill(0, ty.minimum, value) };
        filled.map_err(Error::internal)?;
        store.tables.push(table);
        Ok(Self {
            store: store.id,
            index: origin.index,
        })
    }

    /// Its type; the minimum is its present size.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> TableType {
        self.entry(inner(store))
            .expect("a table of this store")
            .current_type()
    }

    /// How many elements.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn size(&self, store: &impl AsStore) -> u64 {
        self.entry(inner(store))
            .expect("a table of this store")
            .len()
    }

    /// An element; none beyond the end.
    ///
    /// # Errors
    /// It is of another store.
    pub fn get(&self, store: &mut impl AsStoreMut, index: u64) -> Result<Option<Val>, Error> {
        let store = inner_mut(store);
        let table = self.entry(store)?;
        let kind = table.kind;
        // SAFETY: it is an element, and elements are of that kind.
        Ok(table
            .get(index)
            .map(|slot| unsafe { store.lift(slot, kind) }))
    }

    /// Writes an element.
    ///
    /// # Errors
    /// There is no such element, or the value is not of its type.
    pub fn set(&self, store: &mut impl AsStoreMut, index: u64, value: Val) -> Result<(), Error> {
        let store = inner_mut(store);
        let ty = self.entry(store)?.ty;
        let slot = store.lower(&value, ValType::Ref(ty.element))?;
        let table = &mut store.tables[self.index as usize];
        // SAFETY: the value is of the element type.
        let filled = unsafe { table.fill(index, 1, slot) };
        filled.map_err(|_| {
            Error::usage(format!(
                "element {index} of a table of {} was set",
                table.len()
            ))
        })
    }

    /// Adds `by` elements; the old size, or none where it may not grow that far.
    ///
    /// # Errors
    /// The value is not of the element type; what the store's limiter wants to end with.
    ///
    /// # Panics
    /// With a panic of the limiter.
    pub fn grow(
        &self,
        store: &mut impl AsStoreMut,
        by: u64,
        init: Val,
    ) -> Result<Option<u64>, Error> {
        let store = inner_mut(store);
        let ty = self.entry(store)?.ty;
        let slot = store.lower(&init, ValType::Ref(ty.element))?;
        // SAFETY: the value is of the element type.
        unsafe { store.grow_table(self.index, by, slot) }
    }
}

impl StoreInner {
    /// A table of null references, not yet in the store's list.
    pub(crate) fn new_table(&mut self, ty: TableType, origin: Origin) -> Result<TableEntry, Error> {
        self.allow_table(ty)?;
        let kind = self.engine.kind_of(ValType::Ref(ty.element));
        let max = self.engine.settings().table_max;
        let mut table = TableEntry::new(ty, kind, origin, max, &self.engine.plan().memory)?;
        table.defect = self.engine.settings().defect;
        Ok(table)
    }
}
