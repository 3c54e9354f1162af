//! Names and what they stand for.

use crate::access::{Caller, Store, TypedBody};
use crate::engine::{Engine, OwnTypes};
use crate::exit::I32Exit;
use crate::instance::Instance;
use crate::instance_pre::InstancePre;
use crate::module::Module;
use crate::names::{Definition, Item, Names};
use crate::wrap::IntoFunc;
use mangrove_abi::TypeId;
use mangrove_runtime::{AsStore, DataStore, Error, Extern, ExternType, Val, inner};
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
pub struct Linker<T> {
    engine: Engine,
    names: Names<T>,
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

/// An import that a linker has no definition for.
///
/// # Examples
/// See [`Linker::unknown_imports`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownImport {
    /// Module part of the import.
    pub module: String,
    /// Name part of the import.
    pub name: String,
    /// What is imported.
    pub ty: ExternType,
}

impl<T: 'static> Linker<T> {
    /// A linker that knows no names.
    pub fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            names: Names::new(),
        }
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
    /// let ty = MemoryType { minimum: 1, maximum: None, memory64: false };
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
        let body = TypedBody::new(&self.engine, full_name, &ty, body)?;
        self.add_host(module, name, body)
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

    /// Defines the module `mangrove`: `gc` collects everything now, `minor` the
    /// young space; `collections`,
    /// `continuations` and `heap_bytes` say how many collections there were,
    /// continuations live, and bytes the heap's objects take; `exit` ends the program with
    /// an [`I32Exit`]. They take the place of what these names stood for.
    pub fn define_mangrove(&mut self) -> &mut Self {
        let OwnTypes {
            action,
            count,
            code,
        } = self.engine.own_types();
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

    /// Defines a function of the module `mangrove`.
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

    /// What a name stands for in a store: the first of its definitions.
    ///
    /// # Errors
    /// There is no room for a host function's code ([`Error::Limit`],
    /// [`Error::Resource`]).
    pub fn get(
        &self,
        store: &mut impl DataStore<Data = T>,
        module: &str,
        name: &str,
    ) -> Result<Option<Extern>, Error> {
        let Some(definition) = self.names.of(module, name).first() else {
            return Ok(None);
        };
        self.check_engine(store)?;
        definition.item.in_store(store).map(Some)
    }

    /// All names and what they stand for in a store, by module and name.
    ///
    /// # Errors
    /// As [`Linker::get`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Linker, Store};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// linker.func_wrap("host", "b", || 1)?.func_wrap("host", "a", || 2)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let names: Vec<_> = linker.iter(&mut store)?.map(|(_, name, _)| name).collect();
    /// assert_eq!(names, ["a", "b"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn iter(
        &self,
        store: &mut impl DataStore<Data = T>,
    ) -> Result<impl Iterator<Item = (&str, &str, Extern)>, Error> {
        self.check_engine(store)?;
        let mut all = Vec::new();
        for (module, name, definitions) in self.names.sorted() {
            for definition in definitions {
                all.push((module, name, definition.item.in_store(store)?));
            }
        }
        Ok(all.into_iter())
    }

    /// The imports of a module that have no definition.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Linker, Module};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "a" "f" (func)) (import "b" "m" (memory 1)))"#;
    /// let module = Module::new(&engine, text)?;
    /// let unknown = Linker::<()>::new(&engine).unknown_imports(&module);
    /// let names: Vec<_> = unknown.iter().map(|import| import.name.as_str()).collect();
    /// assert_eq!(names, ["f", "m"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unknown_imports(&self, module: &Module) -> Vec<UnknownImport> {
        let imports = module.imports();
        let unknown = imports.filter(|(module, name, _)| self.names.of(module, name).is_empty());
        let unknown = unknown.map(|(module, name, ty)| UnknownImport {
            module: module.to_owned(),
            name: name.to_owned(),
            ty,
        });
        unknown.collect()
    }

    /// Defines the functions among a module's unknown imports as ones that trap when they
    /// are called.
    ///
    /// # Errors
    /// As [`Linker::func`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Linker, Module, Store};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "a" "f" (func $f)) (func (export "call") (call $f)))"#;
    /// let module = Module::new(&engine, text)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.define_unknown_imports_as_traps(&module)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// let call = instance.get_typed_func::<(), ()>(&mut store, "call")?;
    /// let error = call.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.to_string(), "unknown import \"a\" \"f\" was called");
    /// # Ok(())
    /// # }
    /// ```
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<(), Error> {
        for UnknownImport { module, name, ty } in self.unknown_imports(module) {
            let ExternType::Func(ty) = ty else { continue };
            let message = format!(
                "unknown import \"{}\" \"{}\" was called",
                printable(&module),
                printable(&name)
            );
            let body =
                move |_: Caller<'_, T>, _: &[Val], _: &mut [Val]| Err(Error::host(message.clone()));
            let full_name = format!("{module} {name}");
            let body = TypedBody::new(&self.engine, full_name, &ty, body)?;
            let ty = EntityType::Func(body.type_id());
            let item = Item::Host(body);
            // The same import may come a second time, as another type.
            let mut known = self.names.of(&module, &name).to_vec();
            known.push(Definition { item, ty });
            self.names.replace(&module, &name, known);
        }
        Ok(())
    }

    /// Instantiates a module with what its imports' names stand for.
    ///
    /// # Errors
    /// As [`Instance::new`], and an import nobody defined.
    pub fn instantiate(
        &self,
        store: &mut impl DataStore<Data = T>,
        module: &Module,
    ) -> Result<Instance, Error> {
        self.check_engine(store)?;
        let mut imports = Vec::with_capacity(module.parsed().imports.len());
        for definition in self.resolve(module, Some(store))? {
            imports.push(definition.item.in_store(store)?);
        }
        Instance::new(store, module, &imports)
    }

    /// A module with what its imports' names stand for now: everything is looked up and
    /// compared once, however many instances follow.
    ///
    /// # Errors
    /// An import that nobody defined, or that does not match ([`Error::Link`]). What is of
    /// a store has to be of the store of the instance.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker, Module, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "host" "one" (func $one (result i32)))
    ///     (func (export "two") (result i32) (i32.add (call $one) (call $one))))"#;
    /// let module = Module::new(&engine, text)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.func_wrap("host", "one", || 1)?;
    /// let ready = linker.instantiate_pre(&module)?;
    /// for _ in 0..3 {
    ///     let mut store = Store::new(&engine, ())?;
    ///     let instance = ready.instantiate(&mut store)?;
    ///     let two = instance.get_typed_func::<(), i32>(&mut store, "two")?;
    ///     assert_eq!(two.call(&mut store, ())?, 2);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>, Error> {
        if !module.engine().same(&self.engine) {
            return Err(Error::usage("a linker of another engine was used"));
        }
        let core = self.engine.core();
        let found = self.resolve(module, None::<&Store<T>>)?;
        for (import, known) in module.parsed().imports.iter().zip(&found) {
            let wanted = module.image().canonical(import.ty.clone());
            if !core.matches_import(&known.ty, &wanted) {
                return Err(core.import_mismatch(&import.module, &import.name));
            }
        }
        let items = found.into_iter().map(|known| known.item.clone());
        Ok(InstancePre::new(module.clone(), items.collect()))
    }

    /// The definitions of a module's imports, in order: of several those that match, with
    /// the types that what is of `store` has now.
    fn resolve(
        &self,
        module: &Module,
        store: Option<&impl AsStore>,
    ) -> Result<Vec<&Definition<T>>, Error> {
        let now = |known: &Definition<T>| match (&known.item, store) {
            // What is of another store is refused later.
            (Item::Extern(item), Some(store)) => inner(store).entity_type(*item),
            _ => Ok(known.ty.clone()),
        };
        let imports = module.parsed().imports.iter().map(|import| {
            let wanted = module.image().canonical(import.ty.clone());
            let found = self.names.find(
                self.engine.core(),
                (&import.module, &import.name),
                &wanted,
                |known| now(known).unwrap_or_else(|_| known.ty.clone()),
            );
            found.ok_or_else(|| Error::Link {
                module: import.module.clone(),
                name: import.name.clone(),
                message: "unknown import".into(),
            })
        });
        imports.collect()
    }

    /// Refuses a store of another engine.
    fn check_engine(&self, store: &impl AsStore) -> Result<(), Error> {
        match inner(store).engine().same(self.engine.core()) {
            true => Ok(()),
            false => Err(Error::usage("a linker of another engine was used")),
        }
    }
}

fn undefined(what: &str) -> Error {
    Error::usage(format!("{what} is not defined"))
}
