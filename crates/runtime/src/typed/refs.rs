//! References as typed functions take and give them.

use crate::error::Error;
use crate::handle::{ContHandle, Func, HandleKind, HeapHandle};
use crate::objects::array_ref::ArrayRef;
use crate::objects::extern_ref::ExternRef;
use crate::objects::struct_ref::StructRef;
use crate::store::StoreInner;
use crate::typed::value::{Expected, WasmRef};
use crate::value::Val;
use mangrove_abi::{FuncRef, Repr, TransferSlot};
use mangrove_validate::{AbstractHeap, HeapType, RefType, ValType};
use std::ops::Deref;
use std::ptr::{self, NonNull};

macro_rules! heap_references {
    ($($name:ident: $heap:ident, $val:ident;)*) => { $(
        // SAFETY: `lower_heap` checks which hierarchy the reference is in, and values of the
        // Rust type refer to what it says; a heap reference that Wasm gives as one of the
        // heap type is one.
        unsafe impl WasmRef for $name {
            const REPR: Repr = Repr::HeapRef;

            fn heap_type() -> HeapType {
                HeapType::Abstract(AbstractHeap::$heap)
            }

            fn lower_ref(
                self,
                store: &StoreInner,
                expected: Expected<'_>,
            ) -> Result<TransferSlot, Error> {
                store.lower_heap(self.into(), AbstractHeap::$heap, Val::$val, expected)
            }

            unsafe fn lift_ref(
                store: &mut StoreInner,
                _: Expected<'_>,
                slot: &TransferSlot,
            ) -> Option<Self> {
                // SAFETY: by contract.
                unsafe { store.lift_heap(low_half(slot)) }.map(Self::of)
            }
        }
    )* };
}

heap_references! {
    AnyRef: Any, Any;
    StructRef: Struct, Any;
    ArrayRef: Array, Any;
    ExternRef: Extern, Extern;
    ExnRef: Exn, Exn;
}

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident: $val:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(HeapHandle);

        impl $name {
            fn of(handle: HeapHandle) -> Self {
                Self(handle)
            }

            /// The handle.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{AnyRef, HeapHandle};
            ///
            /// assert_eq!(AnyRef::from(HeapHandle::from_i31(7)).into_handle().as_i31(), Some(7));
            /// ```
            pub fn into_handle(self) -> HeapHandle {
                self.0
            }
        }

        impl From<HeapHandle> for $name {
            /// What the handle refers to is looked at when the value is handed over.
            fn from(handle: HeapHandle) -> Self {
                Self(handle)
            }
        }

        impl From<$name> for HeapHandle {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl From<$name> for Val {
            fn from(value: $name) -> Self {
                Val::$val(Some(value.0))
            }
        }

        impl Deref for $name {
            type Target = HeapHandle;

            fn deref(&self) -> &HeapHandle {
                &self.0
            }
        }
    )* };
}

views! {
    /// A reference of the internal hierarchy that is not null, as a parameter or result
    /// of a typed function: `(ref any)`.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{AnyRef, Config, Engine, HeapHandle, Linker, Module, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let text = b"(module (func (export \"f\") (param i31ref) (result anyref) (local.get 0)))";
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// // `i31ref` is narrower than `anyref`, so each argument is looked at.
    /// let f = instance.get_typed_func::<Option<AnyRef>, Option<AnyRef>>(&mut store, "f")?;
    /// let seven = AnyRef::from(HeapHandle::from_i31(7));
    /// let back = f.call(&mut store, Some(seven))?.expect("not null");
    /// assert_eq!(back.as_i31(), Some(7));
    /// # Ok(())
    /// # }
    /// ```
    AnyRef: Any;
    /// A reference to an exception that is not null, as a parameter or result of a typed
    /// function: `(ref exn)`.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Engine, Error, ExnRef, Exception, Func, FuncType, Store, Tag};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::default(), ())?;
    /// let tag = Tag::new(&mut store, FuncType::default())?;
    /// let exception = Exception::new(&mut store, tag, vec![])?;
    /// let same = Func::wrap(&mut store, |exception: ExnRef| exception)?;
    /// let same = same.typed::<ExnRef, ExnRef>(&mut store)?;
    /// let back = same.call(&mut store, ExnRef::from(exception.handle.clone()))?;
    /// assert!(back.same_object(&store, &exception.handle)?);
    /// # Ok(())
    /// # }
    /// ```
    ExnRef: Exn;
}

