//! Allocation: the window compiled code bumps through, and which collection is due when.
//!
//! ```text
//!  young │ new      │ free            ┆     window: young_size, never more than the limit leaves
//!        ▲ start    ▲ alloc_next      ▲ alloc_limit
//!  old   │ survivors, large objects │        ┆
//!        ▲ start                    ▲ old_end ▲ full_due
//! ```
//!
//! | due | when |
//! |-|-|
//! | minor | the window is used up |
//! | full | it is, and the old space has reached `full_due`; or the limit leaves only a small window; or the log has lost entries |
//!
//! The old space may grow by the most of three until the next full collection: four
//! young spaces, the bytes that survived the last (copying them is paid for by as much
//! promotion), and a price for each root slot that it looked at. The young space grows
//! where much of it survives, so that what is old is worth being called so, and shrinks
//! again into the cache.
//!
//! Exhaustion is an answer, not a loop: right after a full collection that was asked
//! for everything in use is live, so what does not fit then cannot. (Later it
//! may: roots come and go without allocation.) And a program that lives
//! at the edge, where one collection after the other frees next to nothing, is
//! told so after [`FRUITLESS_LIMIT`] of them.

use crate::large::Window;
use crate::{CollectionKind, Heap, TRACE};
use mangrove_abi::object::{
    ARRAY_LENGTH, HOST_PAYLOAD, HOST_SIZE, HeapRef, LARGE_OBJECT, MAX_OBJECT, TYPE_HOST, TypeId,
    array_size, object_size,
};
use mangrove_abi::{Defect, StoreContext};

/// Bytes of allocation that pay for walking over one root slot or frame: about
/// 8 ns of walking against 16 bytes allocated and filled in 4 ns.
const BYTES_PER_ROOT: u64 = 32;
/// The old space grows by this many young ones at least before a full collection.
const YOUNG_PER_FULL: u64 = 4;
/// With a window of less than this part of the young space, collections are full.
pub(crate) const SMALL_WINDOW: u64 = 4;
/// The young space doubles when more than this part of it survived,
const MUCH: u64 = 8;
/// and is halved when less than this part did.
const LITTLE: u64 = 128;
/// A full collection that frees less than this part of the limit, and leaves less
/// free, is fruitless.
const FRUITLESS_PART: u64 = 64;
/// After this many fruitless collections in a row the heap counts as exhausted.
const FRUITLESS_LIMIT: u32 = 8;

