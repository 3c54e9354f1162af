//! Continuations without a stack: those that have been suspended for long, or
//! never ran, give theirs back and keep a copy of the bytes in use.
//!
//! ```text
//!  suspended or fresh ── park ──▶ frames in a buffer, stack to the arena
//!                     ◀─ unpark ─ on whatever stack is free, when switched to
//! ```
//!
//! A stack that was used costs a page at least, a parked one what its frames
//! take. Being parked is no state: everything that holds of a suspended or
//! fresh continuation holds of a parked one. See `mangrove_stack` for how a
//! switch to one works.

use crate::limits::LimitError;
use crate::noted::Life;
use crate::parking_policy::{ParkPolicy, Parking};
use crate::registry::{IDLE_WATERMARK, Registry};
use crate::rounds::Rounds;
use crate::states::State;
use mangrove_abi::{ContRecord, Defect, RecordId, RecordState, Request, StoreContext, make_room};
use mangrove_stack::arch::Unpark;
use mangrove_stack::{Stack, discard_parked, fits, is_parked, move_frames, park, poison, unpark};
use std::ptr;

impl Registry {
    /// Lets continuations be parked.
    ///
    /// # Safety
    /// `unpark` calls [`Registry::unpark`] of this registry for the record it
    /// is given, and says whether that succeeded.
    pub unsafe fn allow_parking(&mut self, policy: ParkPolicy, unpark: Unpark) {
        let most = match policy.most {
            usize::MAX => usize::MAX,
            most => most.max(8).min(self.max_with_stack()),
        };
        let mut stacked: Vec<_> = self.slab.ids().collect();
        stacked.reserve(Parking::stacked_at_most(stacked.len()) + 1);
        self.parking = Some(Parking {
            policy: ParkPolicy { most, ..policy },
            unpark,
            stacked,
            shrink_at: 0,
            found: Vec::new(),
            rounds: Rounds::default(),
            parked: 0,
            parked_bytes: 0,
        });
    }

    /// How many continuations are parked.
    #[inline]
    pub fn parked(&self) -> usize {
        self.parking.as_ref().map_or(0, |parking| parking.parked)
    }

