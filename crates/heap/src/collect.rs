//! A collection: what the roots reach is copied.
//!
//! ```text
//!  minor   young │ A │ B │ - │ C │  ─▶  old │ … old objects … │ A'│ C'│ B'│
//!  full    young, old             ─▶  the other old space     │ A'│ C'│ B'│
//!
//!  vacated   │ A │ B │ - │ C │           a copied object's header says where it went:
//!              │       ▲                 FORWARDED | new offset / 8
//!  new       │ A'│ C'│ B'│      │
//!                    ▲ scan  ▲ next      [start, scan): references updated
//!                                        [scan, next): still to be looked at
//! ```
//!
//! The objects between `scan` and `next` are the worklist, so a collection
//! needs no memory of its own. Continuations are not the heap's: references to them
//! are shown to the caller, who follows them and comes back with what their frames
//! refer to ([`Collection::drain`]). Nothing is trusted on the way: a header that names no
//! type, a copy that would not fit, or, in a full collection, a reference that
//! points outside of what is vacated ends the collection with a [`HeapViolation`].
//! Those checks are the ones for null and for forwarding, made wide enough.

use crate::remember::header_of_old;
use crate::space::Space;
use crate::{Heap, HeapError, HeapViolation, TRACE};
use mangrove_abi::object::{
    ARRAY_LENGTH, COLLECTOR_BITS, FORWARDED, HOST_SIZE, HeapRef, Kind, OBJECT_ALIGN, TYPE_MASK,
    TypeDescriptor, WATCHED, array_size,
};
use mangrove_abi::{Defect, StoreContext};
use std::ops::Range;

/// Objects up to this many bytes are copied word by word.
const SMALL: u64 = 64;

/// What is collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionKind {
    /// The young space.
    Minor,
    /// Everything.
    #[default]
    Full,
}

/// What a collection did. Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionStats {
    /// In use when it began.
    pub used: u64,
    /// In use when it ended; after a full collection that is what is live.
    pub live: u64,
    /// Copied.
    pub copied: u64,
    /// How many objects those are.
    pub objects: u64,
    /// What may be allocated in the young space until the next collection.
    pub budget: u64,
    /// By how much the old space may grow until the next full one.
    pub growth: u64,
}

/// Offsets of what is vacated: in a full collection the old space, and the young one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Vacated {
    from: u32,
    used: u32,
}

impl Vacated {
    fn new(range: &Range<u64>) -> Self {
        Self {
            from: range.start as u32,
            used: (range.end - range.start) as u32,
        }
    }

    /// Bytes from an offset to the end; none if it is outside.
    #[inline]
    pub(crate) fn left(self, offset: u32) -> Option<u32> {
        self.used
            .checked_sub(offset.wrapping_sub(self.from))
            .filter(|&left| left > 0)
    }
}

/// A collection under way. Visit every root, then [`Collection::finish`]. A
/// collection that is dropped instead leaves the heap unusable, and safe: it
/// refuses every further request.
pub struct Collection<'h> {
    pub(crate) heap: &'h mut Heap,
    pub(crate) kind: CollectionKind,
    pub(crate) base: *mut u8,
    pub(crate) descriptors: *const TypeDescriptor,
    types: u32,
    /// In a minor collection nothing.
    pub(crate) old: Vacated,
    pub(crate) young: Vacated,
    /// What is copied to: where copies begin, where the next one goes, the first object
    /// not looked at, and one past the last byte copies may take.
    start: *mut u8,
    pub(crate) next: *mut u8,
    pub(crate) scan: *mut u8,
    end: *mut u8,
    /// Of the object at `scan`, how many continuation references were shown.
    pub(crate) shown: u32,
    objects: u64,
    /// What to do wrong.
    pub(crate) defect: Option<Defect>,
    pub(crate) fault: Option<HeapViolation>,
}

