//! Reading and writing objects by offset, for the runtime.
//!
//! A heap reference comes into an object in one of three ways, and each has its one
//! place here: [`Heap::init_ref`] fills a new object, [`Heap::assign_ref`] changes
//! one that may be old, [`Heap::copy_elements`] copies between arrays. The latter two
//! log where the old refers to the young now (`remember`); no other function
//! writes references, and none gives an object's address away. Continuation
//! references, which need no log, are written by [`Heap::write_cont`].

use crate::Heap;
use crate::collect::size_by;
use mangrove_abi::object::{
    ARRAY_ELEMENTS, ARRAY_LENGTH, HeapRef, Kind, OBJECT_ALIGN, TYPE_MASK, TypeDescriptor, TypeId,
};
use mangrove_abi::{ContRef, Noted, SlotKind, StoreContext};

/// Bytes of a continuation reference.
const CONT_SIZE: u32 = size_of::<ContRef>() as u32;

impl Heap {
    /// The descriptor of a type; none if the table has no such entry.
    pub(crate) fn descriptor(&self, type_id: TypeId) -> Option<&TypeDescriptor> {
        // SAFETY: `new`'s contract makes entries below `types` readable.
        (type_id.as_u32() < self.types).then(|| unsafe { &*self.descriptors.add(type_id.index()) })
    }

