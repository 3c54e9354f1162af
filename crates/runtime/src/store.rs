//! The store: everything instances share and the collector must know.
//!
//! ```text
//!  Store<T> ──▶ StoreInner ◀── owner ── StoreContext ◀── instance contexts, compiled code
//!     │            │ heap, registry, code
//!     ▼            │ instances, host functions
//!     T            │ globals, tables, memories, tags
//!                  └ handles, activations, watchers
//! ```
//!
//! While Wasm runs, the host's frames below it hold nothing but raw pointers to
//! `StoreInner`; a libcall gets at it through the context and is then the only
//! one to use it, until it returns.

use crate::activation::Activations;
use crate::answer::HostAnswer;
use crate::bound::Bound;
use crate::caller::TailCallers;
use crate::engine::EngineCore;
use crate::error::Error;
use crate::handle::Func;
use crate::host::HostFunc;
use crate::host_values::HostValues;
use crate::id::{Origin, StoreId, StorePtr};
use crate::instance::InstancePtr;
use crate::interruption::Deadlines;
use crate::kind::ValueKind;
use crate::layout::ObjectLayout;
use crate::ledger::Share;
use crate::limiter::ErasedLimiter;
use crate::memory::entry::MemoryEntry;
use crate::memory::spare::SpareMemory;
use crate::pending::Pending;
use crate::policy::{PhaseWatchers, Policy};
use crate::refusals::limit_error;
use crate::rooted::{Handles, Moving};
use crate::signature::Signature;
use crate::store_code::StoreCode;
use crate::survey::followed::Followed;
use crate::table::entry::TableEntry;
use crate::trap::HeapRefuser;
use crate::types::KeptTypes;
use crate::value::Val;
use crate::watch::Watchers;
use crate::weak::WeakTables;
use crate::zeal::Moments;
use hashbrown::HashMap;
use mangrove_abi::{FuncRef, GlobalCell, SlotKind, StoreContext, TagDef, TransferSlot, TypeId};
use mangrove_continuation::{LimitError, Registry};
use mangrove_heap::Heap;
use mangrove_validate::{FuncType, GlobalType, HeapType, RefType, ValType};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

/// What gives access to a store: a `Store`, a `Caller` or, to look at it only, a
/// `StoreView`.
///
/// # Safety
/// `raw` is a live store that nobody else uses while `self` is borrowed.
///
/// # Examples
/// ```
/// use mangrove::{AsStore, AsStoreMut, Caller, Engine, Error, Func, Memory, MemoryType, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// Looks at a memory, with a store or within a host function.
/// fn first(store: &impl AsStore, memory: Memory) -> Option<u8> {
///     memory.data(store).first().copied()
/// }
///
/// fn set_first(store: &mut impl AsStoreMut, memory: Memory, byte: u8) -> Result<(), Error> {
///     memory.write(store, 0, &[byte])
/// }
///
/// let mut store = Store::new(&Engine::default(), ())?;
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// set_first(&mut store, memory, 7)?;
/// let look = Func::wrap(&mut store, move |caller: Caller<'_, ()>| {
///     i32::from(first(&caller, memory).unwrap_or(0))
/// })?;
/// assert_eq!(look.typed::<(), i32>(&mut store)?.call(&mut store, ())?, 7);
/// # Ok(())
/// # }
/// ```
pub unsafe trait AsStore {
    #[doc(hidden)]
    fn raw(&self) -> StorePtr;
}

/// What gives access to a store to change it.
///
/// # Safety
/// As [`AsStore`].
///
/// # Examples
/// See [`AsStore`].
pub unsafe trait AsStoreMut: AsStore {}

impl StorePtr {
    /// Of these.
    pub fn new(inner: NonNull<StoreInner>) -> Self {
        Self(inner.cast())
    }

    /// The insides.
    pub fn as_ptr(self) -> *mut StoreInner {
        self.0.cast().as_ptr()
    }
}

/// A store that host functions can be added to.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Error, Func, FuncType, HostAnswer, HostStore, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// Adds a host function, to a store or from within a host function. (`Func::new` and
/// /// `Func::suspending` do that.)
/// fn nothing(store: &mut impl HostStore) -> Result<Func, Error> {
///     store.suspending_func(FuncType::default(), |_, _, _| Ok(HostAnswer::Return))?;
///     store.host_func(FuncType::default(), |_, _, _| Ok(()))
/// }
///
/// let mut store = Store::new(&Engine::default(), ())?;
/// nothing(&mut store)?.call(&mut store, &[])?;
/// # Ok(())
/// # }
/// ```
pub trait HostStore: AsStoreMut {
    /// What a host function gets to see: the store while it runs.
    type Caller<'a>;

