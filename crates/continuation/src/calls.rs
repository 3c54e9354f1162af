//! Calls from the host: each gets two records, an initial continuation and one that
//! stands for the host, and gives them back.
//!
//! The two stay together: a program calls its engine millions of times, and what does not
//! change from call to call is not written again, nor what only the next call looks at. An
//! idle pair is as [`Registry::take_call`] leaves it, but for the states.

use crate::limits::LimitError;
use crate::registry::Registry;
use mangrove_abi::{ContRecord, FuncRef, RecordState, StoreContext};
use std::ptr;

/// The two records of a call from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRecords {
    /// The one that stands for the host. Its `next_free` leads to the other.
    pub host: *mut ContRecord,
    /// The initial continuation's.
    pub initial: *mut ContRecord,
}

impl Registry {
    /// The records of an earlier call, state `Host` and `Gone`, if one more continuation may
    /// live: the way most calls go. None, and the caller asks [`Registry::new_call`].
    /// They begin, or are given back ([`Registry::release_host_record`]), before anything
    /// else is asked of the registry.
    #[inline]
    pub fn take_call(&mut self) -> Option<CallRecords> {
        self.check_count().ok()?;
        let records = self.initial.take()?;
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe { (*records.host).state = RecordState::Host as u32 };
        Some(records)
    }

    /// The records of a call, new ones if need be: as of [`Registry::take_call`].
    ///
    /// # Errors
    /// As many continuations live as may, or the kernel gives no stack.
    pub fn new_call(&mut self, ctx: &mut StoreContext) -> Result<CallRecords, LimitError> {
        if let Err(error) = self.check_count() {
            // Those on the free list do not live, but compiled code makes them live
            // without asking. With one fewer of them the count stays a bound.
            let idle = self.steal(ctx).ok_or(error)?;
            // SAFETY: the record it was stripped off is gone.
            unsafe { self.arena.release(idle) };
        }
        if let Some(records) = self.take_call() {
            return Ok(records);
        }
        let live = self.all();
        let host = self.new_host_record()?;
        let stack = self.initial.arena.allocate();
        let stack = match stack.map_err(|source| LimitError::Stack { live, source }) {
            Ok(stack) => stack,
            Err(error) => {
                self.release_host_record(host);
                return Err(error);
            }
        };
        let initial = match self.stackless(RecordState::Gone) {
            Ok(record) => record,
            Err(error) => {
                // SAFETY: just allocated, and for nobody.
                unsafe { self.initial.arena.release(stack) };
                self.release_host_record(host);
                return Err(error);
            }
        };
        // SAFETY: the stack was just allocated, for this record; records of our slab,
        // which only this thread uses.
        let id = unsafe {
            self.set_stack(initial, stack);
            (*initial).creator = ptr::null();
            (*initial).created_at = None;
            (*host).handlers = &raw const ctx.no_handlers;
            (*host).next_free = initial;
            (*initial).id
        };
        // The host record is counted with the initial continuation.
        self.resumptions -= 1;
        let records = CallRecords { host, initial };
        self.initial.add(records);
        tracing::trace!(target: crate::TRACE, id = id.as_u32(), "initial continuation");
        Ok(records)
    }

    /// Makes the initial continuation of a call, below its host record, which has called
    /// while `interrupted` ran. There is no reference to it, and never will be.
    ///
    /// # Safety
    /// The records were just taken; `func` and its entry trampoline live as long as the
    /// store, and so does the record that ran, unless it is null. What comes next is
    /// [`mangrove_stack::arch::enter_fresh`]: the record's saved context is that of an earlier
    /// call.
    #[inline]
    pub unsafe fn begin_call(
        &mut self,
        CallRecords { host, initial }: CallRecords,
        func: *const FuncRef,
        interrupted: *mut ContRecord,
    ) {
        // SAFETY: the caller vouches for the pointers; the records are of our slab, which
        // only this thread uses.
        unsafe {
            debug_assert_eq!((*initial).state, RecordState::Gone as u32);
            debug_assert!((*initial).made_by().is_null() && (*initial).created_at.is_none());
            debug_assert!((*host).parent.is_null() && (*host).func.is_null());
            // The record may have been that of a call that was followed.
            (*initial).creator = ptr::null();
            (*initial).state = RecordState::Live as u32;
            (*initial).mark = 0;
            (*initial).func = func;
            (*initial).outermost = initial;
            (*initial).parent = host;
            (*host).interrupted = interrupted;
        }
        self.counts.entered += 1;
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

    /// Takes the records of a call back whose initial continuation has just returned.
    ///
    /// # Panics
    /// If that is not the head of the free list.
    ///
    /// # Safety
    /// They are the records of a call of this registry that is not over.
    #[inline]
    pub unsafe fn end_call(&mut self, ctx: &mut StoreContext, records: CallRecords) {
        let CallRecords { host, initial } = records;
        assert_eq!(ctx.free_records, initial, "the last one to return");
        debug_assert_eq!(self.check(initial), initial);
        debug_assert_eq!(self.check(host), host);
        // SAFETY: by contract records of our slab, which only this thread uses.
        unsafe {
            ctx.free_records = (*initial).next_free;
            self.give_back_call(records);
        }
    }

    /// Takes the records of a call back. The initial continuation is gone, and in no list.
    ///
    /// # Safety
    /// They are the records of a call of this registry.
    #[inline]
    pub(crate) unsafe fn give_back_call(&mut self, records: CallRecords) {
        // SAFETY: by contract a record of our slab, which only this thread uses.
        unsafe {
            (*records.host).state = RecordState::Gone as u32;
        }
        self.initial.give_back(records);
    }
}
