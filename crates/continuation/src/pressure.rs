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

use mangrove_stack::arch::PAGE;

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
    /// Whether so many live continuations are reason to collect.
    pub(crate) fn is_reached_by(&self, live: u64) -> bool {
        live >= self.live
    }

    /// Whether, with so many stacks in use, the bytes are to be added up; then not
    /// again before an eighth more are in use.
    pub(crate) fn weighing_is_due(&mut self, stacks: usize) -> bool {
        let due = stacks >= self.weigh_at;
        if due {
            self.weigh_at = stacks + (stacks / 8).max(64);
        }
        due
    }

    /// Whether so many bytes are reason to collect.
    pub(crate) fn is_outweighed_by(&self, bytes: u64) -> bool {
        bytes >= self.bytes
    }

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
