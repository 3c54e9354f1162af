//! A collection: its phases, in order.
//!
//! ```text
//!  verify   every object, every root, the registry, what the log says (when asked)
//!  begin    the heap makes ready what is copied to
//!  full     running chain, roots outside of frames, then the continuations reached;
//!           each slot's object is copied as it is met, and the slot updated
//!  minor    what the log and the cards say, and what is new: see `minor`
//!  drain    what the copies refer to is copied; in a full collection where objects hold
//!           continuations, marking and draining take turns until neither has work
//!  weak     references that keep nothing follow what was kept, the others are cleared
//!  finish   what was vacated is given up, the allocation window opened
//!  clean    nothing young is left: the log is empty, all that does not run is clean
//!  sweep    full: continuations nobody reached are reclaimed; what only their frames
//!           held was not copied: both die in the same collection
//!  verify   again (when asked)
//! ```
//!
//! Next on the road of a root: `crates/collector/src/mark.rs`.

use crate::mark::{MarkCounts, MarkInput, Sink, SlotOwner, mark};
use crate::minor::minor;
use crate::phases::{Phase, Phases};
use crate::survivors::Survivors;
use crate::verify::{When, verify};
use crate::{Code, CollectError, Roots};
use mangrove_abi::{ContRef, Defect, Logged, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::{Collection, CollectionKind, CollectionStats, Heap};
use serde::Serialize;
use std::time::Instant;

/// How to collect.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectOptions {
    /// What to collect: everything if nothing is said. A minor collection becomes a full
    /// one where the log has lost entries.
    pub kind: CollectionKind,
    /// Check heap, roots and registry before and after.
    pub verify: bool,
}

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CollectionReport {
    /// Which collection of this heap, from 1, of either kind.
    pub number: u64,
    /// What was collected.
    pub kind: CollectionKind,
    /// Nanoseconds it took, without verification.
    pub pause_ns: u64,
    /// Of those, until all roots had been looked at, which includes what is copied by
    /// turns with it where objects hold continuations;
    pub roots_ns: u64,
    /// then until everything was copied. The rest is making ready for what follows, and
    /// sweeping.
    pub drain_ns: u64,
    /// Nanoseconds verification took.
    pub verify_ns: u64,
    /// Continuations found live; in a minor collection those looked at.
    pub continuations: u64,
    /// Frames walked.
    pub frames: u64,
    /// Slots found in them.
    pub frame_slots: u64,
    /// Slots outside of frames.
    pub other_slots: u64,
    /// In a minor collection: old objects looked at.
    pub remembered: u64,
    /// Bytes in use before.
    pub bytes_before: u64,
    /// Bytes copied: in a full collection those of all live objects.
    pub bytes_copied: u64,
    /// Objects copied.
    pub objects_copied: u64,
    /// Bytes in use after.
    pub bytes_after: u64,
    /// Bytes that may be allocated in the young space until the next collection.
    pub budget: u64,
    /// Bytes by which the old space may grow until the next full collection.
    pub growth: u64,
    /// Continuations reclaimed because nothing reached them.
    pub reclaimed: u64,
}

/// What the kinds of collection have in common.
pub(crate) struct Done {
    pub(crate) stats: CollectionStats,
    pub(crate) counts: MarkCounts,
    pub(crate) remembered: u64,
    pub(crate) roots_ns: u64,
    pub(crate) drain_ns: u64,
}

/// Collects: finds what lives, in all of the heap or in its young space, moves it,
/// and updates every slot; a full collection reclaims the continuations that nothing
/// reaches.
///
/// # Errors
/// See [`CollectError`]; with most of them slots are half updated and the heap
/// refuses further use.
///
/// # Safety
/// - `ctx` is the context of the store that `heap` and `registry` belong to;
///   no Wasm of that store runs, and its running chain, from `ctx.current`,
///   consists of the registry's records, each stopped at a call.
/// - `code` knows all code that can be in a frame, with its own call sites.
/// - `roots` shows valid slots, each once, and all there are.
pub unsafe fn collect(
    heap: &mut Heap,
    registry: &mut Registry,
    ctx: &mut StoreContext,
    code: &dyn Code,
    roots: &mut dyn Roots,
    options: CollectOptions,
    phases: &mut Phases<'_>,
) -> Result<CollectionReport, CollectError> {
    let lost = ctx.log_is_full();
    let kind = if lost {
        CollectionKind::Full
    } else {
        options.kind
    };
    phases.begin(heap.collections() + 1, kind);
    let mut verify_ns = 0;
    let mut reachable = None;
    if options.verify {
        // SAFETY: by contract.
        let verified = unsafe { verify(When::Before, heap, registry, ctx, code, roots)? };
        verify_ns += verified.ns;
        reachable = Some(verified.continuations);
        phases.ended(Phase::VerifyBefore, verified.continuations);
    }
    let began = Instant::now();
    let logged = heap.logged(ctx)?;
    // SAFETY: by contract.
    let done = unsafe {
        match kind {
            CollectionKind::Minor => minor(heap, registry, ctx, code, roots, &logged, phases)?,
            CollectionKind::Full => full(heap, registry, ctx, code, roots, phases)?,
        }
    };
    clean(registry, ctx, roots, &logged, lost);
    phases.ended(Phase::Clean, logged.len() as u64);
    let reclaimed = match kind {
        CollectionKind::Minor => 0,
        // SAFETY: marking has reached everything live.
        CollectionKind::Full => unsafe { registry.sweep(ctx, done.counts.stack_bytes) as u64 },
    };
    if kind == CollectionKind::Full {
        phases.ended(Phase::Reclaim, reclaimed);
    }
    let pause_ns = nanoseconds(began);
    if options.verify {
        // SAFETY: by contract; slots now refer to where the objects are.
        let verified = unsafe { verify(When::After, heap, registry, ctx, code, roots)? };
        verify_ns += verified.ns;
        phases.ended(Phase::VerifyAfter, verified.continuations);
    }
    let Done { stats, counts, .. } = done;
    let marked = counts.continuations;
    // What was reclaimed too early is not in reach any more: only before could it be seen.
    if let (CollectionKind::Full, Some(reachable)) = (kind, reachable)
        && reachable != marked
    {
        return Err(CollectError::Reached { reachable, marked });
    }
    Ok(CollectionReport {
        number: heap.collections(),
        kind,
        pause_ns,
        roots_ns: done.roots_ns,
        drain_ns: done.drain_ns,
        verify_ns,
        continuations: counts.continuations,
        frames: counts.frames,
        frame_slots: counts.slots,
        other_slots: counts.outside,
        remembered: done.remembered,
        bytes_before: stats.used,
        bytes_copied: stats.copied,
        objects_copied: stats.objects,
        bytes_after: stats.live,
        budget: stats.budget,
        growth: stats.growth,
        reclaimed,
    })
}

