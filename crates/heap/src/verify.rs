//! Walking the heap object by object, and checking every one.
//!
//! Objects lie without gaps from the start of the current space to
//! `alloc_next`. A first walk follows their sizes and notes where each starts
//! ([`Starts`]); a second looks at each reference: null, an `i31`, or a start.

use crate::access::references;
use crate::collect::size_by;
use crate::{Heap, Starts};
use mangrove_abi::StoreContext;
use mangrove_abi::object::{COLLECTOR_BITS, HeapRef, OBJECT_ALIGN, TYPE_INVALID, TypeId};

/// What is wrong with a heap. Offsets are from its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeapViolation {
    /// A header names no type an object can have, or the object's size is
    /// impossible.
    #[error(
        "the object at {offset:#x} has the header {header:#x}, which describes no object there"
    )]
    UnknownType {
        /// The object.
        offset: u32,
        /// Its header.
        header: u32,
    },
    /// An object reaches beyond the end of what is allocated.
    #[error(
        "the object at {offset:#x} takes {size} bytes and reaches beyond the heap's end at {end:#x}"
    )]
    Overrun {
        /// The object.
        offset: u32,
        /// Its size by its header.
        size: u64,
        /// Where allocated objects end.
        end: u64,
    },
    /// An object's field or element refers to something that is no object.
    #[error(
        "the object at {holder:#x} of type {type_id} refers, at offset {field}, to {value:#x}, which is no object"
    )]
    BadReference {
        /// The object.
        holder: u32,
        /// Its type.
        type_id: TypeId,
        /// Where in it.
        field: u32,
        /// The reference.
        value: u32,
    },
    /// A reference found while collecting points outside the space in use, or
    /// between objects.
    #[error("a reference to {value:#x} points outside the space in use")]
    Stray {
        /// The reference.
        value: u32,
    },
}

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
