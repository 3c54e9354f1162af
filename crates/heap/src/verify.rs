//! Walking the heap object by object, and checking every one.
//!
//! Objects lie without gaps in the young space and in the old one. A first walk follows
//! their sizes and notes where each starts ([`Starts`]); a second looks at each reference:
//! null, an `i31`, or a start. [`Heap::verify_log`] checks the rule that minor
//! collections rely on:
//!
//! ```text
//!  an old object holds no young reference, unless
//!    it was born since the last collection,
//!    it is not watched, and in the log, or
//!    it is carded and listed, in the log, and the place's card is set
//! ```

use crate::access::{continuations, references};
use crate::collect::size_by;
use crate::violation::HeapViolation;
use crate::{Field, Heap, Starts};
use mangrove_abi::object::{
    ARRAY_LENGTH, CARD_SHIFT, COLLECTOR_BITS, HeapRef, LISTED, OBJECT_ALIGN, TYPE_INVALID, TypeId,
    WATCHED,
};
use mangrove_abi::{ContRef, Logged, StoreContext};
use std::collections::HashSet;
use std::ops::Range;

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
        self.walk_ranges(self.ranges(ctx).into_iter(), &mut f)
    }

    /// The same of the objects in these ranges, of which each begins and ends with one.
    pub(crate) fn walk_ranges(
        &self,
        mut ranges: impl Iterator<Item = Range<u64>>,
        mut f: impl FnMut(HeapRef, TypeId, u64),
    ) -> Result<(), HeapViolation> {
        ranges.try_for_each(|range| self.walk_range(range, &mut f))
    }

    fn walk_range(
        &self,
        Range { start, end }: Range<u64>,
        f: &mut impl FnMut(HeapRef, TypeId, u64),
    ) -> Result<(), HeapViolation> {
        let mut at = start;
        while at < end {
            let offset = at as u32;
            // SAFETY: all of such a range is committed, and an object takes 8 bytes at
            // least.
            let object = unsafe { self.base().add(at as usize) };
            // SAFETY: as above.
            let header = unsafe { object.cast::<u32>().read() };
            let type_id = TypeId::new(header & !COLLECTOR_BITS);
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

    /// Checks that old objects refer to young ones only where the log says so, and that
    /// each object that says it is in the log is there.
    ///
    /// # Errors
    /// The first fault found.
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn verify_log(&self, ctx: &StoreContext) -> Result<(), HeapViolation> {
        self.check(ctx);
        // Entries are lost, and the next collection is a full one.
        if ctx.log_is_full() {
            return Ok(());
        }
        let logged: HashSet<u64> = self
            .log(ctx)
            .filter_map(|entry| match entry {
                Logged::Object(object) => Some(self.offset_of(object)),
                _ => None,
            })
            .collect();
        let old = self.old().start()..self.old_end;
        let mut fault = None;
        self.walk_range(old, &mut |object, type_id, _| {
            let born = self
                .born
                .iter()
                .any(|range| range.contains(&u64::from(object.0)));
            if fault.is_none() && !born {
                fault = self.unlogged(ctx, &logged, object, type_id);
            }
        })?;
        fault.map_or(Ok(()), Err)
    }

    /// What is wrong with what the log says of an old object.
    fn unlogged(
        &self,
        ctx: &StoreContext,
        logged: &HashSet<u64>,
        object: HeapRef,
        type_id: TypeId,
    ) -> Option<HeapViolation> {
        let in_log = logged.contains(&u64::from(object.0));
        // SAFETY: the walk has found `object` complete and of that type.
        let (header, len) = unsafe { (self.read::<u32>(object, 0), self.read::<u32>(object, 4)) };
        let (watched, listed) = (header & WATCHED != 0, header & LISTED != 0);
        if in_log == (watched && !listed) {
            let offset = object.0;
            return Some(HeapViolation::Log { offset, header });
        }
        let young = |&field: &u32| {
            // SAFETY: as above; `references` gives places within it.
            let value = unsafe { self.read_ref(object, field) };
            let card = u64::from(object.0 + field) >> CARD_SHIFT;
            // SAFETY: a card of this heap.
            let set = listed && unsafe { self.card(card).read() } != 0;
            watched && !set && ctx.is_young(value)
        };
        let field = references(self.descriptor(type_id)?, len).find(young)?;
        Some(HeapViolation::Unlogged {
            holder: object.0,
            type_id,
            field,
        })
    }
}
