//! The collector's side of the registry: what is live, and the worklist of it.
//!
//! The collector begins marking, marks the chains that run and every
//! continuation it finds a current reference to, with the chain suspended
//! inside it, and sweeps. What is live and unmarked then is unreachable.
//!
//! ```text
//!  enqueue(reference) ──▶ found ──▶ its record is marked ──▶ marked ──▶ next() ──▶ walked
//!                     prefetch the record          prefetch its frames
//! ```
//!
//! Records, and even more so the buffers of parked frames, are anywhere in
//! memory. What enters one of the two queues is prefetched, and by the time it
//! comes out it is in the cache. Nobody outside of this file knows that there
//! are two. The first is short, and the second has room for every record from before
//! ([`Registry::queue`]): marking needs no memory.
//!
//! Next on the road of a root: `crates/collector/src/walk.rs`.

use crate::registry::{IDLE_WATERMARK, Registry};
use crate::states::End;
use mangrove_abi::{ContRecord, ContRef, Defect, RecordId, RecordState, StoreContext};
use mangrove_stack::arch;
use std::collections::VecDeque;

/// References that wait, at most: more are followed at once.
const MOST_FOUND: usize = 4 * Worklist::AHEAD;

/// How much of a stack is prefetched: two small frames and the trampoline's.
const PREFETCHED_BYTES: u64 = 192;

/// References that were found, and records to walk. See the module's description.
#[derive(Debug)]
pub struct Worklist<'a> {
    registry: &'a mut Registry,
    found: VecDeque<ContRef>,
    marked: VecDeque<*mut ContRecord>,
    /// See [`Defect::SkipChain`].
    overlooks_chains: bool,
}

impl<'a> Worklist<'a> {
    /// How many entries of a queue wait for their memory. Enough for what a main
    /// memory takes to answer, few enough to stay in the first-level cache.
    pub const AHEAD: usize = 16;

    /// An empty worklist. The registry begins marking.
    pub fn new(registry: &'a mut Registry) -> Self {
        registry.begin_marking();
        let mut marked = std::mem::take(&mut registry.queue);
        marked.clear();
        Self {
            registry,
            found: VecDeque::with_capacity(MOST_FOUND),
            marked,
            overlooks_chains: false,
        }
    }

    /// Does what a test wants done wrong.
    pub fn plant(&mut self, defect: Option<Defect>) {
        self.overlooks_chains = Defect::SkipChain.is_in(defect);
    }

    /// The registry whose continuations are marked.
    pub fn registry(&mut self) -> &mut Registry {
        self.registry
    }

    /// Adds every live continuation, whether anything refers to it or not. Only for tests.
    pub fn enqueue_all(&mut self) {
        let mut all = Vec::new();
        for record in self.registry.slab.iter() {
            // SAFETY: a record of the registry, which only this thread uses.
            let (state, revision) = unsafe { ((*record).state, (*record).revision) };
            if state == RecordState::Live as u32 {
                all.push(ContRef { record, revision });
            }
        }
        all.into_iter()
            .for_each(|reference| self.enqueue(reference));
    }

    /// Adds what a reference stands for; null, consumed ones and those that were
    /// added before change nothing.
    #[inline]
    pub fn enqueue(&mut self, reference: ContRef) {
        if !reference.is_null() {
            if self.found.len() == MOST_FOUND
                && let Some(first) = self.found.pop_front()
            {
                self.mark_chain(first);
            }
            arch::prefetch(reference.record);
            self.found.push_back(reference);
        }
    }

    /// The next record to walk. At most `keep` references and `keep` records stay
    /// behind: 0 to empty the worklist, [`Worklist::AHEAD`] to keep it short while
    /// more are added.
    #[inline]
    pub fn next(&mut self, keep: usize) -> Option<*mut ContRecord> {
        while self.marked.len() <= Self::AHEAD && self.found.len() > keep {
            let reference = self.found.pop_front()?;
            self.mark_chain(reference);
        }
        if self.marked.len() > keep {
            self.marked.pop_front()
        } else {
            None
        }
    }

    /// Marks what a reference stands for, and the chain suspended inside it:
    /// `parent` by `parent` up to null.
    fn mark_chain(&mut self, reference: ContRef) {
        let Some(record) = self.registry.mark(reference) else {
            return;
        };
        self.prefetch_frames(record);
        // SAFETY: the registry's records are never freed, and `parent` of a
        // live one is null or another.
        let mut above = unsafe { (*record).parent };
        if self.overlooks_chains {
            return;
        }
        while !above.is_null() && self.registry.mark_record(above) {
            self.prefetch_frames(above);
            // SAFETY: as above.
            above = unsafe { (*above).parent };
        }
    }

    #[inline]
    fn prefetch_frames(&mut self, record: *mut ContRecord) {
        // SAFETY: the registry's records are never freed.
        let sp = unsafe { (*record).sp };
        arch::prefetch_range(sp, PREFETCHED_BYTES);
        self.marked.push_back(record);
    }
}

impl Drop for Worklist<'_> {
    /// The next one has the queue's memory.
    fn drop(&mut self) {
        self.registry.queue = std::mem::take(&mut self.marked);
    }
}

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

    /// Whether this is a value that a continuation reference can have: null, or one of
    /// our records and a revision that it has or had.
    pub fn admits(&self, reference: ContRef) -> bool {
        if reference.is_null() {
            return true;
        }
        let Some(id) = self.slab.id_of(reference.record) else {
            return false;
        };
        // SAFETY: a record of our slab, which only this thread uses.
        reference.revision <= unsafe { (*self.slab.get(id)).revision }
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
        let looked_at = if unmarked == 0 { 0 } else { self.slab.len() };
        for id in (0..looked_at).map(RecordId::new) {
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
