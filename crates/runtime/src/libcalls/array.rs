//! Arrays and segments.
//!
//! Of the reasons to trap, a range beyond the segment comes with the segment's
//! kind: data counts as memory, elements as a table.

use super::call::{Answer, Invocation, LibcallOutcome, halves, left, piece_of_copy};
use super::memory;
use crate::pending::{Pending, pending};
use crate::shape::{Door, Shape, write_field};
use crate::trap::TrapReason;
use mangrove_abi::libcall::pieces;
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef, MAX_OBJECT, array_size};
use mangrove_abi::{TrapCode, TypeId, TypeIndex};
use mangrove_validate::StorageType;
use std::ops::Range;

fn trap<T>(code: TrapCode) -> Result<T, Pending> {
    Err(TrapReason::Code(code).into())
}

impl Invocation<'_> {
    /// Element of an array type of this module, by index: canonical type,
    /// storage, size in bytes.
    fn element_by_index(&self, type_index: TypeIndex) -> (TypeId, StorageType, u32) {
        let id = self.instance.module.type_id(type_index);
        let (storage, size) = self.element(id);
        (id, storage, size)
    }

    fn element(&self, id: TypeId) -> (StorageType, u32) {
        match Shape::of(&self.store.engine, id) {
            Shape::Array { element, size } => (element.storage, size),
            _ => unreachable!("validation allows arrays only"),
        }
    }

    /// Element of an existing array.
    fn element_of(&self, array: HeapRef) -> (StorageType, u32) {
        // SAFETY: validated code passes arrays that are not null.
        self.element(unsafe { self.store.heap.type_of(array) })
    }

    /// Offset of the elements `at..at + len` of an array.
    fn elements(&self, array: HeapRef, size: u32, at: u64, len: u64) -> Result<u32, Pending> {
        // SAFETY: as above.
        let have = u64::from(unsafe { self.store.heap.array_len(array) });
        match at.checked_add(len) {
            // An existing element's offset fits 32 bits.
            Some(end) if end <= have => Ok(ARRAY_ELEMENTS + at as u32 * size),
            _ => trap(TrapCode::ArrayOutOfBounds),
        }
    }

    /// Where `len` elements of `size` bytes lie in a data segment.
    pub(super) fn data_range(
        &self,
        data: u32,
        from: u64,
        len: u64,
        size: u32,
    ) -> Result<Range<usize>, Pending> {
        let bytes = len
            .checked_mul(u64::from(size))
            .and_then(|bytes| from.checked_add(bytes));
        match bytes {
            Some(end) if end <= self.data(data).len() as u64 => Ok(from as usize..end as usize),
            _ => trap(TrapCode::MemoryOutOfBounds),
        }
    }

    fn elem_range(&self, elem: u32, from: u64, len: u64) -> Result<Range<usize>, Pending> {
        let have = self.instance.elements.borrow()[elem as usize].len();
        match from.checked_add(len) {
            Some(end) if end <= have => Ok(from as usize..end as usize),
            _ => trap(TrapCode::TableOutOfBounds),
        }
    }

    fn write_data(&mut self, array: HeapRef, offset: u32, data: u32, range: Range<usize>) {
        let bytes = &memory::data(&self.instance, data)[range];
        if bytes.is_empty() {
            return;
        }
        // SAFETY: the elements exist, take as many bytes and are numbers.
        unsafe { self.store.heap.write_bytes(array, offset, bytes) };
    }

    fn write_elem(
        &mut self,
        array: HeapRef,
        mut offset: u32,
        element: (StorageType, u32),
        elem: u32,
        range: Range<usize>,
        door: Door,
    ) {
        let elements = self.instance.elements.borrow();
        for index in range {
            let value = elements[elem as usize].get(index);
            // SAFETY: the elements exist, and validation made the segment's
            // items those of the array; who fills it as a new one has just made it.
            unsafe {
                let ctx = self.store.ctx.as_mut();
                write_field(
                    &mut self.store.heap,
                    ctx,
                    array,
                    offset,
                    element,
                    value,
                    door,
                );
            }
            offset += element.1;
        }
    }

    /// A new array for `len` elements, all zero.
    ///
    /// # Safety
    /// The type is one of arrays, of elements of that size.
    unsafe fn new_array(&mut self, id: TypeId, size: u32, len: u64) -> Result<HeapRef, Pending> {
        let len = len as u32;
        if array_size(size, len) > MAX_OBJECT {
            return trap(TrapCode::AllocationTooLarge);
        }
        // SAFETY: by contract.
        unsafe { self.store.new_array(id, size, len) }.map_err(pending)
    }
}

