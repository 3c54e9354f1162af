//! The collection: what the roots reach is copied into the other space.
//!
//! ```text
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
//! refer to ([`Collection::drain`]). Nothing is trusted on the way: a reference that
//! points outside the vacated space, a header that names no type, or a copy
//! that would not fit ends the collection with a [`HeapViolation`]. Those checks
//! are the ones for null and for forwarding, made wide enough.

use crate::access::continuations;
use crate::space::Space;
use crate::{Heap, HeapError, HeapViolation, TRACE};
use mangrove_abi::object::{
    ARRAY_ELEMENTS, ARRAY_LENGTH, COLLECTOR_BITS, FORWARDED, HOST_SIZE, HeapRef, Kind,
    OBJECT_ALIGN, TYPE_MASK, TypeDescriptor, array_size,
};
use mangrove_abi::{ContRef, StoreContext};

/// Objects up to this many bytes are copied word by word.
const SMALL: u64 = 64;

/// Most continuation references of an object that are shown at once.
pub(crate) const SHOWN: u32 = 16;

/// What a collection did. Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionStats {
    /// In use when it began.
    pub used: u64,
    /// Copied: the live objects.
    pub live: u64,
    /// How many objects those are.
    pub objects: u64,
    /// What may be allocated until the next collection.
    pub budget: u64,
}

/// A collection under way. Visit every root, then [`Collection::finish`]. A
/// collection that is dropped instead leaves the heap unusable, and safe: it
/// refuses every further request.
pub struct Collection<'h> {
    heap: &'h mut Heap,
    base: *mut u8,
    descriptors: *const TypeDescriptor,
    types: u32,
    /// The vacated space: its first offset and its bytes in use.
    from: u32,
    used: u32,
    /// In the new space: where the next copy goes, the first object not looked
    /// at, and one past the last byte copies may take.
    next: *mut u8,
    scan: *mut u8,
    end: *mut u8,
    /// Of the object at `scan`, how many continuation references were shown.
    shown: u32,
    objects: u64,
    fault: Option<HeapViolation>,
}

impl Heap {
    /// Begins a collection.
    ///
    /// # Errors
    /// [`HeapError::Commit`] when the system has no memory for the other
    /// space; the heap is as it was. [`HeapError::Broken`].
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn begin(&mut self, ctx: &StoreContext) -> Result<Collection<'_>, HeapError> {
        self.check(ctx);
        if self.broken {
            return Err(HeapError::Broken);
        }
        let used = self.used(ctx);
        let from = self.space().start();
        let to = &mut self.spaces[1 - self.current];
        // Enough even if everything is live, so that copying need not ask.
        to.commit(&self.reservation, to.start() + used)?;
        let to = to.start();
        self.broken = true;
        let base = self.base();
        // SAFETY: both offsets lie within the reservation.
        let (start, end) = unsafe { (base.add(to as usize), base.add((to + used) as usize)) };
        Ok(Collection {
            base,
            descriptors: self.descriptors,
            types: self.types,
            from: from as u32,
            used: used as u32,
            next: start,
            scan: start,
            end,
            shown: 0,
            objects: 0,
            fault: None,
            heap: self,
        })
    }
}

