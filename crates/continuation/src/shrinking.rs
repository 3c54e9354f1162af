//! Idle records whose stacks were used deep once.
//!
//! A record that has ended keeps its stack, and the stack its pages: the next
//! continuation finds them warm. Those far below the top are seldom wanted again,
//! and nobody knows of them: compiled code ends a continuation in a few stores. So
//! each collection looks at some idle records and asks the kernel.

use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState};
use mangrove_stack::Stack;

/// A collection looks at this part of the records with a stack ...
const PART: usize = 32;
/// ... and at this many at least. The kernel takes some 300 ns to answer.
const FEWEST: usize = 128;

impl Registry {
    /// Gives the deep ends of some idle stacks back; of all, within some calls.
    pub(crate) fn shrink_idle(&mut self) {
        for index in 0..self.initial.idle().len() {
            // SAFETY: an idle record of our slab: nobody needs what is on its stack.
            unsafe {
                let stack = stack_of(self.initial.idle()[index].initial);
                self.initial.arena.shrink(stack);
            }
        }
        let Some(parking) = &mut self.parking else {
            return;
        };
        let stacked = &parking.stacked;
        let looks = (stacked.len() / PART).max(FEWEST).min(stacked.len());
        for _ in 0..looks {
            parking.shrink_at = (parking.shrink_at + 1) % stacked.len();
            let record = self.slab.get(stacked[parking.shrink_at]);
            // SAFETY: a record of our slab, which only this thread uses.
            let (state, stack) = unsafe { ((*record).state, stack_of(record)) };
            if state == RecordState::Gone as u32 && stack.limit != 0 {
                // SAFETY: idle, as above. The zero at its base is at the top.
                unsafe { self.arena.shrink(stack) };
            }
        }
    }
}

/// The record's stack; with limit 0 where it has none.
///
/// # Safety
/// `record` is one of a registry's.
unsafe fn stack_of(record: *const ContRecord) -> Stack {
    // SAFETY: by contract.
    unsafe {
        Stack {
            top: (*record).stack_top,
            limit: (*record).stack_limit,
        }
    }
}