    /// Adds a host function: see [`Func::new`].
    ///
    /// # Errors
    /// As [`Func::new`].
    fn host_func<F>(&mut self, ty: FuncType, body: F) -> Result<Func, Error>
    where
        F: for<'a> Fn(Self::Caller<'a>, &[Val], &mut [Val]) -> Result<(), Error>
            + Send
            + Sync
            + 'static;

    /// Adds one that may suspend its caller: see [`Func::suspending`].
    ///
    /// # Errors
    /// As [`Func::new`].
    fn suspending_func<F>(&mut self, ty: FuncType, body: F) -> Result<Func, Error>
    where
        F: for<'a> Fn(Self::Caller<'a>, &[Val], &mut [Val]) -> Result<HostAnswer, Error>
            + Send
            + Sync
            + 'static;
}

/// A store that knows the type of its data: a `Store` or a `Caller`.
///
/// # Safety
/// The data of the store is a `Data`, and only reachable through `self`.
///
/// # Examples
/// ```
/// use mangrove::{Engine, DataStore, Memory, MemoryType, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// Copies bytes of a memory to the data.
/// fn keep<S: DataStore<Data = Vec<u8>>>(store: &mut S, memory: Memory) {
///     let (bytes, data) = memory.data_and_store_mut(store);
///     data.extend(&bytes[..4]);
/// }
///
/// let mut store = Store::new(&Engine::default(), vec![])?;
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// keep(&mut store, memory);
/// assert_eq!(store.data(), &[0; 4]);
/// # Ok(())
/// # }
/// ```
pub unsafe trait DataStore: AsStoreMut {
    /// The embedder's data.
    type Data: 'static;
}

/// A store that a typed host function can be made of `F` for: see
/// [`Func::wrap`](crate::Func::wrap).
///
/// # Examples
/// ```
/// use mangrove::{Engine, Error, Func, Store, WrapStore};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// Wraps a closure, and calls it.
/// fn run<F, P, R>(store: &mut impl WrapStore<F, P, R>, func: F) -> Result<(), Error> {
///     Func::wrap(store, func)?.call(store, &[])?;
///     Ok(())
/// }
///
/// run(&mut Store::new(&Engine::default(), ())?, || ())?;
/// # Ok(())
/// # }
/// ```
pub trait WrapStore<F, Params, Results>: AsStoreMut {
    /// Adds the host function.
    ///
    /// # Errors
    /// As [`Func::wrap`](crate::Func::wrap).
    #[doc(hidden)]
    fn wrap_func(&mut self, func: F) -> Result<Func, Error>;
}

/// A store's insides, to look at.
pub fn inner<S: AsStore + ?Sized>(store: &S) -> &StoreInner {
    // SAFETY: `AsStore` promises a live store, and changing it takes `&mut`
    // access to the same `store`, which the result keeps borrowed.
    unsafe { &*store.raw().as_ptr() }
}

/// A store's insides, to change.
///
/// # Safety
/// They are not moved out of their place, nor exchanged for another store's: compiled
/// code knows their address.
pub unsafe fn insides<S: AsStoreMut + ?Sized>(store: &mut S) -> &mut StoreInner {
    // SAFETY: as above, with exclusive access.
    unsafe { &mut *store.raw().as_ptr() }
}

/// [`insides`], for this crate, in which nothing moves or exchanges them.
pub(crate) fn inner_mut<S: AsStoreMut + ?Sized>(store: &mut S) -> &mut StoreInner {
    // SAFETY: nowhere in this crate is a `StoreInner` moved or exchanged.
    unsafe { insides(store) }
}

/// A global and where it is from.
pub(crate) struct GlobalEntry {
    pub(crate) cell: NonNull<GlobalCell>,
    pub(crate) ty: GlobalType,
    pub(crate) kind: ValueKind,
    pub(crate) origin: Origin,
}

/// A tag.
pub(crate) struct TagEntry {
    pub(crate) def: NonNull<TagDef>,
}

