//! What a host function gets to see.

use crate::engine::Engine;
use crate::error::Error;
use crate::id::{StoreId, StorePtr};
use crate::store::{AsStore, AsStoreMut, StoreInner};
use crate::watch::Moment;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

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
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = StoreId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
        let mut inner = crate::setup::store(engine, id)?;
        let data = NonNull::from(Box::leak(Box::new(data)));
        inner.data = data.cast();
        let inner = NonNull::from(Box::leak(inner));
        // SAFETY: both were just made.
        unsafe { (*(*inner.as_ptr()).ctx.as_ptr()).owner = inner.as_ptr().cast() };
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
}

impl<T> Drop for Store<T> {
    fn drop(&mut self) {
        // SAFETY: both were leaked by `new` and are ours.
        unsafe {
            drop(Box::from_raw(self.inner.as_ptr()));
            drop(Box::from_raw(self.data.as_ptr()));
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
#[derive(Debug)]
pub struct StoreView<'a> {
    pub(crate) store: StorePtr,
    pub(crate) borrow: PhantomData<&'a mut StoreInner>,
}

// SAFETY: made only by `notify`, for a store that is borrowed meanwhile.
unsafe impl AsStore for StoreView<'_> {
    fn raw(&self) -> StorePtr {
        self.store
    }
}

impl StoreView<'_> {
    /// The store's insides. What is done with them leaves the program where it
    /// stands: [`crate::AsStoreMut`], which would allow more, is not for views.
    pub(crate) fn inner_mut(&mut self) -> &mut StoreInner {
        // SAFETY: `notify` has sole access to the store, and lends it to this view.
        unsafe { &mut *self.store.as_ptr() }
    }
}

/// An observer.
pub type Observer = Box<dyn FnMut(&mut StoreView<'_>, Moment) + Send>;

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
