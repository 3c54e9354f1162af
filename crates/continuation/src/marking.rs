//! The collector's side of the registry.
//!
//! The collector begins marking, marks the chains that run and every
//! continuation it finds a current reference to, with the chain suspended
//! inside it, and sweeps. What is live and unmarked then is unreachable.

use crate::registry::{IDLE_WATERMARK, Registry};
use crate::states::End;
use mangrove_abi::{ContRecord, ContRef, RecordState, StoreContext};

impl Registry {
    /// Begins a collection: nothing is marked.
    pub fn begin_marking(&mut self) {
        self.marked = 0;
        self.epoch = self.epoch.checked_add(1).unwrap_or_else(|| {
            for record in self.slab.iter() {
                // SAFETY: a record of our slab, which only this thread uses.
                unsafe { (*record).mark = 0 };
            }
            1
        });
    }

    /// Marks the continuation a reference stands for. The record, if the
    /// reference is current, the continuation live, and this the first mark:
    /// then its frames, its bound arguments and its parents are due.
    pub fn mark(&mut self, cont: ContRef) -> Option<*mut ContRecord> {
        let record = self.slab.get(self.slab.id_of(cont.record)?);
        // SAFETY: a record of our slab, which only this thread uses.
        let current = unsafe { (*record).revision == cont.revision };
        (current && self.mark_record(record)).then_some(record)
    }

    /// Marks a live continuation. Whether it was live and not marked before.
    pub fn mark_record(&mut self, record: *mut ContRecord) -> bool {
        let Some(id) = self.slab.id_of(record) else {
            return false;
        };
        let record = self.slab.get(id);
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            if (*record).state != RecordState::Live as u32 || (*record).mark == self.epoch {
                return false;
            }
            if (*record).mark == 0 {
                (*record).first_seen = (self.counts.collections + 1) as u32;
            }
            (*record).mark = self.epoch;
        }
        self.marked += 1;
        true
    }

    /// Whether the record was marked since [`Registry::begin_marking`].
    pub fn is_marked(&self, record: *const ContRecord) -> bool {
        // SAFETY: a record of our slab, which only this thread uses.
        let mark = |id| unsafe { (*self.slab.get(id)).mark };
        self.slab
            .id_of(record)
            .is_some_and(|id| mark(id) == self.epoch)
    }

    /// Ends every live continuation that is not marked, as collected. How many
    /// there were. Gives the memory of stacks back if very many are idle.
    /// `stack_bytes` is what the others keep: it decides when continuations make
    /// the next collection due.
    ///
    /// # Safety
    /// Everything reachable is marked: the chains that run, and every
    /// continuation with a current reference in reach, each with its parents.
    pub unsafe fn sweep(&mut self, ctx: &mut StoreContext, stack_bytes: u64) -> usize {
        let before = self.counts.collected;
        self.counts.collections += 1;
        // As a rule nobody was forgotten, and there is no record to look at.
        let unmarked = self.live(ctx) - self.marked;
        for id in 0..if unmarked == 0 { 0 } else { self.slab.len() } {
            let record = self.slab.get(id);
            // SAFETY: a record of our slab. The caller says nothing can reach
            // it, so nothing on its stack will be used.
            unsafe {
                if (*record).state == RecordState::Live as u32 && (*record).mark != self.epoch {
                    debug_assert!(
                        ctx.current != record,
                        "the running continuation is unmarked"
                    );
                    self.retire(ctx, record, End::Collected);
                }
            }
        }
        self.pressure.collected(self.live(ctx), stack_bytes);
        let idle = self.all() - self.live(ctx) as usize;
        if idle > 2 * IDLE_WATERMARK {
            self.trim(ctx, IDLE_WATERMARK);
        }
        self.shrink_idle();
        debug_assert_eq!(self.counts.collected - before, unmarked);
        unmarked as usize
    }
}