    /// What an object is.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    pub unsafe fn kind_of(&self, object: HeapRef) -> Kind {
        // SAFETY: by contract; so its type has a descriptor.
        let descriptor = unsafe { self.descriptor(self.type_of(object)) };
        let descriptor = descriptor.expect("an object has a type");
        Kind::from_u8(descriptor.kind).expect("a descriptor has a kind")
    }

    /// Address of a byte of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap, `offset` within it.
    #[inline]
    pub(crate) unsafe fn address(&self, object: HeapRef, offset: u32) -> *mut u8 {
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
    /// `object` must be an object of this heap that may hold a `T` at `offset`, and
    /// has no reference there.
    #[inline]
    pub unsafe fn write<T: Copy>(&mut self, object: HeapRef, offset: u32, value: T) {
        // SAFETY: by contract.
        unsafe {
            debug_assert_eq!(self.slot_kind(object, offset), None);
            self.address(object, offset)
                .cast::<T>()
                .write_unaligned(value)
        }
    }

    /// Writes bytes into an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap that may hold them at `offset`, and
    /// has no references there.
    pub unsafe fn write_bytes(&mut self, object: HeapRef, offset: u32, bytes: &[u8]) {
        // SAFETY: by contract; nothing outside of this file has a slice of the heap.
        unsafe {
            debug_assert_eq!(self.slot_kind(object, offset), None);
            let to = self.address(object, offset);
            to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
    }

    /// Reads bytes out of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap that has them at `offset`.
    pub unsafe fn read_bytes(&self, object: HeapRef, offset: u32, bytes: &mut [u8]) {
        // SAFETY: by contract; nothing outside of this file has a slice of the heap.
        unsafe {
            let from = self.address(object, offset).cast_const();
            from.copy_to_nonoverlapping(bytes.as_mut_ptr(), bytes.len());
        }
    }

    /// Adds bytes of an object to `out`.
    ///
    /// # Safety
    /// `object` must be an object of this heap that has them at `offset`.
    pub unsafe fn append_bytes(
        &self,
        object: HeapRef,
        offset: u32,
        bytes: usize,
        out: &mut Vec<u8>,
    ) {
        let from = out.len();
        out.resize(from + bytes, 0);
        // SAFETY: by contract.
        unsafe { self.read_bytes(object, offset, &mut out[from..]) }
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

    /// Writes a reference into a new object: one that was made after the last
    /// collection, and that nothing refers to yet.
    ///
    /// # Safety
    /// `object` must be such an object of this heap with a reference at `offset`,
    /// and `value` null, an `i31` or another of its objects.
    #[inline]
    pub unsafe fn init_ref(&mut self, object: HeapRef, offset: u32, value: HeapRef) {
        // SAFETY: by contract. A young object needs no entry in the log, and a large one
        // is looked at because it is new.
        unsafe { self.store_ref(object, offset, value) }
    }

    /// Writes a reference into an object of any age, over another.
    ///
    /// # Safety
    /// `object` must be an object of this heap with a reference at `offset`,
    /// and `value` null, an `i31` or another of its objects.
    #[inline]
    pub unsafe fn assign_ref(
        &mut self,
        ctx: &mut StoreContext,
        object: HeapRef,
        offset: u32,
        value: HeapRef,
    ) {
        // SAFETY: by contract.
        unsafe {
            self.store_ref(object, offset, value);
            self.written(ctx, object, offset..offset + 4, Noted::Assigned);
        }
    }

    /// # Safety
    /// As for [`Heap::assign_ref`].
    unsafe fn store_ref(&mut self, object: HeapRef, offset: u32, value: HeapRef) {
        debug_assert!(!value.is_object() || self.is_in_space(value));
        // SAFETY: by contract.
        unsafe {
            debug_assert_eq!(self.slot_kind(object, offset), Some(SlotKind::Ref));
            self.address(object, offset)
                .cast::<u32>()
                .write_unaligned(value.0);
        }
    }

    /// Reads a continuation reference out of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap with a continuation reference at
    /// `offset`.
    #[inline]
    pub unsafe fn read_cont(&self, object: HeapRef, offset: u32) -> ContRef {
        // SAFETY: by contract.
        unsafe { self.read(object, offset) }
    }

    /// Writes a continuation reference into an object of any age.
    ///
    /// # Safety
    /// `object` must be an object of this heap with a continuation reference at
    /// `offset`, and `value` null or to a record of the store's registry.
    #[inline]
    pub unsafe fn write_cont(&mut self, object: HeapRef, offset: u32, value: ContRef) {
        // SAFETY: by contract.
        unsafe {
            debug_assert_eq!(self.slot_kind(object, offset), Some(SlotKind::Cont));
            self.address(object, offset)
                .cast::<ContRef>()
                .write_unaligned(value);
        }
    }

    /// Copies `bytes` of elements, references or not, from an offset in one array to
    /// one in another, or in the same: the two ranges may overlap.
    ///
    /// # Safety
    /// `to` and `from` must be arrays of this heap whose elements are of one type,
    /// with as many bytes of whole elements at these offsets.
    pub unsafe fn copy_elements(
        &mut self,
        ctx: &mut StoreContext,
        (to, to_offset): (HeapRef, u32),
        (from, from_offset): (HeapRef, u32),
        bytes: usize,
    ) {
        // SAFETY: by contract.
        unsafe {
            debug_assert!(self.has_elements(to, to_offset, bytes));
            debug_assert!(self.has_elements(from, from_offset, bytes));
            debug_assert_eq!(
                self.slot_kind(to, to_offset),
                self.slot_kind(from, from_offset)
            );
            let source = self.address(from, from_offset);
            self.address(to, to_offset).copy_from(source, bytes);
            if bytes > 0 && self.slot_kind(to, to_offset) == Some(SlotKind::Ref) {
                let bytes = to_offset..to_offset + bytes as u32;
                self.written(ctx, to, bytes, Noted::Copied);
            }
        }
    }

    /// Whether an object can be there, as far as the space in use says.
    fn is_in_space(&self, object: HeapRef) -> bool {
        let offset = u64::from(object.0);
        let spaces = [&self.young, self.old()];
        let mut spaces = spaces.iter().map(|space| space.start()..space.committed());
        offset.is_multiple_of(OBJECT_ALIGN) && spaces.any(|space| space.contains(&offset))
    }

    /// What the collector follows at `offset` of an object, by its descriptor.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    unsafe fn slot_kind(&self, object: HeapRef, offset: u32) -> Option<SlotKind> {
        const ARRAY: u8 = Kind::Array as u8;
        debug_assert!(self.is_in_space(object));
        // SAFETY: by contract it is an object, so its first 8 bytes are readable.
        let (descriptor, len) = unsafe {
            let len: u32 = self.read(object, ARRAY_LENGTH);
            (self.descriptor(self.type_of(object)), len)
        };
        let descriptor = descriptor?;
        if let (ARRAY, Some(at)) = (descriptor.kind, offset.checked_sub(ARRAY_ELEMENTS)) {
            let element = |size| at.is_multiple_of(size) && at / size < len;
            return match (descriptor.elem_refs, descriptor.cont_count) {
                (0, 0) => None,
                (0, _) => element(CONT_SIZE).then_some(SlotKind::Cont),
                _ => element(4).then_some(SlotKind::Ref),
            };
        }
        if references(descriptor, 0).any(|field| field == offset) {
            return Some(SlotKind::Ref);
        }
        let conts = continuations(descriptor, 0, 0).any(|field| field == offset);
        conts.then_some(SlotKind::Cont)
    }

    /// Whether these bytes lie among an array's elements.
    ///
    /// # Safety
    /// `array` must be an array of this heap.
    unsafe fn has_elements(&self, array: HeapRef, offset: u32, bytes: usize) -> bool {
        // SAFETY: by contract.
        let size = unsafe { self.object_bytes(array) };
        offset >= ARRAY_ELEMENTS && u64::from(offset) + bytes as u64 <= size
    }

    /// The type of an object.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    #[inline]
    pub unsafe fn type_of(&self, object: HeapRef) -> TypeId {
        // SAFETY: by contract; every object starts with its header.
        TypeId::new(unsafe { self.read::<u32>(object, 0) } & TYPE_MASK)
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

/// Where in an object its heap references are; `len` is its second word.
pub(crate) fn references(descriptor: &TypeDescriptor, len: u32) -> impl Iterator<Item = u32> {
    let fields = descriptor.kind == Kind::Struct as u8 || descriptor.kind == Kind::Exn as u8;
    let elements = descriptor.kind == Kind::Array as u8 && descriptor.elem_refs != 0;
    let fields: &[u32] = if fields && descriptor.ref_count > 0 {
        // SAFETY: by the contract of `Heap::new` a struct's descriptor lists
        // that many offsets.
        unsafe { std::slice::from_raw_parts(descriptor.refs, descriptor.ref_count as usize) }
    } else {
        &[]
    };
    let elements = if elements { len } else { 0 };
    fields
        .iter()
        .copied()
        .chain((0..elements).map(|index| ARRAY_ELEMENTS + 4 * index))
}

/// Where in an object its continuation references are, without the first `skip` of
/// them; `len` is its second word.
pub(crate) fn continuations(
    descriptor: &TypeDescriptor,
    len: u32,
    skip: u32,
) -> impl Iterator<Item = u32> {
    let elements = descriptor.kind == Kind::Array as u8 && descriptor.cont_count > 0;
    let fields: &[u32] = if !elements && descriptor.cont_count > 0 {
        // SAFETY: by the contract of `Heap::new` the descriptor of a struct or an
        // exception lists that many offsets behind those of heap references.
        unsafe {
            let first = descriptor.refs.add(descriptor.ref_count as usize);
            std::slice::from_raw_parts(first, descriptor.cont_count as usize)
        }
    } else {
        &[]
    };
    let elements = if elements { len } else { 0 };
    // By slice and range: an iterator's `skip` would count.
    fields
        .get(skip as usize..)
        .unwrap_or_default()
        .iter()
        .copied()
        .chain((skip..elements).map(|index| ARRAY_ELEMENTS + CONT_SIZE * index))
}