impl Collection<'_> {
    /// Copies an object unless that has been done, and returns where it is
    /// now. Null and `i31` stay as they are.
    ///
    /// # Safety
    /// `reference` is one of those, or what a sound heap has for a reference: it may
    /// be stray (that is found), but not to the middle of an object, where whatever
    /// is there would be taken for a header and written over.
    #[inline]
    pub unsafe fn forward(&mut self, reference: HeapRef) -> HeapRef {
        let value = reference.0;
        // Null is below every space, so the range check covers it.
        let inside = value.wrapping_sub(self.from) < self.used;
        if !inside || value as u64 & (OBJECT_ALIGN - 1) != 0 {
            if !reference.is_null() && !reference.is_i31() {
                self.fail(HeapViolation::Stray { value });
            }
            return reference;
        }
        // SAFETY: the offset lies within the used part of the vacated space,
        // which is committed, and it is 8-aligned.
        let header = unsafe { self.base.add(value as usize).cast::<u32>().read() };
        // With the flag of a forwarded one it is no type.
        if header & !COLLECTOR_BITS < self.types {
            self.copy(value, header)
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

    #[inline]
    fn copy(&mut self, offset: u32, header: u32) -> HeapRef {
        // SAFETY: `forward` has checked that the object starts within the used
        // part of the vacated space, 8-aligned, and that its type has an entry;
        // the checks against `left` and `room` that it ends there too and that
        // the copy fits what `begin` has committed.
        unsafe {
            let object = self.base.add(offset as usize);
            let size = size_by(
                &*self.descriptors.add((header & TYPE_MASK) as usize),
                object,
            );
            let room = self.end.offset_from(self.next) as u64;
            let left = (self.used - (offset - self.from)) as u64;
            let Some(size) = size.filter(|&size| size <= room && size <= left) else {
                self.fail(HeapViolation::UnknownType { offset, header });
                return HeapRef(offset);
            };
            copy_object(object, self.next, size);
            let moved = self.next.offset_from(self.base) as u32;
            object.cast::<u32>().write(FORWARDED | moved >> 3);
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

    /// Copies what the copies so far refer to, until nothing is left or continuations
    /// came up: `found` has been shown some references then, each with its number among
    /// those of its object, and there may be more. Whether there may be.
    ///
    /// It stops so that who follows them need not keep them all.
    pub fn drain(&mut self, mut found: impl FnMut(u32, ContRef)) -> bool {
        while self.scan < self.next && self.fault.is_none() {
            if self.scan_object(&mut found) {
                return true;
            }
        }
        false
    }

    /// Whether there were continuations in it.
    #[inline]
    fn scan_object(&mut self, found: &mut impl FnMut(u32, ContRef)) -> bool {
        const STRUCT: u8 = Kind::Struct as u8;
        const EXN: u8 = Kind::Exn as u8;
        const ARRAY: u8 = Kind::Array as u8;
        let object = self.scan;
        // SAFETY: `scan` is the start of a complete copy, made by `copy`, which
        // has checked its type; the descriptor's offsets are within it, by the
        // contract of `Heap::new`; so are an array's elements.
        unsafe {
            let type_id = object.cast::<u32>().read() & TYPE_MASK;
            let descriptor = &*self.descriptors.add(type_id as usize);
            // Before its heap references, which may be visited only once.
            let met = descriptor.cont_count != 0;
            if met && !self.show(descriptor, object, found) {
                return true;
            }
            match descriptor.kind {
                STRUCT | EXN => {
                    for index in 0..descriptor.ref_count as usize {
                        let offset = descriptor.refs.add(index).read();
                        self.visit_slot(object.add(offset as usize).cast());
                    }
                }
                ARRAY if descriptor.elem_refs != 0 => {
                    let len = object.cast::<u32>().add(1).read();
                    let first = object.add(ARRAY_ELEMENTS as usize).cast::<u32>();
                    for index in 0..len as usize {
                        self.visit_slot(first.add(index));
                    }
                }
                _ => {}
            }
            let size = size_by(descriptor, object).expect("a copied object has a type");
            self.scan = object.add(size as usize);
            met
        }
    }

    /// Shows the next few continuation references of an object. Whether these were the
    /// last.
    ///
    /// # Safety
    /// `object` is a complete copy, of the type `descriptor` describes.
    unsafe fn show(
        &mut self,
        descriptor: &TypeDescriptor,
        object: *const u8,
        found: &mut impl FnMut(u32, ContRef),
    ) -> bool {
        // SAFETY: by contract; an object has its length or a field in its second word.
        let len = unsafe { object.add(ARRAY_LENGTH as usize).cast::<u32>().read() };
        let mut places = continuations(descriptor, len, self.shown);
        for (number, offset) in (self.shown..).zip(places.by_ref().take(SHOWN as usize)) {
            // SAFETY: `continuations` gives places within the object.
            let reference = unsafe { object.add(offset as usize).cast::<ContRef>() };
            // SAFETY: as above.
            found(number, unsafe { reference.read_unaligned() });
        }
        let last = places.next().is_none();
        self.shown = if last { 0 } else { self.shown + SHOWN };
        last
    }

    /// Ends the collection: copies what is left, vacates the old space, and
    /// opens the window for what follows. What is left must hold no continuations:
    /// where there may be any, [`Collection::drain`] has shown them before. `roots` is
    /// how many root slots and frames were looked at; it lengthens the time to the next
    /// collection.
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
        let used = self.used as u64;
        // SAFETY: both point into the reservation.
        let live_end = unsafe { self.next.offset_from(self.base) } as u64;
        let objects = self.objects;
        let heap = self.heap;

        heap.current = 1 - heap.current;
        heap.open_window(live_end, roots);
        let live = heap.live_bytes();
        let reach = heap.window_end - heap.space().start();
        let vacated: &mut Space = &mut heap.spaces[1 - heap.current];
        let start = vacated.start();
        vacated.vacate(&heap.reservation, start + used, start + reach, heap.poison);
        heap.note_yield(used - live);
        heap.broken = false;
        heap.collections += 1;

        if let Err(error) = heap.spaces[heap.current].commit(&heap.reservation, heap.window_end) {
            // `reserve` tries again with what is needed.
            tracing::warn!(target: TRACE, %error, "cannot open the whole allocation window");
        }
        heap.attach(ctx);
        Ok(CollectionStats {
            used,
            live,
            objects,
            budget: heap.window_end - live_end,
        })
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, fault: HeapViolation) {
        self.fault.get_or_insert(fault);
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
