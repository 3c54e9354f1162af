//! Limits that others have a say in: one that grows when somebody allows it, and room
//! that is made without the collection that is due.
//!
//! ```text
//!  0 ─── in use ───┬─── limit ───┬──── wanted ────┬─── most
//!                  │ as ever     │ the allocator  │ never beyond: it is what the
//!                  │             │ would use it   │ spaces were reserved for
//! ```
//!
//! As a rule `limit` is `most`, and nothing here is of consequence.

use crate::Heap;
use crate::alloc::SMALL_WINDOW;
use mangrove_abi::StoreContext;
use mangrove_abi::object::{MAX_OBJECT, OBJECT_ALIGN, object_size};

impl Heap {
    /// Most bytes that [`Heap::limit`] may become.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Lets the objects take no more than they do now, before [`Heap::raise_limit`] says
    /// otherwise.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn hold_limit(&mut self, ctx: &mut StoreContext) {
        self.close_old(ctx);
        self.limit = self.used(ctx);
        self.full_due = self.full_due.min(self.old().start() + self.limit);
        self.open_young(ctx, ctx.alloc_next);
    }

    /// Lets the objects take so many bytes, [`Heap::most`] at the most; never fewer than
    /// before.
    pub fn raise_limit(&mut self, bytes: u64) {
        self.limit = (bytes & !(OBJECT_ALIGN - 1)).clamp(self.limit, self.most);
        let most = self.old().start() + self.limit;
        self.full_due = self.full_due.max(self.full_wanted.min(most));
    }

    /// What the limit would have to be for `size` bytes to be allocated as in a heap whose
    /// limit is [`Heap::most`]; none if it is not in the way.
    pub fn wanted_limit(&self, ctx: &StoreContext, size: u64) -> Option<u64> {
        if self.limit == self.most || size > MAX_OBJECT {
            return None;
        }
        let size = object_size(size);
        let used = self.used(ctx);
        let in_the_way = used + size > self.limit
            || self.young_window() < self.young_size / SMALL_WINDOW
            || self.old_end >= self.full_due && self.old_end < self.full_wanted;
        let until_full = self.full_wanted.max(self.old_end) - self.old().start();
        let large = if size > self.largest_young() { size } else { 0 };
        let wanted = (until_full + self.young_size + large).max(used + size);
        let wanted = wanted.min(self.most);
        (in_the_way && wanted > self.limit).then_some(wanted)
    }

    /// The lowest limit with which `size` bytes have a place; none if a higher limit would
    /// give them none, or they have one.
    pub fn needed_limit(&self, ctx: &StoreContext, size: u64) -> Option<u64> {
        if size > MAX_OBJECT {
            return None;
        }
        let needed = self.used(ctx) + object_size(size);
        (needed > self.limit && needed <= self.most).then_some(needed)
    }

    /// Makes room for `size` bytes in the allocation window without the collection that
    /// [`Heap::reserve`] has asked for: the young space grows, and when it cannot, what is
    /// allocated is born old. Whether there is room; if not, only a collection can make
    /// it.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn extend(&mut self, ctx: &mut StoreContext, size: u64) -> bool {
        self.close_old(ctx);
        self.collection_requested = false;
        if self.broken || size > MAX_OBJECT {
            return false;
        }
        let size = object_size(size);
        let most = self.young_bounds.end;
        while size <= self.largest_young() && self.young_size < most {
            self.young_size = (2 * self.young_size).min(most);
            if self.reserve_young(ctx, size) {
                return true;
            }
        }
        let room = (self.limit - self.used(ctx)) & !(OBJECT_ALIGN - 1);
        if size > room {
            return false;
        }
        let window = size.max(self.young_bounds.start.min(room));
        for bytes in [window, size] {
            let end = self.old_end + bytes;
            match self.old[self.current].commit(&self.reservation, end) {
                Ok(()) => {
                    if size > self.largest_young() {
                        // Who allocates a large object asks once more.
                        self.full_due = self.full_due.max(end);
                    }
                    self.open_old(ctx, end);
                    self.refused = None;
                    return true;
                }
                Err(error) => self.refused = Some(error),
            }
        }
        false
    }

    /// Bytes that were ever allocated. What a program allocates is the same in each of
    /// its runs, wherever the windows end.
    pub fn allocated(&self, ctx: &StoreContext) -> u64 {
        let (before, used) = self.allocated;
        before + self.used(ctx) - used
    }

    /// Of the window of the young space, at most so many bytes are left from here on.
    /// [`Heap::reserve`] opens all of it.
    pub fn narrow(&self, ctx: &mut StoreContext, bytes: u64) {
        ctx.alloc_limit = ctx.alloc_limit.min(ctx.alloc_next.saturating_add(bytes));
    }

    /// Notes, as a collection ends, what was in use when it began.
    pub(crate) fn note_allocated(&mut self, used: u64) {
        let (before, after_last) = self.allocated;
        self.allocated = (before + used - after_last, 0);
    }
}
