//! Between `Val`s and transfer slots, with the check of types.

use crate::called::TypeNames;
use crate::error::Error;
use crate::handle::{ContHandle, Func, HandleKind, HeapHandle, Lost};
use crate::kind::ValueKind;
use crate::objects::error::ObjectError;
use crate::store::StoreInner;
use crate::value::Val;
use mangrove_abi::{ContRef, FuncRef, HeapRef, Kind, TransferSlot};
use mangrove_validate::{AbstractHeap, HeapType, RefType, ValType};
use std::ptr::{self, NonNull};

fn reference(heap: HeapType, nullable: bool) -> ValType {
    ValType::Ref(RefType { nullable, heap })
}

impl StoreInner {
    /// A value as compiled code holds it, if it is of type `ty`.
    ///
    /// The result is no root: no collection may happen before it is used.
    pub(crate) fn lower(&self, value: &Val, ty: ValType) -> Result<TransferSlot, Error> {
        let slot = match (value, ty) {
            (Val::I32(value), ValType::I32) => TransferSlot::from_u64(*value as u32 as u64),
            (Val::I64(value), ValType::I64) => TransferSlot::from_u64(*value as u64),
            (Val::F32(bits), ValType::F32) => TransferSlot::from_u64(u64::from(*bits)),
            (Val::F64(bits), ValType::F64) => TransferSlot::from_u64(*bits),
            (Val::V128(value), ValType::V128) => TransferSlot::from_u128(*value),
            (_, ValType::Ref(_)) => return self.lower_reference(value, ty),
            _ => return Err(self.mismatch(value, ty)),
        };
        Ok(slot)
    }

    fn lower_reference(&self, value: &Val, ty: ValType) -> Result<TransferSlot, Error> {
        let (slot, actual) = match value {
            Val::Func(Some(func)) => {
                self.check_same_store(func.store, "function")?;
                let actual = reference(HeapType::Concrete(func.type_id()), false);
                (TransferSlot::from_u64(func.address() as u64), actual)
            }
            Val::Any(Some(handle)) | Val::Extern(Some(handle)) | Val::Exn(Some(handle)) => {
                let value = self.heap_ref(handle)?;
                (
                    TransferSlot::from_u64(u64::from(value.0)),
                    self.actual_type(value, ty),
                )
            }
            Val::Cont(Some(handle)) => {
                let value = handle
                    .get(self.id)
                    .ok_or_else(|| Error::foreign("continuation"))?;
                (TransferSlot::from_cont(value), ValType::Ref(handle.ty()))
            }
            _ => (TransferSlot::default(), self.null_type(value, ty)?),
        };
        // A reference keeps its bits over `extern.convert_any` and back; which
        // hierarchy it is in is what the embedder says.
        let actual = match (value, actual) {
            // An exception has no part in this: it is in neither hierarchy.
            (Val::Extern(Some(_)), ValType::Ref(ty))
                if ty.heap != HeapType::Abstract(AbstractHeap::Exn) =>
            {
                reference(HeapType::Abstract(AbstractHeap::Extern), false)
            }
            _ => actual,
        };
        if self.fits(actual, ty) {
            Ok(slot)
        } else {
            Err(self.mismatch(value, ty))
        }
    }

    /// Whether a value of one type is of another. As a rule both are abstract, or the same:
    /// then the types of the engine, which others may be adding to, need not be asked.
    fn fits(&self, actual: ValType, ty: ValType) -> bool {
        match (actual, ty) {
            (ValType::Ref(given), ValType::Ref(wanted)) => {
                let heap = match (given.heap, wanted.heap) {
                    (HeapType::Abstract(given), HeapType::Abstract(wanted)) => {
                        given.matches(wanted)
                    }
                    (given, wanted) if given == wanted => true,
                    _ => return self.engine.types().matches_val(actual, ty),
                };
                heap && (wanted.nullable || !given.nullable)
            }
            _ => actual == ty,
        }
    }

