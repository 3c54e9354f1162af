//! Handles: what of a store the embedder can name. Those of references keep what they
//! refer to alive.
//!
//! ```text
//!  Val::Any(HeapHandle) ──Arc──▶ Slot { offset } ◀──Arc── the store's list of slots
//! ```
//!
//! The store's list is a root: a collection rewrites the offset in the slot, so
//! a handle stays right however often its object moves. A slot that only the
//! list holds is used for the next handle, or dropped at the next collection.
//!
//! A handle that is made in a [`RootScope`](crate::RootScope) has no slot of its own:
//!
//! ```text
//!  HeapHandle { scope, index } ──▶ the store's stack of slots: … │ scope 7: offset │ scope 7: offset │
//! ```
//!
//! It is a pair of numbers, and the slot goes with the scope. Numbers of scopes are never
//! given out again, so that one that is over, or another store's, is found out.
//!
//! Handles go to other threads than their store. What can be done with them there
//! (compare, clone, print, drop) does not look at the offset.

use crate::id::StoreId;
use crate::scopes::Scopes;
use mangrove_abi::{ContRef, FuncRef, HeapRef, TypeId};
use mangrove_validate::{AbstractHeap, RefType};
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a [`HeapHandle`] refers to.
///
/// # Examples
/// See [`HeapHandle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleKind {
    /// A 31-bit integer.
    I31,
    /// A struct of this canonical type.
    Struct(TypeId),
    /// An array of this canonical type.
    Array(TypeId),
    /// An object the embedder made.
    Host,
    /// An exception.
    Exn,
}

impl HandleKind {
    /// The narrowest abstract heap type of such references.
    pub(crate) fn heap_type(self) -> AbstractHeap {
        match self {
            Self::I31 => AbstractHeap::I31,
            Self::Struct(_) => AbstractHeap::Struct,
            Self::Array(_) => AbstractHeap::Array,
            Self::Host => AbstractHeap::Any,
            Self::Exn => AbstractHeap::Exn,
        }
    }

    /// What people call it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::I31 => "an i31",
            Self::Struct(_) => "a struct",
            Self::Array(_) => "an array",
            Self::Host => "a value of the host",
            Self::Exn => "an exception",
        }
    }
}

/// Why a handle does not lead to a reference.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lost {
    /// It is of another store.
    Store,
    /// Its scope has ended, or is another store's.
    Scope,
}

/// Where a rooted reference lies. The collector writes it, plainly: only who has
/// access to the store may read it.
pub(crate) struct HeapSlot {
    offset: AtomicU32,
    store: StoreId,
}

impl fmt::Debug for HeapSlot {
    /// Without the offset, which is the collector's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapSlot")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl HeapSlot {
    /// A slot for a reference to an object.
    pub(crate) fn new(store: StoreId, object: HeapRef) -> Arc<Self> {
        let offset = AtomicU32::new(object.0);
        Arc::new(Self { offset, store })
    }

    /// Puts another reference into a slot that no handle has.
    pub(crate) fn reuse(&self, object: HeapRef) {
        self.offset.store(object.0, Ordering::Relaxed);
    }

    /// The address for the collector.
    pub(crate) fn address(&self) -> *mut u32 {
        self.offset.as_ptr()
    }
}

/// A reference into the heap that keeps what it refers to alive for as long as
/// the handle exists; or, if it was made in a [`RootScope`](crate::RootScope), for as
/// long as that is open ([`HeapHandle::owned`] makes one that outlives it).
///
/// Objects and their parts are read and written as [`StructRef`](crate::StructRef),
/// [`ArrayRef`](crate::ArrayRef) and [`ExternRef`](crate::ExternRef).
///
/// `==` compares handles, which takes no store: clones of one handle are equal,
/// and `i31`s by value. Two handles of one object that were received apart are
/// not; whether they are of one object is what [`HeapHandle::same_object`] says.
///
/// # Examples
/// ```
/// use mangrove::{Engine, ExternRef, HandleKind, HeapHandle, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let number = HeapHandle::from_i31(7);
/// assert_eq!((number.kind(&store)?, number.as_i31()), (HandleKind::I31, Some(7)));
///
/// let value = ExternRef::new(&mut store, "any value")?;
/// let handle: &HeapHandle = value.handle();
/// assert_eq!(handle.kind(&store)?, HandleKind::Host);
/// // A handle that no scope ends.
/// let owned = handle.owned(&mut store)?;
/// assert!(owned.same_object(&store, handle)?);
/// // The same object in the other hierarchy.
/// let inside = HeapHandle::convert_extern(&value);
/// assert!(inside.same_object(&store, handle)?);
/// assert_eq!(inside.array_len(&store), None);
/// assert!(inside.as_array(&store)?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HeapHandle(Inner);

#[derive(Clone, Debug)]
enum Inner {
    I31(u32),
    Object(Arc<HeapSlot>),
    Scoped { scope: u64, index: u32 },
}

impl HeapHandle {
    /// The `i31` of the low 31 bits of `value`.
    pub fn from_i31(value: u32) -> Self {
        Self(Inner::I31(value & 0x7fff_ffff))
    }