    /// Parks a continuation. Whether it did: one that runs, waits for another,
    /// or is parked already stays as it is.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn park(&mut self, ctx: &StoreContext, record: *mut ContRecord) -> bool {
        let record = self.check(record);
        let parkable = matches!(self.state_of(ctx, record), State::Fresh | State::Suspended);
        // SAFETY: a record of our slab, fresh or suspended.
        parkable && unsafe { !is_parked(record) && self.park_idle(record) }
    }

    /// Parks everything that can be. How many continuations that was.
    pub fn park_all(&mut self, ctx: &StoreContext) -> usize {
        let mut waiting = Vec::new();
        if !make_room(&mut waiting, self.with_stack, self.arena.requests()) {
            return 0;
        }
        let idle = self.states(ctx).filter(|&(record, state)| {
            // SAFETY: a record of our slab, which only this thread uses.
            let parked = unsafe { is_parked(record) };
            matches!(state, State::Fresh | State::Suspended) && !parked
        });
        waiting.extend(idle.map(|(record, _)| record));
        self.park_these(waiting)
    }

    /// After a collection: parks those that have been left alone for as long
    /// as the policy says. How many continuations that was.
    pub fn park_old(&mut self, ctx: &StoreContext) -> usize {
        let Some(parking) = &mut self.parking else {
            return 0;
        };
        if self.with_stack < parking.policy.keep {
            parking.found.clear();
            return 0;
        }
        let (after, all) = (parking.policy.after, self.slab.len() as usize);
        let requests = self.arena.requests();
        let (mut old, mut active) = (Vec::new(), Vec::new());
        let unknown = all - parking.found.len();
        let room = make_room(&mut old, parking.stacked.len(), requests)
            && make_room(&mut parking.found, unknown, requests)
            && make_room(&mut active, all, requests);
        // Who is not looked at now is older the next time.
        if !room {
            return 0;
        }
        let mut stacked = std::mem::take(&mut parking.stacked);
        let mut found = std::mem::take(&mut parking.found);
        found.resize(all, (u64::MAX, 0));
        let now = self.counts.collections as u32;
        active.resize(all, false);
        self.note_active(ctx, &mut active);
        stacked.retain(|&id| {
            let record = self.slab.get(id);
            // SAFETY: a record of our slab, which only this thread uses.
            let (state, revision, stack) =
                unsafe { ((*record).state, (*record).revision, (*record).stack_limit) };
            if stack == 0 {
                return false;
            }
            let (before, first) = &mut found[id.index()];
            if *before != revision {
                (*before, *first) = (revision, now);
            }
            let waits = state == RecordState::Live as u32 && !active[id.index()];
            if waits && now.wrapping_sub(*first) >= after {
                old.push(record);
            }
            true
        });
        if let Some(parking) = &mut self.parking {
            parking.stacked = stacked;
            parking.found = found;
        }
        self.park_these(old)
    }

    /// Gives a parked continuation a stack again: that of an idle record, or
    /// one of the arena's.
    ///
    /// # Errors
    /// The kernel gives no stack. The continuation stays parked.
    ///
    /// # Panics
    /// If the record is not parked, or none of this registry's.
    pub fn unpark(
        &mut self,
        ctx: &mut StoreContext,
        record: *mut ContRecord,
    ) -> Result<(), LimitError> {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        assert!(unsafe { is_parked(record) }, "a parked continuation");
        let stack = match self.steal(ctx) {
            Some(stack) => stack,
            None => self.new_stack()?,
        };
        // SAFETY: a record of our slab, which only this thread uses.
        let bytes = unsafe { used_bytes(record) };
        if !ctx.has(Defect::UnparkUncounted) {
            self.no_longer_parked(record);
        }
        // SAFETY: a record of our slab; a frame's first word is its caller's.
        let link = unsafe { innermost_link(record) };
        // SAFETY: the stack was nobody's, and is as large as all.
        unsafe { unpark(record, stack) };
        // SAFETY: as above.
        unsafe { spoil(ctx, record, link) };
        self.has_stack(record);
        self.counts.unparked += 1;
        // SAFETY: a record of our slab, which only this thread uses.
        let id = unsafe { (*record).id };
        tracing::trace!(target: crate::TRACE, id = id.as_u32(), "unparked");
        self.note(|| Life::Unparked { id, bytes });
        Ok(())
    }

    /// Moves a suspended continuation to another place, for tests of the rule
    /// that frames can move: to another stack or, with `parked`, into a buffer
    /// by way of it. The old place is overwritten. Does nothing to one that is
    /// not suspended, or is parked.
    ///
    /// # Errors
    /// There is no other stack.
    pub fn displace(
        &mut self,
        ctx: &StoreContext,
        record: *mut ContRecord,
        parked: bool,
    ) -> Result<(), LimitError> {
        let record = self.check(record);
        let suspended = self.state_of(ctx, record) == State::Suspended;
        // SAFETY: a record of our slab, which only this thread uses.
        if !suspended || unsafe { is_parked(record) || !fits(record, self.arena.capacity()) } {
            return Ok(());
        }
        let to = self.arena.allocate();
        let to = to.map_err(|source| LimitError::Stack {
            live: self.with_stack,
            source,
        })?;
        // SAFETY: suspended, so its bytes in use are all that is needed of its
        // stack; the other is nobody's, and as large as all.
        unsafe {
            let used = (*record).stack_top - (*record).sp;
            let from = move_frames(record, to);
            poison(from, used);
            self.arena.release(from);
            if parked && self.park_idle(record) {
                poison(to, used);
            }
        }
        Ok(())
    }

    /// Counts a record that has got a stack, and keeps its id for collections.
    pub(crate) fn has_stack(&mut self, record: *const ContRecord) {
        self.with_stack += 1;
        let Some(parking) = &mut self.parking else {
            return;
        };
        // SAFETY: a record of our slab, which only this thread uses.
        parking.stacked.push(unsafe { (*record).id });
        parking.rounds.stack_given();
        // Continuations that are parked and unparked without a collection in
        // between are in the list again and again.
        if parking.stacked.len() > Parking::stacked_at_most(self.with_stack) {
            self.sort_out();
        }
    }

    /// Ends the parking of a continuation that is over: its record is bare.
    ///
    /// # Safety
    /// The record is a parked one of ours, and nobody needs its frames.
    pub(crate) unsafe fn unpark_gone(&mut self, record: *mut ContRecord) {
        self.no_longer_parked(record);
        // SAFETY: by contract.
        unsafe { discard_parked(record) };
        self.bare.push(record);
    }

    /// Frees every buffer. For the end of the registry.
    pub(crate) fn free_parked(&mut self) {
        for record in self.slab.iter() {
            // SAFETY: a record of our slab; nobody will run any more.
            unsafe {
                if is_parked(record) {
                    discard_parked(record);
                }
            }
        }
    }

    fn park_these(&mut self, records: Vec<*mut ContRecord>) -> usize {
        let count = records
            .into_iter()
            // SAFETY: the callers found them to be fresh or suspended, with a
            // stack; one that was found twice has none any more.
            .filter(|&record| unsafe { !is_parked(record) && self.park_idle(record) })
            .count();
        if count > 0 {
            self.sort_out();
        }
        self.arena.trim(IDLE_WATERMARK);
        count
    }

    /// Forgets who has no stack any more, and who is there twice.
    pub(crate) fn sort_out(&mut self) {
        let Some(parking) = &mut self.parking else {
            return;
        };
        parking.stacked.sort_unstable();
        parking.stacked.dedup();
        let slab = &self.slab;
        // SAFETY: a record of our slab, which only this thread uses.
        let keeps = |&id: &RecordId| unsafe { (*slab.get(id)).stack_limit != 0 };
        parking.stacked.retain(keeps);
    }

    /// Parks; not if nobody has allowed it, or there is no memory for the bytes.
    ///
    /// # Safety
    /// A fresh or suspended record of ours, with a stack.
    pub(crate) unsafe fn park_idle(&mut self, record: *mut ContRecord) -> bool {
        let Some(parking) = &mut self.parking else {
            return false;
        };
        // SAFETY: by contract. What has grown into the last bytes of a roomy stack
        // stays there.
        if !unsafe { fits(record, self.arena.capacity()) } {
            return false;
        }
        if !self.arena.grants(Request::Buffer) {
            return false;
        }
        // SAFETY: by contract; `allow_parking` vouches for `unpark`.
        let Some(stack) = (unsafe { park(record, parking.unpark) }) else {
            return false;
        };
        self.now_parked(record);
        self.with_stack -= 1;
        // SAFETY: what was needed of it is in the buffer.
        unsafe { self.arena.release(stack) };
        true
    }

    /// The stack of the idle record that was released last.
    pub(crate) fn steal(&mut self, ctx: &mut StoreContext) -> Option<Stack> {
        let record = self.pop_free(ctx)?;
        // SAFETY: a record of our slab that is gone and has a stack, by having
        // been in this list; nobody uses either.
        Some(unsafe { self.strip(record) })
    }

    /// Takes the stack off a record that is gone and in no list.
    ///
    /// # Safety
    /// It is one of ours, with a stack.
    pub(crate) unsafe fn strip(&mut self, record: *mut ContRecord) -> Stack {
        // SAFETY: by contract.
        let stack = unsafe {
            let stack = Stack {
                top: (*record).stack_top,
                limit: (*record).stack_limit,
            };
            (*record).next_free = ptr::null_mut();
            // Who returned still has its parent, and may stand for a host next.
            (*record).parent = ptr::null_mut();
            (*record).stack_top = 0;
            (*record).stack_limit = 0;
            (*record).sp = 0;
            stack
        };
        self.with_stack -= 1;
        self.bare.push(record);
        stack
    }

    /// Counts a record that has become a parked one.
    pub(crate) fn now_parked(&mut self, record: *const ContRecord) {
        if let Some(parking) = &mut self.parking {
            // SAFETY: a record of our slab, which only this thread uses.
            let (id, bytes) = unsafe { ((*record).id, used_bytes(record)) };
            parking.parked += 1;
            parking.parked_bytes += bytes;
            self.counts.parked += 1;
            tracing::trace!(target: crate::TRACE, id = id.as_u32(), bytes, "parked");
            self.note(|| Life::Parked { id, bytes });
        }
    }

    /// Counts a parked record as such no more, just before it is not.
    fn no_longer_parked(&mut self, record: *const ContRecord) {
        if let Some(parking) = &mut self.parking {
            parking.parked -= 1;
            // SAFETY: a record of our slab, which only this thread uses.
            parking.parked_bytes -= unsafe { used_bytes(record) };
        }
    }
}

