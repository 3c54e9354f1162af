//! The places zeal and observers want to see.

use super::call::{Answer, DONE, Invocation};
use crate::pending::Pending;
use crate::store::StoreInner;
use crate::trace::SWITCHES;
use mangrove_abi::libcall::hook;
use mangrove_abi::{ContRecord, ContRef};
use std::ptr;

pub fn hook(invocation: &mut Invocation<'_>, [kind, record, revision, _]: [u64; 4]) -> Answer {
    let store = &mut *invocation.store;
    trace(store, kind, record);
    let done = match kind {
        hook::CALL if store.engine.settings().zeal.call => store.collect_for_zeal(),
        hook::SUSPEND | hook::SWITCH => {
            store.notify_suspension();
            store.before_switch(true)
        }
        hook::RESUME | hook::RESUME_THROW => {
            store.notify_resumption();
            let record = ptr::with_exposed_provenance_mut(record as usize);
            let current = store.context().current;
            let nested = store.check_nesting(current, ContRef { record, revision });
            nested.and_then(|()| store.before_switch(false))
        }
        _ => Ok(()),
    };
    done.map_err(Pending::from)?;
    DONE
}

/// Says which continuation does what to which, if someone listens: a line for each
/// switch.
fn trace(store: &mut StoreInner, kind: u64, record: u64) {
    let what = match kind {
        hook::SUSPEND => "suspend",
        hook::SWITCH => "switch",
        hook::RESUME => "resume",
        hook::RESUME_THROW => "resume_throw",
        _ => return,
    };
    if !tracing::enabled!(target: SWITCHES, tracing::Level::TRACE) {
        return;
    }
    let current: *const ContRecord = store.context().current;
    let target: *const ContRecord = ptr::with_exposed_provenance(record as usize);
    // SAFETY: the running record is one of the store's; a reference is null or has
    // the address of one.
    let ids = unsafe { (current.as_ref(), target.as_ref()) };
    let (by, of) = (ids.0.map(|r| r.id.as_u32()), ids.1.map(|r| r.id.as_u32()));
    match of {
        Some(of) => tracing::trace!(target: SWITCHES, by, of, "{what}"),
        None => tracing::trace!(target: SWITCHES, by, "{what}"),
    }
}
