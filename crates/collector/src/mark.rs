//! Marking: which continuations are live, and every slot they and the store hold.
//!
//! ```text
//!  1  ctx.current ─parent─▶ … ─parent─▶ host ─interrupted─▶ … ─parent─▶ host (outermost)
//!     each record on the way is live and walked
//!  2  roots outside of frames: each continuation reference is enqueued
//!  3  until the worklist is empty: the next record is walked, and the
//!     continuation references in its frames are enqueued
//!  4  the sink drains: it looks into the objects that were reached, and the
//!     continuation references in them are enqueued; as long as there are any, from 3
//! ```
//!
//! A reference keeps its continuation alive if its revision is the record's
//! ([`Registry::mark`]), and with the continuation the chain suspended inside it
//! ([`Worklist`]). A host record stands between two activations: it
//! leads to the record that its activation interrupted. The walk meets as many
//! host records as there are activations, or fails: a chain that is cut short
//! would lose roots in silence.
//!
//! So marking feeds draining, and draining feeds marking, until neither has work: what
//! only a ring of objects and continuations refers to is not reached. Where heap objects
//! hold no continuations (see [`crate::admission`]) the sink drains once.
//!
//! A [`Sink`] decides what is done with the slots, and follows heap references.
//! The frames of a record and their slots: [`crate::walk`].
//!
//! Next on the road of a root: `crates/continuation/src/marking.rs`.

use crate::phases::{Phase, Phases};
use crate::walk::{KnownFrame, Walker};
use crate::{Activity, Code, CollectError, FrameOwner, RootOwner, RootVisitor, Roots};
use mangrove_abi::{
    ContRecord, ContRef, Defect, HeapRef, RecordId, RecordState, Slot, SlotKind, StoreContext,
    TransferSlot,
};
use mangrove_continuation::{Registry, Worklist, kept_bytes};
use mangrove_heap::{Field, Onlooker};
use mangrove_stack::stack_says_parked;

/// What is wrong with the running chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A record that is on no chain, or on it twice.
    #[error("continuation {id} is on the running chain, but {}", if *.gone { "gone" } else { "twice" })]
    Record {
        /// The continuation's id.
        id: u32,
        /// Whether its state is `Gone`; else it was met before.
        gone: bool,
    },
    /// The chain ends before the outermost host record.
    #[error("the running chain ends at record {id}, not at the outermost activation")]
    Open {
        /// The last record's id.
        id: u32,
    },
    /// Nothing runs, and yet the host has entered Wasm.
    #[error("no continuation runs in {activations} activations")]
    Nothing {
        /// How many activations there are.
        activations: usize,
    },
}

/// Takes every root marking comes upon, each once.
pub(crate) trait Sink {
    /// A heap reference.
    ///
    /// # Safety
    /// The slot is valid for reads and writes, and holds one.
    unsafe fn heap_ref(&mut self, owner: SlotOwner<'_>, slot: *mut u32);
    /// A continuation reference, at any alignment. Marking follows it by itself.
    ///
    /// # Safety
    /// The slot is valid for reads and writes, and holds one: null, or to one of
    /// the registry's records, which are never freed.
    unsafe fn cont_ref(&mut self, owner: SlotOwner<'_>, slot: *mut ContRef);
    /// Looks into the objects that were reached, until nothing is left or continuations
    /// came up: `found` has been shown references then. Whether there may be more.
    fn drain(&mut self, found: impl FnMut(ContRef)) -> bool;
}

/// Is told of continuations by an object, and of nothing else.
pub(crate) struct Shown<F>(pub(crate) F);

impl<F: FnMut(ContRef)> Onlooker for Shown<F> {
    fn object(&mut self, _: HeapRef, _: Field) {}

    fn continuation(&mut self, reference: ContRef, _: Field) {
        self.0(reference);
    }
}

/// Who holds a slot; turned into a [`RootOwner`] only where one is wanted.
#[derive(Clone, Copy)]
pub(crate) enum SlotOwner<'a> {
    Outside(RootOwner),
    Frame {
        continuation: RecordId,
        activity: Activity,
        frame: &'a KnownFrame<'a>,
        slot: Slot,
    },
}

impl SlotOwner<'_> {
    pub(crate) fn root_owner(self) -> RootOwner {
        match self {
            Self::Outside(owner) => owner,
            Self::Frame {
                continuation,
                activity,
                frame,
                slot,
            } => RootOwner::Frame(FrameOwner {
                continuation: continuation.as_u32(),
                state: activity,
                frame: frame.index,
                module: frame.site.module,
                function: frame.site.function().into(),
                wasm_offset: frame.site.wasm_offset(),
                distance: slot.distance(),
            }),
        }
    }
}

/// What marking looks at.
pub(crate) struct MarkInput<'a, 'p> {
    pub(crate) registry: &'a mut Registry,
    pub(crate) ctx: &'a StoreContext,
    pub(crate) code: &'a dyn Code,
    /// What to do wrong.
    pub(crate) defect: Option<Defect>,
    /// Who is told of the end of each phase.
    pub(crate) phases: Option<&'a mut Phases<'p>>,
}