    /// The value of an `i31`, zero-extended.
    pub fn as_i31(&self) -> Option<u32> {
        match &self.0 {
            Inner::I31(value) => Some(*value),
            Inner::Object(_) | Inner::Scoped { .. } => None,
        }
    }

    /// The value of an `i31`, sign-extended.
    ///
    /// # Examples
    /// ```
    /// use mangrove::HeapHandle;
    ///
    /// let minus = HeapHandle::from_i31(-3i32 as u32);
    /// assert_eq!(minus.as_i31_signed(), Some(-3));
    /// assert_eq!(minus.as_i31(), Some(0x7fff_fffd));
    /// ```
    pub fn as_i31_signed(&self) -> Option<i32> {
        self.as_i31().map(|value| (value << 1) as i32 >> 1)
    }

    /// A handle on the slot at this place of a scope.
    pub(crate) fn scoped(scope: u64, index: u32) -> Self {
        Self(Inner::Scoped { scope, index })
    }

    /// A handle with this slot, which is the store's too.
    pub(crate) fn with_slot(slot: Arc<HeapSlot>) -> Self {
        Self(Inner::Object(slot))
    }

    /// The reference, if it is one of this store's, whose slots of scopes these are. For
    /// those with access to that store only.
    #[inline]
    pub(crate) fn get(&self, store: StoreId, scopes: &Scopes) -> Result<HeapRef, Lost> {
        match &self.0 {
            Inner::I31(value) => Ok(HeapRef::from_i31(*value)),
            Inner::Object(slot) if slot.store == store => {
                Ok(HeapRef(slot.offset.load(Ordering::Relaxed)))
            }
            Inner::Object(_) => Err(Lost::Store),
            Inner::Scoped { scope, index } => scopes.get(*scope, *index).ok_or(Lost::Scope),
        }
    }
}

impl PartialEq for HeapHandle {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Inner::I31(a), Inner::I31(b)) => a == b,
            // By the slot and not by what is in it: another thread may hold the
            // store, and be collecting.
            (Inner::Object(a), Inner::Object(b)) => Arc::ptr_eq(a, b),
            (
                Inner::Scoped { scope, index },
                Inner::Scoped {
                    scope: other,
                    index: place,
                },
            ) => (scope, index) == (other, place),
            _ => false,
        }
    }
}

/// What a [`ContHandle`] holds. Continuations do not move: it never changes.
#[derive(Debug)]
pub(crate) struct ContSlot {
    record: usize,
    revision: u64,
    store: StoreId,
    /// The type it was received as; the continuation itself does not know it.
    ty: RefType,
}

impl ContSlot {
    /// The continuation reference.
    pub(crate) fn get(&self) -> ContRef {
        ContRef {
            record: std::ptr::with_exposed_provenance_mut(self.record),
            revision: self.revision,
        }
    }
}

/// A continuation reference that keeps the continuation alive for as long as
/// the handle exists.
///
/// `==` is identity of the reference, whatever type it was received as: two
/// handles are equal if they stand for the same continuation at the same point of
/// its life. Resuming or binding it makes a reference that equals none before.
///
/// # Examples
/// ```
/// use mangrove::{ContHandle, Engine, Func, HeapType, Outcome, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let k: ContHandle = Func::wrap(&mut store, || ())?.continuation(&mut store)?;
/// assert!(matches!(k.ty().heap, HeapType::Concrete(_)));
/// assert!(!k.is_consumed(&store)?);
/// assert!(matches!(k.resume(&mut store, &[], &[])?, Outcome::Returned(_)));
/// assert!(k.is_consumed(&store)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ContHandle(Arc<ContSlot>);

impl PartialEq for ContHandle {
    fn eq(&self, other: &Self) -> bool {
        let identity = |slot: &ContSlot| (slot.store, slot.record, slot.revision);
        identity(&self.0) == identity(&other.0)
    }
}

impl Eq for ContHandle {}

impl ContHandle {
    /// A handle, and its slot to be registered with the store.
    pub(crate) fn new(store: StoreId, value: ContRef, ty: RefType) -> (Self, Arc<ContSlot>) {
        debug_assert!(!value.is_null());
        let record = value.record.expose_provenance();
        let slot = Arc::new(ContSlot {
            record,
            revision: value.revision,
            store,
            ty,
        });
        (Self(slot.clone()), slot)
    }

    /// The type it was received as, without null.
    pub fn ty(&self) -> RefType {
        RefType {
            nullable: false,
            ..self.0.ty
        }
    }

    /// The reference, if it is one of this store's.
    pub(crate) fn get(&self, store: StoreId) -> Option<ContRef> {
        (self.0.store == store).then(|| self.0.get())
    }
}