/// The 4 bytes of a heap reference.
fn low_half(slot: &TransferSlot) -> u32 {
    // SAFETY: a slot is longer, and aligned for more.
    unsafe { (&raw const slot.words).cast::<u32>().read() }
}

impl StoreInner {
    /// A heap reference as compiled code holds it.
    ///
    /// # Errors
    /// It is of another store, of another hierarchy, or not of the expected type.
    pub(crate) fn lower_heap(
        &self,
        handle: HeapHandle,
        hierarchy: AbstractHeap,
        val: fn(Option<HeapHandle>) -> Val,
        expected: Expected<'_>,
    ) -> Result<TransferSlot, Error> {
        let value = self.heap_ref(&handle)?;
        let is_exn = self.kind_of_object(value) == HandleKind::Exn;
        if expected.is_narrower || is_exn != (hierarchy == AbstractHeap::Exn) {
            return self.lower(&val(Some(handle)), expected.ty());
        }
        Ok(TransferSlot::from_u64(u64::from(value.0)))
    }

    /// Whether the null of a type is one of the expected type.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn check_null(&self, null: ValType, expected: Expected<'_>) -> Result<(), Error> {
        if !expected.is_narrower {
            return Ok(());
        }
        // The hierarchies agree, as was checked before; so only null itself can be wrong.
        match expected.ty() {
            ValType::Ref(RefType { nullable: true, .. }) => Ok(()),
            ty => Err(Error::usage(format!(
                "type mismatch: a null of {} where {} is expected",
                self.engine.type_text(null),
                self.engine.type_text(ty)
            ))),
        }
    }
}

// SAFETY: a function reference is its address, whatever the function's type.
unsafe impl WasmRef for Func {
    const REPR: Repr = Repr::FuncRef;

    fn heap_type() -> HeapType {
        HeapType::Abstract(AbstractHeap::Func)
    }

    fn lower_ref(self, store: &StoreInner, expected: Expected<'_>) -> Result<TransferSlot, Error> {
        if expected.is_narrower {
            return store.lower(&Val::Func(Some(self)), expected.ty());
        }
        store.check_same_store(self.store, "function")?;
        Ok(TransferSlot::from_u64(self.address() as u64))
    }

    unsafe fn lift_ref(
        store: &mut StoreInner,
        _: Expected<'_>,
        slot: &TransferSlot,
    ) -> Option<Self> {
        let address = ptr::with_exposed_provenance_mut::<FuncRef>(slot.words[0] as usize);
        NonNull::new(address).map(|func| Self::new_ref(store.id, func))
    }
}

// SAFETY: a handle of the store has the address of one of its records.
unsafe impl WasmRef for ContHandle {
    const REPR: Repr = Repr::ContRef;

    fn heap_type() -> HeapType {
        HeapType::Abstract(AbstractHeap::Cont)
    }

    fn lower_ref(self, store: &StoreInner, expected: Expected<'_>) -> Result<TransferSlot, Error> {
        if expected.is_narrower {
            return store.lower(&Val::Cont(Some(self)), expected.ty());
        }
        let value = self.get(store.id);
        let value = value.ok_or_else(|| Error::foreign("continuation"))?;
        Ok(TransferSlot::from_cont(value))
    }

    /// The handle has the type that the function has at this place.
    unsafe fn lift_ref(
        store: &mut StoreInner,
        expected: Expected<'_>,
        slot: &TransferSlot,
    ) -> Option<Self> {
        let ValType::Ref(ty) = expected.ty() else {
            unreachable!("a continuation of a type that is no reference")
        };
        let value = slot.as_cont();
        // SAFETY: by contract.
        (!value.is_null()).then(|| unsafe { store.cont_handle(value, ty) })
    }
}

#[cfg(test)]
mod tests {
    use super::low_half;
    use mangrove_abi::TransferSlot;

    #[test]
    fn a_heap_reference_is_read_without_the_bytes_above_it() {
        assert_eq!(
            low_half(&TransferSlot::from_u64(0x1234_5678_9abc_def0)),
            0x9abc_def0
        );
    }
}
