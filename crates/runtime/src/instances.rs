//! TODO

use crate::error::Error;
use crate::handle::{Extern, Func};
use crate::id::{StoreId, StorePtr};
use crate::instance::InstanceData;
use crate::module::Module;
use crate::store::{AsStore, AsStoreMut, inner, inner_mut};
use mangrove_abi::FuncRef;
use std::ptr::NonNull;

impl Instance {
    /// An instance with these imports, in the module's order. Its start
    /// function has run.
    ///
    /// # Errors
    /// Imports that do not match; a limit; a trap or an exception from a
    /// segment or the start function.
    pub fn new(
        store: &mut impl AsStoreMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Self, Error> {
        let pointer = store.raw();
        let (instance, start) = {
            let store = inner_mut(store);
            let data = store.instantiate(module, imports)?;
            store.run_segments(data)?;
            let instance = Self {
                store: store.id,
                index: data.index,
            };
            (instance, data.start())
        };
        if let Some(start) = start {
            run_start(pointer, start)?;
        }
        Ok(instance)
    }
}

fn run_start(store: StorePtr, start: NonNull<FuncRef>) -> Result<(), Error> {
    // SAFETY: the function is the new instance's, and the caller of `new` has
    // sole access to the store.
    unsafe { crate::call::call(store, start, &[]) }.map(drop)
}

/// An instance of a module in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

impl Instance {
    /// # Panics
    /// If it is of another store.
    fn data<S: AsStore>(self, store: &S) -> &InstanceData {
        let store = inner(store);
        store
            .check_same_store(self.store, "instance")
            .expect("an instance of this store");
        &store.instances[self.index as usize]
    }

    /// What it is an instance of.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn module<'s>(&self, store: &'s impl AsStore) -> &'s Module {
        &self.data(store).module
    }

    /// What it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn export(&self, store: &impl AsStore, name: &str) -> Option<Extern> {
        let data = self.data(store);
        let export = data.module.parsed().export(name)?;
        Some(data.extern_at(self.store, export.index))
    }

    /// The function it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn func(&self, store: &impl AsStore, name: &str) -> Option<Func> {
        match self.export(store, name)? {
            Extern::Func(func) => Some(func),
            _ => None,
        }
    }

    /// All it exports, in the module's order.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn exports(&self, store: &impl AsStore) -> Vec<(String, Extern)> {
        let data = self.data(store);
        let exports = data.module.parsed().exports.iter();
        exports
            .map(|export| {
                (
                    export.name.clone(),
                    data.extern_at(self.store, export.index),
                )
            })
            .collect()
    }
}