impl<'a> MarkInput<'a, '_> {
    pub(crate) fn new(
        registry: &'a mut Registry,
        ctx: &'a StoreContext,
        code: &'a dyn Code,
        defect: Option<Defect>,
    ) -> Self {
        Self {
            registry,
            ctx,
            code,
            defect,
            phases: None,
        }
    }
}

/// How much marking looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MarkCounts {
    pub(crate) continuations: u64,
    pub(crate) frames: u64,
    pub(crate) slots: u64,
    pub(crate) outside: u64,
    /// Bytes that the continuations keep from others: on stacks whole pages.
    pub(crate) stack_bytes: u64,
}

/// From a trampoline's frame pointer to the top of the stack: its caller's, and a
/// return address.
const TRAMPOLINE_BYTES: u64 = 16;

/// Finds everything live. See the module's description.
///
/// # Safety
/// As for [`crate::collect`].
pub(crate) unsafe fn mark<S: Sink>(
    input: MarkInput<'_, '_>,
    roots: &mut dyn Roots,
    sink: &mut S,
) -> Result<MarkCounts, CollectError> {
    let MarkInput {
        registry,
        ctx,
        code,
        defect,
        mut phases,
    } = input;
    let mut ended = |phase, count| {
        if let Some(phases) = phases.as_deref_mut() {
            phases.ended(phase, count);
        }
    };
    let mut marker = Marker {
        walker: Walker::new(code),
        worklist: Worklist::new(registry),
        sink,
        counts: MarkCounts::default(),
        defect,
        failed: None,
    };
    marker.worklist.plant(defect);
    // SAFETY: by contract.
    unsafe { marker.running_chain(ctx)? };
    let chain = marker.counts.continuations;
    ended(Phase::Chain, chain);
    let before = marker.counts.outside;
    roots.visit(&mut marker);
    ended(Phase::Roots, marker.counts.outside - before);
    if Defect::KeepUnreached.is_in(defect) {
        marker.worklist.enqueue_all();
    }
    marker.reached()?;
    ended(Phase::Continuations, marker.counts.continuations - chain);
    Ok(marker.counts)
}

struct Marker<'a, 's, S> {
    walker: Walker<'a>,
    worklist: Worklist<'a>,
    sink: &'s mut S,
    counts: MarkCounts,
    defect: Option<Defect>,
    /// The first frame of a suspended continuation that could not be understood.
    failed: Option<CollectError>,
}

impl<S: Sink> Marker<'_, '_, S> {
    /// Marks and walks the running chain, through all activations.
    ///
    /// # Safety
    /// As for [`crate::collect`].
    unsafe fn running_chain(&mut self, ctx: &StoreContext) -> Result<(), CollectError> {
        let activations = self.worklist.registry().activations();
        let (mut activity, mut met) = (Activity::Running, 0);
        let (mut at, mut ends_at) = (ctx.current, None);
        while !at.is_null() {
            // SAFETY: by contract the chain is made of the registry's records.
            let (id, state) = unsafe { ((*at).id.as_u32(), (*at).state) };
            ends_at = Some(id);
            if state == RecordState::Host as u32 {
                if met == activations {
                    return Err(ChainError::Record { id, gone: false }.into());
                }
                met += 1;
                // SAFETY: as above.
                at = unsafe { (*at).interrupted };
                if ctx.has(Defect::SkipInterrupted) {
                    return Ok(());
                }
                continue;
            }
            if !self.worklist.registry().mark_record(at) {
                let gone = state == RecordState::Gone as u32;
                return Err(ChainError::Record { id, gone }.into());
            }
            // SAFETY: by contract it is stopped: it called the host, or resumed
            // the one before it.
            unsafe { self.frames(at, activity)? };
            self.bound_arguments(at);
            activity = Activity::Parent;
            // SAFETY: as above.
            at = unsafe { (*at).parent };
            if at.is_null() {
                return Err(ChainError::Open { id }.into());
            }
        }
        match ends_at {
            _ if met == activations => Ok(()),
            Some(id) => Err(ChainError::Open { id }.into()),
            None => Err(ChainError::Nothing { activations }.into()),
        }
    }

    /// Walks and drains by turns, until neither has work.
    fn reached(&mut self) -> Result<(), CollectError> {
        let (mut more, mut late) = (true, false);
        loop {
            // While objects may show more, what was found last waits for its memory.
            let keep = if more { Worklist::AHEAD } else { 0 };
            let mut walked = false;
            while let Some(record) = self.worklist.next(keep) {
                self.suspended(record);
                walked = true;
                if let Some(error) = self.failed.take() {
                    return Err(error);
                }
            }
            if !more && !walked {
                return Ok(());
            }
            let Self { worklist, sink, .. } = self;
            let overlooked = late && Defect::OneRound.is_in(self.defect);
            more = sink.drain(|reference| {
                if !overlooked {
                    worklist.enqueue(reference);
                }
            });
            late |= !more;
        }
    }