/// Everything but the embedder's data.
pub struct StoreInner {
    pub(crate) id: StoreId,
    pub(crate) engine: EngineCore,
    /// Owned; compiled code holds its address.
    pub(crate) ctx: NonNull<StoreContext>,
    pub(crate) heap: Heap,
    pub(crate) registry: Registry,
    /// What bounds the heap, if not the embedder's limit or the default.
    pub(crate) heap_bound: Option<Bound>,
    /// What bounds the number of stacks, if not the embedder's limits.
    pub(crate) stack_bound: Option<Bound>,
    /// What heap and stacks may take, of address space and memory each.
    #[expect(dead_code, reason = "held, and given back with the store")]
    pub(crate) shares: ([Share; 2], [Share; 2]),
    pub(crate) code: StoreCode,
    /// Owned, each.
    pub(crate) instances: Vec<InstancePtr>,
    /// Those that make tail calls.
    pub(crate) tail_callers: RefCell<TailCallers>,
    /// Of those, the ones whose element segments have got items since the last
    /// collection.
    pub(crate) new_segments: Vec<InstancePtr>,
    /// Owned, each.
    pub(crate) host_funcs: Vec<NonNull<HostFunc>>,
    /// Those that linkers asked for, by the address of their body.
    pub(crate) linked: HashMap<usize, NonNull<FuncRef>>,
    /// Those that clone continuations, by their type.
    pub(crate) clone_funcs: HashMap<TypeId, NonNull<FuncRef>>,
    pub(crate) globals: Vec<GlobalEntry>,
    pub(crate) tables: Vec<TableEntry>,
    pub(crate) memories: Vec<MemoryEntry>,
    pub(crate) tags: Vec<TagEntry>,
    /// Mappings of memories that were there before the store was reset.
    pub(crate) spare_memories: Vec<SpareMemory>,
    pub(crate) handles: Handles,
    pub(crate) host_values: HostValues,
    pub(crate) weak: WeakTables,
    /// The objects that surveys are to know again; none if nobody asked for that.
    pub(crate) followed: Option<Followed>,
    /// Layouts of objects that the embedder has made or looked into. Their types are kept.
    pub(crate) layouts: HashMap<TypeId, Arc<ObjectLayout>>,
    /// Operands of the constant expression being evaluated, and what the collector
    /// follows in each.
    pub(crate) operands: Vec<(TransferSlot, Option<SlotKind>)>,
    pub(crate) activations: Activations,
    /// The host function that runs now, if one does; else null.
    pub(crate) host_func: *const HostFunc,
    /// Why Wasm is being left.
    pub(crate) pending: Option<Pending>,
    pub(crate) watchers: Watchers,
    /// Those who are told of the phases of collections.
    pub(crate) phase_watchers: PhaseWatchers,
    /// Whom to ask before more is taken.
    pub(crate) limiter: Option<ErasedLimiter>,
    /// With so many collections it was asked for the heap, and refused.
    pub(crate) heap_asked: Option<u64>,
    /// Who refused room in the heap, the last time that some was sought.
    pub(crate) heap_refused_by: Option<HeapRefuser>,
    /// Who decides on collections.
    pub(crate) policy: Policy,
    /// When what runs is interrupted, and who is asked then.
    pub(crate) interruption: Deadlines,
    /// Types kept for what was made without a module, and for what follows by their
    /// numbers.
    pub(crate) types: KeptTypes,
    /// Signatures met so far, of types that are kept. Boxed: calls hold their addresses.
    pub(crate) signatures: HashMap<TypeId, Box<Signature>>,
    /// Types of what a continuation of a function type is once it has suspended
    /// to a tag: by the types of tag and function. All are kept.
    pub(crate) suspended_types: HashMap<(TypeId, TypeId), TypeId>,
    pub(crate) collections: u64,
    /// How many of them were minor.
    pub(crate) minor_collections: u64,
    /// When zeal collects next.
    pub(crate) zeal_moments: Moments,
    /// What `move` zeal has to move.
    pub(crate) moving: Moving,
    /// What the API keeps with the store.
    pub(crate) face: Box<dyn Any + Send>,
    /// The embedder's data, a `T`; owned by `Store`.
    pub(crate) data: NonNull<()>,
}

impl StoreInner {
    /// The context compiled code shares. Only for moments when no compiled
    /// code runs, which is whenever this code does.
    pub(crate) fn context(&mut self) -> &mut StoreContext {
        // SAFETY: owned by this store, and while the host runs nobody else
        // looks at it.
        unsafe { self.ctx.as_mut() }
    }