impl Heap {
    /// Begins a collection.
    ///
    /// # Errors
    /// [`HeapError::Commit`] when the system has no memory for what is copied; the heap
    /// is as it was. [`HeapError::Broken`].
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to; or in a minor collection, if
    /// the log has lost entries.
    pub fn begin(
        &mut self,
        ctx: &mut StoreContext,
        kind: CollectionKind,
    ) -> Result<Collection<'_>, HeapError> {
        self.close_old(ctx);
        if self.broken {
            return Err(HeapError::Broken);
        }
        let [young, old] = self.ranges(ctx);
        let young_bytes = young.end - young.start;
        let (space, to, from, most) = match kind {
            CollectionKind::Minor => {
                assert!(!ctx.log_is_full(), "a log that lost nothing");
                (self.current, self.old_end, 0..0, young_bytes)
            }
            CollectionKind::Full => {
                let other = 1 - self.current;
                let most = young_bytes + (old.end - old.start);
                (other, self.old[other].start(), old, most)
            }
        };
        // Enough even if everything is live, so that copying need not ask.
        self.old[space].commit(&self.reservation, to + most)?;
        self.broken = true;
        let base = self.base();
        // SAFETY: both offsets lie within the reservation.
        let (start, end) = unsafe { (base.add(to as usize), base.add((to + most) as usize)) };
        Ok(Collection {
            kind,
            base,
            descriptors: self.descriptors,
            types: self.types,
            old: Vacated::new(&from),
            young: Vacated::new(&young),
            start,
            next: start,
            scan: start,
            end,
            shown: 0,
            objects: 0,
            defect: ctx.defect,
            fault: None,
            heap: self,
        })
    }
}

impl Collection<'_> {
    /// Copies an object unless that has been done, and returns where it is
    /// now. Null and `i31` stay as they are, and in a minor collection old objects.
    ///
    /// # Safety
    /// `reference` is one of those, or what a sound heap has for a reference: it may
    /// be stray (that is found, if the collection is full), but not to the middle of an
    /// object, where whatever is there would be taken for a header and written over.
    #[inline(always)]
    pub unsafe fn forward(&mut self, reference: HeapRef) -> HeapRef {
        let value = reference.0;
        // Null is below every space, so the range check covers it.
        // In a minor collection the first is empty; in a full one it has nearly all.
        let left = self.old.left(value).or_else(|| self.young.left(value));
        let Some(left) = left.filter(|_| u64::from(value) & (OBJECT_ALIGN - 1) == 0) else {
            self.left_alone(reference);
            return reference;
        };
        // SAFETY: the offset lies within the used part of a vacated space,
        // which is committed, and it is 8-aligned.
        let header = unsafe { self.base.add(value as usize).cast::<u32>().read() };
        // With the flag of a forwarded one it is no type.
        if header & !COLLECTOR_BITS < self.types {
            self.copy(value, header, left)
        } else if header & FORWARDED != 0 {
            // The shift pushes the flag out.
            HeapRef(header << 3)
        } else {
            self.fail(HeapViolation::UnknownType {
                offset: value,
                header,
            });
            reference
        }
    }

    /// A reference that is not to what is vacated.
    #[inline]
    fn left_alone(&mut self, reference: HeapRef) {
        let full = self.kind == CollectionKind::Full;
        if full && !reference.is_null() && !reference.is_i31() {
            let value = reference.0;
            self.fail(HeapViolation::Stray { value });
        }
    }

    #[inline]
    fn copy(&mut self, offset: u32, header: u32, left: u32) -> HeapRef {
        // SAFETY: `forward` has checked that the object starts within the used
        // part of a vacated space, 8-aligned, and that its type has an entry;
        // the checks against `left` and `room` that it ends there too and that
        // the copy fits what `begin` has committed.
        unsafe {
            let object = self.base.add(offset as usize);
            let descriptor = &*self.descriptors.add((header & TYPE_MASK) as usize);
            let room = self.end.offset_from(self.next) as u64;
            let size = size_by(descriptor, object);
            let Some(size) = size.filter(|&size| size <= room && size <= u64::from(left)) else {
                self.fail(HeapViolation::UnknownType { offset, header });
                return HeapRef(offset);
            };
            copy_object(object, self.next, size);
            let moved = self.next.offset_from(self.base) as u32;
            object.cast::<u32>().write(FORWARDED | moved >> 3);
            let mut header = header_of_old(header, descriptor, size);
            if Defect::Unwatched.is_in(self.defect) {
                header &= !WATCHED;
            }
            self.next.cast::<u32>().write(header);
            self.next = self.next.add(size as usize);
            self.objects += 1;
            HeapRef(moved)
        }
    }

    /// Forwards the reference in a slot.
    ///
    /// # Safety
    /// `slot` must be valid for reading and writing a `u32`, and hold what
    /// [`Collection::forward`] takes.
    #[inline]
    pub unsafe fn visit_slot(&mut self, slot: *mut u32) {
        // SAFETY: by contract.
        unsafe {
            let value = HeapRef(slot.read());
            let moved = self.forward(value);
            slot.write(moved.0);
        }
    }

    /// Ends the collection: copies what is left, vacates what is empty now, and
    /// opens the window for what follows. What is left must hold no continuations:
    /// where there may be any, [`Collection::drain`] has shown them before. `roots` is
    /// how many root slots and frames were looked at; it lengthens the time to the next
    /// full collection.
    ///
    /// # Errors
    /// The first fault met; the heap is unusable then.
    pub fn finish(
        mut self,
        ctx: &mut StoreContext,
        roots: u64,
    ) -> Result<CollectionStats, HeapViolation> {
        let mut missed = false;
        while self.drain(|_, _| missed = true) {}
        debug_assert!(!missed, "continuations are followed before the end");
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // SAFETY: both point into the reservation.
        let (copied, old_end) = unsafe {
            let copied = self.next.offset_from(self.start) as u64;
            (copied, self.next.offset_from(self.base) as u64)
        };
        let (kind, objects, heap) = (self.kind, self.objects, self.heap);
        let [young, old] = heap.ranges(ctx);
        let used = young.end - young.start + (old.end - old.start);
        heap.note_allocated(used);
        heap.old_end = old_end;
        if kind == CollectionKind::Full {
            heap.vacate_old(old, roots);
            heap.note_yield(used - heap.live);
        }
        heap.vacate_young(young, copied, kind);
        heap.born.clear();
        heap.empty_log(ctx);
        heap.broken = false;
        heap.finished[kind as usize] += 1;
        heap.allocated.1 = heap.old_used();
        let start = heap.young.start();
        let budget = heap.young_window();
        if let Err(error) = heap.young.commit(&heap.reservation, start + budget) {
            // `reserve` tries again with what is needed.
            tracing::warn!(target: TRACE, %error, "cannot open the whole allocation window");
        }
        heap.open_young(ctx, start);
        Ok(CollectionStats {
            used,
            live: heap.old_used(),
            copied,
            objects,
            budget,
            growth: heap.full_due.saturating_sub(old_end),
        })
    }

    /// How many objects were copied so far.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&mut self, fault: HeapViolation) {
        self.fault.get_or_insert(fault);
    }
}

