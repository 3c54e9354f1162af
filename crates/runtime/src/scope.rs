//! Scopes of handles, as the embedder opens and ends them.

use crate::error::Error;
use crate::handle::HeapHandle;
use crate::id::StorePtr;
use crate::store::{AsStore, AsStoreMut, inner_mut};

/// A store, lent: the handles on objects that are made through it go with it.
///
/// While it is open, every [`HeapHandle`] that is made anew (of a result, a field, a new
/// object) is one of the scope: to make it and to drop it costs a few instructions and no
/// allocation, and it roots its object until the scope ends, not only until it is dropped. Used later it
/// is an error, [`ObjectError::OutOfScope`](crate::ObjectError::OutOfScope);
/// [`HeapHandle::owned`] makes one that goes on. Scopes lie in each other, and the
/// innermost is the one that counts.
///
/// A host function begins without scope, whatever its callers have open, and so does a
/// callback at a deadline: its arguments are handles of their own. It can open one; what it returns is to be of none that it has
/// ended. Exceptions leave scopes, with what they carry.
/// Handles on continuations are never a scope's.
///
/// # Examples
/// ```
/// # use mangrove::{Config, Engine, Error, FieldType, ObjectError, RootScope, Store};
/// # use mangrove::{StructRef, StructType, Val, ValType};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// # let mut store = Store::new(&engine, ())?;
/// let ty = StructType::new(&engine, [FieldType::variable(ValType::I32)])?;
/// let (kept, lost) = {
///     let mut scope = RootScope::new(&mut store);
///     let one = StructRef::new(&mut scope, &ty, &[Val::I32(1)])?;
///     let two = StructRef::new(&mut scope, &ty, &[Val::I32(2)])?;
///     (one.owned(&mut scope)?, two)
/// };
/// assert_eq!(kept.field(&mut store, 0)?, Val::I32(1));
/// let error = lost.field(&mut store, 0).unwrap_err();
/// assert!(matches!(error, Error::Object(ObjectError::OutOfScope)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RootScope<'s, S: AsStoreMut + ?Sized> {
    store: &'s mut S,
    number: u64,
}

impl<'s, S: AsStoreMut + ?Sized> RootScope<'s, S> {
    /// Opens one. It ends when it is dropped; if it is forgotten instead, with the scope,
    /// the host function or the store around it.
    pub fn new(store: &'s mut S) -> Self {
        let number = inner_mut(store).handles.scopes.open();
        Self { store, number }
    }

    /// What it was opened on.
    pub fn store(&mut self) -> &mut S {
        self.store
    }
}

impl<S: AsStoreMut + ?Sized> Drop for RootScope<'_, S> {
    fn drop(&mut self) {
        inner_mut(self.store).handles.scopes.close(self.number);
    }
}

// SAFETY: the store that is lent is live, and nobody uses it but through this.
unsafe impl<S: AsStoreMut + ?Sized> AsStore for RootScope<'_, S> {
    fn raw(&self) -> StorePtr {
        self.store.raw()
    }
}

// SAFETY: as above.
unsafe impl<S: AsStoreMut + ?Sized> AsStoreMut for RootScope<'_, S> {}

impl HeapHandle {
    /// A handle of its own on what this one refers to: it roots that for as long as the
    /// new handle exists, whatever scope is open.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn owned(&self, store: &mut impl AsStoreMut) -> Result<Self, Error> {
        let store = inner_mut(store);
        let reference = store.heap_ref(self)?;
        // SAFETY: it is an `i31` or an object of this store.
        Ok(unsafe { store.owned_handle(reference) })
    }

    /// A handle of the innermost scope on what this one refers to; one of its own if no
    /// scope is open.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, ExternRef, RootScope, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let value = ExternRef::new(&mut store, "value")?;
    /// let mut scope = RootScope::new(&mut store);
    /// let inside = value.handle().rooted(&mut scope)?;
    /// drop(value);
    /// scope.store().gc()?;
    /// assert!(ExternRef::convert_any(&scope, &inside)?.data(&scope)?.is_some());
    /// drop(scope);
    /// assert!(inside.kind(&store).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn rooted(&self, store: &mut impl AsStoreMut) -> Result<Self, Error> {
        let store = inner_mut(store);
        let reference = store.heap_ref(self)?;
        // SAFETY: as above.
        Ok(unsafe { store.heap_handle(reference) })
    }
}
