//! Tables, as the embedder sees them. What they are made of is in `entry`.

pub mod entry;
mod no_room;

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

    /// Writes `len` elements from `at`, as `table.fill` does.
    ///
    /// # Errors
    /// They do not all exist, and none is written then; the value is not of their type.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Func, RefType, Store, Table, TableType, Val};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let table = Table::new(&mut store, TableType::new(RefType::FUNCREF, 4, None), Val::Func(None))?;
    /// let one = Val::from(Func::wrap(&mut store, || 1)?);
    /// table.fill(&mut store, 2, one.clone(), 2)?;
    /// assert_eq!(table.get(&mut store, 1)?, Some(Val::Func(None)));
    /// assert_eq!(table.get(&mut store, 3)?, Some(one.clone()));
    /// assert!(table.fill(&mut store, 2, one, 3).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn fill(
        &self,
        store: &mut impl AsStoreMut,
        at: u64,
        value: Val,
        len: u64,
    ) -> Result<(), Error> {
        let store = inner_mut(store);
        let ty = self.entry(store)?.ty;
        let slot = store.lower(&value, ValType::Ref(ty.element))?;
        let table = &mut store.tables[self.index as usize];
        // SAFETY: the value is of the element type.
        let filled = unsafe { table.fill(at, len, slot) };
        filled.map_err(|_| {
            let size = table.len();
            Error::usage(format!(
                "{len} elements at {at} of a table of {size} were filled"
            ))
        })
    }

    /// Copies `len` elements from one table to another, or within one, as `table.copy`
    /// does.
    ///
    /// # Errors
    /// A range is not all there, and nothing is copied then; the elements of the source
    /// are not of the destination's type; a table is of another store.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Func, RefType, Store, Table, TableType, Val};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let one = Val::from(Func::wrap(&mut store, || 1)?);
    /// let from = Table::new(&mut store, TableType::new(RefType::FUNCREF, 2, None), one.clone())?;
    /// let to = Table::new(&mut store, TableType::new(RefType::FUNCREF, 9, None), Val::Func(None))?;
    /// Table::copy(&mut store, &to, 7, &from, 0, 2)?;
    /// assert_eq!(to.get(&mut store, 8)?, Some(one));
    /// assert!(Table::copy(&mut store, &to, 7, &from, 0, 3).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy(
        store: &mut impl AsStoreMut,
        to_table: &Self,
        to: u64,
        from_table: &Self,
        from: u64,
        len: u64,
    ) -> Result<(), Error> {
        let store = inner_mut(store);
        let (into, out_of) = (to_table.entry(store)?, from_table.entry(store)?);
        let (wanted, given) = (into.ty.element, out_of.ty.element);
        if !store.engine.types().matches_ref(given, wanted) {
            let text = |ty| store.engine.type_text(ValType::Ref(ty));
            return Err(Error::usage(format!(
                "type mismatch: elements of {} were copied to a table of {}",
                text(given),
                text(wanted)
            )));
        }
        // SAFETY: the elements are of the destination's type.
        let copied = unsafe { entry::copy((into, to), (out_of, from), len) };
        copied.map_err(|_| {
            Error::usage(format!(
                "{len} elements at {from} of a table of {} were copied to {to} of one of {}",
                out_of.len(),
                into.len()
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