    /// Walks a record that comes out of the worklist.
    #[inline]
    fn suspended(&mut self, record: *mut ContRecord) {
        if !Defect::SkipSuspended.is_in(self.defect) {
            // SAFETY: marking began under the contract of `crate::collect`: a
            // live continuation that is on no running chain is suspended.
            let walked = unsafe { self.frames(record, Activity::Suspended) };
            if let Err(error) = walked {
                self.failed.get_or_insert(error);
            }
        }
        if Defect::SkipBoundSuspended.is_in(self.defect) {
            return;
        }
        self.bound_arguments(record);
    }

    /// Shows the sink every slot of a continuation's frames.
    ///
    /// # Safety
    /// As for [`Walker::frames`].
    #[inline]
    unsafe fn frames(
        &mut self,
        record: *mut ContRecord,
        activity: Activity,
    ) -> Result<(), CollectError> {
        let Self {
            walker,
            worklist,
            sink,
            counts,
            defect,
            failed: _,
        } = self;
        let overlooked = match (activity, *defect) {
            (Activity::Suspended, Some(planted @ Defect::DropSlot(number)))
                if planted.is_in(*defect) =>
            {
                number
            }
            _ => usize::MAX,
        };
        // SAFETY: by contract.
        let (continuation, sp, parked) =
            unsafe { ((*record).id, (*record).sp, stack_says_parked(record)) };
        counts.continuations += 1;
        let mut base = sp;
        let frame = |frame: KnownFrame<'_>| {
            base = frame.fp;
            counts.frames += 1;
            counts.slots += frame.site.slots.len() as u64;
            let slots = frame.site.slots.iter().enumerate();
            slots.for_each(|(number, &slot)| {
                if number == overlooked {
                    return;
                }
                let owner = SlotOwner::Frame {
                    continuation,
                    activity,
                    frame: &frame,
                    slot,
                };
                let address = frame.address(slot);
                // SAFETY: the call site, one of the code's by the contract of
                // [`Code`], says that a reference of this kind is in this slot.
                unsafe {
                    match slot.kind() {
                        SlotKind::Ref => sink.heap_ref(owner, address.cast()),
                        SlotKind::Cont => {
                            let slot: *mut ContRef = address.cast();
                            sink.cont_ref(owner, slot);
                            worklist.enqueue(slot.read_unaligned());
                        }
                    }
                }
            });
        };
        // SAFETY: by contract.
        unsafe { walker.frames(record, frame)? };
        // The trampoline's frame is the last, right below the base.
        let used = base.saturating_sub(sp) + TRAMPOLINE_BYTES;
        counts.stack_bytes += kept_bytes(used, parked);
        Ok(())
    }

    /// Shows the sink the references among a continuation's bound arguments.
    #[inline]
    fn bound_arguments(&mut self, record: *mut ContRecord) {
        // SAFETY: the registry's records are never freed.
        let (continuation, count) = unsafe { ((*record).id.as_u32(), (*record).bound_count()) };
        if count == 0 {
            return;
        }
        let bound = self.worklist.registry().bound_mut(record);
        let bound = bound.expect("the registry keeps what is bound");
        let slots: Vec<_> = bound
            .references()
            .map(|(index, kind, slot)| (index, kind, &raw mut *slot))
            .collect();
        for (index, kind, slot) in slots {
            let owner = SlotOwner::Outside(RootOwner::BoundArgument {
                continuation,
                index,
            });
            let slot: *mut TransferSlot = slot;
            self.counts.outside += 1;
            // SAFETY: the registry owns these slots, and binding noted their kinds.
            unsafe {
                match kind {
                    SlotKind::Ref => self.sink.heap_ref(owner, slot.cast()),
                    SlotKind::Cont => {
                        let slot: *mut ContRef = slot.cast();
                        self.sink.cont_ref(owner, slot);
                        // No recursion: a program can bind each of a million
                        // continuations to the next.
                        self.worklist.enqueue(slot.read_unaligned());
                    }
                }
            }
        }
    }
}

impl<S: Sink> RootVisitor for Marker<'_, '_, S> {
    unsafe fn heap_ref(&mut self, owner: RootOwner, slot: *mut u32) {
        self.counts.outside += 1;
        // SAFETY: by contract.
        unsafe { self.sink.heap_ref(SlotOwner::Outside(owner), slot) };
    }

    unsafe fn cont_ref(&mut self, owner: RootOwner, slot: *mut ContRef) {
        self.counts.outside += 1;
        // SAFETY: by contract.
        unsafe {
            self.sink.cont_ref(SlotOwner::Outside(owner), slot);
            self.worklist.enqueue(slot.read_unaligned());
        }
        // A table may hold millions: the worklist stays short meanwhile.
        if let Some(record) = self.worklist.next(Worklist::AHEAD) {
            self.suspended(record);
        }
    }
}