impl Heap {
    /// After a full collection: gives up the old space, whose objects were in `old`.
    fn vacate_old(&mut self, old: Range<u64>, roots: u64) {
        self.clear_cards(old.clone());
        self.current = 1 - self.current;
        self.next_full(roots);
        let reach = self.full_due - self.old().start();
        let vacated: &mut Space = &mut self.old[1 - self.current];
        vacated.vacate(&self.reservation, old.end, old.start + reach, self.poison);
    }

    /// After any collection: the young space, whose objects were in `young`, is empty.
    fn vacate_young(&mut self, young: Range<u64>, survived: u64, kind: CollectionKind) {
        if kind == CollectionKind::Minor {
            self.size_young(young.end - young.start, survived);
        }
        let keep = young.start + self.young_size;
        let poison = self.spare.is_some();
        self.young
            .vacate(&self.reservation, young.end, keep, poison);
        if let Some(spare) = &mut self.spare {
            std::mem::swap(&mut self.young, spare);
        }
    }
}

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

/// Copies `size` bytes, a multiple of 8.
///
/// # Safety
/// Both ranges must be valid, 8-aligned and apart.
#[inline]
unsafe fn copy_object(from: *const u8, to: *mut u8, size: u64) {
    // SAFETY: by contract.
    unsafe {
        if size <= SMALL {
            let (from, to) = (from.cast::<u64>(), to.cast::<u64>());
            for word in 0..size as usize / 8 {
                to.add(word).write(from.add(word).read());
            }
        } else {
            to.copy_from_nonoverlapping(from, size as usize);
        }
    }
}
