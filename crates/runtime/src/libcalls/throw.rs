//! Exceptions thrown by compiled code.

use super::call::{Answer, Invocation, LibcallOutcome};
use crate::pending::pending;
use mangrove_abi::ContRecord;
use mangrove_abi::object::HeapRef;
use mangrove_continuation::End;
use std::ptr;

pub fn throw(invocation: &mut Invocation<'_>, [exn, ..]: [u64; 4]) -> Answer {
    // SAFETY: the running chain is stopped at this call.
    unsafe { invocation.store.throw(HeapRef(exn as u32)) }?;
    Ok(LibcallOutcome::Catch)
}

pub fn prepare(invocation: &mut Invocation<'_>, [record, exn, ..]: [u64; 4]) -> Answer {
    let exn = HeapRef(exn as u32);
    let store = &mut *invocation.store;
    let record: *mut ContRecord = ptr::with_exposed_provenance_mut(record as usize);
    let own = store.context().current;
    // SAFETY: the reference was current, so the chain from `record` on is
    // suspended; `own`, which waits for this call, becomes its parent.
    unsafe {
        (*(*record).outermost).parent = own;
        match store.throw_into(record, own, exn) {
            Ok(Some(target)) => {
                return Ok(LibcallOutcome::Value(target.expose_provenance() as u64));
            }
            Ok(None) => {}
            // The chain is linked to `own`, but is not the running one yet:
            // nobody else would end it.
            Err(error) => {
                store.release_up_to(record, own, End::Trapped)?;
                return Err(pending(error));
            }
        }
        store.release_up_to(record, own, End::Thrown)?;
        store.throw(exn)?;
    }
    Ok(LibcallOutcome::Catch)
}
