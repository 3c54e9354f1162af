//! Objects made and filled by the runtime.

use crate::engine::Engine;
use crate::error::Error;
use crate::handle::{HandleKind, HeapHandle};
use crate::resource::{ResourceError, heap_error};
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::trap::{Backtrace, Trap, TrapReason};
use crate::values::Val;
use mangrove_abi::object::{
    ARRAY_ELEMENTS, HOST_PAYLOAD, HOST_SIZE, HeapRef, MAX_OBJECT, array_size,
};
use mangrove_abi::{StructLayout, TransferSlot, TrapCode, TypeId};
use mangrove_heap::Heap;
use mangrove_validate::{CompositeType, FieldType, StorageType, ValType};
use std::sync::Arc;

/// How objects of a type look.
pub enum Shape {
    /// A struct.
    Struct {
        /// Its fields.
        fields: Vec<FieldType>,
        /// Where they lie.
        layout: Arc<StructLayout>,
    },
    /// An array.
    Array {
        /// Its element.
        element: FieldType,
        /// Bytes of an element.
        size: u32,
    },
    /// Neither.
    Other,
}

impl Shape {
    /// The shape of a canonical type.
    pub fn of(engine: &Engine, type_id: TypeId) -> Self {
        let types = engine.types();
        match &types.get(type_id).composite {
            CompositeType::Struct(fields) => Self::Struct {
                fields: fields.clone(),
                layout: types.struct_layout(type_id),
            },
            CompositeType::Array(element) => Self::Array {
                element: *element,
                size: types.storage_size(element.storage),
            },
            CompositeType::Func(_) | CompositeType::Cont(_) => Self::Other,
        }
    }
}

/// Writes a field or element of `size` bytes.
///
/// # Safety
/// `object` has a field of that storage and size at `offset`, and `value` is of
/// its type.
pub unsafe fn write_field(
    heap: &mut Heap,
    object: HeapRef,
    offset: u32,
    (storage, size): (StorageType, u32),
    value: TransferSlot,
) {
    let low = value.words[0];
    // SAFETY: the caller's contract.
    unsafe {
        match (storage, size) {
            (StorageType::Val(ValType::Ref(_)), 4) => {
                heap.write_ref(object, offset, HeapRef(low as u32));
            }
            (_, 1) => heap.write(object, offset, low as u8),
            (_, 2) => heap.write(object, offset, low as u16),
            (_, 4) => heap.write(object, offset, low as u32),
            (_, 8) => heap.write(object, offset, low),
            _ => heap.write(object, offset, value.as_u128()),
        }
    }
}

/// Reads a field or element of `size` bytes; packed ones zero-extended.
///
/// # Safety
/// `object` has a field of that size at `offset`.
pub unsafe fn read_field(heap: &Heap, object: HeapRef, offset: u32, size: u32) -> TransferSlot {
    // SAFETY: the caller's contract.
    unsafe {
        TransferSlot::from_u64(match size {
            1 => u64::from(heap.read::<u8>(object, offset)),
            2 => u64::from(heap.read::<u16>(object, offset)),
            4 => u64::from(heap.read::<u32>(object, offset)),
            8 => heap.read(object, offset),
            _ => return TransferSlot::from_u128(heap.read(object, offset)),
        })
    }
}

/// A trap outside of Wasm code: nothing is on any stack.
pub fn trap_outside(reason: TrapReason) -> Error {
    Error::Trap(Box::new(Trap {
        reason,
        backtrace: Backtrace::default(),
    }))
}

impl StoreInner {
    /// A new object of `size` bytes, all zero but the header.
    ///
    /// # Safety
    /// The type is one of structs or exceptions whose objects have that size.
    pub(crate) unsafe fn new_object(
        &mut self,
        type_id: TypeId,
        size: u64,
    ) -> Result<HeapRef, Error> {
        // SAFETY: by contract.
        let object = self.allocate_with(size, |heap, ctx| unsafe {
            heap.allocate(ctx, type_id, size)
        })?;
        object.ok_or_else(|| self.exhausted(size))
    }

    /// A new array, all zero.
    ///
    /// # Safety
    /// The type is one of arrays, of elements of `element` bytes.
    pub(crate) unsafe fn new_array(
        &mut self,
        type_id: TypeId,
        element: u32,
        len: u32,
    ) -> Result<HeapRef, Error> {
        let size = array_size(element, len);
        // SAFETY: by contract.
        let array = self.allocate_with(size, |heap, ctx| unsafe {
            heap.allocate_array(ctx, type_id, element, len)
        })?;
        array.ok_or_else(|| self.exhausted(size))
    }

