//! References that keep nothing, and queues of what died.

use crate::error::Error;
use crate::handle::{ContHandle, HeapHandle};
use crate::id::StoreId;
use crate::objects::error::ObjectError;
use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::weak::{WeakContSlot, WeakSlot};
use mangrove_abi::{ContRef, HeapRef, RecordState};
use rustix::io::Errno;
use std::sync::Arc;

/// A reference to an object that does not keep it alive.
///
/// It is empty from the collection on that finds its object dead: a minor one for an object that was
/// made since the last collection and has less than 64 KiB, a full one for others. Nothing brings a dead object
/// back: a collection empties all weak handles of what died before anybody is told of a
/// death.
///
/// An `i31` never dies, so neither does a weak handle on it.
///
/// # Examples
/// ```
/// # use mangrove::{Config, Engine, Error, ExternRef, Store, WeakHandle};
/// # fn main() -> Result<(), Error> {
/// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
/// let object = ExternRef::new(&mut store, "tea")?;
/// let weak = WeakHandle::new(&mut store, object.handle())?;
/// store.gc()?;
/// assert!(weak.upgrade(&mut store)?.is_some());
/// drop(object);
/// store.gc()?;
/// assert!(weak.upgrade(&mut store)?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WeakHandle(Weak);

#[derive(Clone, Debug)]
enum Weak {
    I31(u32),
    Object(Arc<WeakSlot>),
}

impl WeakHandle {
    /// A weak handle on what a handle refers to.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended; [`Error::Limit`] if there are as many
    /// weak handles, watches and tokens as one for every 8 bytes of the heap's limit.
    pub fn new(store: &mut impl AsStoreMut, handle: &HeapHandle) -> Result<Self, Error> {
        let store = inner_mut(store);
        let object = store.heap_ref(handle)?;
        if object.is_i31() {
            return Ok(Self(Weak::I31(object.i31_value())));
        }
        check_room(store, None)?;
        let young = store.context().is_young(object);
        // SAFETY: a handle of the store is to one of its objects.
        let ty = unsafe { store.heap.type_of(object) };
        let slot = store.weak.object(store.id, object, ty, young);
        Ok(Self(Weak::Object(slot)))
    }

    /// A handle on the object, if it is not dead.
    ///
    /// # Errors
    /// It is of another store.
    pub fn upgrade(&self, store: &mut impl AsStoreMut) -> Result<Option<HeapHandle>, Error> {
        let store = inner_mut(store);
        let slot = match &self.0 {
            Weak::I31(value) => return Ok(Some(HeapHandle::from_i31(*value))),
            Weak::Object(slot) => slot,
        };
        let foreign = || Error::foreign("weak reference");
        let object = slot.get(store.id).ok_or_else(foreign)?;
        // SAFETY: it has not been found dead, so it is an object, and the last collection
        // has followed it.
        Ok((object != HeapRef::NULL).then(|| unsafe { store.heap_handle(object) }))
    }
}

/// A reference to a continuation that does not keep it alive.
///
/// Like a [`ContHandle`] it means the continuation at one point of its life. It is empty
/// once that is past, because somebody has resumed or bound the continuation, and from
/// the full collection on that finds that nobody can.
///
/// # Examples
/// ```
/// # use mangrove::{Config, Engine, Error, Linker, Module, Store, WeakContHandle};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// # let module = Module::new(&engine, b"(module (func (export \"run\")))")?;
/// # let mut store = Store::new(&engine, ())?;
/// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// # let run = instance.func(&store, "run").expect("it is exported");
/// let continuation = run.continuation(&mut store)?;
/// let weak = WeakContHandle::new(&mut store, &continuation)?;
/// drop(continuation);
/// assert!(weak.upgrade(&mut store)?.is_some(), "nobody has looked");
/// store.gc()?;
/// assert!(weak.upgrade(&mut store)?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WeakContHandle(Arc<WeakContSlot>);

impl WeakContHandle {
    /// A weak handle on what a handle refers to.
    ///
    /// # Errors
    /// It is of another store; [`Error::Limit`] as for [`WeakHandle::new`].
    pub fn new(store: &mut impl AsStoreMut, handle: &ContHandle) -> Result<Self, Error> {
        let store = inner_mut(store);
        let reference = cont_ref(store, handle)?;
        check_room(store, None)?;
        let slot = store.weak.continuation(store.id, reference, handle.ty());
        Ok(Self(slot))
    }

    /// A handle on the continuation, if it can still be resumed.
    ///
    /// # Errors
    /// It is of another store.
    pub fn upgrade(&self, store: &mut impl AsStoreMut) -> Result<Option<ContHandle>, Error> {
        let store = inner_mut(store);
        let foreign = || Error::foreign("weak reference");
        let reference = self.0.get(store.id).ok_or_else(foreign)?;
        if reference.is_null() || !is_current(reference) {
            return Ok(None);
        }
        // SAFETY: one of this store's records, and the reference is current: its
        // continuation is what the handle was made on, of that type.
        Ok(Some(unsafe { store.cont_handle(reference, self.0.ty) }))
    }
}

/// Whether nobody has used up a reference to a record, which are never freed.
fn is_current(reference: ContRef) -> bool {
    // SAFETY: a handle of a store has the address of one of its records, and who asks has
    // access to the store.
    let (revision, state) = unsafe { ((*reference.record).revision, (*reference.record).state) };
    revision == reference.revision && state == RecordState::Live as u32
}

