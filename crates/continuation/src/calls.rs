//! Calls from the host: each gets an initial continuation, and gives it back.

use crate::limits::LimitError;
use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState, StoreContext};
use std::ptr;

/// The two records of a call from the host.
#[derive(Clone, Copy, Debug)]
pub struct CallRecords {
    /// The one that stands for the host.
    pub host: *mut ContRecord,
    /// The initial continuation's.
    pub initial: *mut ContRecord,
}

impl Registry {
    /// The records of a call, state `Host` and `Gone`, where there are some of an earlier
    /// call: the way most calls go. Without them the caller takes new ones, by
    /// [`Registry::take_initial`] and [`Registry::new_host_record`].
    #[inline]
    pub fn take_call(&mut self) -> Option<CallRecords> {
        if self.bare.is_empty() || self.check_count().is_err() {
            return None;
        }
        let initial = self.initial.idle.pop()?;
        let host = self.bare.pop()?;
        self.initial.in_use += 1;
        self.activations += 1;
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            (*host).state = RecordState::Host as u32;
            (*host).func = ptr::null();
        }
        Some(CallRecords { host, initial })
    }

    /// Takes the records of a call back whose initial continuation has just returned.
    ///
    /// # Panics
    /// If that is not the head of the free list.
    ///
    /// # Safety
    /// They are the records of a call of this registry that is not over.
    #[inline]
    pub unsafe fn end_call(
        &mut self,
        ctx: &mut StoreContext,
        CallRecords { host, initial }: CallRecords,
    ) {
        assert_eq!(ctx.free_records, initial, "the last one to return");
        debug_assert_eq!(self.check(initial), initial);
        debug_assert_eq!(self.check(host), host);
        // SAFETY: by contract records of our slab, which only this thread uses.
        unsafe {
            ctx.free_records = (*initial).next_free;
            (*initial).next_free = ptr::null_mut();
            self.initial.give_back(initial);
            self.retire_host_record(host);
        }
    }

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
}
