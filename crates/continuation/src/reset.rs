//! A registry is made as a new one is, with the records and stacks it has; and what it
//! has taken so far, for who decides on more.

use crate::pressure::Pressure;
use crate::registry::{Counts, IDLE_WATERMARK, Registry};
use crate::rounds::Rounds;
use crate::states::End;
use mangrove_abi::{RecordState, StoreContext};

/// What a registry has taken, and may take at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Continuations that live, and ended ones that keep a stack for the next.
    pub continuations: usize,
    /// Most of them.
    pub max_continuations: usize,
    /// Bytes of stacks in use, each counted as a whole, and of the frames of those
    /// without; stacks that calls from the host begin on are left out.
    pub stack_bytes: u64,
    /// Most bytes of stacks.
    pub max_stack_bytes: u64,
    /// Bytes of one stack.
    pub stack_size: u64,
}

impl Registry {
    /// What was taken so far.
    pub fn taken(&self) -> Taken {
        let stack_size = self.arena.stack_size() as u64;
        let parked = self.parking.as_ref();
        let parked_bytes = parked.map_or(0, |parking| parking.parked_bytes);
        Taken {
            continuations: self.all(),
            max_continuations: self.max_continuations(),
            stack_bytes: self.with_stack as u64 * stack_size + parked_bytes,
            max_stack_bytes: self.max_with_stack() as u64 * stack_size,
            stack_size,
        }
    }

    /// Ends every continuation. Records and stacks stay for those that follow, but for the
    /// memory of very many idle stacks, as after a collection; references to what was are
    /// stale. The log is to be emptied by the heap.
    ///
    /// # Panics
    /// If something runs.
    pub fn reset(&mut self, ctx: &mut StoreContext) {
        let runs = self.activations() > 0 || !ctx.current.is_null();
        assert!(!runs, "a registry is reset while something runs");
        // As a rule few live, and there is no record to look at.
        let live = self.live(ctx);
        for id in self.slab.ids().filter(|_| live > 0) {
            let record = self.slab.get(id);
            // SAFETY: a record of our slab, and nothing that could run it is left.
            unsafe {
                if (*record).state == RecordState::Live as u32 {
                    self.retire(ctx, record, End::Collected);
                }
            }
        }
        (ctx.created, ctx.returned) = (0, 0);
        self.counts = Counts::default();
        self.pressure = Pressure::default();
        self.unfollow();
        self.marked = 0;
        self.lives = None;
        if let Some(parking) = &mut self.parking {
            parking.found.clear();
            parking.rounds = Rounds::default();
            parking.shrink_at = 0;
        }
        if self.with_stack > IDLE_WATERMARK {
            self.trim(ctx, IDLE_WATERMARK);
            self.sort_out();
        }
        self.clean_all(ctx);
    }
}
