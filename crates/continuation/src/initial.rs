//! Initial continuations: those that calls from the host begin with.
//!
//! A program recurses on the stack it is called on; a continuation is one of a
//! million. So initial continuations have stacks of their own, larger ones, from
//! an arena of their own, and records that go from call to call:
//!
//! ```text
//!  take_call ──▶ a call ──┬─ returned: compiled code has put it on the free list,
//!       ▲                 │            end_call takes it off again
//!       │                 └─ thrown, trapped ──▶ Registry::retire, release_host_record
//!       └────── idle ◀────────────┘
//! ```
//!
//! None is ever suspended: no handler lies beyond the host. So none is parked or
//! moved, and there are as many as calls have ever been active at a time.

use crate::calls::CallRecords;
use mangrove_stack::{ArenaConfig, StackArena};

/// The stacks of initial continuations.
#[derive(Debug)]
pub(crate) struct Initial {
    pub(crate) arena: StackArena,
    /// All records of calls: those of idle ones, then those that are taken, the last
    /// taken first.
    all: Vec<CallRecords>,
    /// How many are idle.
    idle: usize,
}

impl Initial {
    pub(crate) fn new(stacks: ArenaConfig) -> Self {
        Self {
            arena: StackArena::new(stacks),
            all: Vec::new(),
            idle: 0,
        }
    }

    /// The records that are not taken: one with a stack, gone, and the host record that
    /// goes with it.
    pub(crate) fn idle(&self) -> &[CallRecords] {
        &self.all[..self.idle]
    }

    /// How many are taken.
    #[inline]
    pub(crate) fn in_use(&self) -> usize {
        self.all.len() - self.idle
    }

    /// Takes the records that came back last.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<CallRecords> {
        let last = self.idle.checked_sub(1)?;
        let records = *self.all.get(last)?;
        self.idle = last;
        Some(records)
    }

    /// Adds records, which are taken. There are no idle ones.
    pub(crate) fn add(&mut self, records: CallRecords) {
        debug_assert!(self.idle().is_empty(), "those are taken first");
        self.all.insert(0, records);
    }

    /// Takes records back. Calls end in the opposite order to that in which they begin, so
    /// they are where they were, and nothing is written: the next call would wait for it.
    #[inline]
    pub(crate) fn give_back(&mut self, records: CallRecords) {
        let first_taken = self.idle;
        // The host record is of one pair only.
        match self.all.get(first_taken) {
            Some(first) if first.host == records.host => {}
            _ => self.bring_forward(first_taken, records),
        }
        self.idle += 1;
    }

    #[cold]
    fn bring_forward(&mut self, first_taken: usize, records: CallRecords) {
        let taken = &mut self.all[first_taken..];
        let at = taken.iter().position(|&known| known == records);
        taken.swap(0, at.expect("records that were taken"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn records_come_back_in_any_order() {
        let mut world = World::new(4);
        let initial = &mut world.registry.initial;
        let records = [8usize, 16, 24].map(|address| CallRecords {
            host: std::ptr::without_provenance_mut(address),
            initial: std::ptr::without_provenance_mut(address + 100),
        });
        for records in records {
            initial.add(records);
        }
        let [a, b, c] = records;
        initial.give_back(a);
        assert_eq!(initial.idle(), [a]);
        assert_eq!((initial.take(), initial.take()), (Some(a), None));
        for records in [c, b, a] {
            initial.give_back(records);
        }
        assert_eq!(initial.idle(), [c, b, a]);
        assert_eq!(initial.take(), Some(a));
    }
}
