//! Names and what they stand for.

use crate::access::{Caller, TypedBody};
use crate::engine::{Engine, OwnTypes};
use crate::exit::I32Exit;
use crate::instance::Instance;
use crate::module::Module;
use crate::names::{Definition, Definitions, Item};
use crate::weak_module;
use crate::wrap::IntoFunc;
use mangrove_abi::TypeId;
use mangrove_runtime::{AsStore, DataStore, Error, Extern, HostAnswer, Val, inner};
use mangrove_validate::{EntityType, FuncType, printable};
use std::fmt;

/// Finds imports by name. Host functions defined here serve any number of
/// stores with data of type `T`; everything else belongs to one store.
///
/// A second definition of a name is an error, unless shadowing is allowed
/// ([`Linker::allow_shadowing`]) or it is of another type: some modules import one name
/// more than once, each time as another type, and then an import gets the definition that
/// matches.
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
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Extern, Linker, Module, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut config = Config::new();
/// let engine = Engine::new(config.heap_max(1 << 20))?;
/// let library = Module::new(&engine, "(module (func (export \"two\") (result i32) (i32.const 2)))")?;
/// let program = Module::new(&engine, "(module
///     (import \"library\" \"two\" (func $two (result i32)))
///     (import \"host\" \"three\" (func $three (result i32)))
///     (import \"mangrove\" \"gc\" (func $gc))
///     (func (export \"five\") (result i32)
///         (call $gc) (i32.add (call $two) (call $three))))")?;
/// let mut store = Store::new(&engine, ())?;
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("host", "three", || 3)?;
/// linker.define_mangrove();
/// let instance = linker.instantiate(&mut store, &library)?;
/// linker.define_instance(&store, "library", instance);
/// assert!(matches!(linker.get(&mut store, "library", "two")?, Some(Extern::Func(_))));
///
/// let instance = linker.instantiate(&mut store, &program)?;
/// let five = instance.get_typed_func::<(), i32>(&mut store, "five")?;
/// assert_eq!(five.call(&mut store, ())?, 5);
/// # Ok(())
/// # }
/// ```
pub struct Linker<T> {
    pub(crate) engine: Engine,
    pub(crate) names: Definitions<T>,
}

impl<T> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.sorted();
        let names = names.iter().map(|(module, name, _)| (module, name));
        f.debug_list().entries(names).finish()
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        let (engine, names) = (self.engine.clone(), self.names.clone());
        Self { engine, names }
    }
}

