//! Rust types whose values are Wasm values, and how one becomes the other without a
//! [`Val`](crate::Val) between.
//!
//! A type is checked once, when a function is asked for its typed form or a host
//! function is made. After that a number is written where compiled code reads it, and
//! read where compiled code wrote it: with exactly the bytes that compiled code uses,
//! since a load of more bytes than were stored last waits for the store.

use crate::error::Error;
use crate::store::StoreInner;
use mangrove_abi::{Repr, TransferSlot};
use mangrove_validate::{HeapType, RefType, ValType};

/// What is known of the type of a value that is handed over, besides its Rust type.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The types at the other side, of all values of the list.
    pub types: &'a [ValType],
    /// Which of them.
    pub index: usize,
    /// Whether some values of the Rust types are none of those, so that each is checked.
    pub is_narrower: bool,
}

impl Expected<'_> {
    /// The type at the other side.
    pub fn ty(self) -> ValType {
        self.types[self.index]
    }
}

/// A Rust type whose values are those of a Wasm type:
///
/// | Rust | Wasm |
/// |-|-|
/// | `i32`, `u32` | `i32` |
/// | `i64`, `u64` | `i64` |
/// | `f32`, `f64` | `f32`, `f64` |
/// | `u128` | `v128` |
/// | [`Func`](crate::Func) | `(ref func)` |
/// | [`AnyRef`](crate::AnyRef) | `(ref any)` |
/// | [`StructRef`](crate::StructRef), [`ArrayRef`](crate::ArrayRef) | `(ref struct)`, `(ref array)` |
/// | [`ExternRef`](crate::ExternRef) | `(ref extern)` |
/// | [`ExnRef`](crate::ExnRef) | `(ref exn)` |
/// | [`ContHandle`](crate::ContHandle) | `(ref cont)` |
/// | `Option` of one of the references | the same with null: `(ref null any)` |
///
/// Where a function takes a narrower reference type than the Rust type says, say
/// `(ref $point)` for an `AnyRef`, each value is checked when it is handed over. What
/// comes from Wasm always has the type that was checked before.
///
/// For a reference type of one's own in this crate implement [`WasmRef`] instead; this
/// trait follows from it, and so does the one with null.
///
/// # Safety
/// `lift` reads no more than `REPR` has bytes, and what it makes of them is valid for
/// every value of `val_type`; `lower` writes a value of that type.
///
/// # Examples
/// ```
/// use mangrove::{AbstractHeap, AnyRef, HeapType, ValType, WasmRef, WasmTy};
///
/// assert_eq!(u32::val_type(), ValType::I32);
/// let ValType::Ref(ty) = <Option<AnyRef>>::val_type() else { unreachable!() };
/// assert!(ty.nullable);
/// assert_eq!(<AnyRef as WasmRef>::heap_type(), HeapType::Abstract(AbstractHeap::Any));
/// ```
pub unsafe trait WasmTy: Sized + 'static {
    /// How compiled code holds it.
    const REPR: Repr;

    /// The Wasm type.
    fn val_type() -> ValType;

    /// Writes the value where compiled code reads it. It is no root there: no
    /// collection may happen before compiled code has it.
    ///
    /// # Errors
    /// It is of another store, or not of the expected type.
    #[doc(hidden)]
    fn lower(
        self,
        store: &StoreInner,
        expected: Expected<'_>,
        slot: &mut TransferSlot,
    ) -> Result<(), Error>;

    /// Reads a value that compiled code has left. References become rooted.
    ///
    /// # Safety
    /// The slot holds a value of the expected type, which is one of `val_type`.
    #[doc(hidden)]
    unsafe fn lift(store: &mut StoreInner, expected: Expected<'_>, slot: &TransferSlot) -> Self;
}