/// The word that links the innermost frame to the next; 0 where there is none.
///
/// # Safety
/// A record of the registry that does not run, with a stack or parked.
unsafe fn innermost_link(record: *const ContRecord) -> u64 {
    // SAFETY: by contract.
    unsafe {
        match (*record).fp {
            0 => 0,
            fp => ptr::with_exposed_provenance::<u64>(fp as usize).read(),
        }
    }
}

/// Does to the frames of a record that was just unparked what a test wants done wrong.
///
/// # Safety
/// As for [`innermost_link`], which was `link` when it was parked.
unsafe fn spoil(ctx: &StoreContext, record: *const ContRecord, link: u64) {
    // SAFETY: by contract; the words are those of its frames.
    unsafe {
        let (sp, fp) = ((*record).sp, (*record).fp);
        if fp == 0 {
            return;
        }
        if ctx.has(Defect::UnparkUnshifted) {
            ptr::with_exposed_provenance_mut::<u64>(fp as usize).write(link);
        }
        if ctx.has(Defect::UnparkShort) && sp + 8 < fp {
            ptr::with_exposed_provenance_mut::<u64>(sp as usize + 8).write(0);
        }
    }
}

/// Bytes between the record's stack pointer and its top.
///
/// # Safety
/// A record of the registry, with a stack or parked.
unsafe fn used_bytes(record: *const ContRecord) -> u64 {
    // SAFETY: by contract.
    unsafe { (*record).stack_top - (*record).sp }
}
