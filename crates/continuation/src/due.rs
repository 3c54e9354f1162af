//! Whether a collection is due, for the sake of continuations alone.

use crate::pressure::kept_bytes;
use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState, StoreContext};
use mangrove_stack::is_parked;

impl Registry {
    /// Whether to collect before another stack is made. To be asked when no idle
    /// record is left.
    pub fn collection_is_due(&mut self, ctx: &StoreContext) -> bool {
        let live = self.live(ctx);
        self.pressure.is_reached_by(live)
            || self.pressure.weighing_is_due(self.with_stack)
                && self.pressure.is_outweighed_by(self.weigh())
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
