//! The places zeal and observers want to see.

use super::call::{Answer, DONE, Invocation};
use crate::error::Error;
use crate::event::Entering;
use crate::pending::pending;
use crate::store::StoreInner;
use crate::trace::SWITCHES;
use crate::watch::Moment;
use mangrove_abi::libcall::hook;
use mangrove_abi::{ContRecord, ContRef};
use std::ptr;

pub fn hook(invocation: &mut Invocation<'_>, [kind, record, revision, tag]: [u64; 4]) -> Answer {
    let store = &mut *invocation.store;
    trace(store, kind, record);
    let record: *mut ContRecord = ptr::with_exposed_provenance_mut(record as usize);
    let reference = ContRef { record, revision };
    // SAFETY: compiled code waits in this call; a reference is null or has the address of a
    // record, and a tag is one of the store's.
    let done = unsafe { told(store, kind, reference, tag) };
    let done = done.and_then(|()| store.uninterrupted());
    done.map_err(pending)?;
    DONE
}

/// Tells who watches, and does what zeal and limits want.
///
/// # Safety
/// The running chain is stopped at calls; the reference is null or to a record of the store,
/// and the tag is the address of one, for kinds that have them.
unsafe fn told(
    store: &mut StoreInner,
    kind: u64,
    reference: ContRef,
    tag: u64,
) -> Result<(), Error> {
    // SAFETY: by contract.
    unsafe {
        match kind {
            hook::CALL if store.zeal_moments.at_call() => store.collect_for_zeal()?,
            hook::SUSPEND => {
                store.notify_suspension(|store| store.suspension(tag));
                store.before_switch(true)?;
            }
            hook::SWITCH => {
                store.notify_suspension(|store| store.switching(reference, tag));
                store.before_switch(true)?;
            }
            hook::RESUME | hook::RESUME_THROW => {
                let current = store.context().current;
                store.check_nesting(current, reference)?;
                let entering = match kind {
                    hook::RESUME => Entering::Resume,
                    _ => Entering::Throw,
                };
                store.notify_resumption(|store| store.resumption(reference, entering));
                store.before_switch(false)?;
            }
            hook::NEW => store.emit(|store| store.made(reference.record)),
            hook::BIND => store.emit(|store| store.bound(reference.record)),
            hook::RETURNED => store.emit(|store| store.has_returned(reference.record)),
            hook::ENTER => store.notify_of(Moment::Enter, |store| store.entered()),
            hook::REACH => store.notify_of(Moment::Reach, |store| store.reached()),
            _ => {}
        }
    }
    Ok(())
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
