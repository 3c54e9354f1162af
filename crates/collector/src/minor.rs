//! A minor collection: the young space, and nothing but what may refer to it.
//!
//! ```text
//!  the log ─┬─ records ──▶ walk ──▶ heap slots of their frames, bound arguments ─┐
//!           ├─ objects ──▶ their references, by cards if large ──────────────────┼─▶ copy, update
//!           └─ globals ─┐                                                        │
//!  cards of tables, new handles and segments ────────────────────────────────────┘
//! ```
//!
//! Its cost does not know how many continuations sleep. A record is in the log if it ran
//! since the last collection, whoever holds it: a continuation that was forgotten after
//! it ran keeps its objects until a full collection finds it forgotten. So none is
//! marked, and references to continuations are not looked at.

use crate::collect::{Done, Others, finish};
use crate::mark::MarkCounts;
use crate::phases::{Phase, Phases};
use crate::walk::Walker;
use crate::{Code, CollectError, RootOwner, RootVisitor, Roots};
use mangrove_abi::{ContRecord, ContRef, Defect, Logged, SlotKind, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::{Collection, CollectionKind, Heap};
use std::time::Instant;

/// # Safety
/// As for [`crate::collect`]; `logged` is the whole log.
pub(crate) unsafe fn minor(
    heap: &mut Heap,
    registry: &mut Registry,
    ctx: &mut StoreContext,
    code: &dyn Code,
    roots: &mut dyn Roots,
    logged: &[Logged],
    phases: &mut Phases<'_>,
) -> Result<Done, CollectError> {
    let (began, defect) = (Instant::now(), ctx.defect);
    let mut minor = Minor {
        collection: heap.begin(ctx, CollectionKind::Minor)?,
        walker: Walker::new(code),
        registry,
        defect,
        counts: MarkCounts::default(),
    };
    phases.ended(Phase::Begin, 0);
    let mut remembered = minor.collection.born();
    for &entry in logged {
        match entry {
            Logged::Record(record) if !Defect::SkipAwake.is_in(defect) => {
                // SAFETY: by contract an entry of this store's log.
                unsafe { minor.record(record)? };
            }
            Logged::Object(object) if !Defect::DropObjects.is_in(defect) => {
                // SAFETY: as above.
                minor.counts.outside += unsafe { minor.collection.remembered(object) };
                remembered += 1;
            }
            // The store's part; and what is overlooked on purpose.
            Logged::Global(_) | Logged::Record(_) | Logged::Object(_) => {}
        }
    }
    phases.ended(Phase::Remembered, logged.len() as u64);
    let before = minor.counts.outside;
    roots.visit_young(logged, &mut minor);
    let Minor {
        collection,
        counts,
        registry,
        ..
    } = minor;
    phases.ended(Phase::Roots, counts.outside - before);
    let others = Others { registry, roots };
    finish(collection, ctx, others, counts, remembered, (began, phases))
}

struct Minor<'a, 'h> {
    collection: Collection<'h>,
    walker: Walker<'a>,
    registry: &'a mut Registry,
    /// What to do wrong.
    defect: Option<Defect>,
    counts: MarkCounts,
}

impl Minor<'_, '_> {
    /// Forwards what a logged record's frames and bound arguments refer to.
    ///
    /// # Safety
    /// As for [`crate::collect`]: a live one is stopped at a call.
    unsafe fn record(&mut self, record: *mut ContRecord) -> Result<(), CollectError> {
        let Some(record) = self.registry.awake(record) else {
            return Ok(());
        };
        let Self {
            collection,
            walker,
            registry,
            defect,
            counts,
        } = self;
        counts.continuations += 1;
        // SAFETY: by contract; a call site, one of the code's by the contract of [`Code`],
        // says that a reference is in each slot.
        unsafe {
            walker.frames(record, |frame| {
                if Defect::SkipCallers.is_in(*defect) && frame.index > 0 {
                    return;
                }
                counts.frames += 1;
                counts.slots += frame.site.slots.len() as u64;
                for (_, address) in frame.heap_refs() {
                    collection.visit_slot(address);
                }
            })?;
        }
        // SAFETY: records are never freed.
        let has_bound = unsafe { (*record).bound_count() } != 0;
        if has_bound && !Defect::SkipBound.is_in(*defect) {
            let bound = registry.bound_mut(record);
            let bound = bound.expect("the registry keeps what is bound");
            for (_, kind, slot) in bound.references() {
                counts.outside += 1;
                if kind == SlotKind::Ref {
                    // SAFETY: the registry owns the slot, and binding noted its kind.
                    unsafe { collection.visit_slot((&raw mut *slot).cast()) };
                }
            }
        }
        Ok(())
    }
}

impl RootVisitor for Minor<'_, '_> {
    unsafe fn heap_ref(&mut self, _: RootOwner, slot: *mut u32) {
        self.counts.outside += 1;
        // SAFETY: by contract.
        unsafe { self.collection.visit_slot(slot) };
    }

    unsafe fn cont_ref(&mut self, _: RootOwner, _: *mut ContRef) {}
}
