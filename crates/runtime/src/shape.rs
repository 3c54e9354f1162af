//! How objects of a type look, and how their fields are written and read.

use crate::engine::EngineCore;
use mangrove_abi::object::HeapRef;
use mangrove_abi::{SlotKind, StoreContext, StructLayout, TransferSlot, TypeId};
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

/// The door that a heap reference goes through on its way to a field.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// [`Heap::init_ref`]: the object was made after the last collection, and nothing
    /// refers to it yet.
    Init,
    /// [`Heap::assign_ref`]: the object is of any age.
    Assign,
}

/// Writes a field or element of `size` bytes.
///
/// # Safety
/// `object` has a field of that storage and size at `offset`, `value` is of its type,
/// and the object is what the door says.
pub unsafe fn write_field(
    heap: &mut Heap,
    ctx: &mut StoreContext,
    object: HeapRef,
    offset: u32,
    (storage, size): (StorageType, u32),
    value: TransferSlot,
    door: Door,
) {
    let reference = HeapRef(value.words[0] as u32);
    // SAFETY: the caller's contract.
    unsafe {
        match (slot_kind(storage, size), door) {
            (None, _) => write_number(heap, object, offset, size, value),
            (Some(SlotKind::Cont), _) => heap.write_cont(object, offset, value.as_cont()),
            (Some(SlotKind::Ref), Door::Init) => heap.init_ref(object, offset, reference),
            (Some(SlotKind::Ref), Door::Assign) => heap.assign_ref(ctx, object, offset, reference),
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
