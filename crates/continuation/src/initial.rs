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
    /// Records with a stack, gone, and the host records that go with them.
    pub(crate) idle: Vec<CallRecords>,
    /// How many are taken.
    pub(crate) in_use: usize,
}

impl Initial {
    pub(crate) fn new(stacks: ArenaConfig) -> Self {
        Self {
            arena: StackArena::new(stacks),
            idle: Vec::new(),
            in_use: 0,
        }
    }

    /// Takes records back.
    #[inline]
    pub(crate) fn give_back(&mut self, records: CallRecords) {
        debug_assert!(self.in_use > 0, "more came back than were taken");
        self.in_use -= 1;
        self.idle.push(records);
    }
}