    /// The type of a null `Val`.
    fn null_type(&self, value: &Val, ty: ValType) -> Result<ValType, Error> {
        let bottom = match value {
            Val::Func(_) => AbstractHeap::NoFunc,
            Val::Any(_) => AbstractHeap::None,
            Val::Extern(_) => AbstractHeap::NoExtern,
            Val::Exn(_) => AbstractHeap::NoExn,
            Val::Cont(_) => AbstractHeap::NoCont,
            _ => return Err(self.mismatch(value, ty)),
        };
        Ok(reference(HeapType::Abstract(bottom), true))
    }

    /// The narrowest type of a reference that is not null.
    fn narrowest_type(&self, value: HeapRef) -> ValType {
        let heap = match self.kind_of_object(value) {
            HandleKind::Struct(id) | HandleKind::Array(id) => HeapType::Concrete(id),
            kind => HeapType::Abstract(kind.heap_type()),
        };
        reference(heap, false)
    }

    /// A type of a reference that is not null: the narrowest one, if `wanted` is concrete,
    /// so that subtypes of a program need not be looked for where it is not.
    fn actual_type(&self, value: HeapRef, wanted: ValType) -> ValType {
        match wanted {
            ValType::Ref(wanted) if matches!(wanted.heap, HeapType::Concrete(_)) => {
                self.narrowest_type(value)
            }
            _ => reference(
                HeapType::Abstract(self.kind_of_object(value).heap_type()),
                false,
            ),
        }
    }

    /// What a reference that is not null refers to.
    pub(crate) fn kind_of_object(&self, value: HeapRef) -> HandleKind {
        if value.is_i31() {
            return HandleKind::I31;
        }
        // SAFETY: references come out of handles and slots of this store.
        let (type_id, kind) = unsafe { (self.heap.type_of(value), self.heap.kind_of(value)) };
        match kind {
            Kind::Host => HandleKind::Host,
            Kind::Exn => HandleKind::Exn,
            Kind::Array => HandleKind::Array(type_id),
            Kind::Struct => HandleKind::Struct(type_id),
            Kind::Unused | Kind::Func | Kind::Cont => unreachable!("an object of type {type_id}"),
        }
    }

    /// The reference in a handle.
    pub(crate) fn heap_ref(&self, handle: &HeapHandle) -> Result<HeapRef, Error> {
        let found = handle.get(self.id, &self.handles.scopes);
        found.map_err(|lost| match lost {
            Lost::Store => Error::foreign("reference"),
            Lost::Scope => ObjectError::OutOfScope.into(),
        })
    }

    /// A value, by its kind or its type, is not of type `ty`.
    fn mismatch(&self, value: &Val, ty: ValType) -> Error {
        let names = TypeNames::new(self);
        let text = |ty: ValType| ty.text(|id| names.called(id));
        let found = match value {
            _ if value.is_null() => "null".to_owned(),
            Val::I32(_) => "an i32".to_owned(),
            Val::I64(_) => "an i64".to_owned(),
            Val::F32(_) => "an f32".to_owned(),
            Val::F64(_) => "an f64".to_owned(),
            Val::V128(_) => "a v128".to_owned(),
            Val::Any(Some(handle)) => match handle.get(self.id, &self.handles.scopes) {
                Ok(object) => format!("a {}", text(self.narrowest_type(object))),
                Err(_) => "an object".to_owned(),
            },
            Val::Func(_) => "a function".to_owned(),
            Val::Any(_) => "an object".to_owned(),
            Val::Extern(_) => "an external reference".to_owned(),
            Val::Exn(_) => "an exception".to_owned(),
            Val::Cont(_) => "a continuation".to_owned(),
        };
        let expected = text(ty);
        Error::usage(format!(
            "type mismatch: {found} where {expected} is expected"
        ))
    }

    /// What compiled code has just left in a transfer slot, as a `Val`. References become
    /// rooted.
    ///
    /// # Safety
    /// The slot holds a value of that kind, of this store.
    pub(crate) unsafe fn arrived_at(&mut self, index: usize, kind: ValueKind) -> Val {
        let slot = &raw const self.context().transfer[index];
        // SAFETY: the context is no part of the store's insides; nobody else looks at it
        // while the host runs.
        unsafe { self.lift_at(&*slot, kind) }
    }

