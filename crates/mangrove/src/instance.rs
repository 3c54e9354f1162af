//! Instances, as the embedder sees them.

use crate::access::inner_mut;
use crate::engine::Engine;
use crate::module::Module;
use hashbrown::HashMap;
use mangrove_runtime::{
    AsStore, AsStoreMut, DeathQueue, Error, Extern, Func, Global, Memory, StoreId, StoreInner,
    Table, Tag, TypedFunc, WasmParams, WasmResults, inner,
};
use mangrove_validate::printable;

/// What this crate keeps with a store: the runtime knows modules without their engine.
pub struct Face {
    pub(crate) engine: Engine,
    /// Modules of instances, by the instance's number.
    modules: HashMap<u32, Module>,
    /// What `mangrove.next_dead` takes from, once something was watched.
    pub(crate) deaths: Option<DeathQueue>,
}

impl Face {
    /// Of a store of this engine.
    pub fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            modules: HashMap::new(),
            deaths: None,
        }
    }

    /// The face of a store.
    pub(crate) fn of(store: &StoreInner) -> &Self {
        let face = store.face().downcast_ref();
        face.expect("a store is made with its face")
    }
}

/// Most functions that a message lists.
const MOST_LISTED: usize = 8;

macro_rules! get {
    ($($name:ident $into:ident $ty:ident $what:literal $text:literal;)*) => {
        /// Exports of one kind; none where the name is that of something else.
        impl Instance {
            $(
                #[doc = concat!("The ", $what, " it exports under a name.")]
                ///
                /// # Panics
                /// If it is of another store.
                ///
                /// # Examples
                /// ```
                /// use mangrove::{Config, Engine, Instance, Module, Store};
                ///
                /// # fn main() -> Result<(), mangrove::Error> {
                /// let engine = Engine::new(&Config::new())?;
                #[doc = concat!("let module = Module::new(&engine, r#\"(module (", $text, "))\"#)?;")]
                /// let mut store = Store::new(&engine, ())?;
                /// let instance = Instance::new(&mut store, &module, &[])?;
                #[doc = concat!("let item = instance.", stringify!($name), "(&store, \"item\");")]
                /// assert_eq!(item.map(Into::into), instance.get_export(&store, "item"));
                /// assert!(item.is_some());
                /// # Ok(())
                /// # }
                /// ```
                pub fn $name(&self, store: &impl AsStore, name: &str) -> Option<$ty> {
                    self.export(store, name)?.$into()
                }
            )*
        }
    };
}

get! {
    get_func into_func Func "function" "func (export \"item\")";
    get_memory into_memory Memory "memory" "memory (export \"item\") 1";
    get_global into_global Global "global" "global (export \"item\") i32 (i32.const 1)";
    get_table into_table Table "table" "table (export \"item\") 1 funcref";
    get_tag into_tag Tag "tag" "tag (export \"item\")";
}

