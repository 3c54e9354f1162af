//! A collection: its phases, in order.
//!
//! ```text
//!  verify   every object, every root (when asked)
//!  begin    the heap makes the other space ready
//!  mark     running chain, roots outside of frames, then the continuations reached;
//!           each slot's object is copied as it is met, and the slot updated
//!  drain    what the copies refer to
//!  sweep    continuations nobody reached are reclaimed, and what only their
//!           frames held is not copied: it dies in the same collection
//!  finish   the vacated space is given up, the allocation window opened
//!  verify   again (when asked), with the registry
//! ```

use crate::mark::{Holder, Looked, Scene, Sink, mark};
use crate::verify::{When, verify};
use crate::{Code, CollectError, Roots};
use mangrove_abi::{ContRef, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::{Collection, Heap};
use mangrove_stack::Frame;
use serde::Serialize;
use std::time::Instant;

/// How to collect.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectOptions {
    /// Check heap, roots and registry before and after.
    pub verify: bool,
    /// Where the running stack is stopped, if it trapped and its frames are
    /// still there. None when it called the host.
    pub fault: Option<Frame>,
    /// Overlook the frames of suspended continuations. Only for tests that show
    /// what that does: it leaves stale references behind.
    pub skip_suspended: bool,
    /// Overlook the slot with this number, counted per call site from 0, in
    /// every frame of a suspended continuation. Only for tests, likewise.
    pub drop_slot: Option<usize>,
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
///   consists of the registry's records, each stopped at a call (or, the
///   innermost, at `options.fault`).
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
    // Verification overlooks nothing, whatever is injected.
    let thorough = CollectOptions {
        skip_suspended: false,
        drop_slot: None,
        ..options
    };
    if options.verify {
        let scene = scene(registry, ctx, code, thorough);
        // SAFETY: by contract.
        verify_ns += unsafe { verify(When::Before, heap, scene, roots)? };
    }

    let began = Instant::now();
    let mut mover = Mover {
        collection: heap.begin(ctx)?,
    };
    // SAFETY: by contract.
    let looked = unsafe { mark(scene(registry, ctx, code, options), roots, &mut mover)? };
    mover.collection.drain();
    let Looked {
        continuations,
        frames,
        slots,
        outside,
        stack_bytes,
    } = looked;
    let stats = mover
        .collection
        .finish(ctx, slots + outside + frames)
        .map_err(|fault| CollectError::HeapFault {
            when: When::During,
            fault,
        })?;
    // SAFETY: marking has reached everything live.
    let reclaimed = unsafe { registry.sweep(ctx, stack_bytes) } as u64;
    let pause_ns = began.elapsed().as_nanos() as u64;

    if options.verify {
        let scene = scene(registry, ctx, code, thorough);
        // SAFETY: by contract; slots now refer to where the objects are.
        verify_ns += unsafe { verify(When::After, heap, scene, roots)? };
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

fn scene<'a>(
    registry: &'a mut Registry,
    ctx: &'a StoreContext,
    code: &'a dyn Code,
    options: CollectOptions,
) -> Scene<'a> {
    let CollectOptions {
        verify: _,
        fault,
        skip_suspended,
        drop_slot,
    } = options;
    Scene {
        registry,
        ctx,
        code,
        fault,
        skip_suspended,
        drop_slot,
    }
}

/// Moves what each slot refers to, at once.
struct Mover<'h> {
    collection: Collection<'h>,
}

impl Sink for Mover<'_> {
    #[inline]
    unsafe fn heap_ref(&mut self, _: Holder<'_>, slot: *mut u32) {
        // SAFETY: by contract.
        unsafe { self.collection.visit_slot(slot) };
    }

    #[inline]
    unsafe fn cont_ref(&mut self, _: Holder<'_>, _: *mut ContRef) {}
}