    /// A function type as calls need it, made the first time. The address is
    /// good for as long as the store lives.
    pub(crate) fn signature(&mut self, id: TypeId) -> Result<NonNull<Signature>, Error> {
        if let Some(known) = self.signatures.get(&id) {
            return Ok(NonNull::from(&**known));
        }
        self.types.keep(id)?;
        let signature = Box::new(self.engine.signature(id)?);
        // The address is taken where the box stays: moving a box ends what was
        // borrowed from it.
        let kept = self.signatures.entry(id).or_insert(signature);
        Ok(NonNull::from(&**kept))
    }

    /// Keeps the type that a type of the host's refers to.
    ///
    /// # Errors
    /// The engine does not have it.
    pub(crate) fn keep_type(&mut self, ty: ValType) -> Result<(), Error> {
        match ty {
            ValType::Ref(RefType {
                heap: HeapType::Concrete(id),
                ..
            }) => self.types.keep(id),
            _ => Ok(()),
        }
    }

    /// Sets the embedder's data.
    ///
    /// # Safety
    /// It stays as long as the store, and is of the type that the host functions added
    /// to the store are made for.
    pub unsafe fn set_data(&mut self, data: NonNull<()>) {
        self.data = data;
    }

    /// The error for a continuation there is no room for.
    pub(crate) fn no_room(&self, error: LimitError) -> Error {
        limit_error(error, self.stack_bound)
    }

    /// Refuses a handle of another store.
    ///
    /// # Errors
    /// It is one.
    #[inline]
    pub fn check_same_store(&self, id: StoreId, what: &str) -> Result<(), Error> {
        if id == self.id {
            Ok(())
        } else {
            Err(Error::foreign(what))
        }
    }
}

/// Drops what is the embedder's, which may panic, and keeps the first panic.
#[derive(Default)]
pub(crate) struct Dropping(Option<Box<dyn Any + Send>>);

impl Dropping {
    /// Drops each, whoever panics.
    pub(crate) fn each<T>(&mut self, values: impl IntoIterator<Item = T>) {
        for value in values {
            if let Err(caught) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
                self.0.get_or_insert(caught);
            }
        }
    }

    /// The first panic.
    pub(crate) fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        self.0
    }
}

impl StoreInner {
    /// Gives up what instances and the host have made: what owns memory by address, and
    /// what is the embedder's. A panic of the embedder's, to be gone on with when the store
    /// is as it should be: what panics when it is dropped must not keep the rest.
    ///
    /// # Safety
    /// Nothing runs, and nobody uses an address of any of it afterwards.
    pub(crate) unsafe fn free_contents(&mut self) -> Option<Box<dyn Any + Send>> {
        let mut dropping = Dropping::default();
        // SAFETY: each of these was made with `Box::leak` or `Box::into_raw`
        // by this store, and by contract everyone who knew them is gone.
        unsafe {
            for instance in self.instances.drain(..) {
                instance.free();
            }
            let hosts = self.host_funcs.drain(..);
            dropping.each(hosts.map(|host| Box::from_raw(host.as_ptr())));
            dropping.each(self.host_values.take_all());
            for global in self.globals.drain(..) {
                drop(Box::from_raw(global.cell.as_ptr()));
            }
            for tag in self.tags.drain(..) {
                drop(Box::from_raw(tag.def.as_ptr()));
            }
        }
        dropping.each(self.watchers.list.drain(..));
        dropping.each(self.watchers.listeners.drain(..));
        dropping.each(self.watchers.panic.take());
        dropping.each(self.phase_watchers.list.drain(..));
        dropping.each(self.phase_watchers.take_panic());
        dropping.each(self.limiter.take());
        dropping.each([std::mem::take(&mut self.policy)]);
        dropping.each(self.interruption.at_deadline.take());
        dropping.each(self.interruption.at_fuel.take());
        dropping.each(self.pending.take());
        dropping.into_panic()
    }
}

impl Drop for StoreInner {
    fn drop(&mut self) {
        debug_assert!(
            self.activations.len() == 0,
            "a store is dropped while it runs"
        );
        // SAFETY: with the store goes everyone who knew them.
        let panic = unsafe { self.free_contents() };
        // SAFETY: the store's own, made with `Box::leak`.
        drop(unsafe { Box::from_raw(self.ctx.as_ptr()) });
        if let Some(panic) = panic.filter(|_| !std::thread::panicking()) {
            resume_unwind(panic);
        }
    }
}