    /// What was in a slot, as a `Val`. References become rooted.
    ///
    /// # Safety
    /// The slot holds a value of that kind, of this store.
    pub(crate) unsafe fn lift(&mut self, slot: TransferSlot, kind: ValueKind) -> Val {
        // SAFETY: by contract.
        unsafe { self.lift_at(&slot, kind) }
    }

    /// What a slot holds, as a `Val`. References become rooted. Reads as many bytes as the
    /// kind has: a load of more than compiled code has stored last waits for the store.
    ///
    /// # Safety
    /// The slot holds a value of that kind, of this store.
    unsafe fn lift_at(&mut self, slot: &TransferSlot, kind: ValueKind) -> Val {
        let [low, _] = &slot.words;
        // SAFETY: the low 4 bytes of the slot.
        let half = || unsafe { ptr::from_ref(low).cast::<u32>().read() };
        match kind {
            ValueKind::I32 => Val::I32(half() as i32),
            ValueKind::I64 => Val::I64(*low as i64),
            ValueKind::F32 => Val::F32(half()),
            ValueKind::F64 => Val::F64(*low),
            ValueKind::V128 => Val::V128(slot.as_u128()),
            ValueKind::Func => {
                let address = ptr::with_exposed_provenance_mut::<FuncRef>(*low as usize);
                Val::Func(NonNull::new(address).map(|func| Func::new_ref(self.id, func)))
            }
            // SAFETY: by contract, here and below.
            ValueKind::Any => Val::Any(unsafe { self.lift_heap(half()) }),
            // SAFETY: as above.
            ValueKind::Extern => Val::Extern(unsafe { self.lift_heap(half()) }),
            // SAFETY: as above.
            ValueKind::Exn => Val::Exn(unsafe { self.lift_heap(half()) }),
            ValueKind::Cont(ty) => {
                let value = slot.as_cont();
                // SAFETY: as above.
                Val::Cont((!value.is_null()).then(|| unsafe { self.cont_handle(value, ty) }))
            }
        }
    }

    /// # Safety
    /// It is a heap reference of this store, or null.
    pub(crate) unsafe fn lift_heap(&mut self, value: u32) -> Option<HeapHandle> {
        let value = HeapRef(value);
        // SAFETY: by contract.
        (!value.is_null()).then(|| unsafe { self.heap_handle(value) })
    }

    /// A handle on a heap reference that is not null: of the innermost scope, if one is
    /// open.
    ///
    /// # Safety
    /// It is an `i31` or to an object of this store.
    #[inline]
    pub(crate) unsafe fn heap_handle(&mut self, value: HeapRef) -> HeapHandle {
        if !value.is_i31()
            && let Some((scope, index)) = self.handles.scopes.push(value)
        {
            return HeapHandle::scoped(scope, index);
        }
        // SAFETY: by contract.
        unsafe { self.owned_handle(value) }
    }

    /// A handle on a heap reference that is not null, of no scope.
    ///
    /// # Safety
    /// It is an `i31` or to an object of this store.
    pub(crate) unsafe fn owned_handle(&mut self, value: HeapRef) -> HeapHandle {
        debug_assert!(!value.is_null());
        match value.is_i31() {
            true => HeapHandle::from_i31(value.i31_value()),
            false => self.handles.own(self.id, value),
        }
    }

    /// A handle on a continuation reference that is not null.
    ///
    /// # Safety
    /// It has the address of one of this store's records, and if it is current, the
    /// continuation is of that type.
    pub(crate) unsafe fn cont_handle(&mut self, value: ContRef, ty: RefType) -> ContHandle {
        let (handle, slot) = ContHandle::new(self.id, value, ty);
        self.handles.make_room();
        self.handles.conts.push(slot);
        handle
    }
}
