//! Clones: a second continuation that goes on where the first is stopped.
//!
//! ```text
//!  before   A ◀─parent─ B ◀─parent─ C                       reference = (C, revision), C.outermost = A
//!  after    the same, and
//!           A' ◀─parent─ B' ◀─parent─ C'                    reference = (C', its revision), C'.outermost = A'
//! ```
//!
//! The whole chain is cloned, record by record: what each record's stack holds (frames are
//! copied as they are when they are parked), the handlers it has installed, the arguments
//! bound to the innermost. The first chain is as it was, and so is its reference.
//!
//! **What is shared.** The copy is shallow: the slots are copied, and what they refer to is
//! the same. So an object is one for both; and a continuation that a frame holds a reference
//! to is not part of the chain and is not cloned: who resumes it first uses it up for both.
//!
//! **Where the copy lies.** On the stack of an idle record, which is warm; where there is
//! none, in a buffer, parked. So cloning makes no stack, and parks nobody. A clone that is
//! never resumed never has one.
//!
//! **Whether it is clean.** Its slots are the first one's, so it holds young references only
//! if that may: it is logged unless that is clean. A record off the free list may be in the
//! log already, and stays there.
//!
//! **What searches remember.** `passed` of the innermost record holds for the clone, whose
//! tables are the same; the other records are made to remember nothing, which is always
//! right (`crates/compile/src/search.rs`).

use crate::limits::LimitError;
use crate::registry::Registry;
use crate::states::{Role, State, Verb, next_state};
use crate::waking::wake;
use mangrove_abi::{ContRecord, ContRef, Defect, RecordState, Request, StoreContext, Waking};
use mangrove_stack::{Stack, copy_frames, copy_parked, fits};
use std::ptr;

impl Registry {
    /// Clones a continuation that is fresh or suspended, with the chain that is suspended
    /// inside it: the reference to the clone. The caller has looked at the revision.
    ///
    /// # Errors
    /// As many continuations live as may; there is no memory for a record or for frames; or
    /// a stack is so full that its frames fit on no other. Then nothing was made.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn clone_chain(
        &mut self,
        ctx: &mut StoreContext,
        innermost: *mut ContRecord,
    ) -> Result<ContRef, LimitError> {
        let innermost = self.check(innermost);
        debug_assert!(matches!(
            self.state_of(ctx, innermost),
            State::Fresh | State::Suspended
        ));
        let made = self.clone_record(ctx, innermost)?;
        // SAFETY: records of our slab, which only this thread uses; parents of suspended
        // ones are others, up to null.
        unsafe {
            let (mut from, mut to) = ((*innermost).parent, made);
            while !from.is_null() {
                if ctx.has(Defect::CloneShallow) {
                    (*to).parent = from;
                    (from, to) = ((*from).parent, from);
                    continue;
                }
                match self.clone_record(ctx, from) {
                    Ok(parent) => (*to).parent = parent,
                    Err(error) => {
                        // Nobody has a reference to any of it.
                        self.undo(ctx, made);
                        return Err(error);
                    }
                }
                (from, to) = ((*from).parent, (*to).parent);
            }
            (*made).outermost = to;
            (*made).passed = (*innermost).passed;
            let revision = (*made).revision;
            tracing::trace!(
                target: crate::TRACE,
                id = (*made).id.as_u32(), of = (*innermost).id.as_u32(), "cloned"
            );
            Ok(ContRef {
                record: made,
                revision,
            })
        }
    }

    /// Clones one record: live, with frames of its own, and linked to nobody.
    fn clone_record(
        &mut self,
        ctx: &mut StoreContext,
        from: *mut ContRecord,
    ) -> Result<*mut ContRecord, LimitError> {
        // SAFETY: a record of our slab, which does not run.
        unsafe {
            let capacity = self.arena.capacity();
            if !fits(from, capacity) {
                return Err(LimitError::Frames {
                    bytes: (*from).stack_top - (*from).sp,
                    capacity,
                });
            }
        }
        // SAFETY: as above.
        let count = unsafe { (*from).bound_count() };
        let bound = match count {
            0 => None,
            _ => Some(self.copy_of_bound(from)?),
        };
        let record = self.copy_of_frames(ctx, from)?;
        // SAFETY: both are records of our slab, which only this thread uses.
        unsafe {
            debug_assert_eq!((*record).state, RecordState::Gone as u32);
            let (role, state) = match (*from).fp {
                0 => (Role::FreshClone, State::Fresh),
                _ => (Role::Clone, State::Suspended),
            };
            debug_assert_eq!(next_state(Verb::Clone, role, State::Gone), Some(state));
            (*record).state = RecordState::Live as u32;
            (*record).mark = 0;
            (*record).func = (*from).func;
            (*record).parent = ptr::null_mut();
            (*record).outermost = record;
            if !ctx.has(Defect::CloneUnhandled) {
                (*record).handlers = (*from).handlers;
            }
            let creator = (*from).creator;
            (*record).creator = creator.map_addr(|address| address | ContRecord::CLONE);
            // It is another one than the first.
            (*record).set_followed(false);
            (*record).created_at = (*from).created_at;
            (*record).interrupted = from;
            if let Some(bound) = bound.filter(|_| !ctx.has(Defect::CloneUnbound)) {
                self.bound.insert((*record).id, bound);
                (*record).unready |= count;
            }
            if (*from).unready & ContRecord::CLEAN == 0 {
                wake(ctx, record, Waking::Cloned);
            }
            ctx.created += 1;
            self.counts.cloned += 1;
            Ok(record)
        }
    }

    /// A record that is gone, and no more in a list, with a copy of another's frames.
    fn copy_of_frames(
        &mut self,
        ctx: &mut StoreContext,
        from: *mut ContRecord,
    ) -> Result<*mut ContRecord, LimitError> {
        if let Some(record) = self.pop_free(ctx) {
            // SAFETY: a record of the free list has a stack that nobody uses; the frames of
            // one that does not run fit there, as the caller has found.
            unsafe {
                let stack = Stack {
                    top: (*record).stack_top,
                    limit: (*record).stack_limit,
                };
                copy_frames(from, record, stack);
            }
            return Ok(record);
        }
        self.check_count()?;
        let refused = LimitError::Buffer { live: self.all() };
        let unpark = match &self.parking {
            Some(parking) if self.arena.grants(Request::Buffer) => parking.unpark,
            _ => return Err(refused),
        };
        let record = self.stackless(RecordState::Gone)?;
        // SAFETY: a record without a stack; `allow_parking` vouches for `unpark`.
        if !unsafe { copy_parked(from, record, unpark) } {
            self.bare.push(record);
            return Err(refused);
        }
        self.now_parked(record);
        Ok(record)
    }

    /// Takes back what was made of a chain, from its innermost record on, as if none of it
    /// had been.
    ///
    /// # Safety
    /// Nobody has a reference to any of them.
    unsafe fn undo(&mut self, ctx: &mut StoreContext, innermost: *mut ContRecord) {
        let mut record = innermost;
        while !record.is_null() {
            // SAFETY: by contract, records of our slab, and their parents.
            unsafe {
                let parent = (*record).parent;
                self.take_down(ctx, record, false);
                ctx.created -= 1;
                self.counts.cloned -= 1;
                record = parent;
            }
        }
    }
}
