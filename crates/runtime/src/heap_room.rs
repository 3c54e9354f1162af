//! Room in the heap: what the embedder's limiter lets it grow to, and when the embedder's
//! policy lets it be collected. With neither, what the heap itself decides is done.
//!
//! ```text
//!  no room in the window ─▶ may the limit grow? ─▶ Heap::reserve ─┬─ ready
//!                                 ▲                               ├─ collect? ─▶ policy ─┬─ collect, again
//!                                 └───────────────────────────────┤                     └─ not now: extend
//!                                            the least that helps └─ impossible ─▶ limiter, or exhausted
//! ```

use crate::error::Error;
use crate::policy::{CollectionCause, CollectionDecision, CollectionDue, NextAsk, Policy};
use crate::store::StoreInner;
use crate::trap::HeapRefuser;
use mangrove_abi::object::object_size;
use mangrove_collector::CollectionKind;
use mangrove_heap::Reserve;

/// What spares collections is asked for in steps no smaller than this many bytes.
const STEP: u64 = 64 << 10;

impl StoreInner {
    /// Has this policy asked from now on.
    pub fn set_policy(&mut self, policy: Box<dyn crate::policy::CollectionPolicy>) {
        self.policy = Policy::new(policy, self.allocated());
        self.close_window();
    }

    /// Bytes that objects were given since the store was made or reset.
    pub fn allocated(&self) -> u64 {
        // SAFETY: the context is ours, and no compiled code runs.
        self.heap.allocated(unsafe { self.ctx.as_ref() })
    }

    /// The heap's limit is from now on what the limiter allows.
    pub(crate) fn hold_heap(&mut self) {
        let mut ctx = self.ctx;
        // SAFETY: as above.
        self.heap.hold_limit(unsafe { ctx.as_mut() });
        self.heap_asked = None;
    }

    /// Before an object of `size` bytes is allocated by way of the runtime: zeal and the
    /// policy may want a collection here.
    pub(crate) fn before_allocation(&mut self, size: u64) -> Result<(), Error> {
        self.count_allocation()?;
        let reached = match self.policy.next {
            NextAsk::WhenDue => return Ok(()),
            NextAsk::AtBytes(at) => self.allocated().saturating_add(object_size(size)) > at,
            NextAsk::AtAllocation(number) => {
                self.policy.allocations += 1;
                self.policy.allocations >= number
            }
        };
        if reached
            && let CollectionDecision::Collect(kind) =
                self.decide(CollectionCause::Asked, CollectionKind::Minor)
        {
            self.collect_as(kind)?;
        }
        if reached {
            self.look_ahead();
        }
        Ok(())
    }

    /// Asks the policy where it wants to be asked next.
    pub(crate) fn look_ahead(&mut self) {
        let allocated = self.allocated();
        self.policy.look_ahead(allocated);
    }

    /// Makes room in the window for `size` bytes. Whether there is any.
    pub(crate) fn make_room(&mut self, size: u64) -> Result<bool, Error> {
        self.heap_refused_by = None;
        // With a policy, one collection of each kind; else the heap sees to as much.
        let mut collected = [false; 2];
        loop {
            self.widen_heap(size)?;
            let mut ctx = self.ctx;
            // SAFETY: the context is ours, and no compiled code runs.
            match self.heap.reserve(unsafe { ctx.as_mut() }, size) {
                Reserve::Ready => break,
                Reserve::Impossible if self.ask_for_need(size)? => {}
                Reserve::Impossible => return Ok(false),
                Reserve::Collect(kind) => {
                    let cause = CollectionCause::Room { requested: size };
                    match self.decide(cause, kind) {
                        CollectionDecision::Collect(kind)
                            if !self.policy.is_set() || !collected[kind as usize] =>
                        {
                            collected[kind as usize] = true;
                            self.collect_as(kind)?;
                        }
                        _ => match self.extend_heap(size)? {
                            true => break,
                            false => return Ok(false),
                        },
                    }
                    self.look_ahead();
                }
            }
        }
        self.narrow_window(size);
        self.emit(Self::heap_growth);
        Ok(true)
    }

