//! Continuations that give up their stacks, and get one back; and zeal that
//! moves stacks.
//!
//! ```text
//!  collection, or too many stacks ─▶ Registry::park …
//!  a switch to a parked one ─▶ unpark stub ─▶ give_stack ─▶ Registry::unpark
//! ```

use crate::error::Error;
use crate::pending::Pending;
use crate::store::StoreInner;
use crate::trace;
use mangrove_abi::{ContRecord, StoreContext};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the unpark stub calls: see [`mangrove_stack::arch::Unpark`]. Values are in
/// transit, so nothing here may collect.
pub unsafe extern "sysv64" fn give_stack(ctx: *mut StoreContext, record: *mut ContRecord) -> bool {
    // SAFETY: the stub found the context of the store whose code waits in
    // this switch, so the store is ours alone.
    let store = unsafe { &mut *(*ctx).owner.cast::<StoreInner>() };
    let given = catch_unwind(AssertUnwindSafe(|| store.give_room(record)));
    store.pending = Some(match given {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => Pending::from(error),
        Err(panic) => Pending::Panic(panic),
    });
    false
}

impl StoreInner {
    /// Parks everything that can be; how many continuations that was.
    pub fn park_all(&mut self) -> u64 {
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { self.ctx.as_ref() };
        let parked = self.registry.park_all(ctx) as u64;
        self.emit(|_| None);
        parked
    }

    /// Parks what the collection that has just ended found to be old.
    pub(crate) fn park_old(&mut self) {
        // SAFETY: as above.
        let ctx = unsafe { self.ctx.as_ref() };
        let parked = self.registry.park_old(ctx);
        if parked > 0 {
            tracing::debug!(target: trace::CONTINUATIONS, parked, "parked old continuations");
        }
    }

    /// Parks some if too many stacks are in use.
    pub(crate) fn park_some(&mut self) {
        // SAFETY: as above.
        let ctx = unsafe { self.ctx.as_ref() };
        self.registry.park_some(ctx);
    }

    /// Gives a parked continuation that is to run a stack; at a limit on stacks
    /// somebody else gives one up for it.
    pub(crate) fn give_room(&mut self, record: *mut ContRecord) -> Result<(), Error> {
        self.park_some();
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { ctx.as_mut() };
        if ctx.free_records.is_null() && !self.may_add_stack()? {
            return Err(self.continuation_refused());
        }
        let given = self.registry.unpark(ctx, record);
        self.emit(|_| None);
        given.map_err(|error| self.no_room(error))
    }

    /// With `move` zeal, before every switch: moves what the last suspension
    /// left behind, by turns to another stack and into a buffer. So whatever
    /// is resumed goes on where it has not been.
    pub(crate) fn move_suspended(&mut self, suspending: bool) -> Result<(), Error> {
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { self.ctx.as_ref() };
        let mut next = self.moving.next.take();
        while let Some(record) = next.filter(|record| !record.is_null()) {
            self.moving.moved += 1;
            let parked = self.moving.moved.is_multiple_of(2);
            let moved = self.registry.displace(ctx, record, parked);
            moved.map_err(|error| self.no_room(error))?;
            // SAFETY: the registry's records stay readable, whatever became of
            // this one; its parent is null or another.
            next = Some(unsafe { (*record).parent });
        }
        if suspending {
            self.moving.next = Some(ctx.current);
        }
        Ok(())
    }
}
