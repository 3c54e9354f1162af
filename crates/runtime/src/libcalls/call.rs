//! How each libcall is served: what it is given, and what it comes back with.

use crate::instance::InstancePtr;
use crate::pending::Pending;
use crate::store::StoreInner;
use mangrove_abi::libcall::pieces;
use mangrove_abi::{InstanceContext, LibcallResult};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a libcall comes back with.
pub enum LibcallOutcome {
    /// A value to go on with.
    Value(u64),
    /// The `catch_*` fields of the context say where to go on.
    Catch,
}

/// What a libcall comes back with, or why Wasm is left.
pub type Answer = Result<LibcallOutcome, Pending>;

/// A result without a value.
pub const DONE: Answer = Ok(LibcallOutcome::Value(0));

/// The store and the instance a libcall is for. A host function's trampoline
/// has no instance, and calls none of these.
pub struct Invocation<'a> {
    pub store: &'a mut StoreInner,
    pub instance: InstancePtr,
}

impl Invocation<'_> {
    /// How many of `len` bytes or elements are done now: `most`, where code comes again for
    /// the rest.
    pub fn piece(&self, len: u64, most: u64) -> u64 {
        let settings = self.store.engine.settings();
        match settings.epoch_interruption || settings.zeal.interrupt {
            true => len.min(most),
            false => len,
        }
    }
}

/// Where the piece of a copy lies that is done now.
pub fn piece_of_copy([to, from]: [u64; 2], len: u64, now: u64) -> [u64; 2] {
    match pieces::from_the_end(to, from) {
        true => [to + (len - now), from + (len - now)],
        false => [to, from],
    }
}

/// So many are left to do.
pub fn left(len: u64, now: u64) -> Answer {
    Ok(LibcallOutcome::Value(len - now))
}

/// Runs a libcall.
///
/// # Safety
/// `instance` is the context of an instance whose compiled code waits for this
/// call, so that its store is ours alone.
#[inline]
pub unsafe fn serve(
    instance: *mut InstanceContext,
    work: impl FnOnce(&mut Invocation<'_>) -> Answer,
) -> LibcallResult {
    // SAFETY: by contract; owner fields hold what instantiation put there, and
    // an instance's data is apart from the store's own fields.
    let mut invocation = unsafe {
        let store = (*(*instance).store).owner.cast::<StoreInner>();
        Invocation {
            store: &mut *store,
            instance: InstancePtr::from_owner((*instance).owner),
        }
    };
    let answer = match catch_unwind(AssertUnwindSafe(|| work(&mut invocation))) {
        Ok(answer) => answer,
        Err(panic) => Err(Pending::Panic(panic)),
    };
    match answer {
        Ok(LibcallOutcome::Value(value)) => LibcallResult::ok(value),
        Ok(LibcallOutcome::Catch) => LibcallResult {
            value: 0,
            status: LibcallResult::CATCH,
        },
        Err(pending) => {
            invocation.store.pending = Some(pending);
            LibcallResult::leave()
        }
    }
}

/// `a|b` of an operand.
pub fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}