/// A function of a store.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Func, FuncType, Store, Val, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let ty = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
/// let add = Func::new(&mut store, ty.clone(), |_, args, results| {
///     let [a, b] = [0, 1].map(|at| args[at].as_i32().expect("of this type"));
///     results[0] = Val::I32(a.wrapping_add(b));
///     Ok(())
/// })?;
/// assert_eq!(add.ty(&store), ty);
/// assert_eq!(add.call(&mut store, &[Val::I32(2), Val::I32(3)])?, [Val::I32(5)]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Func {
    pub(crate) store: StoreId,
    pub(crate) func: NonNull<FuncRef>,
}

// SAFETY: the address is used only together with the store it belongs to,
// whose number is checked first.
unsafe impl Send for Func {}

// SAFETY: as above.
unsafe impl Sync for Func {}

impl Func {
    /// The function at this address, which is one of that store's.
    pub(crate) fn new_ref(store: StoreId, func: NonNull<FuncRef>) -> Self {
        Self { store, func }
    }

    /// The address, as a function reference in compiled code.
    pub(crate) fn address(self) -> usize {
        self.func.as_ptr().expose_provenance()
    }

    pub(crate) fn as_ptr(self) -> NonNull<FuncRef> {
        self.func
    }
}

/// A global of a store.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Global, GlobalType, Store, Val, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let ty = GlobalType::variable(ValType::I64);
/// let global = Global::new(&mut store, ty, Val::I64(1))?;
/// assert_eq!(global.ty(&store), ty);
/// global.set(&mut store, Val::I64(2))?;
/// assert_eq!(global.get(&mut store)?, Val::I64(2));
/// assert!(global.set(&mut store, Val::I32(2)).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Global {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

/// A tag of a store. Its identity is the value itself: two tags of one type
/// are different.
///
/// # Examples
/// ```
/// use mangrove::{Engine, FuncType, Store, Tag, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let ty = FuncType::new([ValType::I32], [ValType::I64]);
/// let tag = Tag::new(&mut store, ty.clone())?;
/// assert_eq!(tag.ty(&store), ty);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

/// A table of a store.
///
/// # Examples
/// ```
/// use mangrove::{AbstractHeap, Engine, Func, HeapType, RefType, Store, Table, TableType, Val};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let element = RefType { nullable: true, heap: HeapType::Abstract(AbstractHeap::Func) };
/// let ty = TableType::new(element, 2, Some(4));
/// let table = Table::new(&mut store, ty, Val::Func(None))?;
/// assert_eq!((table.ty(&store), table.size(&store)), (ty, 2));
/// let func = Val::Func(Some(Func::wrap(&mut store, || ())?));
/// table.set(&mut store, 1, func.clone())?;
/// assert_eq!(table.get(&mut store, 1)?, Some(func));
/// assert_eq!(table.get(&mut store, 2)?, None);
/// assert_eq!(table.grow(&mut store, 2, Val::Func(None))?, Some(2), "the old size");
/// assert_eq!(table.grow(&mut store, 1, Val::Func(None))?, None, "its maximum");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

/// A memory of a store.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Memory, MemoryType, PAGE, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let ty = MemoryType::new(1, Some(2));
/// let memory = Memory::new(&mut store, ty)?;
/// assert_eq!((memory.ty(&store), memory.size(&store)), (ty, 1));
/// memory.write(&mut store, PAGE - 2, b"hi")?;
/// let mut bytes = [0; 2];
/// memory.read(&store, PAGE - 2, &mut bytes)?;
/// assert_eq!(&bytes, b"hi");
/// assert!(memory.read(&store, PAGE - 1, &mut bytes).is_err(), "beyond its end");
/// assert_eq!(memory.grow(&mut store, 1)?, Some(1), "the old size");
/// assert_eq!(memory.grow(&mut store, 1)?, None, "its maximum");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

/// Something that can be imported and exported.
///
/// # Examples
/// See [`crate::ExternType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A global.
    Global(Global),
    /// A tag.
    Tag(Tag),
}

macro_rules! extern_from {
    ($($name:ident $into:ident $what:literal;)*) => {
        $(impl From<$name> for Extern {
            fn from(item: $name) -> Self {
                Self::$name(item)
            }
        })*

        impl Extern {
            $(
                #[doc = concat!("The ", $what, ", if this is one.")]
                ///
                /// # Examples
                /// ```
                /// use mangrove::{Config, Engine, Extern, Func, Store};
                ///
                /// # fn main() -> Result<(), mangrove::Error> {
                /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
                /// let item = Extern::from(Func::wrap(&mut store, || ())?);
                /// assert!(item.into_func().is_some() && item.into_table().is_none());
                /// # Ok(())
                /// # }
                /// ```
                pub fn $into(self) -> Option<$name> {
                    match self {
                        Self::$name(item) => Some(item),
                        _ => None,
                    }
                }
            )*
        }
    };
}

extern_from! {
    Func into_func "function";
    Table into_table "table";
    Memory into_memory "memory";
    Global into_global "global";
    Tag into_tag "tag";
}

impl Extern {
    pub(crate) fn store(self) -> StoreId {
        match self {
            Self::Func(item) => item.store,
            Self::Table(item) => item.store,
            Self::Memory(item) => item.store,
            Self::Global(item) => item.store,
            Self::Tag(item) => item.store,
        }
    }
}
