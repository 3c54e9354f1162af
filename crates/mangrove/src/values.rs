//! Values as the embedder sees them, and the handles that keep references alive.
//!
//! ```text
//!  Val::Any(HeapHandle) ──Arc──▶ Slot { offset } ◀──Arc── the store's list of slots
//! ```
//!
//! The store's list is a root: a collection rewrites the offset in the slot, so
//! a handle stays right however often its object moves. A slot that only the
//! list holds is dropped at the next collection.

use crate::func::Func;
use crate::store::StoreId;
use mangrove_abi::{ContRef, HeapRef, TypeId};
use mangrove_validate::RefType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A Wasm value.
///
/// References of the `any` hierarchy are [`Val::Any`], `i31` among them, those
/// of the `extern` hierarchy [`Val::Extern`]; null is `None` in either.
/// Equality of references is identity; of floats, equality of bits.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32-bit float, as bits.
    F32(u32),
    /// 64-bit float, as bits.
    F64(u64),
    /// Vector.
    V128(u128),
    /// Function reference.
    Func(Option<Func>),
    /// Reference of the internal hierarchy.
    Any(Option<HeapHandle>),
    /// External reference.
    Extern(Option<HeapHandle>),
    /// Exception reference.
    Exn(Option<HeapHandle>),
    /// Continuation reference.
    Cont(Option<ContHandle>),
}

impl Val {
    /// Whether this is a null reference.
    pub fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Func(None)
                | Self::Any(None)
                | Self::Extern(None)
                | Self::Exn(None)
                | Self::Cont(None)
        )
    }

    /// The value of an [`Val::I32`].
    pub fn as_i32(&self) -> Option<i32> {
        if let Self::I32(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The value of an [`Val::I64`].
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::I64(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The value of an [`Val::F32`].
    pub fn as_f32(&self) -> Option<f32> {
        if let Self::F32(bits) = self {
            Some(f32::from_bits(*bits))
        } else {
            None
        }
    }

    /// The value of an [`Val::F64`].
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::F64(bits) = self {
            Some(f64::from_bits(*bits))
        } else {
            None
        }
    }
}

macro_rules! val_from {
    ($($from:ty => $make:expr,)*) => {
        $(impl From<$from> for Val {
            fn from(value: $from) -> Self {
                $make(value)
            }
        })*
    };
}

val_from! {
    i32 => Val::I32,
    i64 => Val::I64,
    f32 => |value: f32| Val::F32(value.to_bits()),
    f64 => |value: f64| Val::F64(value.to_bits()),
    u128 => Val::V128,
    Func => |func| Val::Func(Some(func)),
}

impl fmt::Display for Val {
    /// Numbers as themselves, vectors in hexadecimal, references by kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(value) => write!(f, "{value}"),
            Self::I64(value) => write!(f, "{value}"),
            Self::F32(bits) => write!(f, "{}", f32::from_bits(*bits)),
            Self::F64(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::V128(value) => write!(f, "{value:#034x}"),
            Self::Func(Some(_)) => f.write_str("ref.func"),
            Self::Any(Some(handle)) => match handle.as_i31() {
                Some(value) => write!(f, "ref.i31 {value}"),
                None => f.write_str("ref.any"),
            },
            Self::Extern(Some(_)) => f.write_str("ref.extern"),
            Self::Exn(Some(_)) => f.write_str("ref.exn"),
            Self::Cont(Some(_)) => f.write_str("ref.cont"),
            _ => f.write_str("ref.null"),
        }
    }
}

/// What a [`HeapHandle`] refers to.
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

/// Where a rooted reference lies. The collector writes it.
#[derive(Debug)]
pub(crate) struct HeapSlot {
    offset: AtomicU32,
    store: StoreId,
}

impl HeapSlot {
    /// The address for the collector.
    pub(crate) fn address(&self) -> *mut u32 {
        self.offset.as_ptr()
    }
}

/// A reference into the heap that keeps what it refers to alive for as long as
/// the handle exists. An `i31` needs no store and is equal by value.
#[derive(Clone, Debug)]
pub struct HeapHandle(Inner);

#[derive(Clone, Debug)]
enum Inner {
    I31(u32),
    Object(Arc<HeapSlot>),
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
            Inner::Object(_) => None,
        }
    }

    /// A handle on a reference that is not null, and its slot to be registered
    /// with the store if it is an object's.
    pub(crate) fn new(store: StoreId, value: HeapRef) -> (Self, Option<Arc<HeapSlot>>) {
        debug_assert!(!value.is_null());
        if value.is_i31() {
            return (Self(Inner::I31(value.i31_value())), None);
        }
        let slot = Arc::new(HeapSlot {
            offset: AtomicU32::new(value.0),
            store,
        });
        (Self(Inner::Object(slot.clone())), Some(slot))
    }

    /// The reference, if it is one of this store's.
    pub(crate) fn get(&self, store: StoreId) -> Option<HeapRef> {
        match &self.0 {
            Inner::I31(value) => Some(HeapRef::from_i31(*value)),
            Inner::Object(slot) => {
                (slot.store == store).then(|| HeapRef(slot.offset.load(Ordering::Relaxed)))
            }
        }
    }
}

impl PartialEq for HeapHandle {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Inner::I31(a), Inner::I31(b)) => a == b,
            (Inner::Object(a), Inner::Object(b)) => {
                a.store == b.store
                    && a.offset.load(Ordering::Relaxed) == b.offset.load(Ordering::Relaxed)
            }
            _ => false,
        }
    }
}

/// What a [`ContHandle`] holds. Continuations do not move: it never changes.
#[derive(Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct ContHandle(Arc<ContSlot>);

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
