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
//! top, in whole pages. A collection adds it up as it walks; between two of them it
//! is a pass over the records with stacks, made each time an eighth more are in use.

use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState, StoreContext};
use mangrove_stack::arch::PAGE;
use mangrove_stack::is_parked;

/// Live continuations before which their number alone is no reason.
const FEWEST: u64 = 16 << 10;
/// Bytes before which what they use is none.
const FEWEST_BYTES: u64 = 64 << 20;

/// At which point the next collection is due.
#[derive(Debug)]
pub(crate) struct Pressure {
    live: u64,
    bytes: u64,
    /// With this many stacks in use, bytes are added up again.
    weigh_at: usize,
}

impl Default for Pressure {
    fn default() -> Self {
        Self {
            live: FEWEST,
            bytes: FEWEST_BYTES,
            weigh_at: 0,
        }
    }
}

impl Pressure {
    /// After a collection that left this much.
    pub(crate) fn collected(&mut self, live: u64, bytes: u64) {
        *self = Self {
            live: (2 * live).max(FEWEST),
            bytes: (2 * bytes).max(FEWEST_BYTES),
            weigh_at: 0,
        }
    }
}

/// What a live continuation keeps from others that uses this many bytes: on a
/// stack whole pages.
pub fn kept_bytes(used: u64, parked: bool) -> u64 {
    match parked {
        true => used,
        false => used.next_multiple_of(PAGE),
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
        self.weigh() >= self.pressure.bytes
    }

    /// Bytes that live continuations keep from others. Looks at the records with
    /// a stack; one that got a stack twice since they were last sorted out may
    /// count twice.
    fn weigh(&self) -> u64 {
        let weight = |record: *mut ContRecord| {
            // SAFETY: a record of our slab, which only this thread uses.
            unsafe {
                let used = (*record).stack_top.saturating_sub((*record).sp);
                match (*record).state == RecordState::Live as u32 && !is_parked(record) {
                    true => kept_bytes(used, false),
                    false => 0,
                }
            }
        };
        match &self.parking {
            None => self.slab.iter().map(weight).sum(),
            Some(parking) => {
                let stacked = parking.stacked.iter();
                let stacked: u64 = stacked.map(|&id| weight(self.slab.get(id))).sum();
                stacked + parking.parked_bytes
            }
        }
    }
}
