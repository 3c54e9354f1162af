//! Reading and writing objects by offset, for the runtime.
//!
//! Storing a reference into an object has one place here,
//! [`Heap::write_ref`], as it has one in the compiler: where a write barrier
//! would go.

use crate::Heap;
use mangrove_abi::object::{
    ARRAY_LENGTH, HOST_SIZE, HeapRef, Kind, TYPE_MASK, TypeDescriptor, TypeId, array_size,
};

/// Bytes of the object at `object`, of the type `descriptor` describes; none if
/// no object can have that type.
///
/// # Safety
/// The first 8 bytes of the object must be readable.
#[inline]
pub(crate) unsafe fn size_by(descriptor: &TypeDescriptor, object: *const u8) -> Option<u64> {
    const STRUCT: u8 = Kind::Struct as u8;
    const EXN: u8 = Kind::Exn as u8;
    const ARRAY: u8 = Kind::Array as u8;
    const HOST: u8 = Kind::Host as u8;
    match descriptor.kind {
        STRUCT | EXN => Some(descriptor.size as u64),
        ARRAY => {
            // SAFETY: readable by contract.
            let len = unsafe { object.add(ARRAY_LENGTH as usize).cast::<u32>().read() };
            Some(array_size(descriptor.size, len))
        }
        HOST => Some(HOST_SIZE as u64),
        _ => None,
    }
}

impl Heap {
    /// The descriptor of a type; none if the table has no such entry.
    pub fn descriptor(&self, type_id: TypeId) -> Option<&TypeDescriptor> {
        // SAFETY: `new`'s contract makes entries below `types` readable.
        (type_id < self.types).then(|| unsafe { &*self.descriptors.add(type_id as usize) })
    }

    /// Address of a byte of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap, `offset` within it.
    #[inline]
    pub unsafe fn address(&self, object: HeapRef, offset: u32) -> *mut u8 {
        debug_assert!(object.is_object());
        // SAFETY: an object lies within the reservation.
        unsafe { self.base().add(object.0 as usize + offset as usize) }
    }

    /// Reads a value of an object, at any alignment.
    ///
    /// # Safety
    /// `object` must be an object of this heap that holds a `T` at `offset`.
    #[inline]
    pub unsafe fn read<T: Copy>(&self, object: HeapRef, offset: u32) -> T {
        // SAFETY: by contract.
        unsafe { self.address(object, offset).cast::<T>().read_unaligned() }
    }

    /// Writes a value that is no reference into an object, at any alignment.
    ///
    /// # Safety
    /// `object` must be an object of this heap that may hold a `T` at `offset`.
    #[inline]
    pub unsafe fn write<T: Copy>(&mut self, object: HeapRef, offset: u32, value: T) {
        // SAFETY: by contract.
        unsafe {
            self.address(object, offset)
                .cast::<T>()
                .write_unaligned(value)
        }
    }

    /// Reads a reference out of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap with a reference at `offset`.
    #[inline]
    pub unsafe fn read_ref(&self, object: HeapRef, offset: u32) -> HeapRef {
        // SAFETY: by contract.
        HeapRef(unsafe { self.read(object, offset) })
    }

    /// Writes a reference into an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap with a reference at `offset`,
    /// and `value` null, an `i31` or another of its objects.
    #[inline]
    pub unsafe fn write_ref(&mut self, object: HeapRef, offset: u32, value: HeapRef) {
        // SAFETY: by contract.
        unsafe { self.write(object, offset, value.0) }
    }

    /// The type of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    #[inline]
    pub unsafe fn type_of(&self, object: HeapRef) -> TypeId {
        // SAFETY: by contract; every object starts with its header.
        unsafe { self.read::<u32>(object, 0) & TYPE_MASK }
    }

    /// The number of elements of an array.
    ///
    /// # Safety
    /// `array` must be an array of this heap.
    #[inline]
    pub unsafe fn array_len(&self, array: HeapRef) -> u32 {
        // SAFETY: by contract.
        unsafe { self.read(array, ARRAY_LENGTH) }
    }

    /// Bytes of an object, its header included.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    pub unsafe fn object_bytes(&self, object: HeapRef) -> u64 {
        // SAFETY: by contract it is an object, so its type has a descriptor
        // and its first 8 bytes are readable.
        unsafe {
            let descriptor = self.descriptor(self.type_of(object));
            descriptor.and_then(|d| size_by(d, self.address(object, 0)))
        }
        .expect("an object has a type")
    }
}