    /// What the policy says, or without one the collector.
    pub(crate) fn decide(
        &mut self,
        cause: CollectionCause,
        kind: CollectionKind,
    ) -> CollectionDecision {
        if !self.policy.is_set() {
            return CollectionDecision::Collect(kind);
        }
        let due = CollectionDue {
            cause,
            kind,
            allocated: self.allocated(),
            allocations: self.policy.allocations,
            used: self.heap_bytes(),
            limit: self.heap.limit(),
            collections: self.collections,
        };
        self.policy.decide(&due)
    }

    /// The policy wants no collection: room is made without.
    fn extend_heap(&mut self, size: u64) -> Result<bool, Error> {
        let mut ctx = self.ctx;
        loop {
            // SAFETY: the context is ours, and no compiled code runs.
            if self.heap.extend(unsafe { ctx.as_mut() }, size) {
                self.look_ahead();
                return Ok(true);
            }
            if !self.ask_for_need(size)? {
                self.heap_refused_by.get_or_insert(HeapRefuser::Policy);
                return Ok(false);
            }
        }
    }

    /// Asks the limiter for what would spare collections, once until the next.
    fn widen_heap(&mut self, size: u64) -> Result<(), Error> {
        if self.limiter.is_none() || self.heap_asked == Some(self.collections) {
            return Ok(());
        }
        // SAFETY: as above.
        let ctx = unsafe { self.ctx.as_ref() };
        if let Some(wanted) = self.heap.wanted_limit(ctx, size) {
            let least = self.heap.limit().saturating_add(STEP);
            if !self.ask_for_heap(wanted, least.min(wanted), STEP)? {
                self.heap_asked = Some(self.collections);
            }
        }
        Ok(())
    }

    /// Asks the limiter for what `size` bytes need at the least. Whether that was given.
    fn ask_for_need(&mut self, size: u64) -> Result<bool, Error> {
        if self.limiter.is_none() {
            return Ok(false);
        }
        // SAFETY: as above.
        let ctx = unsafe { self.ctx.as_ref() };
        let Some(needed) = self.heap.needed_limit(ctx, size) else {
            return Ok(false);
        };
        // Each time half of what there may be, at least: else one small object after the
        // other would collect.
        let wanted = needed.saturating_add(STEP).min(self.heap.most());
        let given = self.ask_for_heap(wanted, needed, 1)?;
        if !given {
            self.heap_refused_by = Some(HeapRefuser::Limiter);
        }
        Ok(given)
    }

    /// Asks for `wanted`, then for half of what that is above `least`, and so on down to
    /// steps of `step`; then for `least`.
    fn ask_for_heap(&mut self, wanted: u64, least: u64, step: u64) -> Result<bool, Error> {
        let (current, most) = (self.heap.limit(), self.heap.most());
        let mut ask = wanted;
        loop {
            let allowed = self.ask_limiter(|limiter| {
                limiter.heap_growing(current as usize, ask as usize, most as usize)
            });
            if allowed.unwrap_or(Ok(true))? {
                self.heap.raise_limit(ask);
                return Ok(true);
            }
            if ask <= least {
                return Ok(false);
            }
            let half = least + (ask - least) / 2;
            ask = if half - least < step { least } else { half };
        }
    }

    /// Lets compiled code come to the runtime where the policy wants to be asked. There is
    /// room for `size` bytes whatever it wants.
    pub(crate) fn narrow_window(&mut self, size: u64) {
        let left = match self.policy.next {
            NextAsk::WhenDue => return,
            NextAsk::AtBytes(at) => at.saturating_sub(self.allocated()),
            NextAsk::AtAllocation(_) => 0,
        };
        let mut ctx = self.ctx;
        let size = if size == 0 { 0 } else { object_size(size) };
        // SAFETY: as above.
        self.heap.narrow(unsafe { ctx.as_mut() }, left.max(size));
    }
}
