//! Calls from the host: each gets an initial continuation, and gives it back.

use crate::limits::LimitError;
use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState, StoreContext};
use std::ptr;

impl Registry {
    /// A record for the initial continuation of a call, state `Gone`, in no list.
    /// It must become fresh, or be put back, before anything else is asked of the
    /// registry.
    ///
    /// # Errors
    /// As many continuations live as may, or the kernel gives no stack.
    pub fn take_initial(&mut self, ctx: &mut StoreContext) -> Result<*mut ContRecord, LimitError> {
        if let Err(error) = self.check_count() {
            // Those on the free list do not live, but compiled code makes them live
            // without asking. With one fewer of them the count stays a bound.
            let idle = self.steal(ctx).ok_or(error)?;
            // SAFETY: the record it was stripped off is gone.
            unsafe { self.arena.release(idle) };
        }
        if let Some(record) = self.initial.idle.pop() {
            self.initial.in_use += 1;
            return Ok(record);
        }
        let live = self.all();
        let stack = self.initial.arena.allocate();
        let stack = stack.map_err(|source| LimitError::Stack { live, source })?;
        let record = match self.stackless(RecordState::Gone) {
            Ok(record) => record,
            Err(error) => {
                // SAFETY: just allocated, and for nobody.
                unsafe { self.initial.arena.release(stack) };
                return Err(error);
            }
        };
        // SAFETY: just allocated, for this record.
        unsafe { self.set_stack(record, stack) };
        self.initial.in_use += 1;
        // SAFETY: a record of our slab, which only this thread uses.
        let id = unsafe { (*record).id };
        tracing::trace!(target: crate::TRACE, id = id.as_u32(), "initial continuation");
        Ok(record)
    }

    /// Gives back a record from [`Registry::take_initial`] that was not used.
    ///
    /// # Panics
    /// If it is none of this registry's.
    pub fn put_back_initial(&mut self, record: *mut ContRecord) {
        let record = self.check(record);
        self.initial.give_back(record);
    }

    /// Cuts the chain from `innermost` up to what the host resumed off the host record: it
    /// is suspended as one from now on. Whether it ended there; if not, it is as it was.
    ///
    /// # Safety
    /// It was the running chain, each of its records stopped at a call.
    #[must_use = "a chain that ends elsewhere is a defect"]
    pub unsafe fn cut_off(&mut self, innermost: *mut ContRecord, host: *mut ContRecord) -> bool {
        let mut outermost = self.check(innermost);
        // SAFETY: the caller vouches for the chain, whose records are ours.
        unsafe {
            while (*outermost).parent != host {
                outermost = (*outermost).parent;
                if outermost.is_null() {
                    return false;
                }
            }
            // No search has come here: it remembers that it has passed everything, which
            // holds whatever is in the tables between.
            (*innermost).passed = u64::MAX;
            (*innermost).outermost = outermost;
            (*outermost).outermost = outermost;
            (*outermost).parent = ptr::null_mut();
        }
        true
    }

    /// Takes an initial continuation that has just returned off the free list.
    ///
    /// # Panics
    /// If it is not the head of that list.
    pub fn reclaim_initial(&mut self, ctx: &mut StoreContext, record: *mut ContRecord) {
        assert_eq!(self.pop_free(ctx), Some(record), "the last one to return");
        self.initial.give_back(record);
    }
}
