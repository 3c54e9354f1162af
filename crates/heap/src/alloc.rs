//! Allocation: the window compiled code bumps through, and when to collect.
//!
//! ```text
//!   survivors of the last │ allocated  │ free to allocate   ┆
//!   collection            │ since      │                    ┆
//!                         ▲ live_end   ▲ alloc_next         ▲ window_end
//!                         └────────── budget ───────────────┘
//! ```
//!
//! The budget is the most of three: the initial window (a program with little
//! live data stays in the cache), the live bytes (copying them is paid for by
//! as much allocation), and a price for each root slot that was looked at (a
//! program with many stacks pays for walking them the same way). Whatever it
//! is, `live + budget` never exceeds the heap's limit.
//!
//! Exhaustion is an answer, not a loop: right after a collection that was asked
//! for everything in use is live, so what does not fit then cannot. (Later it
//! may: roots come and go without allocation.) And a program that lives
//! at the edge, where one collection after the other frees next to nothing, is
//! told so after [`FRUITLESS_LIMIT`] of them.

use crate::{Heap, TRACE};
use mangrove_abi::StoreContext;
use mangrove_abi::object::{
    ARRAY_LENGTH, HOST_PAYLOAD, HOST_SIZE, HeapRef, MAX_OBJECT, TYPE_HOST, TypeId, array_size,
    object_size,
};

/// Bytes of allocation that pay for walking over one root slot or frame: about
/// 8 ns of walking against 16 bytes allocated and filled in 4 ns.
const BYTES_PER_ROOT: u64 = 32;
/// A collection that frees less than this part of the limit, and leaves less
/// free, is fruitless.
const FRUITLESS_PART: u64 = 64;
/// After this many fruitless collections in a row the heap counts as exhausted.
const FRUITLESS_LIMIT: u32 = 8;

/// The answer to [`Heap::reserve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// There is room: `alloc_next + size <= alloc_limit` now.
    Ready,
    /// The budget is spent: collect, then ask again. The answer then is one of
    /// the other two.
    Collect,
    /// There is no room, and a collection would not make it: the object is
    /// larger than any may be, or the heap's limit is reached, or the system
    /// has no memory.
    Impossible,
}

impl Heap {
    /// Tells compiled code where the heap is and what it may allocate. To be
    /// called once, before anything is allocated.
    pub fn attach(&self, ctx: &mut StoreContext) {
        ctx.heap_base = self.base();
        ctx.descriptors = self.descriptors;
        ctx.alloc_next = self.live_end;
        ctx.alloc_limit = self.window_end.min(self.space().committed());
    }

    /// Makes sure of what everything here relies on: the context is this heap's, and
    /// both ends of its allocation window are in committed memory of the space that
    /// objects are in.
    ///
    /// # Panics
    /// If it is not so.
    #[inline]
    pub(crate) fn check(&self, ctx: &StoreContext) {
        let space = self.space();
        let ours = ctx.heap_base == self.base()
            && ctx.alloc_next >= space.start()
            && ctx.alloc_next <= space.committed()
            && ctx.alloc_limit <= space.committed();
        assert!(ours, "a context of another heap");
    }

    /// Bytes in use: live objects, and garbage not collected yet.
    pub fn used(&self, ctx: &StoreContext) -> u64 {
        ctx.alloc_next - self.space().start()
    }

