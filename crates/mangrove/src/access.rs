//! Who has access to a store: its owner, host functions while they run, and observers
//! while they look.
//!
//! ```text
//!  Store<T> ─ owns ─▶ StoreInner, T
//!  Caller<'_, T>      lent to a host function: store and T
//!  StoreView<'_>      lent to an observer: to look at the store
//! ```
//!
//! Here data of type `T` becomes a pointer, and such a pointer a `T` again. With
//! `trusted`, the only file of this crate with unsafe code.

#![allow(unsafe_code)]

use crate::engine::Engine;
use crate::instance::Face;
use mangrove_abi::TypeId;
use mangrove_runtime::{
    AsStore, AsStoreMut, Callback, DataStore, EngineCore, Error, Func, HostAnswer, HostBody,
    Moment, ResourceLimiter, StoreInner, StorePtr, UpdateDeadline, Val, WasmParams, WasmRet, Watch,
    insides, new_store,
};
use mangrove_validate::FuncType;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

/// Instances, the objects and continuations they share, and the embedder's data.
///
/// A store can be sent to another thread, but is used by one at a time:
///
/// ```
/// fn sendable<T: Send>() {}
///
/// sendable::<mangrove::Store<u64>>();
/// ```
///
/// ```compile_fail
/// fn shared<T: Sync>() {}
///
/// shared::<mangrove::Store<u64>>();
/// ```
///
/// Host functions get the data as the `T` the store was made with, so `T` stays
/// what it is: a store of longer-lived data is none of shorter-lived data.
///
/// ```compile_fail
/// use mangrove::Store;
///
/// fn shorten<'a>(store: Store<&'static str>) -> Store<&'a str> {
///     store
/// }
/// ```
///
/// # Examples
/// ```
/// use mangrove::{Caller, Engine, Func, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), vec![1])?;
/// store.data_mut().push(2);
/// let push = Func::wrap(&mut store, |mut caller: Caller<'_, Vec<i32>>, n: i32| {
///     caller.data_mut().push(n);
///     caller.data().len() as u32
/// })?;
/// assert_eq!(push.typed::<i32, u32>(&mut store)?.call(&mut store, 5)?, 3);
/// assert_eq!(store.data(), &[1, 2, 5]);
/// assert_eq!(store.into_data(), [1, 2, 5]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Store<T> {
    inner: NonNull<StoreInner>,
    data: NonNull<T>,
    owns: PhantomData<Box<T>>,
    invariant: PhantomData<fn(T) -> T>,
}

// SAFETY: a store owns all it points to; nothing of it is tied to a thread
// while no Wasm runs, and while Wasm runs the store is borrowed.
unsafe impl<T: Send> Send for Store<T> {}

impl<T> Store<T> {
    /// A store with this data.
    ///
    /// # Errors
    /// Address space is not to be had ([`Error::Resource`]).
    pub fn new(engine: &Engine, data: T) -> Result<Self, Error> {
        let inner = new_store(engine.core(), Box::new(Face::new(engine)))?;
        let data = NonNull::from(Box::leak(Box::new(data)));
        // SAFETY: the store was just made, for us; the data goes after it, and host
        // functions for a `T` alone are added.
        unsafe { (*inner.as_ptr()).set_data(data.cast()) };
        Ok(Self {
            inner,
            data,
            owns: PhantomData,
            invariant: PhantomData,
        })
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        // SAFETY: owned by this store, borrowed with it.
        unsafe { self.data.as_ref() }
    }

    /// The embedder's data.
    pub fn data_mut(&mut self) -> &mut T {
        // SAFETY: owned by this store, borrowed with it.
        unsafe { self.data.as_mut() }
    }

    /// The embedder's data, without the store.
    ///
    /// # Panics
    /// With a panic of what a host function's closure drops.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let store = Store::new(&Engine::new(&Config::new())?, String::from("data"))?;
    /// assert_eq!(store.into_data(), "data");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_data(self) -> T {
        let store = ManuallyDrop::new(self);
        // SAFETY: as in `drop`, which does not happen.
        unsafe {
            let data = Box::from_raw(store.data.as_ptr());
            drop(Box::from_raw(store.inner.as_ptr()));
            *data
        }
    }
}

impl<T: 'static> Store<T> {
    /// Has a limiter in the data asked before the store takes more: see
    /// [`ResourceLimiter`]. What there is already stays. A limiter takes the place of the
    /// one before.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Store, StoreLimitsBuilder};
    ///
    /// let limits = StoreLimitsBuilder::new().heap_size(1 << 20).build();
    /// let mut store = Store::new(&Engine::new(&Config::new())?, limits)?;
    /// store.limiter(|limits| limits);
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn limiter(
        &mut self,
        mut limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        let erased = move |data: NonNull<()>, ask: &mut dyn FnMut(&mut dyn ResourceLimiter)| {
            // SAFETY: the store's data, of which nobody has a reference now: a host function
            // that had one would hold the store's access with it.
            ask(limiter(unsafe { data.cast::<T>().as_mut() }))
        };
        // SAFETY: the data of this store is a `T`.
        unsafe { inner_mut(self).set_limiter(Box::new(erased)) };
    }
}