    fn exhausted(&self, size: u64) -> Error {
        trap_outside(self.exhaustion(size))
    }

    /// Why there is no room for `size` bytes.
    pub(crate) fn exhaustion(&self, size: u64) -> TrapReason {
        if size > MAX_OBJECT {
            TrapReason::Code(TrapCode::AllocationTooLarge)
        } else if let Some(error) = self.heap.refused() {
            match heap_error(error) {
                Error::Resource(error) => TrapReason::Resource(error),
                other => TrapReason::Limit(format!("heap exhausted: {other}")),
            }
        } else if let Some(bound) = self.heap_bound {
            let limit = self.heap.limit();
            let what = format!("allocate an object in a heap of {limit} bytes (heap_max)");
            let error = ResourceError::beyond(what, size, bound, None);
            TrapReason::Resource(Box::new(error.so("heap exhausted".into())))
        } else {
            TrapReason::HeapExhausted {
                requested: size,
                limit: self.heap.limit(),
            }
        }
    }
}

impl HeapHandle {
    /// A new external object that carries `payload`: an `externref`, as
    /// [`Val::Extern`], or, as [`Val::Any`], what `any.convert_extern` makes of it.
    ///
    /// # Errors
    /// There is no room in the heap.
    pub fn new_host(store: &mut impl AsStoreMut, payload: u64) -> Result<Self, Error> {
        let store = inner_mut(store);
        let size = u64::from(HOST_SIZE);
        let object = store.allocate_with(size, |heap, ctx| heap.allocate_host(ctx, payload))?;
        match object {
            // SAFETY: it was just made.
            Some(object) => Ok(unsafe { store.heap_handle(object) }),
            None => Err(store.exhausted(size)),
        }
    }

    /// The payload of an object made by [`HeapHandle::new_host`]; none for
    /// anything else, and for handles of another store.
    pub fn host_value(&self, store: &impl AsStore) -> Option<u64> {
        let store = inner(store);
        let object = self.get(store.id)?;
        (store.kind_of_object(object) == HandleKind::Host)
            // SAFETY: the object is a host object of this store's heap.
            .then(|| unsafe { store.heap.read(object, HOST_PAYLOAD) })
    }

    /// What it refers to.
    ///
    /// # Errors
    /// It is of another store.
    pub fn kind(&self, store: &impl AsStore) -> Result<HandleKind, Error> {
        let store = inner(store);
        Ok(store.kind_of_object(store.heap_ref(self)?))
    }

    /// How many elements an array has; none for anything else, and for handles
    /// of another store.
    pub fn array_len(&self, store: &impl AsStore) -> Option<u32> {
        let store = inner(store);
        let object = self.get(store.id)?;
        matches!(store.kind_of_object(object), HandleKind::Array(_))
            // SAFETY: the object is an array of this store's heap.
            .then(|| unsafe { store.heap.array_len(object) })
    }

    /// A struct's field or an array's element by its index, packed ones
    /// zero-extended; none where there is no such thing.
    ///
    /// # Errors
    /// It is of another store.
    pub fn item(&self, store: &mut impl AsStoreMut, index: u32) -> Result<Option<Val>, Error> {
        let store = inner_mut(store);
        let object = store.heap_ref(self)?;
        let (HandleKind::Struct(id) | HandleKind::Array(id)) = store.kind_of_object(object) else {
            return Ok(None);
        };
        let (field, offset): (FieldType, u32) = match Shape::of(&store.engine, id) {
            Shape::Struct { fields, layout } => match fields.get(index as usize) {
                Some(&field) => (field, layout.offsets[index as usize]),
                None => return Ok(None),
            },
            // SAFETY: the object is an array of this store's heap.
            Shape::Array { element, size } if index < unsafe { store.heap.array_len(object) } => {
                (element, ARRAY_ELEMENTS + index * size)
            }
            _ => return Ok(None),
        };
        let size = store.engine.types().storage_size(field.storage);
        // SAFETY: the field exists and has that size.
        let slot = unsafe { read_field(&store.heap, object, offset, size) };
        let kind = match field.storage {
            StorageType::I8 | StorageType::I16 => crate::signature::ValueKind::I32,
            StorageType::Val(ty) => store.engine.kind_of(ty),
        };
        // SAFETY: it was read from a field of that kind.
        Ok(Some(unsafe { store.lift(slot, kind) }))
    }
}
