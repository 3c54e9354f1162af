//! The function `clone_cont` of the module `mangrove`, one for each type it is imported with.
//!
//! ```text
//!  compiled code ──call──▶ trampoline ── ContClone(record, revision) ──▶ cont_clone
//!                             ◀── the clone's record; its revision is read from there ──┘
//! ```
//!
//! Nothing of it goes through handles: a clone costs little more than its frames' copy.

use crate::error::Error;
use crate::handle::Func;
use crate::host::{HostBody, HostFunc};
use crate::pending::{Pending, pending};
use crate::store::StoreInner;
use mangrove_abi::{ContRecord, ContRef, InstanceContext, LibcallResult, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

impl StoreInner {
    /// The function of this type that clones continuations, made the first time; none if
    /// the engine does not allow it, or the type is none that such a function may have.
    ///
    /// # Errors
    /// There is no room for its code.
    pub fn clone_func(&mut self, type_id: TypeId) -> Result<Option<Func>, Error> {
        if let Some(&known) = self.clone_funcs.get(&type_id) {
            return Ok(Some(Func::new_ref(self.id, known)));
        }
        let ty = self.engine.func_type(type_id);
        let allowed = self.engine.settings().continuation_clone;
        if !allowed || !ty.is_some_and(|ty| self.clones(&ty)) {
            return Ok(None);
        }
        let body = HostBody::clones(type_id, "mangrove clone_cont".into());
        // SAFETY: the body asks nothing of the data.
        let func = unsafe { self.add_host_func(Arc::new(body))? };
        self.clone_funcs.insert(type_id, func.as_ptr());
        Ok(Some(func))
    }
}

/// [`mangrove_abi::Libcall::ContClone`].
///
/// # Safety
/// Called by the trampoline of a host function that clones, with that for an instance.
pub unsafe extern "C" fn cont_clone(
    instance: *mut InstanceContext,
    record: u64,
    revision: u64,
    _: u64,
    _: u64,
) -> LibcallResult {
    let host: *const HostFunc = instance.cast_const().cast();
    // SAFETY: the instance of a host function is its `HostFunc`, which lives as long as the
    // store; compiled code waits, so the store is ours.
    unsafe {
        let store: *mut StoreInner = (*(*instance).store).owner.cast();
        let outer = ptr::replace(&raw mut (*store).host_func, host);
        let record: *mut ContRecord = ptr::with_exposed_provenance_mut(record as usize);
        let reference = ContRef { record, revision };
        // No panic, an observer's of a collection for one, may leave this function.
        let done = catch_unwind(AssertUnwindSafe(|| (*store).clone_continuation(reference)));
        let done = match done {
            Ok(done) => done.map_err(pending),
            Err(panic) => Err(Pending::Panic(panic)),
        };
        match done {
            Ok(clone) => {
                (*store).host_func = outer;
                LibcallResult::ok(clone.record.expose_provenance() as u64)
            }
            // `host_func` stays, for the backtrace; the activation restores it.
            Err(pending) => {
                (*store).pending = Some(pending);
                LibcallResult::leave()
            }
        }
    }
}
