//! The rules that minor collections rely on, checked over everything: what is not in
//! the log, not new and on no card that is set holds no young reference.

use crate::mark::SlotOwner;
use crate::walk::Walker;
use crate::{Activity, Code, CollectError, RootOwner, RootVisitor, Roots, When};
use mangrove_abi::{ContRecord, ContRef, HeapRef, Logged, RecordState, SlotKind, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::Heap;
use std::collections::HashSet;

/// Checks them.
///
/// # Safety
/// As for [`crate::collect`].
pub(crate) unsafe fn verify_clean(
    when: When,
    heap: &Heap,
    registry: &mut Registry,
    ctx: &StoreContext,
    code: &dyn Code,
    roots: &mut dyn Roots,
) -> Result<(), CollectError> {
    // Entries are lost, and the next collection is a full one.
    if ctx.log_is_full() {
        return Ok(());
    }
    heap.verify_log(ctx)
        .map_err(|fault| CollectError::HeapViolation { when, fault })?;
    // Empty after a collection: only before one can there be no room.
    let logged = heap.logged(ctx)?;
    let records: HashSet<*mut ContRecord> = logged
        .iter()
        .filter_map(|entry| match *entry {
            Logged::Record(record) => Some(record),
            _ => None,
        })
        .collect();
    let mut walker = Walker::new(code);
    let all: Vec<_> = registry.records().collect();
    for record in all {
        // SAFETY: one of the registry's records.
        let (id, live) = unsafe {
            (
                (*record).id.as_u32(),
                (*record).state == RecordState::Live as u32,
            )
        };
        if registry.is_clean(record) == records.contains(&record) {
            return Err(CollectError::Log {
                when,
                continuation: id,
            });
        }
        if live && registry.is_clean(record) {
            // SAFETY: by contract; the current one is not clean, and others are stopped.
            unsafe { clean_record(when, &mut walker, registry, ctx, record)? };
        }
    }
    let mut known = Known::default();
    roots.visit_young(&logged, &mut known);
    let mut check = Check {
        when,
        ctx,
        known: known.slots,
        error: None,
    };
    roots.visit(&mut check);
    check.error.map_or(Ok(()), Err)
}

/// A clean record's frames and bound arguments hold nothing young.
///
/// # Safety
/// It is one of the registry's, live and stopped at a call.
unsafe fn clean_record(
    when: When,
    walker: &mut Walker<'_>,
    registry: &mut Registry,
    ctx: &StoreContext,
    record: *mut ContRecord,
) -> Result<(), CollectError> {
    let mut young = None;
    // SAFETY: by contract.
    let continuation = unsafe { (*record).id };
    // SAFETY: by contract; the call sites say where references are.
    unsafe {
        walker.frames(record, |frame| {
            for (slot, address) in frame.heap_refs() {
                let value = address.read();
                if ctx.is_young(HeapRef(value)) && young.is_none() {
                    let owner = SlotOwner::Frame {
                        continuation,
                        activity: Activity::Suspended,
                        frame: &frame,
                        slot,
                    };
                    young = Some((owner.root_owner(), value));
                }
            }
        })?;
    }
    if let Some(bound) = registry.bound_mut(record) {
        for (index, kind, slot) in bound.references() {
            let value = slot.words[0] as u32;
            if kind == SlotKind::Ref && ctx.is_young(HeapRef(value)) {
                let continuation = continuation.as_u32();
                young = Some((
                    RootOwner::BoundArgument {
                        continuation,
                        index,
                    },
                    value,
                ));
            }
        }
    }
    young.map_or(Ok(()), |(owner, value)| {
        Err(CollectError::YoungRoot { when, owner, value })
    })
}

/// The slots a minor collection would look at.
#[derive(Default)]
struct Known {
    slots: HashSet<*mut u32>,
}

impl RootVisitor for Known {
    unsafe fn heap_ref(&mut self, _: RootOwner, slot: *mut u32) {
        self.slots.insert(slot);
    }

    unsafe fn cont_ref(&mut self, _: RootOwner, _: *mut ContRef) {}
}

/// Looks at all of them.
struct Check<'a> {
    when: When,
    ctx: &'a StoreContext,
    known: HashSet<*mut u32>,
    error: Option<CollectError>,
}

impl RootVisitor for Check<'_> {
    unsafe fn heap_ref(&mut self, owner: RootOwner, slot: *mut u32) {
        // SAFETY: by contract.
        let value = unsafe { slot.read() };
        if self.ctx.is_young(HeapRef(value)) && !self.known.contains(&slot) {
            let when = self.when;
            self.error
                .get_or_insert(CollectError::YoungRoot { when, owner, value });
        }
    }

    unsafe fn cont_ref(&mut self, _: RootOwner, _: *mut ContRef) {}
}