/// A Rust type of references that are not null.
///
/// # Safety
/// As for [`WasmTy`].
///
/// # Examples
/// See [`WasmTy`].
pub unsafe trait WasmRef: Sized + 'static {
    /// How compiled code holds it.
    const REPR: Repr;

    /// What it refers to.
    fn heap_type() -> HeapType;

    /// As compiled code holds it.
    ///
    /// # Errors
    /// It is of another store, or not of the expected type.
    #[doc(hidden)]
    fn lower_ref(self, store: &StoreInner, expected: Expected<'_>) -> Result<TransferSlot, Error>;

    /// A rooted reference; none if it is null.
    ///
    /// # Safety
    /// As for [`WasmTy::lift`].
    #[doc(hidden)]
    unsafe fn lift_ref(
        store: &mut StoreInner,
        expected: Expected<'_>,
        slot: &TransferSlot,
    ) -> Option<Self>;
}

macro_rules! numbers {
    ($($rust:ty: $wasm:ident, $words:expr;)*) => { $(
        // SAFETY: as many bytes as the representation has, of which every pattern is valid.
        unsafe impl WasmTy for $rust {
            const REPR: Repr = Repr::$wasm;

            fn val_type() -> ValType {
                ValType::$wasm
            }

            #[inline(always)]
            fn lower(
                self,
                _: &StoreInner,
                _: Expected<'_>,
                slot: &mut TransferSlot,
            ) -> Result<(), Error> {
                // The whole first word, since the payload register takes it.
                let write: fn($rust, &mut [u64; 2]) = $words;
                write(self, &mut slot.words);
                Ok(())
            }

            #[inline(always)]
            unsafe fn lift(_: &mut StoreInner, _: Expected<'_>, slot: &TransferSlot) -> Self {
                // SAFETY: a slot has room for each of these, and is aligned for it.
                unsafe { (&raw const slot.words).cast::<Self>().read() }
            }
        }
    )* };
}

numbers! {
    i32: I32, |value, words| words[0] = u64::from(value as u32);
    u32: I32, |value, words| words[0] = u64::from(value);
    i64: I64, |value, words| words[0] = value as u64;
    u64: I64, |value, words| words[0] = value;
    f32: F32, |value, words| words[0] = u64::from(value.to_bits());
    f64: F64, |value, words| words[0] = value.to_bits();
    u128: V128, |value, words| *words = [value as u64, (value >> 64) as u64];
}

// SAFETY: by the contract of `WasmRef`; the type has no null.
unsafe impl<T: WasmRef> WasmTy for T {
    const REPR: Repr = <T as WasmRef>::REPR;

    fn val_type() -> ValType {
        reference::<T>(false)
    }

    #[inline]
    fn lower(
        self,
        store: &StoreInner,
        expected: Expected<'_>,
        slot: &mut TransferSlot,
    ) -> Result<(), Error> {
        *slot = self.lower_ref(store, expected)?;
        Ok(())
    }

    #[inline]
    unsafe fn lift(store: &mut StoreInner, expected: Expected<'_>, slot: &TransferSlot) -> Self {
        // SAFETY: by contract.
        let value = unsafe { T::lift_ref(store, expected, slot) };
        value.expect("a value of a type without null")
    }
}

// SAFETY: by the contract of `WasmRef`; null is all zero.
unsafe impl<T: WasmRef> WasmTy for Option<T> {
    const REPR: Repr = <T as WasmRef>::REPR;

    fn val_type() -> ValType {
        reference::<T>(true)
    }

    #[inline]
    fn lower(
        self,
        store: &StoreInner,
        expected: Expected<'_>,
        slot: &mut TransferSlot,
    ) -> Result<(), Error> {
        *slot = match self {
            Some(value) => value.lower_ref(store, expected)?,
            None => {
                store.check_null(Self::val_type(), expected)?;
                TransferSlot::default()
            }
        };
        Ok(())
    }

    #[inline]
    unsafe fn lift(store: &mut StoreInner, expected: Expected<'_>, slot: &TransferSlot) -> Self {
        // SAFETY: by contract.
        unsafe { T::lift_ref(store, expected, slot) }
    }
}

fn reference<T: WasmRef>(nullable: bool) -> ValType {
    ValType::Ref(RefType {
        nullable,
        heap: T::heap_type(),
    })
}
