//! Exceptions: the search for a handler.
//!
//! ```text
//!  frame ─▶ frame ─▶ … base    record ─parent─▶ record ─parent─▶ … host record
//!  each at a call site; a site inside a `try_table` names its scope, and its
//!  frame keeps the instance, by which a handler's tag becomes an address
//! ```
//!
//! What lies inside the handler's record ends as thrown out of. Nothing on the
//! way has to be undone: frames own nothing.

use crate::error::Error;
use crate::instance::InstancePtr;
use crate::pending::{Pending, pending};
use crate::store::StoreInner;
use mangrove_abi::object::{HeapRef, exn_layout};
use mangrove_abi::{
    CatchSite, ContRecord, Defect, InstanceContext, SiteTable, TagDef, TagIndex, Waking,
};
use mangrove_continuation::{End, make_current, wake};
use mangrove_stack::{StackFrame, frames, is_parked};
use std::ptr;

/// Where an exception is caught.
struct CatchPoint {
    record: *mut ContRecord,
    pc: u64,
    fp: u64,
    sp: u64,
}

impl StoreInner {
    /// Makes the chain of a continuation that is being resumed continue at its
    /// innermost handler for an exception, the payload it is then to be switched
    /// to with. The record to switch to; none if nothing catches it, and the
    /// chain is as it was.
    ///
    /// # Safety
    /// The records from `record` up to but not including `end` were suspended.
    pub(crate) unsafe fn throw_into(
        &mut self,
        record: *mut ContRecord,
        end: *mut ContRecord,
        exn: HeapRef,
    ) -> Result<Option<*mut ContRecord>, Error> {
        // Its parameters never arrive: left behind, the bound ones would come
        // before what it is resumed with after its next suspension.
        if !self.context().has(Defect::KeepBound) {
            self.registry.take_bound(record);
        }
        // SAFETY: by contract.
        unsafe {
            let Some(place) = self.find_handler(record, end, exn)? else {
                return Ok(None);
            };
            let place = self.on_a_stack(place, exn)?;
            self.release_up_to(record, place.record, End::Thrown)?;
            // As if its callee had left this return address: see the stack
            // crate on throwing into a suspended stack.
            let resume = place.sp - 8;
            ptr::with_exposed_provenance_mut::<u64>(resume as usize).write(place.pc);
            (*place.record).sp = resume;
            (*place.record).fp = place.fp;
            wake(self.ctx.as_mut(), place.record, Waking::ThrownInto);
            Ok(Some(place.record))
        }
    }

    /// Says where the innermost handler of the running activation is (the `catch_*`
    /// fields of the context), or why Wasm is left.
    ///
    /// # Safety
    /// The running chain is stopped at a call, and `exn` is an exception.
    pub(crate) unsafe fn throw(&mut self, exn: HeapRef) -> Result<(), Pending> {
        // SAFETY: by contract.
        self.emit(|store| unsafe { store.throws(exn) });
        let ctx = self.context();
        let (current, host) = (ctx.current, ctx.host_record);
        // SAFETY: by contract.
        unsafe {
            let Some(place) = self.find_handler(current, host, exn).map_err(pending)? else {
                // It leaves whatever scope is open.
                return Err(Pending::Exception(self.owned_handle(exn)));
            };
            let place = self.on_a_stack(place, exn).map_err(pending)?;
            self.release_up_to(current, place.record, End::Thrown)
                .map_err(pending)?;
            let ctx = self.ctx.as_mut();
            make_current(ctx, place.record, Waking::Caught);
            ctx.catch_pc = place.pc;
            ctx.catch_fp = place.fp;
            ctx.catch_sp = place.sp;
            ctx.catch_exn = u64::from(exn.0);
        }
        Ok(())
    }

