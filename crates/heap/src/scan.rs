//! What an object refers to is forwarded: of a copy, and of an old object that is logged.

use crate::access::continuations;
use crate::collect::size_by;
use crate::remember::header_of_old;
use crate::{Collection, CollectionKind};
use mangrove_abi::object::{
    ARRAY_ELEMENTS, ARRAY_LENGTH, CARDED, Kind, TYPE_MASK, TypeDescriptor, WATCHED, bytes_of_card,
    cards_of,
};
use mangrove_abi::{ContRef, Defect};

/// Most continuation references of an object that are shown at once.
pub(crate) const SHOWN: u32 = 16;

impl Collection<'_> {
    /// Copies what the copies so far refer to, until nothing is left or, in a full
    /// collection, continuations came up: `found` has been shown some references then,
    /// each with its number among those of its object, and there may be more. Whether
    /// there may be.
    ///
    /// It stops so that who follows them need not keep them all.
    pub fn drain(&mut self, mut found: impl FnMut(u32, ContRef)) -> bool {
        let full = self.kind == CollectionKind::Full;
        while self.scan < self.next && self.fault.is_none() {
            let object = self.scan;
            // SAFETY: `scan` is the start of a complete copy, made by `copy`, which
            // has checked its type.
            unsafe {
                let met = self.descriptor_of(object).cont_count != 0 && full;
                // Before its heap references, which may be visited only once.
                if met && !self.show(object, &mut found) {
                    return true;
                }
                let size = self.scan_object(object);
                self.scan = object.add(size as usize);
                if met {
                    return true;
                }
            }
        }
        false
    }

    /// Shows the next few continuation references of an object. Whether these were the
    /// last.
    ///
    /// # Safety
    /// It is the object at `scan`.
    unsafe fn show(&mut self, object: *const u8, found: &mut impl FnMut(u32, ContRef)) -> bool {
        // SAFETY: a complete copy, by contract; it has its length or a field in its second word.
        let (descriptor, len) = unsafe {
            let len = object.add(ARRAY_LENGTH as usize).cast::<u32>().read();
            (self.descriptor_of(object), len)
        };
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

    /// Forwards all references of an object. How many bytes it takes.
    ///
    /// # Safety
    /// It is complete, and its type one of the descriptors.
    #[inline]
    unsafe fn scan_object(&mut self, object: *mut u8) -> u64 {
        const STRUCT: u8 = Kind::Struct as u8;
        const EXN: u8 = Kind::Exn as u8;
        const ARRAY: u8 = Kind::Array as u8;
        // SAFETY: by contract; the descriptor's offsets are within the object, by the
        // contract of `Heap::new`; so are an array's elements.
        unsafe {
            let descriptor = self.descriptor_of(object);
            match descriptor.kind {
                EXN if Defect::SkipPayload.is_in(self.defect) => {}
                STRUCT | EXN => {
                    let overlooked = u16::from(Defect::SkipField.is_in(self.defect));
                    for index in 0..descriptor.ref_count.saturating_sub(overlooked) as usize {
                        let offset = descriptor.refs.add(index).read();
                        self.visit_slot(object.add(offset as usize).cast());
                    }
                }
                ARRAY if descriptor.elem_refs != 0 => {
                    let len = object.add(ARRAY_LENGTH as usize).cast::<u32>().read();
                    let first = object.add(ARRAY_ELEMENTS as usize).cast::<u32>();
                    let overlooked = u32::from(Defect::SkipElement.is_in(self.defect));
                    for index in 0..len.saturating_sub(overlooked) as usize {
                        self.visit_slot(first.add(index));
                    }
                }
                _ => {}
            }
            size_by(descriptor, object).expect("an object has a type")
        }
    }

    /// The descriptor of an object.
    ///
    /// # Safety
    /// As [`Collection::scan_object`].
    #[inline]
    unsafe fn descriptor_of<'a>(&self, object: *const u8) -> &'a TypeDescriptor {
        // SAFETY: by contract; the table stays as long as the heap.
        unsafe {
            let type_id = object.cast::<u32>().read() & TYPE_MASK;
            &*self.descriptors.add(type_id as usize)
        }
    }

    /// In a minor collection: forwards what the large objects refer to that were made
    /// since the last one. How many there are.
    pub fn born(&mut self) -> u64 {
        let mut objects = 0;
        let mut born = std::mem::take(&mut self.heap.born);
        if Defect::SkipBorn.is_in(self.defect) {
            born.clear();
        }
        for range in born {
            let mut at = range.start;
            while at < range.end {
                // SAFETY: the range holds complete objects, without gaps.
                at += unsafe { self.scan_object(self.base.add(at as usize)) };
                objects += 1;
            }
        }
        objects
    }

    /// In a minor collection: forwards what a logged object refers to, as far as it may
    /// be young, and makes it one that is not logged. How many slots were looked at.
    ///
    /// # Safety
    /// It is an entry of the log of this heap.
    pub unsafe fn remembered(&mut self, object: *mut u8) -> u64 {
        // SAFETY: by contract an old object, complete.
        unsafe {
            let header = object.cast::<u32>().read();
            let descriptor = self.descriptor_of(object);
            let size = size_by(descriptor, object).expect("an object has a type");
            let by_cards = header & (WATCHED | CARDED) == WATCHED | CARDED;
            let slots = match by_cards {
                true => self.carded(object, size),
                false => {
                    self.scan_object(object);
                    size / 4
                }
            };
            object
                .cast::<u32>()
                .write(header_of_old(header, descriptor, size));
            slots
        }
    }

    /// Forwards the elements whose cards are set, and clears those. How many.
    ///
    /// # Safety
    /// It is an array of references of that many bytes.
    unsafe fn carded(&mut self, array: *mut u8, size: u64) -> u64 {
        let start = self.heap.offset_of(array);
        // SAFETY: by contract.
        let len = unsafe { array.add(ARRAY_LENGTH as usize).cast::<u32>().read() };
        let first = start + u64::from(ARRAY_ELEMENTS);
        let elements = first..first + 4 * u64::from(len);
        let mut slots = 0;
        for card in cards_of(start..start + size) {
            let at = self.heap.card(card);
            // SAFETY: a card of this heap; the slots are elements of the array.
            unsafe {
                if at.read() == 0 || Defect::DropCards.is_in(self.defect) {
                    continue;
                }
                // One that is shared with a neighbour is the neighbour's as well.
                let bytes = bytes_of_card(card);
                if elements.start <= bytes.start && bytes.end <= elements.end {
                    at.write(0);
                }
                let covered = bytes.start.max(elements.start)..bytes.end.min(elements.end);
                for slot in covered.step_by(4) {
                    self.visit_slot(self.base.add(slot as usize).cast());
                    slots += 1;
                }
            }
        }
        slots
    }
}
