//! The places zeal and observers want to see.

use super::{Answer, DONE, Invocation};
use crate::error::Error;
use crate::pending::Pending;
use crate::store::StoreInner;
use mangrove_abi::libcall::hook;
use mangrove_abi::{ContRecord, ContRef, RecordState};
use std::ptr;

/// What events about switches are called.
pub const SWITCHES: &str = "mangrove::switch";

pub fn hook(invocation: &mut Invocation<'_>, [kind, record, revision, _]: [u64; 4]) -> Answer {
    let store = &mut *invocation.store;
    trace(store, kind, record);
    let done = match kind {
        hook::CALL if store.engine.config().zeal.call => store.collect(),
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
    let (by, of) = (ids.0.map(|r| r.id), ids.1.map(|r| r.id));
    match of {
        Some(of) => tracing::trace!(target: SWITCHES, by, of, "{what}"),
        None => tracing::trace!(target: SWITCHES, by, "{what}"),
    }
}

impl StoreInner {
    /// Whether a continuation may be resumed by `current` (null for the host), as
    /// far as the limit on their nesting goes. Looks along both chains.
    pub(crate) fn check_nesting(
        &self,
        current: *const ContRecord,
        reference: ContRef,
    ) -> Result<(), Error> {
        let Some(limit) = self.engine.config().nesting_max else {
            return Ok(());
        };
        // SAFETY: a reference is null or has the address of a record.
        let resumed = unsafe { reference.record.as_ref() };
        if resumed.is_none_or(|record| record.revision != reference.revision) {
            // A trap of its own.
            return Ok(());
        }
        let mut depth = 0;
        for start in [reference.record.cast_const(), current] {
            let mut at = start;
            // SAFETY: records are never freed, and a parent is null or one.
            while let Some(record) = unsafe { at.as_ref() } {
                if record.state == RecordState::Host as u32 {
                    break;
                }
                depth += 1;
                if depth > limit {
                    return Err(Error::Limit(format!(
                        "the limit of {limit} continuations that have resumed each other is \
                         reached (nesting_max)"
                    )));
                }
                at = record.parent;
            }
        }
        Ok(())
    }

    /// What zeal does before every switch, the host's own included.
    pub(crate) fn before_switch(&mut self, suspending: bool) -> Result<(), Error> {
        let zeal = self.engine.config().zeal;
        if zeal.moving {
            self.move_suspended(suspending)?;
        }
        if zeal.switch {
            self.collect()?;
        }
        Ok(())
    }
}
