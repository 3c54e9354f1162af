//! Large objects: made at the end of the old space, where no collection copies them
//! before it is a full one.
//!
//! ```text
//!  old │ … │                      │          the window is moved here for one object …
//!          ▲ old_end, alloc_next  ▲ alloc_limit
//!  young │ … │   ┆                           … and back, at the next allocation that does not fit
//!            ▲ young_next
//! ```
//!
//! Compiled code knows nothing of it: it asks for room and allocates where the window
//! is. Filling a new object logs nothing, and yet a large one may hold young
//! references: the next minor collection looks at all that were born since the last.

use crate::Heap;
use crate::collect::size_by;
use crate::remember::header_of_old;
use mangrove_abi::object::TYPE_MASK;
use mangrove_abi::{StoreContext, TypeId};
use std::ops::Range;

/// Where compiled code allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// In the young space.
    Young,
    /// At the end of the old space, for one object.
    Old {
        /// Where it is to go on in the young space.
        young_next: u64,
    },
}

impl Heap {
    /// Opens the window in the old space, up to `end`, which is committed.
    pub(crate) fn open_old(&mut self, ctx: &mut StoreContext, end: u64) {
        debug_assert_eq!(self.window, Window::Young);
        self.window = Window::Old {
            young_next: ctx.alloc_next,
        };
        ctx.alloc_next = self.old_end;
        ctx.alloc_limit = end;
    }

    /// Moves the window back to the young space, if it is not there.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub(crate) fn close_old(&mut self, ctx: &mut StoreContext) {
        self.check(ctx);
        let Window::Old { young_next } = self.window else {
            return;
        };
        // As a rule one object; more, if the one it was opened for was not made.
        let born = self.old_end..ctx.alloc_next;
        self.window = Window::Young;
        self.old_end = born.end;
        self.open_young(ctx, young_next);
        let mut at = born.start;
        while at < born.end {
            // SAFETY: what compiled code and the runtime have allocated is complete, and
            // lies without gaps.
            at += unsafe { self.make_old(at) };
        }
        if !born.is_empty() {
            self.born.push(born);
        }
    }

    /// Gives an object that is in the old space the header of one. How many bytes it takes.
    ///
    /// # Safety
    /// There is an object, complete.
    unsafe fn make_old(&mut self, at: u64) -> u64 {
        // SAFETY: by contract.
        unsafe {
            let object = self.base().add(at as usize);
            let header = object.cast::<u32>().read();
            let descriptor = self.descriptor(TypeId::new(header & TYPE_MASK));
            let descriptor = descriptor.expect("an object has a type");
            let size = size_by(descriptor, object).expect("an object has a size");
            let header = header_of_old(header, descriptor, size);
            object.cast::<u32>().write(header);
            size
        }
    }

    /// Where objects are: in the young space and in the old one.
    pub(crate) fn ranges(&self, ctx: &StoreContext) -> [Range<u64>; 2] {
        let (young, old) = match self.window {
            Window::Young => (ctx.alloc_next, self.old_end),
            Window::Old { young_next } => (young_next, ctx.alloc_next),
        };
        [self.young.start()..young, self.old().start()..old]
    }
}
