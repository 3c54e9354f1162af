//! Modules whose imports are known.

use crate::instance::Instance;
use crate::module::Module;
use crate::names::Item;
use mangrove_runtime::{DataStore, Error, inner};
use std::fmt;

/// A module and what its imports are: [`Linker::instantiate_pre`](crate::Linker::instantiate_pre).
/// To instantiate it no name is looked up and no type compared.
///
/// # Examples
/// See [`crate::Linker::instantiate_pre`].
pub struct InstancePre<T> {
    module: Module,
    /// In the order of the module's imports, of their types.
    items: Vec<Item<T>>,
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        let (module, items) = (self.module.clone(), self.items.clone());
        Self { module, items }
    }
}

impl<T> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre")
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

impl<T: 'static> InstancePre<T> {
    /// The items match the module's imports, and are of its engine.
    pub(crate) fn new(module: Module, items: Vec<Item<T>>) -> Self {
        Self { module, items }
    }

    /// The module.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Linker, Module};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module $m)")?;
    /// let ready = Linker::<()>::new(&engine).instantiate_pre(&module)?;
    /// assert_eq!(ready.module().name(), Some("m"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// An instance. Its start function has run.
    ///
    /// # Errors
    /// As [`Instance::new`], but for imports that do not match; a store of another engine,
    /// or another one than that of which an import is.
    ///
    /// # Examples
    /// See [`Linker::instantiate_pre`](crate::Linker::instantiate_pre).
    pub fn instantiate(&self, store: &mut impl DataStore<Data = T>) -> Result<Instance, Error> {
        if !inner(store).engine().same(self.module.engine().core()) {
            return Err(Error::usage("a module of another engine was instantiated"));
        }
        let mut imports = Vec::with_capacity(self.items.len());
        for item in &self.items {
            imports.push(item.in_store(store)?);
        }
        Instance::of_matching(store, &self.module, &imports)
    }
}