impl<T> Drop for Store<T> {
    fn drop(&mut self) {
        // SAFETY: both are boxes that `new` leaked, and ours. The data goes last, also
        // where a host function's closure panics when it is dropped.
        unsafe {
            let _data = Box::from_raw(self.data.as_ptr());
            drop(Box::from_raw(self.inner.as_ptr()));
        }
    }
}

// SAFETY: the store is alive and reachable only through `self` and, while Wasm
// runs, through what borrows from it.
unsafe impl<T> AsStore for Store<T> {
    fn raw(&self) -> StorePtr {
        StorePtr::new(self.inner)
    }
}

// SAFETY: as above.
unsafe impl<T> AsStoreMut for Store<T> {}

/// A store's insides, to change.
pub(crate) fn inner_mut<S: AsStoreMut + ?Sized>(store: &mut S) -> &mut StoreInner {
    // SAFETY: this crate keeps the result to itself, and moves and exchanges none.
    unsafe { insides(store) }
}

/// What an observer sees of a store: everything there is to look at, and nothing
/// that would run Wasm, collect, or change what it looks at.
///
/// ```compile_fail
/// # use mangrove::{Func, Store};
/// fn run(store: &mut Store<()>, func: Func) {
///     store.observe(Box::new(move |view, _| drop(func.call(view, &[]))));
/// }
/// ```
///
/// ```compile_fail
/// # use mangrove::Store;
/// fn collect(store: &mut Store<()>) {
///     store.observe(Box::new(|view, _| drop(view.gc())));
/// }
/// ```
///
/// # Examples
/// See [`Store::observe`].
#[derive(Debug)]
pub struct StoreView<'a> {
    store: StorePtr,
    borrow: PhantomData<&'a mut StoreInner>,
}

// SAFETY: made only by `Watcher`, for a store that is lent meanwhile, and of a store that it
// keeps borrowed.
unsafe impl AsStore for StoreView<'_> {
    fn raw(&self) -> StorePtr {
        self.store
    }
}

impl StoreView<'_> {
    /// The store's insides. What is done with them leaves the program where it
    /// stands: [`crate::AsStoreMut`], which would allow more, is not for views.
    pub(crate) fn inner_mut(&mut self) -> &mut StoreInner {
        // SAFETY: who made this view has sole access to the store, and lends it.
        unsafe { &mut *self.store.as_ptr() }
    }
}

impl<T> Store<T> {
    /// The store as an observer sees it.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Store};
    ///
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let mut view = store.view();
    /// assert!(view.roots()?.roots.is_empty() && view.event().is_none());
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn view(&mut self) -> StoreView<'_> {
        StoreView {
            store: self.raw(),
            borrow: PhantomData,
        }
    }
}

/// An observer.
///
/// # Examples
/// See [`Store::observe`].
pub type Observer = Box<dyn FnMut(&mut StoreView<'_>, Moment) + Send>;

/// An observer, as the runtime knows it.
pub struct Watcher(pub Observer);

// SAFETY: an observer gets a view, by which a store can only be looked at.
unsafe impl Watch for Watcher {
    unsafe fn moment(&mut self, store: StorePtr, moment: Moment) {
        let mut view = StoreView {
            store,
            borrow: PhantomData,
        };
        (self.0)(&mut view, moment);
    }
}

/// The store of the Wasm code that called, while it waits. Everything that can
/// be done with a store can be done with this, calls into Wasm included.
///
/// It stays on the thread that runs the Wasm code:
///
/// ```compile_fail
/// fn sendable<T: Send>(_: T) {}
///
/// fn elsewhere(caller: mangrove::Caller<'_, ()>) {
///     sendable(caller);
/// }
/// ```
///
/// # Examples
/// See [`Store`].
#[derive(Debug)]
pub struct Caller<'a, T> {
    store: StorePtr,
    data: NonNull<T>,
    borrow: PhantomData<&'a mut T>,
}

impl<T> Caller<'_, T> {
    /// # Safety
    /// For as long as the result lives nobody else uses the store or its data,
    /// which is a `T`.
    pub(crate) unsafe fn new(store: StorePtr, data: NonNull<()>) -> Self {
        Self {
            store,
            data: data.cast(),
            borrow: PhantomData,
        }
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        // SAFETY: `new`'s contract.
        unsafe { self.data.as_ref() }
    }

    /// The embedder's data.
    pub fn data_mut(&mut self) -> &mut T {
        // SAFETY: `new`'s contract.
        unsafe { self.data.as_mut() }
    }
}

// SAFETY: `new`'s contract.
unsafe impl<T> AsStore for Caller<'_, T> {
    fn raw(&self) -> StorePtr {
        self.store
    }
}

// SAFETY: as above.
unsafe impl<T> AsStoreMut for Caller<'_, T> {}