/// Refuses one weak handle or watch more than the store may have: one for every 8 bytes
/// that its objects may take. Without it a program could fill memory that no limit is about.
/// And makes room for it, so that no collection needs memory for the lists. `queue` is the one that
/// a token is for.
fn check_room(store: &mut StoreInner, queue: Option<u32>) -> Result<(), Error> {
    let most = store.heap.limit() / 8;
    if store.weak.len() as u64 >= most {
        store.weak.prune();
    }
    match store.weak.len() as u64 {
        have if have < most => {
            let requests = store.registry.requests();
            match store.weak.reserve_one(queue, requests) {
                true => Ok(()),
                false => Err(ResourceError::of(
                    Need::Allocate,
                    "allocate a list of weak handles",
                    None,
                    Some(Errno::NOMEM.raw_os_error()),
                )
                .into()),
            }
        }
        have => Err(Error::Limit(format!(
            "{have} weak handles, watches and tokens: as many as there may be in a heap of {} \
             bytes (heap_max)",
            store.heap.limit()
        ))),
    }
}

fn cont_ref(store: &StoreInner, handle: &ContHandle) -> Result<ContRef, Error> {
    let foreign = || Error::foreign("continuation");
    handle.get(store.id).ok_or_else(foreign)
}

/// A queue of the tokens of what died.
///
/// An object is watched with a token. The collection that finds it dead puts the token
/// into the queue: the same that empties a [`WeakHandle`] on it. In the order in which they were put there, and each exactly once; weak
/// handles on the object are empty by then. An object may be watched more than
/// once. To watch keeps nothing alive, and nothing brings a dead object back.
///
/// Queues live as long as their store.
///
/// # Examples
/// ```
/// # use mangrove::{Config, DeathQueue, Engine, Error, ExternRef, Store};
/// # fn main() -> Result<(), Error> {
/// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
/// let queue = DeathQueue::new(&mut store);
/// let kept = ExternRef::new(&mut store, "kept")?;
/// let lost = ExternRef::new(&mut store, "lost")?;
/// queue.watch(&mut store, kept.handle(), 1)?;
/// queue.watch(&mut store, lost.handle(), 2)?;
/// drop(lost);
/// store.gc_minor()?;
/// assert_eq!(queue.next(&mut store)?, Some(2));
/// assert_eq!(queue.next(&mut store)?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeathQueue {
    store: StoreId,
    index: u32,
}

impl DeathQueue {
    /// A new queue.
    pub fn new(store: &mut impl AsStoreMut) -> Self {
        let store = inner_mut(store);
        Self {
            index: store.weak.add_queue(),
            store: store.id,
        }
    }

    /// Watches an object.
    ///
    /// # Errors
    /// [`ObjectError::Immortal`] for an `i31`; queue or handle are of another store, or the
    /// handle's scope has ended; [`Error::Limit`] as for [`WeakHandle::new`].
    pub fn watch(
        &self,
        store: &mut impl AsStoreMut,
        handle: &HeapHandle,
        token: u64,
    ) -> Result<(), Error> {
        let store = self.store(inner_mut(store))?;
        let object = store.heap_ref(handle)?;
        if object.is_i31() {
            return Err(ObjectError::Immortal.into());
        }
        check_room(store, Some(self.index))?;
        let young = store.context().is_young(object);
        store.weak.watch(self.index, object, young, token);
        Ok(())
    }

    /// Watches a continuation: its token comes with the first full collection that finds that
    /// nobody can resume it by this reference, because nothing has it, or it is used up.
    ///
    /// # Errors
    /// Queue or handle are of another store; [`Error::Limit`] as for [`WeakHandle::new`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, DeathQueue, Engine, Error, Linker, Module, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let module = Module::new(&engine, b"(module (func (export \"run\")))")?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// # let run = instance.func(&store, "run").expect("it is exported");
    /// let queue = DeathQueue::new(&mut store);
    /// let continuation = run.continuation(&mut store)?;
    /// queue.watch_continuation(&mut store, &continuation, 3)?;
    /// continuation.resume(&mut store, &[], &[])?;
    /// store.gc()?;
    /// assert_eq!((queue.len(&store)?, queue.next(&mut store)?), (1, Some(3)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_continuation(
        &self,
        store: &mut impl AsStoreMut,
        handle: &ContHandle,
        token: u64,
    ) -> Result<(), Error> {
        let store = self.store(inner_mut(store))?;
        let reference = cont_ref(store, handle)?;
        check_room(store, Some(self.index))?;
        store.weak.watch_continuation(self.index, reference, token);
        Ok(())
    }

    /// Takes the oldest token, if there is one.
    ///
    /// # Errors
    /// It is of another store.
    pub fn next(&self, store: &mut impl AsStoreMut) -> Result<Option<u64>, Error> {
        let store = self.store(inner_mut(store))?;
        Ok(store.weak.next(self.index))
    }

    /// How many tokens there are to take.
    ///
    /// # Errors
    /// It is of another store.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{DeathQueue, Engine, ExternRef, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::default(), ())?;
    /// let queue = DeathQueue::new(&mut store);
    /// let object = ExternRef::new(&mut store, 7)?;
    /// queue.watch(&mut store, object.handle(), 7)?;
    /// assert!(queue.is_empty(&store)?);
    /// drop(object);
    /// store.gc()?;
    /// assert_eq!(queue.len(&store)?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn len(&self, store: &impl AsStore) -> Result<usize, Error> {
        let store = inner(store);
        store.check_same_store(self.store, "queue")?;
        Ok(store.weak.queue(self.index).len())
    }

    /// Whether there is none to take.
    ///
    /// # Errors
    /// It is of another store.
    ///
    /// # Examples
    /// See [`DeathQueue::len`].
    pub fn is_empty(&self, store: &impl AsStore) -> Result<bool, Error> {
        Ok(self.len(store)? == 0)
    }

    fn store<'s>(&self, store: &'s mut StoreInner) -> Result<&'s mut StoreInner, Error> {
        store.check_same_store(self.store, "queue")?;
        Ok(store)
    }
}