/// The answer to [`Heap::reserve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// There is room: `alloc_next + size <= alloc_limit` now.
    Ready,
    /// Collect so, then ask again. The answer after a minor collection may be
    /// to make a full one; after that it is one of the other two.
    Collect(CollectionKind),
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
        ctx.young = self.reservation.young_end() / 2 - 1;
        if ctx.has(Defect::YoungShort) {
            ctx.young = self.young.start() / 2 + (4 << 10);
        }
        ctx.cards = self.reservation.cards();
        self.empty_log(ctx);
        self.open_young(ctx, self.young.start());
    }

    /// Makes sure of what everything here relies on: the context is this heap's, and
    /// both ends of its allocation window are in committed memory of the space that
    /// it is open in.
    ///
    /// # Panics
    /// If it is not so.
    #[inline]
    pub(crate) fn check(&self, ctx: &StoreContext) {
        let (start, committed) = match self.window {
            Window::Young => (self.young.start(), self.young.committed()),
            Window::Old { .. } => (self.old_end, self.old().committed()),
        };
        let ours = ctx.heap_base == self.base()
            && ctx.alloc_next >= start
            && ctx.alloc_next <= committed
            && ctx.alloc_limit <= committed;
        assert!(ours, "a context of another heap");
    }

    /// Bytes in use: live objects, and garbage not collected yet.
    pub fn used(&self, ctx: &StoreContext) -> u64 {
        let bytes = self.ranges(ctx).map(|range| range.end - range.start);
        bytes.iter().sum()
    }

    /// Bytes of memory that the spaces have taken, objects in them or not.
    pub fn committed_bytes(&self) -> u64 {
        let spaces = [&self.young, self.old()];
        spaces
            .map(|space| space.committed() - space.start())
            .into_iter()
            .sum()
    }

    /// Bytes of old objects, but for those in an open window.
    pub(crate) fn old_used(&self) -> u64 {
        self.old_end - self.old().start()
    }

    /// Where the window of the young space ends.
    fn young_end(&self) -> u64 {
        self.young.start() + self.young_window()
    }

    pub(crate) fn young_window(&self) -> u64 {
        self.young_size.min(self.limit - self.old_used())
    }

    /// Opens the window of the young space at `next`. Commits nothing: [`Heap::reserve`]
    /// does, when the window is needed.
    pub(crate) fn open_young(&self, ctx: &mut StoreContext, next: u64) {
        ctx.alloc_next = next;
        ctx.alloc_limit = self.young_end().min(self.young.committed()).max(next);
    }

    /// Makes room for `size` bytes in the allocation window.
    ///
    /// Also restores `alloc_limit` after zeal has lowered it.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn reserve(&mut self, ctx: &mut StoreContext, size: u64) -> Reserve {
        self.close_old(ctx);
        self.refused = None;
        // What was requested the last time has been done by now, or never will be.
        self.collection_requested = false;
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
        let all_live = std::mem::take(&mut self.everything_live) || self.used(ctx) == 0;
        let granted = match size > self.largest_young() {
            true => self.reserve_old(ctx, size, all_live),
            false => self.reserve_young(ctx, size),
        };
        if granted {
            return Reserve::Ready;
        }
        if all_live {
            return Reserve::Impossible;
        }
        let kind = self.due(ctx, size);
        self.collection_requested = kind == CollectionKind::Full;
        Reserve::Collect(kind)
    }

    /// Bytes of the largest object that begins in the young space.
    pub(crate) fn largest_young(&self) -> u64 {
        LARGE_OBJECT.min(self.young_size / 2)
    }

    pub(crate) fn reserve_young(&mut self, ctx: &mut StoreContext, size: u64) -> bool {
        let (window, end) = (self.young_end(), ctx.alloc_next + size);
        if end > window {
            return false;
        }
        for target in [window, end] {
            match self.young.commit(&self.reservation, target) {
                Ok(()) => {
                    ctx.alloc_limit = target;
                    self.refused = None;
                    return true;
                }
                Err(error) => {
                    tracing::warn!(target: TRACE, %error, "cannot extend the heap");
                    self.refused = Some(error);
                }
            }
        }
        false
    }

    /// Opens a window for one large object in the old space. `all_live`: collecting
    /// would not help.
    fn reserve_old(&mut self, ctx: &mut StoreContext, size: u64, all_live: bool) -> bool {
        let end = self.old_end + size;
        if self.used(ctx) + size > self.limit || end > self.full_due && !all_live {
            return false;
        }
        if let Err(error) = self.old[self.current].commit(&self.reservation, end) {
            tracing::warn!(target: TRACE, %error, "cannot extend the heap");
            self.refused = Some(error);
            return false;
        }
        if end > self.full_due {
            // It comes on top of what the old space may grow by, which stays for others.
            self.full_due += size;
        }
        self.open_old(ctx, end);
        true
    }

    /// Which collection makes room for `size` bytes.
    fn due(&self, ctx: &StoreContext, size: u64) -> CollectionKind {
        let young = ctx.alloc_next > self.young.start();
        let large = size > self.largest_young();
        let small_window = self.young_window() < self.young_size / SMALL_WINDOW;
        let full = self.old_end >= self.full_due || ctx.log_is_full();
        match young && !large && !small_window && !full {
            true => CollectionKind::Minor,
            false => CollectionKind::Full,
        }
    }

    /// Starts what follows a full collection that looked at `roots` slots and frames.
    pub(crate) fn next_full(&mut self, roots: u64) {
        self.live = self.old_used();
        let growth = (YOUNG_PER_FULL * self.young_bounds.start)
            .max(self.live)
            .max(BYTES_PER_ROOT.saturating_mul(roots));
        self.full_wanted = self.old_end + growth.min(self.most - self.live);
        self.full_due = self.full_wanted.min(self.old_end + self.limit - self.live);
    }

    /// Sizes the young space by what survived in it.
    pub(crate) fn size_young(&mut self, used: u64, survived: u64) {
        // A collection before the window was used up tells nothing.
        if used < self.young_size / 2 {
            return;
        }
        let size = if survived > used / MUCH {
            self.young_size * 2
        } else if survived < used / LITTLE {
            self.young_size / 2
        } else {
            self.young_size
        };
        let size = size.clamp(self.young_bounds.start, self.young_bounds.end);
        self.young_size = object_size(size).min(self.young_bounds.end);
    }

    /// Notes how much the full collection that just ended freed: it may be fruitless.
    pub(crate) fn note_yield(&mut self, freed: u64) {
        let little = self.limit / FRUITLESS_PART;
        let free = self.limit - self.live;
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
    /// allocation or collection; [`Heap::allocate_array`] sees to the latter.
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
        let fits = ctx.alloc_next + size <= ctx.alloc_limit && size <= LARGE_OBJECT;
        if !fits && self.reserve(ctx, size) != Reserve::Ready {
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
