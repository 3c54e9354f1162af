//! When continuations alone are reason enough to collect.
//!
//! A program that never allocates fills no heap, and yet what it forgets is only
//! found by a collection. So one is due, before a further stack is made, when
//! since the last collection
//!
//! ```text
//!  live continuations   have doubled, and are 16 Ki at least
//!  memory they use      has doubled, and is 64 MiB at least
//! ```
//!
//! Nothing is asked as long as idle records are there: what they use, they have
//! used before. The memory is what lies between the saved stack pointer and the
//! top, in whole pages; to add it up is a pass over all records, made when the
//! first stack after a collection is asked for, and each time an eighth more are
//! in use.

use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState, StoreContext};
use mangrove_stack::is_parked;

/// Live continuations before which their number alone is no reason.
const FEWEST: u64 = 16 << 10;
/// Bytes before which what they use is none.
const FEWEST_BYTES: u64 = 64 << 20;
/// What a stack takes at least, in bytes, once it was used.
const PAGE: u64 = 4096;

/// At which point the next collection is due.
#[derive(Debug)]
pub(crate) struct Pressure {
    live: u64,
    /// None until they are added up for the first time after a collection.
    bytes: Option<u64>,
    /// With this many stacks in use, bytes are added up again.
    weigh_at: usize,
}

impl Default for Pressure {
    fn default() -> Self {
        Self {
            live: FEWEST,
            bytes: Some(FEWEST_BYTES),
            weigh_at: 0,
        }
    }
}

impl Pressure {
    /// After a collection that left this many.
    pub(crate) fn collected(&mut self, live: u64) {
        *self = Self {
            live: (2 * live).max(FEWEST),
            bytes: None,
            weigh_at: 0,
        }
    }
}

/// Bytes a live continuation keeps from others.
///
/// # Safety
/// `record` is one of a registry's, and live.
unsafe fn weight_of(record: *const ContRecord) -> u64 {
    // SAFETY: the caller's contract.
    unsafe {
        let used = (*record).stack_top.saturating_sub((*record).sp);
        match is_parked(record) {
            true => used,
            false => used.next_multiple_of(PAGE),
        }
    }
}

impl Registry {
    /// Whether a collection is worth more than a further stack. To be asked when
    /// no idle record is left.
    pub fn collection_is_due(&mut self, ctx: &StoreContext) -> bool {
        if self.live(ctx) >= self.pressure.live {
            return true;
        }
        if self.with_stack < self.pressure.weigh_at {
            return false;
        }
        self.pressure.weigh_at = self.with_stack + (self.with_stack / 8).max(64);
        let live = self.slab.iter().filter(|&record| {
            // SAFETY: a record of our slab, which only this thread uses.
            unsafe { (*record).state == RecordState::Live as u32 }
        });
        // SAFETY: these are live.
        let bytes: u64 = live.map(|record| unsafe { weight_of(record) }).sum();
        bytes
            >= *self
                .pressure
                .bytes
                .get_or_insert((2 * bytes).max(FEWEST_BYTES))
    }
}
