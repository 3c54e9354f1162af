//! Which stacks a minor collection looks at: those that ran since the last collection.
//!
//! ```text
//!            becomes the current one; is bound to arguments
//!   clean ─────────────────────────────────────────────────▶ in the log
//!         ◀──────────────────────────────────────────────────
//!            a collection has left nothing young
//! ```
//!
//! A stack that does not run does not change, so after a collection it holds nothing
//! young before it runs again. Waking is one place each: [`make_current`] and [`wake`]
//! for the runtime, and in compiled code what a `resume` does with a record that is not
//! ready, and `wake` of `crates/compile/src/func/barrier.rs` where a parent goes on.
//! Being parked, moved or unparked changes nothing: the record is what is logged.

use crate::registry::Registry;
use mangrove_abi::{ContRecord, Defect, Logged, RecordState, StoreContext, Waking};

/// Logs a record that is clean: its stack is about to run, or it is bound to arguments.
///
/// # Safety
/// `record` is one of the registry's of this context's store.
#[inline]
pub unsafe fn wake(ctx: &mut StoreContext, record: *mut ContRecord, how: Waking) {
    // SAFETY: by contract; records are never freed.
    unsafe {
        if (*record).unready & ContRecord::CLEAN != 0 {
            if ctx.has(Defect::Unwoken(how)) {
                return;
            }
            (*record).unready &= !ContRecord::CLEAN;
            ctx.log(Logged::Record(record));
        }
    }
}

/// Makes a record the current one. Null: nothing runs.
///
/// # Safety
/// `record` is null or one of the registry's of this context's store.
#[inline]
pub unsafe fn make_current(ctx: &mut StoreContext, record: *mut ContRecord, how: Waking) {
    if !record.is_null() {
        // SAFETY: by contract.
        unsafe { wake(ctx, record, how) };
    }
    ctx.current = record;
}

impl Registry {
    /// After a collection: all records that the log had are clean. The heap has emptied
    /// the log; the current record, which goes on without waking, is its first entry.
    ///
    /// # Panics
    /// If an entry is none of this registry's records.
    pub fn clean(&mut self, ctx: &mut StoreContext, logged: &[Logged]) {
        for &entry in logged {
            if let Logged::Record(record) = entry {
                let record = self.check(record);
                // SAFETY: a record of our slab, which only this thread uses.
                unsafe { (*record).unready |= ContRecord::CLEAN };
            }
        }
        self.rouse(ctx);
    }

    /// As [`Registry::clean`], where the log has lost entries.
    pub fn clean_all(&mut self, ctx: &mut StoreContext) {
        for record in self.slab.iter() {
            // SAFETY: a record of our slab, which only this thread uses.
            unsafe { (*record).unready |= ContRecord::CLEAN };
        }
        self.rouse(ctx);
    }

    fn rouse(&mut self, ctx: &mut StoreContext) {
        let current = ctx.current;
        // SAFETY: the running record is one of ours, or there is none.
        unsafe { make_current(ctx, current, Waking::Collected) };
    }

    /// Whether a record holds no young reference.
    ///
    /// # Panics
    /// If it is none of this registry's.
    pub fn is_clean(&self, record: *const ContRecord) -> bool {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe { (*record).unready & ContRecord::CLEAN != 0 }
    }

    /// The record of an entry of the log, if it is live: its frames and bound arguments
    /// are what a minor collection looks at.
    ///
    /// # Panics
    /// If it is none of this registry's.
    pub fn awake(&self, record: *const ContRecord) -> Option<*mut ContRecord> {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        let live = unsafe { (*record).state == RecordState::Live as u32 };
        live.then_some(record)
    }
}