    /// Makes room for `size` bytes in the allocation window.
    ///
    /// Also restores `alloc_limit` after zeal has lowered it.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn reserve(&mut self, ctx: &mut StoreContext, size: u64) -> Reserve {
        self.check(ctx);
        self.refused = None;
        if self.broken || size > MAX_OBJECT || size > self.limit {
            return Reserve::Impossible;
        }
        if self.fruitless >= FRUITLESS_LIMIT {
            self.fruitless = 0;
            // Whoever asks next may have let go of what was live.
            self.everything_live = false;
            return Reserve::Impossible;
        }
        let size = object_size(size);
        let end = ctx.alloc_next + size;
        let all_live = std::mem::take(&mut self.everything_live) || self.used(ctx) == 0;
        if end > self.window_end {
            if !all_live {
                self.collection_requested = true;
                return Reserve::Collect;
            }
            let limit_end = self.space().start() + self.limit;
            if end > limit_end {
                return Reserve::Impossible;
            }
            // A large object comes on top of the budget, which stays for the
            // small ones after it.
            self.window_end = (self.window_end + size).min(limit_end);
        }
        for target in [self.window_end, end] {
            match self.spaces[self.current].commit(&self.reservation, target) {
                Ok(()) => {
                    ctx.alloc_limit = target;
                    self.refused = None;
                    return Reserve::Ready;
                }
                Err(error) => {
                    tracing::warn!(target: TRACE, %error, "cannot extend the heap");
                    self.refused = Some(error);
                }
            }
        }
        if all_live {
            return Reserve::Impossible;
        }
        self.collection_requested = true;
        Reserve::Collect
    }

    /// Starts the budget that follows a collection: survivors end at
    /// `live_end`, and `roots` slots and frames were looked at.
    ///
    /// Commits nothing: [`Heap::reserve`] does, when the window is needed.
    pub(crate) fn open_window(&mut self, live_end: u64, roots: u64) {
        let live = live_end - self.space().start();
        let budget = self
            .initial_window
            .max(live)
            .max(BYTES_PER_ROOT.saturating_mul(roots));
        self.live_end = live_end;
        self.window_end = live_end + budget.min(self.limit - live);
    }

    /// Notes how much the collection that just ended freed: it may be fruitless.
    pub(crate) fn note_yield(&mut self, freed: u64) {
        let little = self.limit / FRUITLESS_PART;
        let free = self.limit - self.live_bytes();
        self.everything_live = std::mem::take(&mut self.collection_requested);
        if self.everything_live {
            let fruitless = freed < little && free < little;
            self.fruitless = if fruitless { self.fruitless + 1 } else { 0 };
        }
    }

    /// Allocates `size` bytes, for the runtime: the header is written and the
    /// rest zeroed. None: see what [`Heap::reserve`] says.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    ///
    /// # Safety
    /// `type_id` is a heap type of the descriptors, whose objects take `size` bytes,
    /// and the object is complete (an array's length above all) before the next
    /// collection; [`Heap::allocate_array`] sees to the latter.
    pub unsafe fn allocate(
        &mut self,
        ctx: &mut StoreContext,
        type_id: TypeId,
        size: u64,
    ) -> Option<HeapRef> {
        self.check(ctx);
        if size > MAX_OBJECT {
            return None;
        }
        let size = object_size(size);
        if ctx.alloc_next + size > ctx.alloc_limit && self.reserve(ctx, size) != Reserve::Ready {
            return None;
        }
        let object = HeapRef(ctx.alloc_next as u32);
        ctx.alloc_next += size;
        // SAFETY: `[object, object + size)` lies below the window's end, so it
        // is committed, and nobody has been given it before.
        unsafe {
            let at = self.base().add(object.0 as usize);
            at.write_bytes(0, size as usize);
            at.cast::<TypeId>().write(type_id);
        }
        Some(object)
    }

    /// Allocates an array with `len` elements of `element` bytes, all zero.
    /// None as for [`Heap::allocate`].
    ///
    /// # Panics
    /// As [`Heap::allocate`].
    ///
    /// # Safety
    /// `type_id` is an array type of the descriptors, of elements of that many bytes.
    pub unsafe fn allocate_array(
        &mut self,
        ctx: &mut StoreContext,
        type_id: TypeId,
        element: u32,
        len: u32,
    ) -> Option<HeapRef> {
        // SAFETY: by contract; an array has its length where it is written.
        unsafe {
            let array = self.allocate(ctx, type_id, array_size(element, len))?;
            self.write(array, ARRAY_LENGTH, len);
            Some(array)
        }
    }

    /// Allocates a host object that carries `payload`. None as for
    /// [`Heap::allocate`].
    ///
    /// # Panics
    /// As [`Heap::allocate`].
    pub fn allocate_host(&mut self, ctx: &mut StoreContext, payload: u64) -> Option<HeapRef> {
        // SAFETY: every table of descriptors has host objects, of that size, with the
        // payload where it is written.
        unsafe {
            let object = self.allocate(ctx, TYPE_HOST, HOST_SIZE as u64)?;
            self.write(object, HOST_PAYLOAD, payload);
            Some(object)
        }
    }
}
