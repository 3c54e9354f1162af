//! The life of a continuation: how it begins, and how it ends other than by returning.
//!
//! Compiled code makes most of them, and ends those that return, by itself; what it
//! writes for that is what is written here.

use crate::noted::Life;
use crate::registry::Registry;
use crate::slab::is_initial;
use crate::states::{End, Role, State, Verb, next_state};
use mangrove_abi::{ContRecord, ContRef, Defect, FuncRef, RecordState, StoreContext};
use mangrove_stack::{arch, is_parked};
use std::ptr;

impl Registry {
    /// What `cont.new` does: makes a continuation of `func` in a record that
    /// was taken, and returns the reference to it.
    ///
    /// # Safety
    /// `record` came from [`Registry::take`] just now; `func` and its entry
    /// trampoline live as long as the store.
    #[inline]
    pub unsafe fn make_fresh(
        &mut self,
        ctx: &mut StoreContext,
        record: *mut ContRecord,
        func: *const FuncRef,
    ) -> ContRef {
        debug_assert_eq!(
            next_state(Verb::New, Role::Subject, State::Gone),
            Some(State::Fresh)
        );
        // SAFETY: the caller vouches for both pointers; a record just taken has
        // a stack that nobody uses.
        unsafe {
            debug_assert_eq!((*record).state, RecordState::Gone as u32);
            arch::prepare(record, (*func).entry);
            (*record).state = RecordState::Live as u32;
            (*record).func = func;
            (*record).outermost = record;
            (*record).parent = ptr::null_mut();
            (*record).creator = ptr::null();
            (*record).created_at = None;
            (*record).mark = 0;
            ctx.created += 1;
            ContRef {
                record,
                revision: (*record).revision,
            }
        }
    }

    /// Ends a continuation: state `Gone`, no reference to it matches any more,
    /// and the record goes to the free list with its stack, if it has one. Leaves
    /// `ctx.current` to the caller.
    ///
    /// # Safety
    /// `record` is a live one of this registry, `end` is how it ended, and
    /// nothing on its stack is needed any more.
    pub unsafe fn release(&mut self, ctx: &mut StoreContext, record: *mut ContRecord, end: End) {
        let state = self.state_of(ctx, record);
        debug_assert!(
            end.allowed(state),
            "{end:?} cannot end a continuation that is {state:?}"
        );
        // SAFETY: the caller's contract.
        unsafe { self.retire(ctx, record, end) }
    }

    /// Ends every continuation from `from` up the parents to `end`, which
    /// stays as it is. False: the chain ended before, which is a defect.
    ///
    /// # Safety
    /// As for [`Registry::release`], for each of them.
    #[must_use = "a chain that ends elsewhere is a defect"]
    pub unsafe fn release_chain(
        &mut self,
        ctx: &mut StoreContext,
        from: *mut ContRecord,
        end: *mut ContRecord,
        how: End,
    ) -> bool {
        let mut record = from;
        while record != end {
            if record.is_null() {
                return false;
            }
            // SAFETY: the caller vouches for the chain. Asking each for its
            // state would walk the rest of the chain each time.
            unsafe {
                let parent = (*record).parent;
                if record == from || !ctx.has(Defect::EndInnermost) {
                    self.retire(ctx, record, how);
                }
                record = parent;
            }
        }
        if how == End::Thrown && from != end && ctx.has(Defect::EndCatcher) {
            // SAFETY: as above; it is the chain's.
            unsafe { self.retire(ctx, end, how) };
        }
        true
    }

    /// The work of [`Registry::release`].
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn retire(
        &mut self,
        ctx: &mut StoreContext,
        record: *mut ContRecord,
        end: End,
    ) {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses; so is its parent.
        unsafe {
            debug_assert_eq!((*record).state, RecordState::Live as u32);
            let initial = is_initial(record);
            tracing::trace!(target: crate::TRACE, id = (*record).id.as_u32(), initial, ?end, "ended");
            let id = (*record).id;
            self.note(|| Life::Ended { id, end });
            let counts = &mut self.counts;
            match end {
                End::Returned => ctx.returned += 1,
                End::Thrown => counts.thrown += 1,
                End::Trapped => counts.trapped += u64::from(!ctx.has(Defect::EndUncounted)),
                End::Collected => counts.collected += 1,
            }
            counts.initial_thrown += u64::from(initial && end == End::Thrown);
            counts.initial_trapped += u64::from(initial && end == End::Trapped);
            self.take_down(ctx, record, initial);
        }
    }

    /// A live record becomes one that is gone, and goes where those are. Uncounted.
    ///
    /// # Safety
    /// As for [`Registry::release`]; `initial` says whose list it goes to.
    pub(crate) unsafe fn take_down(
        &mut self,
        ctx: &mut StoreContext,
        record: *mut ContRecord,
        initial: bool,
    ) {
        // SAFETY: as above.
        unsafe {
            if (*record).bound_count() != 0 {
                (*record).unready &= ContRecord::CLEAN;
                self.bound.remove(&(*record).id);
            }
            (*record).state = RecordState::Gone as u32;
            (*record).revision += 1;
            (*record).parent = ptr::null_mut();
            (*record).outermost = record;
            (*record).fp = 0;
            (*record).handlers = ptr::null();
            (*record).func = ptr::null();
            if initial {
                // Goes back with its host record.
                return;
            }
            if is_parked(record) {
                return self.unpark_gone(record);
            }
            (*record).next_free = ctx.free_records;
            ctx.free_records = record;
        }
    }
}
