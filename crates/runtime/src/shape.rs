//! How objects of a type look, and their fields.

use crate::engine::EngineCore;
use mangrove_abi::object::HeapRef;
use mangrove_abi::{SlotKind, StructLayout, TransferSlot, TypeId};
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
    pub fn of(engine: &EngineCore, type_id: TypeId) -> Self {
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

/// One of the two doors to a field or element of `size` bytes: [`init_field`] or
/// [`assign_field`], whose contracts it shares.
pub type Door = unsafe fn(&mut Heap, HeapRef, u32, (StorageType, u32), TransferSlot);

/// Fills a field or element of `size` bytes of a new object.
///
/// # Safety
/// `object` has a field of that storage and size at `offset`, and `value` is of
/// its type. It was made after the last collection, and nothing refers to it yet.
pub unsafe fn init_field(
    heap: &mut Heap,
    object: HeapRef,
    offset: u32,
    (storage, size): (StorageType, u32),
    value: TransferSlot,
) {
    // SAFETY: the caller's contract.
    unsafe {
        match slot_kind(storage, size) {
            Some(SlotKind::Ref) => heap.init_ref(object, offset, HeapRef(value.words[0] as u32)),
            Some(SlotKind::Cont) => heap.write_cont(object, offset, value.as_cont()),
            None => write_number(heap, object, offset, size, value),
        }
    }
}

/// Writes a field or element of `size` bytes of an object of any age.
///
/// # Safety
/// `object` has a field of that storage and size at `offset`, and `value` is of
/// its type.
pub unsafe fn assign_field(
    heap: &mut Heap,
    object: HeapRef,
    offset: u32,
    (storage, size): (StorageType, u32),
    value: TransferSlot,
) {
    // SAFETY: the caller's contract.
    unsafe {
        match slot_kind(storage, size) {
            Some(SlotKind::Ref) => heap.assign_ref(object, offset, HeapRef(value.words[0] as u32)),
            Some(SlotKind::Cont) => heap.write_cont(object, offset, value.as_cont()),
            None => write_number(heap, object, offset, size, value),
        }
    }
}

/// What the collector follows in a field. A function reference, which it does not
/// follow, has another size than the others.
fn slot_kind(storage: StorageType, size: u32) -> Option<SlotKind> {
    match (storage, size) {
        (StorageType::Val(ValType::Ref(_)), 4) => Some(SlotKind::Ref),
        (StorageType::Val(ValType::Ref(_)), 16) => Some(SlotKind::Cont),
        _ => None,
    }
}

/// # Safety
/// `object` has a field of that size at `offset`, and no reference that the collector
/// follows there.
unsafe fn write_number(
    heap: &mut Heap,
    object: HeapRef,
    offset: u32,
    size: u32,
    value: TransferSlot,
) {
    let low = value.words[0];
    // SAFETY: the caller's contract.
    unsafe {
        match size {
            1 => heap.write(object, offset, low as u8),
            2 => heap.write(object, offset, low as u16),
            4 => heap.write(object, offset, low as u32),
            8 => heap.write(object, offset, low),
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
