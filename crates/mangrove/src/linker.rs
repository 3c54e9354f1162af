//! Names and what they stand for.

use crate::access::{Caller, Store, TypedBody, inner_mut};
use crate::engine::{Engine, OwnTypes};
use crate::instance::Instance;
use crate::module::Module;
use hashbrown::HashMap;
use mangrove_abi::TypeId;
use mangrove_runtime::{AsStore, Error, Extern, HostAnswer, Val, inner};
use mangrove_validate::{EntityType, FuncType};

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
    /// A function of each type that one which clones continuations may have.
    Clone,
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Extern(item) => Self::Extern(*item),
            Self::Host(body) => Self::Host(body.clone()),
            Self::Clone => Self::Clone,
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

    /// Defines a host function that may suspend its caller. See
    /// [`Func::suspending`](crate::Func::suspending) for what `body` may answer.
    ///
    /// # Errors
    /// As [`Linker::func`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{
    /// #     Config, Engine, Error, Extern, FuncType, HostAnswer, Linker, Module, Outcome, Store, Tag,
    /// #     Val, ValType,
    /// # };
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let mut store = Store::new(&engine, None::<Tag>)?;
    /// let ty = FuncType { params: vec![], results: vec![ValType::I32] };
    /// *store.data_mut() = Some(Tag::new(&mut store, ty.clone())?);
    /// let mut linker = Linker::new(&engine);
    /// linker.suspending("host", "next", ty, |caller: mangrove::Caller<'_, Option<Tag>>, _, _| {
    ///     Ok(HostAnswer::suspend(caller.data().expect("it is set"), []))
    /// })?;
    /// let text = br#"(module (import "host" "next" (func $next (result i32)))
    ///     (func (export "run") (result i32) (i32.mul (call $next) (i32.const 2))))"#;
    /// let instance = linker.instantiate(&mut store, &Module::new(&engine, text)?)?;
    /// let run = instance.func(&store, "run").expect("it is exported");
    /// let k = run.continuation(&mut store)?;
    /// let next = store.data().expect("it is set");
    /// let Outcome::Suspended { continuation, .. } = k.resume(&mut store, &[], &[next])? else {
    ///     unreachable!("it waits for a number");
    /// };
    /// let outcome = continuation.resume(&mut store, &[Val::I32(21)], &[next])?;
    /// assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(42)]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn suspending(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<HostAnswer, Error>
        + Send
        + Sync
        + 'static,
    ) -> Result<&mut Self, Error> {
        let full_name = format!("{module} {name}");
        let body = TypedBody::suspending(&self.engine, full_name, &ty, body)?;
        Ok(self.insert(module, name, Definition::Host(body)))
    }

    /// Defines the module `mangrove`: `gc` collects everything now, `minor` the
    /// young space; `collections`,
    /// `continuations` and `heap_bytes` say how many collections there were,
    /// continuations live, and bytes the heap's objects take. With
    /// [`Config::continuation_clone`](crate::Config::continuation_clone) also `clone_cont`,
    /// which has the type that it is imported with.
    pub fn define_mangrove(&mut self) -> &mut Self {
        let OwnTypes { action, count, .. } = self.engine.own_types();
        if self.engine.config().continuation_cloning() {
            self.insert("mangrove", "clone_cont", Definition::Clone);
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

    /// Defines a function of the module `mangrove`.
    fn mangrove_func(
        &mut self,
        ty: TypeId,
        name: &str,
        body: impl Fn(Caller<'_, T>, &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> &mut Self {
        let body =
            move |caller: Caller<'_, T>, _: &[Val], results: &mut [Val]| body(caller, results);
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
        self.find(store, module, name, None)
    }

    /// What a name stands for where it is imported with this type.
    fn find(
        &self,
        store: &mut Store<T>,
        module: &str,
        name: &str,
        wanted: Option<TypeId>,
    ) -> Result<Option<Extern>, Error> {
        let Some(definition) = self.modules.get(module).and_then(|items| items.get(name)) else {
            return Ok(None);
        };
        let own = || match inner(store).engine().same(self.engine.core()) {
            true => Ok(()),
            false => Err(Error::usage("a linker of another engine was used")),
        };
        Ok(Some(match definition {
            Definition::Extern(item) => *item,
            Definition::Host(body) => {
                own()?;
                body.linked(store)?.into()
            }
            Definition::Clone => {
                own()?;
                let any = self.engine.own_types().clone;
                let inner = inner_mut(store);
                let func = match inner.clone_func(wanted.unwrap_or(any))? {
                    // Of another type than it is imported with, as is then found.
                    None => inner.clone_func(any)?,
                    func => func,
                };
                func.ok_or_else(|| Error::internal("no clones are allowed"))?
                    .into()
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
            let wanted = match module.image().canonical(import.ty.clone()) {
                EntityType::Func(id) => Some(id),
                _ => None,
            };
            let found = self.find(store, &import.module, &import.name, wanted)?;
            imports.push(found.ok_or_else(|| Error::Link {
                module: import.module.clone(),
                name: import.name.clone(),
                message: unknown(&import.module, &import.name),
            })?);
        }
        Instance::new(store, module, &imports)
    }
}

/// What is said of an import that nobody defined.
fn unknown(module: &str, name: &str) -> String {
    match (module, name) {
        ("mangrove", "clone_cont") => {
            "unknown import: continuations are not cloned unless the engine allows it \
             (Config::continuation_clone, --continuation-clone)"
                .into()
        }
        _ => "unknown import".into(),
    }
}
