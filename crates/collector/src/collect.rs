//! A collection: its phases, in order.
//!
//! ```text
//!  verify   every object, every root, the registry (when asked)
//!  begin    the heap makes the other space ready
//!  mark     running chain, roots outside of frames, then the continuations reached;
//!           each slot's object is copied as it is met, and the slot updated
//!  drain    what the copies refer to is copied; where objects hold continuations,
//!           mark and drain take turns until neither has work
//!  finish   the vacated space is given up, the allocation window opened
//!  sweep    continuations nobody reached are reclaimed; what only their frames
//!           held was not copied: both die in the same collection
//!  verify   again (when asked)
//! ```
//!
//! Next on the road of a root: `crates/collector/src/mark.rs`.

use crate::mark::{MarkCounts, MarkInput, Overlook, Sink, SlotOwner, mark};
use crate::verify::{When, verify};
use crate::{Code, CollectError, Roots};
use mangrove_abi::{ContRef, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::{Collection, Heap};
use serde::Serialize;
use std::time::Instant;

/// How to collect.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectOptions {
    /// Check heap, roots and registry before and after.
    pub verify: bool,
    /// What to overlook. Only for tests.
    pub overlook: Overlook,
}

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CollectionReport {
    /// Which collection of this heap, from 1.
    pub number: u64,
    /// Nanoseconds it took, without verification.
    pub pause_ns: u64,
    /// Nanoseconds verification took.
    pub verify_ns: u64,
    /// Continuations found live.
    pub continuations: u64,
    /// Frames walked.
    pub frames: u64,
    /// Slots found in them.
    pub frame_slots: u64,
    /// Slots outside of frames.
    pub other_slots: u64,
    /// Bytes in use before.
    pub bytes_before: u64,
    /// Bytes copied: those of the live objects.
    pub bytes_copied: u64,
    /// Objects copied.
    pub objects_copied: u64,
    /// Bytes that may be allocated until the next collection.
    pub budget: u64,
    /// Continuations reclaimed because nothing reached them.
    pub reclaimed: u64,
}

/// Collects: finds all live continuations and objects, moves the objects,
/// updates every slot, reclaims the rest.
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
) -> Result<CollectionReport, CollectError> {
    let mut verify_ns = 0;
    // Verification overlooks nothing.
    let nothing = Overlook::default();
    let mut reachable = None;
    if options.verify {
        let input = MarkInput::new(registry, ctx, code, nothing);
        // SAFETY: by contract.
        let verified = unsafe { verify(When::Before, heap, input, roots)? };
        verify_ns += verified.ns;
        reachable = Some(verified.continuations);
    }

    let began = Instant::now();
    let mut mover = Mover {
        collection: heap.begin(ctx)?,
        held: options.overlook.held,
    };
    // SAFETY: by contract.
    let counts = unsafe {
        let input = MarkInput::new(registry, ctx, code, options.overlook);
        mark(input, roots, &mut mover)?
    };
    let MarkCounts {
        continuations,
        frames,
        slots,
        outside,
        stack_bytes,
    } = counts;
    let stats = mover
        .collection
        .finish(ctx, slots + outside + frames)
        .map_err(|fault| CollectError::HeapViolation {
            when: When::During,
            fault,
        })?;
    // SAFETY: marking has reached everything live.
    let reclaimed = unsafe { registry.sweep(ctx, stack_bytes) } as u64;
    let pause_ns = began.elapsed().as_nanos() as u64;

    if options.verify {
        let input = MarkInput::new(registry, ctx, code, nothing);
        // SAFETY: by contract; slots now refer to where the objects are.
        verify_ns += unsafe { verify(When::After, heap, input, roots)? }.ns;
    }
    let marked = continuations;
    // What was reclaimed too early is not in reach any more: only before could it be seen.
    if let Some(reachable) = reachable.filter(|&reachable| reachable != marked) {
        return Err(CollectError::Reached { reachable, marked });
    }
    let report = CollectionReport {
        number: heap.collections(),
        pause_ns,
        verify_ns,
        continuations,
        frames,
        frame_slots: slots,
        other_slots: outside,
        bytes_before: stats.used,
        bytes_copied: stats.live,
        objects_copied: stats.objects,
        budget: stats.budget,
        reclaimed,
    };
    Ok(report)
}

/// Moves what each slot refers to, at once.
struct Mover<'h> {
    collection: Collection<'h>,
    /// See [`Overlook::held`].
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
        let held = self.held;
        self.collection.drain(|number, reference| {
            if held != Some(number) {
                found(reference);
            }
        })
    }
}
