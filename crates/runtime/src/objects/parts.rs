//! Values in and out of objects: with the check of types, and through the doors.

use crate::error::Error;
use crate::layout::{ObjectLayout, Part};
use crate::objects::error::ObjectError;
use crate::shape::{Door, read_field, write_field};
use crate::store::StoreInner;
use crate::value::Val;
use mangrove_abi::object::HeapRef;
use mangrove_abi::{TransferSlot, TypeId};
use smallvec::SmallVec;
use std::sync::Arc;

/// Values that are about to be written.
pub type Lowered = SmallVec<[TransferSlot; 8]>;

impl StoreInner {
    /// The layout of a type of structs or arrays, which the store keeps from now on: its
    /// objects do not.
    ///
    /// # Errors
    /// There is no such type.
    pub(crate) fn layout(&mut self, id: TypeId) -> Result<Arc<ObjectLayout>, Error> {
        if let Some(known) = self.layouts.get(&id) {
            return Ok(known.clone());
        }
        self.types.keep(id)?;
        let layout = ObjectLayout::of(&self.engine, id);
        let layout = layout.ok_or_else(|| Error::internal(format!("an object of type {id}")))?;
        let layout = Arc::new(layout);
        self.layouts.insert(id, layout.clone());
        Ok(layout)
    }

    /// A field of a type of structs.
    pub(crate) fn field_of(&mut self, id: TypeId, index: usize) -> Result<Part, Error> {
        let layout = self.layout(id)?;
        let ObjectLayout::Struct(parts, _) = &*layout else {
            return Err(Error::internal(format!("type {id} is not a struct")));
        };
        let fields = parts.len();
        let part = parts.get(index).copied();
        part.ok_or_else(|| ObjectError::NoField { index, fields }.into())
    }

    /// The first element of a type of arrays.
    pub(crate) fn element_of(&mut self, id: TypeId) -> Result<Part, Error> {
        match &*self.layout(id)? {
            ObjectLayout::Array(part) => Ok(*part),
            ObjectLayout::Struct(..) => Err(Error::internal(format!("type {id} is not an array"))),
        }
    }

    /// Where so many elements lie from one on.
    pub(crate) fn elements(
        &self,
        array: HeapRef,
        element: Part,
        at: u32,
        len: usize,
    ) -> Result<u32, Error> {
        // SAFETY: by who calls, an array of this store.
        let have = unsafe { self.heap.array_len(array) };
        let end = u64::from(at).saturating_add(len as u64);
        match end <= u64::from(have) {
            // Within an object, which has less than 4 GiB.
            true => Ok(element.offset + at * element.size),
            false => Err(ObjectError::OutOfBounds { end, len: have }.into()),
        }
    }

    /// Values for these parts. No roots: to be written before the next collection.
    pub(crate) fn lower_parts<'a>(
        &self,
        values: &[Val],
        mut parts: impl Iterator<Item = &'a Part>,
    ) -> Result<Lowered, Error> {
        let lower = |value| {
            let part = parts.next().expect("as many parts as values");
            self.lower(value, part.ty.storage.unpacked())
        };
        values.iter().map(lower).collect()
    }

    /// Reads a part at an offset; packed ones zero-extended.
    ///
    /// # Safety
    /// The object has such a part there.
    pub(crate) unsafe fn read_part(&mut self, object: HeapRef, offset: u32, part: Part) -> Val {
        // SAFETY: by contract.
        unsafe {
            let slot = read_field(&self.heap, object, offset, part.size);
            self.lift(slot, part.kind)
        }
    }

    /// Writes a part at an offset.
    ///
    /// # Safety
    /// The object has such a part there, the value is of its type, and the object is what
    /// the door says.
    pub(crate) unsafe fn write_part(
        &mut self,
        object: HeapRef,
        offset: u32,
        part: Part,
        value: TransferSlot,
        door: Door,
    ) {
        let storage = (part.ty.storage, part.size);
        // SAFETY: by contract; the context is ours, and no compiled code runs.
        unsafe {
            let ctx = self.ctx.as_mut();
            write_field(&mut self.heap, ctx, object, offset, storage, value, door);
        }
    }
}
