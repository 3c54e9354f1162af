//! External references, and the values of the embedder that some stand for.

use crate::error::Error;
use crate::handle::{HandleKind, HeapHandle};
use crate::objects::error::ObjectError;
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::value::Val;
use mangrove_abi::object::{HOST_PAYLOAD, HOST_SIZE};
use std::any::{Any, type_name_of_val};

/// An external reference: a [`HeapHandle`] as an `externref`. It stands for a value of
/// the embedder, or is a reference of the internal hierarchy from outside.
///
/// The value is dropped when a collection finds its object dead, a minor one where that was made
/// since the last, a full one else; and with the store. A value that holds a handle on an
/// object that refers to its `externref` keeps itself alive: the collector does not look
/// into it.
///
/// # Examples
/// ```
/// # use mangrove::{Config, Engine, Error, ExternRef, Linker, Module, Store, Val};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// # let mut store = Store::new(&engine, ())?;
/// let text = br#"(module (func (export "same") (param externref) (result externref)
///     (local.get 0)))"#;
/// # let module = Module::new(&engine, text)?;
/// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let same = instance.func(&store, "same").expect("it is exported");
/// let name = ExternRef::new(&mut store, String::from("mangrove"))?;
/// let back = same.call(&mut store, &[name.into()])?;
/// let Val::Extern(Some(handle)) = &back[0] else { unreachable!("it was not null") };
/// let back = ExternRef::convert_any(&store, handle)?;
/// let name = back.data(&store)?.and_then(|data| data.downcast_ref::<String>());
/// assert_eq!(name.map(String::as_str), Some("mangrove"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExternRef(HeapHandle);

impl ExternRef {
    pub(crate) fn of(handle: HeapHandle) -> Self {
        Self(handle)
    }

    /// A new object that stands for this value.
    ///
    /// A panic of the value when it is dropped ends what the store does at that moment, as a
    /// panic of an observer does; whatever else died is dropped first, and the store works
    /// on.
    ///
    /// # Errors
    /// A trap if there is no room in the heap; the value is dropped then.
    pub fn new(store: &mut impl AsStoreMut, value: impl Any + Send) -> Result<Self, Error> {
        let store = inner_mut(store);
        let size = u64::from(HOST_SIZE);
        let object = store.allocate_with(size, |heap, ctx| heap.allocate_host(ctx, 0))?;
        let Some(object) = object else {
            return Err(Error::trap(store.exhaustion(size)));
        };
        // Only now: a collection before it would not know the object.
        let young = store.context().is_young(object);
        let name = type_name_of_val(&value);
        let payload = store.host_values.add(object, young, Box::new(value), name);
        // SAFETY: it was just made, and has its payload there.
        unsafe {
            let payload = u64::from(payload);
            store.heap.write(object, HOST_PAYLOAD, payload);
            Ok(Self(store.heap_handle(object)))
        }
    }

    /// What `extern.convert_any` makes of a reference that is not null: the same, seen
    /// from outside. Also the view of the handle in a [`Val::Extern`].
    ///
    /// # Errors
    /// [`ObjectError::Kind`] for an exception, which is in neither hierarchy; it is of
    /// another store, or its scope has ended.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, ExternRef, HeapHandle, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let seven = ExternRef::convert_any(&store, &HeapHandle::from_i31(7))?;
    /// assert!(seven.data(&store)?.is_none());
    /// assert_eq!(HeapHandle::convert_extern(&seven).as_i31(), Some(7));
    /// # Ok(())
    /// # }
    /// ```
    pub fn convert_any(store: &impl AsStore, handle: &HeapHandle) -> Result<Self, Error> {
        match handle.kind(store)? {
            HandleKind::Exn => Err(ObjectError::Kind {
                expected: "a reference of the internal or external hierarchy",
                found: HandleKind::Exn.text(),
            }
            .into()),
            _ => Ok(Self(handle.clone())),
        }
    }

    /// The handle.
    pub fn handle(&self) -> &HeapHandle {
        &self.0
    }

    /// The value it stands for; none if it is a reference of the internal hierarchy.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn data<'s>(&self, store: &'s impl AsStore) -> Result<Option<&'s (dyn Any + Send)>, Error> {
        let store = inner(store);
        let payload = self.payload(store)?;
        Ok(payload.and_then(|payload| store.host_values.get(payload)))
    }

    /// The same, to change it.
    ///
    /// # Errors
    /// As [`ExternRef::data`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, ExternRef, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let list = ExternRef::new(&mut store, vec![1, 2])?;
    /// let data = list.data_mut(&mut store)?.expect("it stands for a value");
    /// data.downcast_mut::<Vec<i32>>().expect("a list of numbers").push(3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn data_mut<'s>(
        &self,
        store: &'s mut impl AsStoreMut,
    ) -> Result<Option<&'s mut (dyn Any + Send)>, Error> {
        let store = inner_mut(store);
        let payload = self.payload(store)?;
        Ok(payload.and_then(|payload| store.host_values.get_mut(payload)))
    }

    /// As [`HeapHandle::owned`].
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Engine, ExternRef, RootScope, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::default(), ())?;
    /// let owned = {
    ///     let mut scope = RootScope::new(&mut store);
    ///     let value = ExternRef::new(&mut scope, 7)?;
    ///     value.owned(&mut scope)?
    /// };
    /// assert!(owned.data(&store)?.is_some_and(|data| data.is::<i32>()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn owned(&self, store: &mut impl AsStoreMut) -> Result<Self, Error> {
        self.0.owned(store).map(Self)
    }

    fn payload(&self, store: &StoreInner) -> Result<Option<u64>, Error> {
        let object = store.heap_ref(&self.0)?;
        let is_host = store.kind_of_object(object) == HandleKind::Host;
        // SAFETY: a host object of this store's heap.
        Ok(is_host.then(|| unsafe { store.heap.read(object, HOST_PAYLOAD) }))
    }
}

impl HeapHandle {
    /// What `any.convert_extern` makes of an external reference: the same, seen from
    /// inside.
    pub fn convert_extern(reference: &ExternRef) -> Self {
        reference.0.clone()
    }
}

impl From<ExternRef> for HeapHandle {
    fn from(reference: ExternRef) -> Self {
        reference.0
    }
}

impl From<ExternRef> for Val {
    fn from(reference: ExternRef) -> Self {
        Self::Extern(Some(reference.0))
    }
}
