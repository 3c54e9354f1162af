//! A program whose deadline has come: the embedder is asked what becomes of it.
//!
//! ```text
//!  compiled code ── call_host(Interrupt) ──▶ interrupt, on the host's stack
//!      ◀─ OK      it goes on
//!         CATCH   the embedder threw an exception, which the code around catches
//!         LEAVE   a trap, or Pending::Yield: the host that resumed takes it (crate::interrupt)
//! ```

use crate::error::Error;
use crate::id::StorePtr;
use crate::interruption::{Callback, Fuel, UpdateDeadline};
use crate::pending::{Pending, pending};
use crate::store::StoreInner;
use crate::trap::TrapReason;
use crate::watch::Moment;
use mangrove_abi::libcall::interrupt as why;
use mangrove_abi::{InstanceContext, LibcallResult};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

/// [`mangrove_abi::Libcall::Interrupt`].
///
/// # Safety
/// Called by compiled code of the instance, which waits.
pub unsafe extern "C" fn interrupt(
    instance: *mut InstanceContext,
    reason: u64,
    _: u64,
    _: u64,
    _: u64,
) -> LibcallResult {
    // SAFETY: compiled code waits, so the store is ours. While the embedder is asked it
    // alone uses the store, through what it is lent: no reference to it lives here.
    unsafe {
        let store: *mut StoreInner = (*(*instance).store).owner.cast();
        // What the embedder makes meanwhile is of no scope that whoever called Wasm has open.
        let scopes = (*store).handles.scopes.enter();
        // No panic may leave this function: what called it cannot unwind.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let done = match reason {
                why::EPOCH => at_deadline(store),
                _ => at_fuel(store),
            };
            match done {
                // It goes on in the code that was interrupted.
                Err(Pending::Exception(handle)) => {
                    let exn = (*store).heap_ref(&handle).map_err(Pending::from)?;
                    (*store).throw(exn).map(|()| LibcallResult::CATCH)
                }
                done => done.map(|()| LibcallResult::OK),
            }
        }));
        // An exception may have come by handles of these: only now.
        (*store).handles.scopes.leave(scopes);
        match done.unwrap_or_else(|panic| Err(Pending::Panic(panic))) {
            Ok(status) => LibcallResult { value: 0, status },
            Err(pending) => {
                (*store).pending = Some(pending);
                LibcallResult::leave()
            }
        }
    }
}

/// The engine's epoch has reached the context's deadline.
///
/// # Safety
/// The store is live, and nobody else uses it.
unsafe fn at_deadline(store: *mut StoreInner) -> Result<(), Pending> {
    // SAFETY: by contract.
    unsafe {
        if (*store).engine.settings().zeal.interrupt {
            (*store).collect_for_zeal().map_err(Pending::from)?;
            if (*store).epoch() < (*store).interruption.deadline {
                return Ok(());
            }
        }
        (*store).notify_of(Moment::Deadline, |store| store.deadline());
        (*store).uninterrupted().map_err(pending)?;
        let asked = (*store).interruption.at_deadline.take();
        let Some(mut callback) = asked else {
            return Err(TrapReason::Interrupt.into());
        };
        let answer = ask(store, &mut callback);
        (*store).interruption.at_deadline.get_or_insert(callback);
        match answer? {
            UpdateDeadline::Interrupt => Err(TrapReason::Interrupt.into()),
            UpdateDeadline::Continue(ticks) => {
                (*store).set_epoch_deadline(ticks);
                Ok(())
            }
            UpdateDeadline::Yield(ticks) => {
                (*store).set_epoch_deadline(ticks);
                Err((*store).yielding())
            }
        }
    }
}

/// What code was granted of fuel is used up.
///
/// # Safety
/// As above.
unsafe fn at_fuel(store: *mut StoreInner) -> Result<(), Pending> {
    // SAFETY: by contract.
    unsafe {
        (*store).with_fuel(|fuel, word| fuel.settle(word));
        let due = (*store).interruption.fuel.is_due();
        let asked = (*store).interruption.at_fuel.take_if(|_| due);
        let Some(mut callback) = asked else {
            (*store).with_fuel(|fuel, word| fuel.grant(word));
            return (*store).fuel_left_or_trap();
        };
        // Wasm that the embedder calls meanwhile may use all there is.
        (*store).with_fuel(Fuel::ask_never);
        let answer = ask(store, &mut callback);
        (*store).interruption.at_fuel.get_or_insert(callback);
        // For an answer without a number: a program that catches what was thrown is asked
        // about again, and so is whatever is called next.
        (*store).with_fuel(Fuel::ask_again);
        let (next, yields) = match answer? {
            UpdateDeadline::Interrupt => return Err(TrapReason::Interrupt.into()),
            UpdateDeadline::Continue(units) => (units, false),
            UpdateDeadline::Yield(units) => (units, true),
        };
        (*store).with_fuel(|fuel, word| fuel.ask_after(word, next));
        (*store).fuel_left_or_trap()?;
        match yields {
            true => Err((*store).yielding()),
            false => Ok(()),
        }
    }
}

/// Asks the embedder, who may use the store meanwhile.
///
/// # Safety
/// As above, and the callback was made for the store's data.
unsafe fn ask(store: *mut StoreInner, callback: &mut Callback) -> Result<UpdateDeadline, Pending> {
    // SAFETY: by contract.
    unsafe {
        // Who calls Wasm from here is no host function.
        let outer = std::mem::replace(&mut (*store).host_func, ptr::null());
        let data = (*store).data;
        let pointer = StorePtr::new(NonNull::new(store).expect("a live store"));
        let answer = catch_unwind(AssertUnwindSafe(|| callback(pointer, data)));
        (*store).host_func = outer;
        match answer {
            Ok(Ok(update)) => Ok(update),
            Ok(Err(Error::Exception(exception))) => {
                (*store).exception_ref(&exception).map_err(Pending::from)?;
                Err(Pending::Exception(exception.handle))
            }
            Ok(Err(error)) => Err(Pending::from(error)),
            Err(panic) => Err(Pending::Panic(panic)),
        }
    }
}
