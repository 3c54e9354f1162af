//! Walking the heap object by object, and checking every one.
//!
//! Objects lie without gaps from the start of the current space to
//! `alloc_next`. A first walk follows their sizes and notes where each starts
//! ([`Starts`]); a second looks at each reference: null, an `i31`, or a start.

use crate::access::{continuations, references};
use crate::collect::size_by;
use crate::violation::HeapViolation;
use crate::{Field, Heap, Starts};
use mangrove_abi::object::{
    ARRAY_LENGTH, COLLECTOR_BITS, HeapRef, OBJECT_ALIGN, TYPE_INVALID, TypeId,
};
use mangrove_abi::{ContRef, StoreContext};

impl Heap {
    /// Calls `f` with every object, in ascending order: its reference, its
    /// type, its size in bytes.
    ///
    /// # Errors
    /// The first object whose header or size is impossible; the walk ends there.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn walk(
        &self,
        ctx: &StoreContext,
        mut f: impl FnMut(HeapRef, TypeId, u64),
    ) -> Result<(), HeapViolation> {
        self.check(ctx);
        let end = ctx.alloc_next;
        let mut at = self.space().start();
        while at < end {
            let offset = at as u32;
            // SAFETY: everything from the space's start to `alloc_next` is
            // committed, and an object takes 8 bytes at least.
            let object = unsafe { self.base().add(at as usize) };
            // SAFETY: as above.
            let header = unsafe { object.cast::<u32>().read() };
            let type_id = header & !COLLECTOR_BITS;
            let descriptor = self.descriptor(type_id).filter(|_| type_id != TYPE_INVALID);
            // SAFETY: as above.
            let size = descriptor.and_then(|d| unsafe { size_by(d, object) });
            let size = size
                .filter(|&size| size >= OBJECT_ALIGN && size % OBJECT_ALIGN == 0)
                .ok_or(HeapViolation::UnknownType { offset, header })?;
            if at + size > end {
                return Err(HeapViolation::Overrun { offset, size, end });
            }
            f(HeapRef(offset), type_id, size);
            at += size;
        }
        Ok(())
    }

    /// Whether an object starts at `reference`. Walks the heap: for many
    /// questions, ask [`Heap::starts`] once.
    ///
    /// # Errors
    /// As [`Heap::walk`].
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn is_object_start(
        &self,
        ctx: &StoreContext,
        reference: HeapRef,
    ) -> Result<bool, HeapViolation> {
        Ok(self.starts(ctx)?.contains(reference))
    }

    /// Checks every header and every reference of every object.
    ///
    /// # Errors
    /// The first fault found.
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn verify(&self, ctx: &StoreContext) -> Result<Starts, HeapViolation> {
        let starts = self.starts(ctx)?;
        let mut fault = None;
        self.walk(ctx, |object, type_id, _| {
            if fault.is_none() {
                fault = self.bad_reference(&starts, object, type_id);
            }
        })?;
        fault.map_or(Ok(starts), Err)
    }

    /// Calls `f` with every continuation reference of every object, garbage included.
    ///
    /// # Errors
    /// As [`Heap::walk`].
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn each_continuation(
        &self,
        ctx: &StoreContext,
        mut f: impl FnMut(Field, TypeId, ContRef),
    ) -> Result<(), HeapViolation> {
        self.walk(ctx, |object, type_id, _| {
            let descriptor = self.descriptor(type_id);
            let descriptor = descriptor.filter(|descriptor| descriptor.cont_count != 0);
            let Some(descriptor) = descriptor else { return };
            // SAFETY: `walk` has found `object` complete and of that type, and
            // `continuations` gives places within it.
            unsafe {
                let len = self.read::<u32>(object, ARRAY_LENGTH);
                for offset in continuations(descriptor, len, 0) {
                    let reference = self.read_cont(object, offset);
                    f(Field { object, offset }, type_id, reference);
                }
            }
        })
    }

    fn bad_reference(
        &self,
        starts: &Starts,
        object: HeapRef,
        type_id: TypeId,
    ) -> Option<HeapViolation> {
        let descriptor = self.descriptor(type_id)?;
        let bad = |field: u32| {
            // SAFETY: `walk` has found `object` complete, and `references`
            // gives places within it.
            let value = unsafe { self.read_ref(object, field) };
            (!starts.admits(value)).then_some(HeapViolation::BadReference {
                holder: object.0,
                type_id,
                field,
                value: value.0,
            })
        };
        // SAFETY: `walk` has found `object` complete and of that type.
        let len = unsafe { self.read::<u32>(object, 4) };
        references(descriptor, len).find_map(bad)
    }
}
