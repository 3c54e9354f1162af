//! The function `clone_cont` of the module `mangrove`, one for each type it is imported with.
//!
//! ```text
//!  compiled code ──call──▶ trampoline ── context.call(record, revision) ──▶ cont_clone
//!                             ◀── the clone's record; its revision is read from there ──┘
//! ```
//!
//! Nothing of it goes through handles: a clone costs little more than its frames' copy.

use crate::error::Error;
use crate::handle::Func;
use crate::host::{HostBody, HostCode, HostFunc};
use crate::host_call::leave;
use crate::id::StorePtr;
use crate::pending::{Pending, pending};
use crate::store::StoreInner;
use mangrove_abi::{ContRecord, ContRef, HostKind, InstanceContext, LibcallResult, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

/// The code of a function that clones: nothing, since its trampoline calls [`cont_clone`].
struct CloneCode;

// SAFETY: it takes nothing and leaves nothing.
unsafe impl HostCode for CloneCode {
    unsafe fn run(&self, _: StorePtr, _: &HostFunc, _: u64) -> Result<u64, Error> {
        Err(Error::internal("a clone by another trampoline"))
    }
}

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
        if !self.engine.settings().continuation_clone || !self.engine.clones(type_id) {
            return Ok(None);
        }
        let name = "mangrove clone_cont".into();
        // SAFETY: `cont_clone` looks at no code; the store keeps the type with the function.
        let mut body = unsafe { HostBody::of((type_id, None), name, CloneCode, cont_clone) };
        body.kind = HostKind::Clone;
        // SAFETY: the body asks nothing of the data.
        let func = unsafe { self.add_host_func(Arc::new(body))? };
        self.clone_funcs.insert(type_id, func.as_ptr());
        Ok(Some(func))
    }
}

/// What the trampoline of a function that clones calls.
///
/// # Safety
/// Called by that trampoline, with its host function for an instance and a continuation
/// reference of the store.
unsafe extern "C" fn cont_clone(
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
                (*store).charge_clone(clone);
                (*store).host_func = outer;
                LibcallResult::ok(clone.record.expose_provenance() as u64)
            }
            Err(pending) => leave(&mut *store, pending),
        }
    }
}
