//! Functions, Wasm's and the host's, as the embedder calls them.

use crate::call;
use crate::error::Error;
use crate::handle::Func;
use crate::store::{AsStore, AsStoreMut, HostStore, WrapStore, inner};
use crate::value::Val;
use mangrove_abi::TypeId;
use mangrove_validate::FuncType;

impl Func {
    /// Its canonical type. The caller has checked that its store is there.
    pub(crate) fn type_id(self) -> TypeId {
        // SAFETY: function references live as long as their store.
        unsafe { self.func.as_ref().type_id }
    }

    /// A host function. `body` gets the caller, the arguments, and a place for
    /// each result, set to zero or null; what it leaves there must be of the
    /// result's type.
    ///
    /// An error becomes a trap in the Wasm code that called; a panic goes on
    /// in the embedder's code that called Wasm, when Wasm has been left and its
    /// continuations are ended: the store works on.
    ///
    /// It lives as long as the store, and so does what `body` holds.
    ///
    /// # Errors
    /// [`Error::Limit`] if the type has more than 1,000 parameters or results, or there
    /// are more types than an engine can hold; [`Error::Usage`] if it refers to types
    /// the engine does not have; [`Error::Resource`] if address space or memory for
    /// its code or its type is not to be had.
    pub fn new<S: HostStore>(
        store: &mut S,
        ty: FuncType,
        body: impl for<'a> Fn(S::Caller<'a>, &[Val], &mut [Val]) -> Result<(), Error>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, Error> {
        store.host_func(ty, body)
    }

    /// A host function made of a closure, whose parameters and results say its type: up
    /// to 16 parameters of the types that [`WasmTy`](crate::WasmTy) lists, after a `Caller`
    /// if it wants one, and what [`WasmRet`](crate::WasmRet) lists for results.
    ///
    /// Its errors go to whoever called Wasm, who gets them back by [`Error::downcast`];
    /// for panics and how long it lives see [`Func::new`].
    ///
    /// # Errors
    /// [`Error::Limit`] if there are more types than an engine can hold;
    /// [`Error::Resource`] if address space or memory for its code or its type is not to be
    /// had.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Caller, Config, Engine, Func, Store, Val};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::new(&Config::new())?, 0u64)?;
    /// let swap = Func::wrap(&mut store, |a: i32, b: f64| (b, a))?;
    /// let results = swap.call(&mut store, &[Val::from(1), Val::from(2.5)])?;
    /// assert_eq!(results, [Val::from(2.5), Val::from(1)]);
    /// let add = Func::wrap(&mut store, |mut caller: Caller<'_, u64>, by: u64| {
    ///     *caller.data_mut() += by;
    /// })?;
    /// add.call(&mut store, &[Val::from(40i64)])?;
    /// assert_eq!(*store.data(), 40);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wrap<S, F, Params, Results>(store: &mut S, func: F) -> Result<Self, Error>
    where
        S: WrapStore<F, Params, Results>,
    {
        store.wrap_func(func)
    }

    /// Its type.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> FuncType {
        let store = inner(store);
        store
            .check_same_store(self.store, "function")
            .expect("a function of this store");
        store
            .engine
            .func_type(self.type_id())
            .expect("a function has a function type")
    }

    /// Calls it and returns its results.
    ///
    /// # Errors
    /// Arguments that do not fit the type; [`Error::Trap`] and
    /// [`Error::Exception`] if that is how it ended; [`Error::Limit`] if it could not
    /// begin, or [`Error::Resource`] if that was because the system or a bound gave no
    /// stack. The store goes on working after each of them. What was refused while it
    /// ran is a trap: [`Error::resource`] gives either.
    ///
    /// # Panics
    /// With a panic of a host function it called.
    pub fn call(&self, store: &mut impl AsStoreMut, args: &[Val]) -> Result<Vec<Val>, Error> {
        inner(store).check_same_store(self.store, "function")?;
        // SAFETY: the function is this store's, to which we have sole access.
        unsafe { call::call(store.raw(), self.func, args) }
    }
}
