//! The worklist of marking: references that were found, and records to walk.
//!
//! ```text
//!  enqueue(reference) ──▶ found ──▶ its record is marked ──▶ marked ──▶ next() ──▶ walked
//!                     prefetch the record          prefetch its frames
//! ```
//!
//! Records, and even more so the buffers of parked frames, are anywhere in
//! memory. What enters one of the two queues is prefetched, and by the time it
//! comes out it is in the cache. Nobody outside of this file knows that there
//! are two.

use mangrove_abi::{ContRecord, ContRef};
use mangrove_continuation::Registry;
use mangrove_stack::arch;
use std::collections::VecDeque;
use std::ptr;

/// How many entries of a queue wait for their memory. Enough for what a main
/// memory takes to answer, few enough to stay in the first-level cache.
pub(crate) const AHEAD: usize = 16;

/// How much of a stack is prefetched: two small frames and the trampoline's.
const PREFETCHED_BYTES: u64 = 192;
const CACHE_LINE: usize = 64;

/// See the module's description.
pub(crate) struct Worklist<'a> {
    pub(crate) registry: &'a mut Registry,
    found: VecDeque<ContRef>,
    marked: VecDeque<*mut ContRecord>,
}

impl<'a> Worklist<'a> {
    /// An empty worklist. The registry begins marking.
    pub(crate) fn new(registry: &'a mut Registry) -> Self {
        registry.begin_marking();
        Self {
            registry,
            found: VecDeque::with_capacity(2 * AHEAD),
            marked: VecDeque::with_capacity(2 * AHEAD),
        }
    }

    /// Adds what a reference stands for; null, consumed ones and those that were
    /// added before change nothing.
    #[inline]
    pub(crate) fn enqueue(&mut self, reference: ContRef) {
        if !reference.is_null() {
            arch::prefetch(reference.record);
            self.found.push_back(reference);
        }
    }

    /// The next record to walk. At most `keep` references and `keep` records stay
    /// behind: 0 to empty the worklist, [`AHEAD`] to keep it short while more are
    /// added.
    #[inline]
    pub(crate) fn next(&mut self, keep: usize) -> Option<*mut ContRecord> {
        while self.marked.len() <= AHEAD && self.found.len() > keep {
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
    #[inline]
    fn mark_chain(&mut self, reference: ContRef) {
        let Some(record) = self.registry.mark(reference) else {
            return;
        };
        self.prefetch_frames(record);
        // SAFETY: the registry's records are never freed, and `parent` of a
        // live one is null or another.
        let mut above = unsafe { (*record).parent };
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
        for line in (0..PREFETCHED_BYTES).step_by(CACHE_LINE) {
            arch::prefetch(ptr::without_provenance::<u8>((sp + line) as usize));
        }
        self.marked.push_back(record);
    }
}