/// A host function's body for stores with data of type `T`. Invariant in `T`.
pub struct TypedBody<T> {
    body: Arc<HostBody>,
    data: PhantomData<fn(T) -> T>,
}

impl<T> Clone for TypedBody<T> {
    fn clone(&self) -> Self {
        Self {
            body: self.body.clone(),
            data: PhantomData,
        }
    }
}

impl<T: 'static> TypedBody<T> {
    /// A body of this function type.
    ///
    /// # Errors
    /// The type has too many values, refers to types the engine does not have, or
    /// there are more than it can hold.
    pub fn new(
        engine: &EngineCore,
        name: String,
        ty: &FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let body = HostBody::new(engine, name, ty, Box::new(erased(body)))?;
        Ok(Self::of(body))
    }

    /// The same of a function that may suspend its caller.
    ///
    /// # Errors
    /// As [`TypedBody::new`].
    pub fn suspending(
        engine: &EngineCore,
        name: String,
        ty: &FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<HostAnswer, Error>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, Error> {
        let body = HostBody::suspending(engine, name, ty, Box::new(erased(body)))?;
        Ok(Self::of(body))
    }

    /// A body of a type that the engine keeps.
    pub fn of_type(
        type_id: TypeId,
        name: String,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        Self::of(HostBody::of_type(type_id, name, Box::new(erased(body))))
    }

    /// A body with the function type that its parameters and results say.
    ///
    /// # Errors
    /// There are more types than the engine can hold.
    pub fn typed<P: WasmParams, R: WasmRet>(
        engine: &EngineCore,
        name: String,
        body: impl Fn(Caller<'_, T>, P) -> R + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let body = HostBody::typed(engine, name, move |store, data, params: P| {
            // SAFETY: as in `erased`.
            body(unsafe { Caller::new(store, data) }, params)
        })?;
        Ok(Self::of(body))
    }

    /// Its canonical function type: good for as long as this.
    pub fn type_id(&self) -> TypeId {
        self.body.type_id()
    }

    fn of(body: HostBody) -> Self {
        Self {
            body: Arc::new(body),
            data: PhantomData,
        }
    }

    /// A function of this body in a store, of its own.
    ///
    /// # Errors
    /// There is no room for its code.
    pub fn added(self, store: &mut impl DataStore<Data = T>) -> Result<Func, Error> {
        // SAFETY: the body was made for stores with data of type `T`.
        unsafe { inner_mut(store).add_host_func(self.body) }
    }

    /// The function of this body in a store, made the first time.
    ///
    /// # Errors
    /// There is no room for its code.
    pub fn linked(&self, store: &mut impl DataStore<Data = T>) -> Result<Func, Error> {
        // SAFETY: the body was made for stores with data of type `T`.
        unsafe { inner_mut(store).linked_host_func(&self.body) }
    }
}

/// A body that has forgotten the type of the data it is called with, and gives an `R`.
fn erased<T: 'static, R>(
    body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<R, Error> + Send + Sync + 'static,
) -> impl Fn(StorePtr, NonNull<()>, &[Val], &mut [Val]) -> Result<R, Error> + Send + Sync {
    move |store, data, args, results| {
        // SAFETY: the runtime calls a body with a store that nobody else uses meanwhile,
        // and with its data; a `TypedBody` is given to stores with data of its type only.
        body(unsafe { Caller::new(store, data) }, args, results)
    }
}

impl<T: 'static> Store<T> {
    /// Who is asked at the deadline, if anybody.
    pub(crate) fn ask_at_deadline(&mut self, asked: Option<Asked<T>>) {
        let callback = asked.map(asking);
        // SAFETY: the callback was made for data of type `T`.
        unsafe { inner_mut(self).at_deadline(callback) }
    }

    /// Who is asked after so many units of fuel, if anybody.
    pub(crate) fn ask_at_fuel(&mut self, asked: Option<(u64, Asked<T>)>) -> Result<(), Error> {
        let callback = asked.map(|(units, asked)| (units, asking(asked)));
        // SAFETY: the callback was made for data of type `T`.
        unsafe { inner_mut(self).at_fuel(callback) }
    }
}

/// Somebody to ask when what runs is interrupted.
pub type Asked<T> = Box<dyn FnMut(Caller<'_, T>) -> Result<UpdateDeadline, Error> + Send>;

/// The same, which has forgotten the type of the data.
fn asking<T: 'static>(mut asked: Asked<T>) -> Callback {
    // SAFETY: the runtime calls it with the store it was given to, which nobody else uses
    // meanwhile, and with its data: a store of data of type `T`.
    Box::new(move |store, data| asked(unsafe { Caller::new(store, data) }))
}

// SAFETY: the data is owned by the store, and borrowed with it.
unsafe impl<T: 'static> DataStore for Store<T> {
    type Data = T;
}

// SAFETY: `new`'s contract.
unsafe impl<T: 'static> DataStore for Caller<'_, T> {
    type Data = T;
}