/// Nothing young is left.
fn clean(
    registry: &mut Registry,
    ctx: &mut StoreContext,
    roots: &mut dyn Roots,
    logged: &[Logged],
    lost: bool,
) {
    roots.clean((!lost).then_some(logged));
    match lost {
        false => registry.clean(ctx, logged),
        true => registry.clean_all(ctx),
    }
}

pub(crate) fn nanoseconds(since: Instant) -> u64 {
    since.elapsed().as_nanos() as u64
}

/// # Safety
/// As for [`collect`].
unsafe fn full(
    heap: &mut Heap,
    registry: &mut Registry,
    ctx: &mut StoreContext,
    code: &dyn Code,
    roots: &mut dyn Roots,
    phases: &mut Phases<'_>,
) -> Result<Done, CollectError> {
    let began = Instant::now();
    let mut mover = Mover {
        follow: heap.holds_continuations(),
        held: match ctx.defect {
            Some(planted @ Defect::DropHeld(number)) if planted.is_in(ctx.defect) => Some(number),
            _ => None,
        },
        collection: heap.begin(ctx, CollectionKind::Full)?,
    };
    phases.ended(Phase::Begin, 0);
    // SAFETY: by contract.
    let counts = unsafe {
        let mut input = MarkInput::new(registry, ctx, code, ctx.defect);
        input.phases = Some(phases);
        mark(input, roots, &mut mover)?
    };
    let Mover { collection, .. } = mover;
    let others = Others { registry, roots };
    finish(collection, ctx, others, counts, 0, (began, phases))
}

/// What is neither heap nor context.
pub(crate) struct Others<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) roots: &'a mut dyn Roots,
}

/// What is left to do once all roots have been looked at.
pub(crate) fn finish(
    mut collection: Collection<'_>,
    ctx: &mut StoreContext,
    others: Others<'_>,
    counts: MarkCounts,
    remembered: u64,
    (began, phases): (Instant, &mut Phases<'_>),
) -> Result<Done, CollectError> {
    let roots_ns = nanoseconds(began);
    // Minor collections look at no continuations, and full ones have looked at all.
    while collection.drain(|_, _| {}) {}
    let drain_ns = nanoseconds(began) - roots_ns;
    phases.ended(Phase::Copy, collection.objects());
    // After a fault not everything that lives was found, and the collection fails.
    if collection.is_sound() {
        let Others { registry, roots } = others;
        roots.sweep_weak(&Survivors {
            kind: collection.kind(),
            collection: &collection,
            registry,
        });
    }
    phases.ended(Phase::Weak, 0);
    let looked_at = counts.slots + counts.outside + counts.frames;
    let stats = collection.finish(ctx, looked_at);
    let stats = stats.map_err(|fault| CollectError::HeapViolation {
        when: When::During,
        fault,
    })?;
    phases.ended(Phase::Flip, stats.live);
    Ok(Done {
        stats,
        counts,
        remembered,
        roots_ns,
        drain_ns,
    })
}

/// Moves what each slot refers to, at once.
struct Mover<'h> {
    collection: Collection<'h>,
    /// Whether objects hold continuations: else all is drained in the end.
    follow: bool,
    /// See [`Defect::DropHeld`].
    held: Option<u32>,
}

impl Sink for Mover<'_> {
    #[inline]
    unsafe fn heap_ref(&mut self, _: SlotOwner<'_>, slot: *mut u32) {
        // SAFETY: by contract.
        unsafe { self.collection.visit_slot(slot) };
    }

    #[inline]
    unsafe fn cont_ref(&mut self, _: SlotOwner<'_>, _: *mut ContRef) {}

    fn drain(&mut self, mut found: impl FnMut(ContRef)) -> bool {
        if !self.follow {
            return false;
        }
        let held = self.held;
        self.collection.drain(|number, reference| {
            if held != Some(number) {
                found(reference);
            }
        })
    }
}
