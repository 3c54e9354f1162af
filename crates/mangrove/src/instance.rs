//! Instances, as the embedder sees them.

use crate::access::inner_mut;
use crate::module::Module;
use hashbrown::HashMap;
use mangrove_runtime::{
    AsStore, AsStoreMut, DeathQueue, Error, Extern, Func, StoreId, StoreInner, inner,
};

/// What this crate keeps with a store: the runtime knows modules without their engine.
#[derive(Default)]
pub struct Face {
    /// Modules of instances, by the instance's number.
    modules: HashMap<u32, Module>,
    /// What `mangrove.next_dead` takes from, once something was watched.
    pub(crate) deaths: Option<DeathQueue>,
}

/// An instance of a module in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    store: StoreId,
    index: u32,
}

impl Instance {
    /// An instance with these imports, in the module's order. Its start
    /// function has run.
    ///
    /// # Errors
    /// Imports that do not match; a limit ([`Error::Limit`]); address space or memory
    /// that is not to be had ([`Error::Resource`]); a trap or an exception from a segment
    /// or the start function.
    pub fn new(
        store: &mut impl AsStoreMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Self, Error> {
        let inner = inner_mut(store);
        let (index, start) = inner.instantiate(module.image(), imports)?;
        let instance = Self {
            store: inner.id(),
            index,
        };
        if let Some(face) = inner.face_mut().downcast_mut::<Face>() {
            face.modules.insert(index, module.clone());
        }
        if let Some(start) = start {
            start.call(store, &[])?;
        }
        Ok(instance)
    }

    /// # Panics
    /// If it is of another store.
    fn store<S: AsStore>(self, store: &S) -> &StoreInner {
        let store = inner(store);
        store
            .check_same_store(self.store, "instance")
            .expect("an instance of this store");
        store
    }

    /// What it is an instance of.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn module<'s>(&self, store: &'s impl AsStore) -> &'s Module {
        let face = self.store(store).face().downcast_ref::<Face>();
        face.and_then(|face| face.modules.get(&self.index))
            .expect("instances are noted when they are made")
    }

    /// What it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn export(&self, store: &impl AsStore, name: &str) -> Option<Extern> {
        let export = self.module(store).parsed().export(name)?;
        Some(self.store(store).extern_at(self.index, export.index))
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
        let inner = self.store(store);
        let exports = self.module(store).parsed().exports.iter();
        exports
            .map(|export| {
                let item = inner.extern_at(self.index, export.index);
                (export.name.clone(), item)
            })
            .collect()
    }
}