/// An instance of a module in a store.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Extern, Instance, Module, Store, Val};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module $counter
///     (import \"env\" \"start\" (global $start i32))
///     (memory (export \"memory\") 1)
///     (func (export \"next\") (result i32) (i32.add (global.get $start) (i32.const 1))))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// # let ty = mangrove::GlobalType::constant(mangrove::ValType::I32);
/// # let start = mangrove::Global::new(&mut store, ty, Val::I32(6))?;
/// // The imports in their order; a `Linker` finds them by name.
/// let instance = Instance::new(&mut store, &module, &[Extern::Global(start)])?;
/// assert_eq!(instance.module(&store).name(), Some("counter"));
///
/// let names: Vec<_> = instance.exports(&store).into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["memory", "next"]);
/// assert!(matches!(instance.export(&store, "memory"), Some(Extern::Memory(_))));
/// assert_eq!(instance.get_export(&store, "nothing"), None);
///
/// let next = instance.func(&store, "next").expect("it is exported");
/// assert_eq!(next.call(&mut store, &[])?, [Val::I32(7)]);
/// let next = instance.get_typed_func::<(), i32>(&mut store, "next")?;
/// assert_eq!(next.call(&mut store, ())?, 7);
/// # Ok(())
/// # }
/// ```
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
        Self::make(store, module, |inner| {
            inner.instantiate(module.image(), imports)
        })
    }

    /// An instance with imports that are known to match those of the module.
    ///
    /// # Errors
    /// As [`Instance::new`], but for the match.
    pub(crate) fn of_matching(
        store: &mut impl AsStoreMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Self, Error> {
        Self::make(store, module, |inner| {
            inner.instantiate_matching(module.image(), imports)
        })
    }

    fn make(
        store: &mut impl AsStoreMut,
        module: &Module,
        instantiate: impl FnOnce(&mut StoreInner) -> Result<(u32, Option<Func>), Error>,
    ) -> Result<Self, Error> {
        let inner = inner_mut(store);
        let next = inner.instance_count();
        let made = instantiate(inner);
        // Also of one whose segments trapped: its functions may be in tables of others.
        if inner.instance_count() > next
            && let Some(face) = inner.face_mut().downcast_mut::<Face>()
        {
            face.modules.insert(next, module.clone());
        }
        let (index, start) = made?;
        let instance = Self::at(inner, index);
        if let Some(start) = start {
            start.call(store, &[])?;
        }
        Ok(instance)
    }

    /// The instance with this number.
    pub(crate) fn at(store: &StoreInner, index: u32) -> Self {
        let store = store.id();
        Self { store, index }
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
        let face = Face::of(self.store(store));
        let module = face.modules.get(&self.index);
        module.expect("instances are noted when they are made")
    }

    /// What it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn export(&self, store: &impl AsStore, name: &str) -> Option<Extern> {
        let export = self.module(store).parsed().export(name)?;
        Some(self.store(store).extern_at(self.index, export.index))
    }

    /// What it exports under a name, as [`Instance::export`].
    ///
    /// # Panics
    /// If it is of another store.
    ///
    /// # Examples
    /// See [`Instance::get_func`].
    pub fn get_export(&self, store: &impl AsStore, name: &str) -> Option<Extern> {
        self.export(store, name)
    }

    /// The function it exports under a name, as [`Instance::get_func`].
    ///
    /// # Panics
    /// If it is of another store.
    pub fn func(&self, store: &impl AsStore, name: &str) -> Option<Func> {
        self.get_func(store, name)
    }

    /// The function it exports under a name, with parameters `P` and results `R`: see
    /// [`Func::typed`].
    ///
    /// # Errors
    /// It exports no such function, or one of another type ([`Error::Usage`]).
    ///
    /// # Panics
    /// If it is of another store.
    pub fn get_typed_func<P: WasmParams, R: WasmResults>(
        &self,
        store: &mut impl AsStoreMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        match self.get_func(store, name) {
            Some(func) => func.typed(store),
            None => Err(self.no_function(store, name)),
        }
    }

    /// The error for a name under which it exports no function.
    fn no_function(self, store: &impl AsStore, name: &str) -> Error {
        let quoted = |name: &str| format!("\"{}\"", printable(name));
        if self.get_export(store, name).is_some() {
            return Error::usage(format!(
                "what is exported as {} is no function",
                quoted(name)
            ));
        }
        let exports = self.exports(store).into_iter();
        let functions = exports.filter(|(_, item)| matches!(item, Extern::Func(_)));
        let functions: Vec<_> = functions.map(|(name, _)| quoted(&name)).collect();
        let listed = functions
            .iter()
            .take(MOST_LISTED)
            .cloned()
            .collect::<Vec<_>>();
        let mut message = format!("no function is exported as {}", quoted(name));
        if !listed.is_empty() {
            message += &format!("; there are {}", listed.join(", "));
        }
        if let Some(more @ 1..) = functions.len().checked_sub(MOST_LISTED) {
            message += &format!(" and {more} more");
        }
        Error::usage(message)
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