impl<T: 'static> Linker<T> {
    /// A linker that knows no names.
    pub fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            names: Definitions::new(),
        }
    }

    /// The engine.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let linker = Linker::<()>::new(&engine);
    /// assert!(linker.engine().same(&engine));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn add_host(
        &mut self,
        module: &str,
        name: &str,
        body: TypedBody<T>,
    ) -> Result<&mut Self, Error> {
        let ty = EntityType::Func(body.type_id());
        let item = Item::Host(body);
        self.names.add(module, name, Definition { item, ty })?;
        Ok(self)
    }

    /// Whether a definition takes the place of those that the name has. Without, which is
    /// how a linker begins, one of a type that the name has already is an error.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut linker = Linker::<()>::new(&Engine::new(&Config::new())?);
    /// linker.func_wrap("host", "one", || 1)?;
    /// assert!(linker.func_wrap("host", "one", || 2).is_err());
    /// linker.allow_shadowing(true).func_wrap("host", "one", || 2)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.names.shadowing = allow;
        self
    }

    /// Defines a name.
    ///
    /// # Errors
    /// The name stands for something of that type already, or the item is of another store
    /// ([`Error::Usage`]).
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker, Memory, MemoryType, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let mut store = Store::new(&engine, ())?;
    /// let ty = MemoryType::new(1, None);
    /// let memory = Memory::new(&mut store, ty)?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// linker.define(&store, "host", "memory", memory)?;
    /// assert_eq!(linker.get(&mut store, "host", "memory")?, Some(memory.into()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn define(
        &mut self,
        store: &impl AsStore,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self, Error> {
        let item = item.into();
        let ty = inner(store).entity_type(item)?;
        let item = Item::Extern(item);
        self.names.add(module, name, Definition { item, ty })?;
        Ok(self)
    }

    /// Defines everything an instance exports.
    ///
    /// # Errors
    /// As [`Linker::define`].
    ///
    /// # Panics
    /// If the instance is of another store.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Instance, Linker, Module, Store};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let module = Module::new(&engine, b"(module (func (export \"f\")))")?;
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// linker.instance(&store, "one", instance)?;
    /// assert_eq!(linker.get(&mut store, "one", "f")?, instance.export(&store, "f"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn instance(
        &mut self,
        store: &impl AsStore,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Self, Error> {
        for (name, item) in instance.exports(store) {
            self.define(store, module, &name, item)?;
        }
        Ok(self)
    }

    /// Defines everything an instance exports, in place of what that module
    /// name held, whether shadowing is allowed or not.
    ///
    /// # Panics
    /// If the instance is of another store.
    pub fn define_instance(
        &mut self,
        store: &impl AsStore,
        module: &str,
        instance: Instance,
    ) -> &mut Self {
        self.names.remove(module);
        let defined = self.instance(store, module, instance).map(|_| ());
        defined.expect("exports of this store, of different names");
        self
    }

    /// Instantiates a module and defines what it exports. If it exports a function
    /// `_initialize`, as reactors do, that is called. A `_start` is not.
    ///
    /// # Errors
    /// As [`Linker::instantiate`] and [`Linker::instance`], and what `_initialize` ends with.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker, Module, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let library = Module::new(&engine, br#"(module (global $g (mut i32) (i32.const 0))
    ///     (func (export "_initialize") (global.set $g (i32.const 7)))
    ///     (func (export "get") (result i32) (global.get $g)))"#)?;
    /// let program = Module::new(&engine, br#"(module
    ///     (import "library" "get" (func $get (result i32)))
    ///     (func (export "twice") (result i32) (i32.mul (call $get) (i32.const 2))))"#)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let mut linker = Linker::new(&engine);
    /// linker.module(&mut store, "library", &library)?;
    /// let instance = linker.instantiate(&mut store, &program)?;
    /// let twice = instance.get_typed_func::<(), i32>(&mut store, "twice")?;
    /// assert_eq!(twice.call(&mut store, ())?, 14);
    /// # Ok(())
    /// # }
    /// ```
    pub fn module(
        &mut self,
        store: &mut impl DataStore<Data = T>,
        name: &str,
        module: &Module,
    ) -> Result<&mut Self, Error> {
        let instance = self.instantiate(store, module)?;
        if instance.func(store, "_initialize").is_some() {
            let initialize = instance.get_typed_func::<(), ()>(store, "_initialize")?;
            initialize.call(store, ())?;
        }
        self.instance(store, name, instance)
    }

    /// Defines a name as what another one stands for now.
    ///
    /// # Errors
    /// That is not defined, or this is already.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Linker};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut linker = Linker::<()>::new(&Engine::new(&Config::new())?);
    /// linker.func_wrap("host", "one", || 1)?;
    /// linker.alias("host", "one", "env", "uno")?;
    /// assert!(linker.alias("host", "two", "env", "dos").is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn alias(
        &mut self,
        module: &str,
        name: &str,
        as_module: &str,
        as_name: &str,
    ) -> Result<&mut Self, Error> {
        let known = self.names.of(module, name).to_vec();
        if known.is_empty() {
            return Err(undefined(&format!(
                "\"{}\" \"{}\"",
                printable(module),
                printable(name)
            )));
        }
        self.add_all(as_module, as_name, known)?;
        Ok(self)
    }

    /// Defines all names of a module under the name of another one, as what they stand
    /// for now.
    ///
    /// # Errors
    /// No name of the module is defined, or one of the other module is already.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Linker};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut linker = Linker::<()>::new(&Engine::new(&Config::new())?);
    /// linker.func_wrap("host", "one", || 1)?.func_wrap("host", "two", || 2)?;
    /// linker.alias_module("host", "env")?;
    /// assert!(linker.alias_module("host", "env").is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn alias_module(&mut self, module: &str, as_module: &str) -> Result<&mut Self, Error> {
        let items = self.names.module(module).cloned();
        let items = items.ok_or_else(|| undefined(&format!("\"{}\"", printable(module))))?;
        for (name, known) in items {
            self.add_all(as_module, &name, known)?;
        }
        Ok(self)
    }

    /// Adds definitions of one name, which differ in type.
    fn add_all(
        &mut self,
        module: &str,
        name: &str,
        definitions: Vec<Definition<T>>,
    ) -> Result<(), Error> {
        if self.names.shadowing {
            self.names.replace(module, name, definitions);
            return Ok(());
        }
        for definition in definitions {
            self.names.add(module, name, definition)?;
        }
        Ok(())
    }

    /// Defines a host function. See [`Func::new`](crate::Func::new) for what `body` may do.
    ///
    /// # Errors
    /// The type has more than 1,000 parameters or results, refers to types this
    /// engine does not have, or there are more than it can hold; [`Error::Resource`] if
    /// memory for the type is not to be had; [`Error::Usage`] if the name stands for a
    /// function of this type already.
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
        let body = TypedBody::new(self.engine.core(), full_name, &ty, body)?;
        self.add_host(module, name, body)
    }

    /// Defines a host function, as [`Linker::func`].
    ///
    /// # Errors
    /// As [`Linker::func`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, FuncType, Linker, Val, ValType};
    /// # fn main() -> Result<(), Error> {
    /// let mut linker = Linker::<()>::new(&Engine::new(&Config::new())?);
    /// let ty = FuncType::new([ValType::I32], [ValType::I32]);
    /// linker.func_new("host", "same", ty, |_, args, results| {
    ///     results[0] = args[0].clone();
    ///     Ok(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<&mut Self, Error> {
        self.func(module, name, ty, body)
    }

    /// Defines a host function made of a closure: see [`Func::wrap`](crate::Func::wrap).
    ///
    /// # Errors
    /// There are more types than the engine can hold; [`Error::Resource`] if memory for
    /// the type is not to be had; [`Error::Usage`] if the name stands for a function of
    /// this type already.
    ///
    /// # Examples
    /// See [`IntoFunc`].
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Self, Error> {
        let body = func.into_body(self.engine.core(), format!("{module} {name}"))?;
        self.add_host(module, name, body)
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
        let body = TypedBody::suspending(self.engine.core(), full_name, &ty, body)?;
        self.add_host(module, name, body)
    }

    /// Defines the module `mangrove`: `gc` collects everything now, `minor` the
    /// young space; `collections`,
    /// `continuations` and `heap_bytes` say how many collections there were,
    /// continuations live, and bytes the heap's objects take; `exit` ends the program with
    /// an [`I32Exit`]. They take the place of what these names stood for.
    ///
    /// With [`Config::continuation_clone`](crate::Config::continuation_clone) there is
    /// `clone_cont`, which has the type that it is imported with. With
    /// [`Config::weak_references`](crate::Config::weak_references) there are also
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
            code,
            clone,
            weak,
        } = self.engine.own_types();
        if self.engine.config().continuation_cloning() {
            let definition = Definition {
                item: Item::Clone(clone),
                ty: EntityType::Func(clone),
            };
            self.names
                .replace("mangrove", "clone_cont", vec![definition]);
        }
        if let Some(weak) = weak {
            self.mangrove_func(weak.new, "weak_new", weak_module::new);
            self.mangrove_func(weak.get, "weak_get", weak_module::get);
            self.mangrove_func(weak.watch, "watch", weak_module::watch);
            self.mangrove_func(weak.next_dead, "next_dead", weak_module::next_dead);
        }
        self.mangrove_func(action, "gc", |mut caller, _, _| caller.gc());
        self.mangrove_func(action, "minor", |mut caller, _, _| caller.gc_minor());
        self.mangrove_func(count, "collections", |caller, _, results| {
            results[0] = Val::I64(caller.collections() as i64);
            Ok(())
        });
        self.mangrove_func(count, "continuations", |caller, _, results| {
            results[0] = Val::I64(caller.live_continuations() as i64);
            Ok(())
        });
        self.mangrove_func(count, "heap_bytes", |caller, _, results| {
            results[0] = Val::I64(caller.heap_bytes() as i64);
            Ok(())
        });
        self.mangrove_func(code, "exit", |_, args, _| {
            let code = args[0].as_i32();
            let code = code.ok_or_else(|| Error::internal("an exit code of another type"))?;
            Err(Error::new(I32Exit(code)))
        })
    }

    /// Defines a function of the module `mangrove` that takes nothing.
    fn mangrove_func(
        &mut self,
        ty: TypeId,
        name: &str,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> &mut Self {
        let body = TypedBody::of_type(ty, format!("mangrove {name}"), body);
        let definition = Definition {
            item: Item::Host(body),
            ty: EntityType::Func(ty),
        };
        self.names.replace("mangrove", name, vec![definition]);
        self
    }
}

fn undefined(what: &str) -> Error {
    Error::usage(format!("{what} is not defined"))
}
