//! Names and what they stand for.

use crate::access::{Caller, Store, TypedBody};
use crate::engine::{Engine, OwnTypes};
use crate::instance::Instance;
use crate::module::Module;
use crate::weak_module;
use hashbrown::HashMap;
use mangrove_abi::TypeId;
use mangrove_runtime::{AsStore, Error, Extern, Val, inner};
use mangrove_validate::FuncType;

/// Finds imports by name. Host functions defined here serve any number of
/// stores with data of type `T`; everything else belongs to one store.
///
/// A host function may assign to the data, so it serves stores of exactly the
/// `T` it was defined for:
///
/// ```compile_fail
/// use mangrove::Linker;
///
/// fn widen(linker: Linker<fn(&'static str)>) -> Linker<for<'a> fn(&'a str)> {
///     linker
/// }
/// ```
pub struct Linker<T> {
    engine: Engine,
    modules: HashMap<String, HashMap<String, Definition<T>>>,
}

enum Definition<T> {
    Extern(Extern),
    Host(TypedBody<T>),
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Extern(item) => Self::Extern(*item),
            Self::Host(body) => Self::Host(body.clone()),
        }
    }
}

impl<T> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let modules = self
            .modules
            .iter()
            .map(|(name, items)| (name, items.keys()));
        f.debug_map()
            .entries(modules.map(|(name, keys)| (name, keys.collect::<Vec<_>>())))
            .finish()
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        let (engine, modules) = (self.engine.clone(), self.modules.clone());
        Self { engine, modules }
    }
}

impl<T: 'static> Linker<T> {
    /// A linker that knows no names.
    pub fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            modules: HashMap::new(),
        }
    }

    fn insert(&mut self, module: &str, name: &str, definition: Definition<T>) -> &mut Self {
        let items = self.modules.entry(module.to_string()).or_default();
        items.insert(name.to_string(), definition);
        self
    }

    /// Defines a name, or defines it anew.
    pub fn define(&mut self, module: &str, name: &str, item: impl Into<Extern>) -> &mut Self {
        self.insert(module, name, Definition::Extern(item.into()))
    }

    /// Defines everything an instance exports, in place of what that module
    /// name held.
    ///
    /// # Panics
    /// If the instance is of another store.
    pub fn define_instance(
        &mut self,
        store: &impl AsStore,
        module: &str,
        instance: Instance,
    ) -> &mut Self {
        self.modules.remove(module);
        for (name, item) in instance.exports(store) {
            self.define(module, &name, item);
        }
        self
    }

    /// Defines a host function. See [`Func::new`](crate::Func::new) for what `body` may do.
    ///
    /// # Errors
    /// The type has more than 1,000 parameters or results, refers to types this
    /// engine does not have, or there are more than it can hold; [`Error::Resource`] if
    /// memory for the type is not to be had.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, FuncType, Linker, Val, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let mut linker = Linker::<u64>::new(&engine);
    /// let ty = FuncType { params: vec![ValType::I64], results: vec![] };
    /// linker.func("host", "add", ty, |mut caller, args, _| {
    ///     *caller.data_mut() += args[0].as_i64().expect("an i64") as u64;
    ///     Ok(())
    /// })?;
    /// let ty = FuncType { params: vec![ValType::I64; 2000], results: vec![] };
    /// let refused = linker.func("host", "wide", ty, |_, _, _| Ok(()));
    /// assert!(matches!(refused, Err(Error::Limit(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn func(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<&mut Self, Error> {
        let full_name = format!("{module} {name}");
        let body = TypedBody::new(&self.engine, full_name, &ty, body)?;
        Ok(self.insert(module, name, Definition::Host(body)))
    }

    /// Defines the module `mangrove`: `gc` collects everything now, `minor` the
    /// young space; `collections`,
    /// `continuations` and `heap_bytes` say how many collections there were,
    /// continuations live, and bytes the heap's objects take.
    ///
    /// With [`Config::weak_references`](crate::Config::weak_references) there are also
    ///
    /// | function | type | what |
    /// |-|-|-|
    /// | `weak_new` | `anyref` → `externref` | a reference that keeps nothing, as a [`WeakHandle`](crate::WeakHandle); null for null |
    /// | `weak_get` | `externref` → `anyref` | its object, or null if that is dead; null for null. A trap for anything else |
    /// | `watch` | `anyref`, `i32` → | puts the number, which is not negative, into a queue of the store's when the object is dead, as a [`DeathQueue`](crate::DeathQueue) does. A trap for null and `i31`, which never die |
    /// | `next_dead` | → `i32` | takes the oldest number from that queue; -1 if there is none |
    pub fn define_mangrove(&mut self) -> &mut Self {
        let OwnTypes {
            action,
            count,
            weak,
        } = self.engine.own_types();
        if let Some(weak) = weak {
            self.own_func(weak.new, "weak_new", weak_module::new);
            self.own_func(weak.get, "weak_get", weak_module::get);
            self.own_func(weak.watch, "watch", weak_module::watch);
            self.own_func(weak.next_dead, "next_dead", weak_module::next_dead);
        }
        self.mangrove_func(action, "gc", |mut caller, _| caller.gc());
        self.mangrove_func(action, "minor", |mut caller, _| caller.gc_minor());
        self.mangrove_func(count, "collections", |caller, results| {
            results[0] = Val::I64(caller.collections() as i64);
            Ok(())
        });
        self.mangrove_func(count, "continuations", |caller, results| {
            results[0] = Val::I64(caller.live_continuations() as i64);
            Ok(())
        });
        self.mangrove_func(count, "heap_bytes", |caller, results| {
            results[0] = Val::I64(caller.heap_bytes() as i64);
            Ok(())
        })
    }

    /// Defines a function of the module `mangrove` that takes nothing.
    fn mangrove_func(
        &mut self,
        ty: TypeId,
        name: &str,
        body: impl Fn(Caller<'_, T>, &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> &mut Self {
        self.own_func(ty, name, move |caller, _, results| body(caller, results))
    }

    /// Defines a function of the module `mangrove`.
    fn own_func(
        &mut self,
        ty: TypeId,
        name: &str,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> &mut Self {
        let body = TypedBody::of_type(ty, format!("mangrove {name}"), body);
        self.insert("mangrove", name, Definition::Host(body))
    }

    /// What a name stands for in a store.
    ///
    /// # Errors
    /// There is no room for a host function's code ([`Error::Limit`],
    /// [`Error::Resource`]).
    pub fn get(
        &self,
        store: &mut Store<T>,
        module: &str,
        name: &str,
    ) -> Result<Option<Extern>, Error> {
        let Some(definition) = self.modules.get(module).and_then(|items| items.get(name)) else {
            return Ok(None);
        };
        Ok(Some(match definition {
            Definition::Extern(item) => *item,
            Definition::Host(body) => {
                if !inner(store).engine().same(self.engine.core()) {
                    return Err(Error::usage("a linker of another engine was used"));
                }
                body.linked(store)?.into()
            }
        }))
    }

    /// Instantiates a module with what its imports' names stand for.
    ///
    /// # Errors
    /// As [`Instance::new`], and an import nobody defined.
    pub fn instantiate(&self, store: &mut Store<T>, module: &Module) -> Result<Instance, Error> {
        let mut imports = Vec::with_capacity(module.parsed().imports.len());
        for import in &module.parsed().imports {
            let found = self.get(store, &import.module, &import.name)?;
            imports.push(found.ok_or_else(|| Error::Link {
                module: import.module.clone(),
                name: import.name.clone(),
                message: "unknown import".into(),
            })?);
        }
        Instance::new(store, module, &imports)
    }
}