pub fn new_data(invocation: &mut Invocation<'_>, [type_data, from, len, _]: [u64; 4]) -> Answer {
    let (ty, data) = halves(type_data);
    let (id, _, size) = invocation.element_by_index(TypeIndex::new(ty));
    let range = invocation.data_range(data, from, len, size)?;
    // SAFETY: validation allows arrays only, and this is their elements' size.
    let array = unsafe { invocation.new_array(id, size, len)? };
    invocation.write_data(array, ARRAY_ELEMENTS, data, range);
    Ok(LibcallOutcome::Value(u64::from(array.0)))
}

pub fn new_elem(invocation: &mut Invocation<'_>, [type_elem, from, len, _]: [u64; 4]) -> Answer {
    let (ty, elem) = halves(type_elem);
    let (id, storage, size) = invocation.element_by_index(TypeIndex::new(ty));
    let range = invocation.elem_range(elem, from, len)?;
    // SAFETY: validation allows arrays only, and this is their elements' size.
    let array = unsafe { invocation.new_array(id, size, len)? };
    invocation.write_elem(
        array,
        ARRAY_ELEMENTS,
        (storage, size),
        elem,
        range,
        Door::Init,
    );
    Ok(LibcallOutcome::Value(u64::from(array.0)))
}

pub fn copy(invocation: &mut Invocation<'_>, [arrays, to, from, len]: [u64; 4]) -> Answer {
    let (to_array, from_array) = halves(arrays);
    let (to_array, from_array) = (HeapRef(to_array), HeapRef(from_array));
    let (_, size) = invocation.element_of(to_array);
    invocation.elements(to_array, size, to, len)?;
    invocation.elements(from_array, size, from, len)?;
    let now = invocation.piece(len, pieces::ELEMENTS);
    let [to, from] = piece_of_copy([to, from], len, now);
    let to = invocation.elements(to_array, size, to, now)?;
    let from = invocation.elements(from_array, size, from, now)?;
    if now > 0 {
        let bytes = now as usize * size as usize;
        // SAFETY: both ranges exist, and validation made the elements of one
        // array those of the other.
        unsafe {
            let heap = &mut invocation.store.heap;
            let ctx = invocation.store.ctx.as_mut();
            heap.copy_elements(ctx, (to_array, to), (from_array, from), bytes);
        }
    }
    left(len, now)
}

pub fn init_data(invocation: &mut Invocation<'_>, [array_data, to, from, len]: [u64; 4]) -> Answer {
    let (array, data) = halves(array_data);
    let array = HeapRef(array);
    let (_, size) = invocation.element_of(array);
    let offset = invocation.elements(array, size, to, len)?;
    invocation.data_range(data, from, len, size)?;
    let now = invocation.piece(len, pieces::ELEMENTS);
    let range = invocation.data_range(data, from, now, size)?;
    invocation.write_data(array, offset, data, range);
    left(len, now)
}

pub fn init_elem(invocation: &mut Invocation<'_>, [array_elem, to, from, len]: [u64; 4]) -> Answer {
    let (array, elem) = halves(array_elem);
    let array = HeapRef(array);
    let element = invocation.element_of(array);
    let offset = invocation.elements(array, element.1, to, len)?;
    invocation.elem_range(elem, from, len)?;
    let now = invocation.piece(len, pieces::ELEMENTS);
    let range = invocation.elem_range(elem, from, now)?;
    invocation.write_elem(array, offset, element, elem, range, Door::Assign);
    left(len, now)
}