    /// Ends the continuations from `from` up to but not including `last`.
    ///
    /// # Safety
    /// Nothing on their stacks is needed any more.
    pub(crate) unsafe fn release_up_to(
        &mut self,
        from: *mut ContRecord,
        last: *mut ContRecord,
        end: End,
    ) -> Result<(), Error> {
        // SAFETY: by contract; the context is ours.
        let whole = unsafe {
            let ctx = self.ctx.as_mut();
            self.registry.release_chain(ctx, from, last, end)
        };
        match whole {
            true => Ok(()),
            false => Err(Error::internal("a chain ended before its handler")),
        }
    }

    /// A handler that may be in parked frames, where it can be landed at: its
    /// record gets a stack, as if it were switched to.
    ///
    /// # Safety
    /// The record is stopped at a call, and nobody moves it.
    unsafe fn on_a_stack(&mut self, place: CatchPoint, exn: HeapRef) -> Result<CatchPoint, Error> {
        // SAFETY: by contract; a record's chain goes on at its parent.
        unsafe {
            if !is_parked(place.record) {
                return Ok(place);
            }
            self.give_room(place.record)?;
            let end = (*place.record).parent;
            let found = self.find_handler(place.record, end, exn)?;
            found.ok_or_else(|| Error::internal("a handler was lost with its frames' place"))
        }
    }

    /// The innermost handler for an exception in the records from `from` up to
    /// but not including `end`.
    ///
    /// # Safety
    /// These records are a chain, each stopped at a call or fresh.
    unsafe fn find_handler(
        &self,
        from: *mut ContRecord,
        end: *mut ContRecord,
        exn: HeapRef,
    ) -> Result<Option<CatchPoint>, Error> {
        let tag_offset = exn_layout([]).offsets[0];
        // SAFETY: every exception has its tag there.
        let tag: u64 = unsafe { self.heap.read(exn, tag_offset) };
        let mut record = from;
        while record != end {
            // SAFETY: by contract.
            let (on_stack, parent) = unsafe { (frames(record), (*record).parent) };
            let has = |defect: Defect| defect.is_in(self.engine.settings().defect);
            for frame in on_stack.skip(usize::from(has(Defect::CatchOutside))) {
                let Some((code, offset, _)) = self.code.find(frame.pc) else {
                    return Err(Error::internal(format!("no code at {:#x}", frame.pc)));
                };
                let sites = &code.image.sites;
                let site = sites.find(offset).ok_or_else(|| {
                    Error::internal(format!("{:#x} is no return address", frame.pc))
                })?;
                let Some(catch) = sites.catch_site(site) else {
                    continue;
                };
                // SAFETY: the frame is stopped at this site.
                if unsafe { has(Defect::CatchAny) || catches(sites, catch, frame, tag) } {
                    return Ok(Some(CatchPoint {
                        record,
                        pc: catch.pc.address(code.base()),
                        fp: frame.fp,
                        sp: frame.fp - u64::from(catch.frame_size),
                    }));
                }
            }
            if parent.is_null() {
                return Err(Error::internal("an exception left the end of a chain"));
            }
            record = parent;
        }
        Ok(None)
    }
}

/// Whether one of the clauses around a site catches this tag. Which one, the
/// code of the catch block finds out.
///
/// # Safety
/// `frame` is stopped at a call with this catch site.
unsafe fn catches(sites: &SiteTable, catch: &CatchSite, frame: StackFrame, tag: u64) -> bool {
    let slot = frame.fp - u64::from(catch.instance_distance);
    // SAFETY: by contract the slot holds the frame's instance, whose tags are
    // where its module's layout says.
    unsafe {
        let context: *const InstanceContext =
            ptr::with_exposed_provenance::<*const InstanceContext>(slot as usize).read();
        let instance = InstancePtr::from_owner((*context).owner);
        let is = |index: TagIndex| {
            let offset = instance.module.layout().tag(index);
            let known = instance.at::<*const TagDef>(offset).read();
            known as u64 == tag
        };
        let mut clauses = sites.catches(catch);
        clauses.any(|clause| clause.is_none_or(is))
    }
}
