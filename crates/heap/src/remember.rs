//! Where the old refers to the young: what the log and the cards say, and who writes it.
//!
//! ```text
//!  a store of a young reference into an object whose header is
//!    watched            all of it is logged; no longer watched
//!    watched, carded    the card of the place is set; if not listed: logged, and listed
//!    neither            young, or logged already: nothing to do
//!
//!  carded array │ header, len │ elements …                                   │
//!  cards                      │ 0 │ 0 │ 1 │ 0 │ 0 …       512 bytes each
//! ```
//!
//! Compiled code does the same inline (`crates/compile/src/func/barrier.rs`).

use crate::{Heap, HeapError};
use mangrove_abi::object::{
    CARDED, CARDED_BYTES, HeapRef, Kind, LISTED, TypeDescriptor, WATCHED, cards_of,
};
use mangrove_abi::{Defect, Logged, Noted, StoreContext, make_room};
use std::ops::Range;

/// The header of an object of `size` bytes once it is old.
#[inline]
pub(crate) fn header_of_old(header: u32, descriptor: &TypeDescriptor, size: u64) -> u32 {
    const ARRAY: u8 = Kind::Array as u8;
    let carded = size >= CARDED_BYTES && descriptor.kind == ARRAY && descriptor.elem_refs != 0;
    let header = header & !(CARDED | LISTED) | WATCHED;
    if carded { header | CARDED } else { header }
}

impl Heap {
    /// Forgets what is logged.
    pub(crate) fn empty_log(&self, ctx: &mut StoreContext) {
        (ctx.log_next, ctx.log_last) = self.reservation.log();
    }

    /// The entries of the log, in the order in which they were made.
    ///
    /// # Errors
    /// [`HeapError::List`].
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn logged(&self, ctx: &StoreContext) -> Result<Vec<Logged>, HeapError> {
        let (mut entries, log) = (Vec::new(), self.log(ctx));
        if !make_room(&mut entries, log.len(), self.requests()) {
            let entries = log.len();
            return Err(HeapError::List { entries });
        }
        entries.extend(log);
        Ok(entries)
    }

    /// The same, one by one.
    pub(crate) fn log(&self, ctx: &StoreContext) -> impl ExactSizeIterator<Item = Logged> {
        let (first, last) = self.reservation.log();
        assert!(
            (first..=last).contains(&ctx.log_next),
            "the log of another heap"
        );
        // SAFETY: the log is the heap's own and was written up to there.
        let words =
            unsafe { std::slice::from_raw_parts(first, ctx.log_next.offset_from(first) as usize) };
        words.iter().map(|&word| Logged::of(word))
    }

    /// The card of an offset.
    pub(crate) fn card(&self, card: u64) -> *mut u8 {
        // SAFETY: there is one for each `CARD_SHIFT` bytes of the reservation.
        unsafe { self.reservation.cards().add(card as usize) }
    }

    /// The offset of a logged object.
    pub(crate) fn offset_of(&self, object: *mut u8) -> u64 {
        object.addr().wrapping_sub(self.base().addr()) as u64
    }

    /// Notes that references were written to bytes of an object.
    ///
    /// # Safety
    /// It is an object of this heap, and those are in it.
    pub(crate) unsafe fn written(
        &mut self,
        ctx: &mut StoreContext,
        object: HeapRef,
        bytes: Range<u32>,
        how: Noted,
    ) {
        // SAFETY: by contract.
        unsafe {
            let at = self.address(object, 0);
            let header = at.cast::<u32>().read();
            if header & WATCHED == 0 || !self.any_young(ctx, object, bytes.clone()) {
                return;
            }
            if ctx.has(Defect::Unnoted(how)) {
                return;
            }
            if header & CARDED == 0 {
                at.cast::<u32>().write(header & !WATCHED);
                return ctx.log(Logged::Object(at));
            }
            let start = u64::from(object.0);
            let written = start + u64::from(bytes.start)..start + u64::from(bytes.end);
            for card in cards_of(written) {
                self.card(card).write(1);
            }
            if header & LISTED == 0 {
                at.cast::<u32>().write(header | LISTED);
                ctx.log(Logged::Object(at));
            }
        }
    }

    /// Whether a range of references in an object has a young one.
    ///
    /// # Safety
    /// As [`Heap::written`].
    unsafe fn any_young(&self, ctx: &StoreContext, object: HeapRef, bytes: Range<u32>) -> bool {
        bytes.step_by(size_of::<HeapRef>()).any(|at| {
            // SAFETY: by contract.
            ctx.is_young(unsafe { self.read_ref(object, at) })
        })
    }

    /// Clears the cards of the bytes that old objects take.
    pub(crate) fn clear_cards(&self, bytes: Range<u64>) {
        let cards = cards_of(bytes);
        // SAFETY: of this heap.
        unsafe {
            self.card(cards.start)
                .write_bytes(0, (cards.end - cards.start) as usize)
        };
    }
}
