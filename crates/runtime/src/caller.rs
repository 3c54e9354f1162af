//! What a host function gets to see.

use crate::store::{AsStore, AsStoreMut, StorePtr};
use std::marker::PhantomData;
use std::ptr::NonNull;

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
