//! What a linker makes of its names: items of a store, and instances.

use crate::access::{Caller, Store, TypedBody};
use crate::instance::Instance;
use crate::instance_pre::InstancePre;
use crate::linker::Linker;
use crate::module::Module;
use crate::names::{Definition, Item};
use mangrove_runtime::{
    AsStore, DataStore, Error, Extern, ExternType, Val, import_mismatch, import_text, inner,
};
use mangrove_validate::{EntityType, Import, printable};

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
    /// # use mangrove::{Config, Engine, Linker, Module, UnknownImport};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "a" "f" (func)) (import "b" "m" (memory 1)))"#;
    /// let module = Module::new(&engine, text)?;
    /// let unknown: Vec<UnknownImport> = Linker::<()>::new(&engine).unknown_imports(&module);
    /// let names: Vec<_> = unknown.iter().map(|import| import.name.as_str()).collect();
    /// assert_eq!(names, ["f", "m"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unknown_imports(&self, module: &Module) -> Vec<UnknownImport> {
        let imports = module.imports();
        let unknown =
            imports.filter(|import| self.names.of(import.module(), import.name()).is_empty());
        let unknown = unknown.map(|import| UnknownImport {
            module: import.module().to_owned(),
            name: import.name().to_owned(),
            ty: import.ty(),
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
            let body = TypedBody::new(self.engine.core(), full_name, &ty, body)?;
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
    /// use mangrove::{Config, Engine, InstancePre, Linker, Module, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "host" "one" (func $one (result i32)))
    ///     (func (export "two") (result i32) (i32.add (call $one) (call $one))))"#;
    /// let module = Module::new(&engine, text)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.func_wrap("host", "one", || 1)?;
    /// let ready: InstancePre<()> = linker.instantiate_pre(&module)?;
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
                return Err(import_mismatch(module.image(), import, &known.ty));
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
    ) -> Result<Vec<Definition<T>>, Error> {
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
            let found = found.cloned().ok_or_else(|| Error::Link {
                module: import.module.clone(),
                name: import.name.clone(),
                message: unknown(module, import),
            })?;
            Ok(match (&found.item, &wanted) {
                (Item::Clone(_), &EntityType::Func(ty)) if self.engine.core().clones(ty) => {
                    Definition {
                        item: Item::Clone(ty),
                        ty: wanted,
                    }
                }
                _ => found,
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

/// What is said of an import that nobody defined.
fn unknown(module: &Module, import: &Import) -> String {
    match (import.module.as_str(), import.name.as_str()) {
        ("mangrove", "clone_cont") => {
            "unknown import: continuations are not cloned unless the engine allows it \
             (Config::continuation_clone, --continuation-clone)"
                .into()
        }
        _ => format!("unknown import {}", import_text(module.image(), import)),
    }
}
