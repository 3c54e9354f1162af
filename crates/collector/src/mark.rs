//! Which continuations are live, and every slot they and the store hold.
//!
//! ```text
//!  1  ctx.current ─parent─▶ … ─parent─▶ host ─last─▶ … ─parent─▶ host (outermost)
//!     each record on the way is live and walked
//!  2  roots outside of frames: each continuation reference found is followed
//!  3  until nothing is left to do: a continuation that was reached is walked,
//!     and the continuation references in its frames are followed
//! ```
//!
//! To follow a reference is to ask the registry to mark it (it does so once,
//! and only if the revision is current), and with the record the chain
//! suspended inside it: `parent` by `parent` up to null. A host record stands
//! between two activations: its `last` is the record that was running, and
//! called the host, when its activation was entered.
//!
//! What is done with the slots is a [`Sink`]'s affair. Heap references are not
//! followed here: no heap object holds a continuation (see [`crate::admission`]).

use crate::walk::{KnownFrame, Walker};
use crate::{Activity, Code, CollectError, FrameOwner, RootOwner, RootVisitor, Roots};
use mangrove_abi::{ContRecord, ContRef, RecordState, Slot, SlotKind, StoreContext, TransferSlot};
use mangrove_continuation::{Registry, kept_bytes};
use mangrove_stack::{Frame, arch};
use std::collections::VecDeque;
use std::ptr;

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
    /// The chain ends above the outermost host record.
    #[error("the running chain ends at record {id}, not at the host")]
    Open {
        /// The last record's id.
        id: u32,
    },
}

/// Takes every root marking comes upon, each once.
pub(crate) trait Sink {
    /// A heap reference.
    ///
    /// # Safety
    /// The slot is valid for reads and writes, and holds one.
    unsafe fn heap_ref(&mut self, holder: Holder<'_>, slot: *mut u32);
    /// A continuation reference, at any alignment. Marking follows it by itself.
    ///
    /// # Safety
    /// The slot is valid for reads and writes, and holds one: null, or to one of
    /// the registry's records, which are never freed.
    unsafe fn cont_ref(&mut self, holder: Holder<'_>, slot: *mut ContRef);
}

/// Who holds a slot; turned into a [`RootOwner`] only where one is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Holder<'a> {
    Outside(RootOwner),
    Frame {
        continuation: u32,
        activity: Activity,
        frame: &'a KnownFrame<'a>,
        slot: Slot,
    },
}

impl Holder<'_> {
    pub(crate) fn owner(self) -> RootOwner {
        match self {
            Self::Outside(owner) => owner,
            Self::Frame {
                continuation,
                activity,
                frame,
                slot,
            } => RootOwner::Frame(FrameOwner {
                continuation,
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
pub(crate) struct Scene<'a> {
    pub(crate) registry: &'a mut Registry,
    pub(crate) ctx: &'a StoreContext,
    pub(crate) code: &'a dyn Code,
    /// Where the running stack is stopped, if it trapped there.
    pub(crate) fault: Option<Frame>,
    /// Do not look at the frames of suspended continuations: an injected fault.
    pub(crate) skip_suspended: bool,
    /// Do not look at this slot of theirs: another one.
    pub(crate) drop_slot: Option<usize>,
}

impl<'a> Scene<'a> {
    /// A scene in which nothing is overlooked.
    pub(crate) fn whole(
        registry: &'a mut Registry,
        ctx: &'a StoreContext,
        code: &'a dyn Code,
        fault: Option<Frame>,
    ) -> Self {
        Self {
            registry,
            ctx,
            code,
            fault,
            skip_suspended: false,
            drop_slot: None,
        }
    }
}

/// How much marking looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looked {
    pub(crate) continuations: u64,
    pub(crate) frames: u64,
    pub(crate) slots: u64,
    pub(crate) outside: u64,
    /// Bytes that the continuations keep from others: on stacks whole pages.
    pub(crate) stack_bytes: u64,
}

/// How many references and records are kept waiting for their memory. Enough for
/// what a main memory takes to answer, few enough to stay in the nearest cache.
const AHEAD: usize = 16;

/// How much of a stack is fetched ahead: two small frames and the trampoline's.
const FETCHED_BYTES: u64 = 192;
const CACHE_LINE: usize = 64;
/// From a trampoline's frame pointer to the top of the stack: its caller's, and a
/// return address.
const TRAMPOLINE_BYTES: u64 = 16;

/// Finds everything live. See the module's description.
///
/// # Safety
/// As for [`crate::collect`].
pub(crate) unsafe fn mark<S: Sink>(
    scene: Scene<'_>,
    roots: &mut dyn Roots,
    sink: &mut S,
) -> Result<Looked, CollectError> {
    let Scene {
        registry,
        ctx,
        code,
        fault,
        skip_suspended,
        drop_slot,
    } = scene;
    registry.begin_marking();
    let mut marker = Marker {
        walker: Walker::new(code),
        reached: Reached {
            registry,
            seen: VecDeque::with_capacity(2 * AHEAD),
            marked: VecDeque::with_capacity(2 * AHEAD),
        },
        sink,
        looked: Looked::default(),
        skip_suspended,
        drop_slot,
        failed: None,
    };
    // SAFETY: by contract.
    unsafe { marker.running(ctx, fault)? };
    roots.visit(&mut marker);
    while !marker.reached.is_empty() && marker.failed.is_none() {
        marker.go_on();
    }
    match marker.failed {
        None => Ok(marker.looked),
        Some(error) => Err(error),
    }
}

struct Marker<'a, 's, S> {
    walker: Walker<'a>,
    reached: Reached<'a>,
    sink: &'s mut S,
    looked: Looked,
    skip_suspended: bool,
    drop_slot: Option<usize>,
    /// The first frame that could not be understood.
    failed: Option<CollectError>,
}

/// The registry's marks, and what is under way to being walked:
///
/// ```text
///  a reference is seen ──▶ seen ──▶ its record is marked ──▶ marked ──▶ walked
///                     record fetched                  frames fetched
/// ```
///
/// Records, and even more so the buffers of parked frames, are anywhere in
/// memory. What is put into one of the lists has been asked for, and by the time
/// it comes out it is near.
struct Reached<'a> {
    registry: &'a mut Registry,
    seen: VecDeque<ContRef>,
    marked: VecDeque<*mut ContRecord>,
}

impl Reached<'_> {
    fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.marked.is_empty()
    }

    #[inline]
    fn see(&mut self, reference: ContRef) {
        if !reference.is_null() {
            arch::prefetch(reference.record);
            self.seen.push_back(reference);
        }
    }

    /// Marks what a reference stands for, and the chain suspended inside it.
    #[inline]
    fn follow(&mut self, reference: ContRef) {
        let Some(record) = self.registry.mark(reference) else {
            return;
        };
        self.await_frames(record);
        // SAFETY: the registry's records are never freed, and `parent` of a
        // live one is null or another.
        let mut above = unsafe { (*record).parent };
        while !above.is_null() && self.registry.mark_record(above) {
            self.await_frames(above);
            // SAFETY: as above.
            above = unsafe { (*above).parent };
        }
    }

    #[inline]
    fn await_frames(&mut self, record: *mut ContRecord) {
        // SAFETY: the registry's records are never freed.
        let sp = unsafe { (*record).sp };
        for line in (0..FETCHED_BYTES).step_by(CACHE_LINE) {
            arch::prefetch(ptr::without_provenance::<u8>((sp + line) as usize));
        }
        self.marked.push_back(record);
    }
}

impl<S: Sink> Marker<'_, '_, S> {
    /// Marks and walks the running chain, through all activations.
    ///
    /// # Safety
    /// As for [`crate::collect`].
    unsafe fn running(
        &mut self,
        ctx: &StoreContext,
        fault: Option<Frame>,
    ) -> Result<(), CollectError> {
        let mut activity = Activity::Running;
        let mut fault = fault;
        let mut at = ctx.current;
        while !at.is_null() {
            // SAFETY: by contract the chain is made of the registry's records.
            let (id, state) = unsafe { ((*at).id, (*at).state) };
            // SAFETY: as above.
            let (parent, outer, last) = unsafe { ((*at).parent, (*at).outer, (*at).last) };
            if state == RecordState::Host as u32 {
                if outer.is_null() {
                    return Ok(());
                }
                at = last;
                if at.is_null() {
                    return Err(ChainError::Open { id }.into());
                }
                continue;
            }
            if !self.reached.registry.mark_record(at) {
                let gone = state == RecordState::Gone as u32;
                return Err(ChainError::Record { id, gone }.into());
            }
            // SAFETY: by contract it is stopped: it called the host, or resumed
            // the one before it, or trapped at `fault`.
            unsafe { self.walk(at, activity, fault.take())? };
            self.bound(at);
            activity = Activity::Parent;
            if parent.is_null() {
                return Err(ChainError::Open { id }.into());
            }
            at = parent;
        }
        Ok(())
    }

    /// Marks the continuation whose reference has waited longest, and walks the
    /// one that has; but not so many that the rest would not wait long enough,
    /// unless nothing else is left.
    #[inline]
    fn go_on(&mut self) {
        let last = match self.reached.seen.pop_front() {
            Some(reference) => {
                self.reached.follow(reference);
                false
            }
            None => true,
        };
        if !last && self.reached.marked.len() <= AHEAD {
            return;
        }
        let Some(record) = self.reached.marked.pop_front() else {
            return;
        };
        if !self.skip_suspended {
            // SAFETY: marking began under the contract of `crate::collect`: a
            // live continuation that is on no running chain is suspended.
            let walked = unsafe { self.walk(record, Activity::Suspended, None) };
            if let Err(error) = walked {
                self.failed.get_or_insert(error);
            }
        }
        self.bound(record);
    }

    /// Shows the sink every slot of a continuation's frames.
    ///
    /// # Safety
    /// As for [`Walker::frames`].
    #[inline]
    unsafe fn walk(
        &mut self,
        record: *mut ContRecord,
        activity: Activity,
        fault: Option<Frame>,
    ) -> Result<(), CollectError> {
        let Self {
            walker,
            reached,
            sink,
            looked,
            drop_slot,
            skip_suspended: _,
            failed: _,
        } = self;
        let dropped = match activity {
            Activity::Suspended => drop_slot.unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        // Where a stack trapped, its saved pointer is from before.
        // SAFETY: by contract.
        let (continuation, sp, lands) = unsafe {
            match fault {
                Some(fault) => ((*record).id, fault.fp, false),
                None => ((*record).id, (*record).sp, arch::lands(record)),
            }
        };
        looked.continuations += 1;
        let mut base = sp;
        let frame = |frame: KnownFrame<'_>| {
            base = frame.fp;
            looked.frames += 1;
            looked.slots += frame.site.slots.len() as u64;
            let slots = frame.site.slots.iter().enumerate();
            slots.for_each(|(number, &slot)| {
                if number == dropped {
                    return;
                }
                let holder = Holder::Frame {
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
                        SlotKind::Ref => sink.heap_ref(holder, address.cast()),
                        SlotKind::Cont => {
                            let slot: *mut ContRef = address.cast();
                            sink.cont_ref(holder, slot);
                            reached.see(slot.read_unaligned());
                        }
                    }
                }
            });
        };
        // SAFETY: by contract.
        unsafe { walker.frames(record, fault, frame)? };
        // The trampoline's frame is the last, right below the base.
        let used = base.saturating_sub(sp) + TRAMPOLINE_BYTES;
        looked.stack_bytes += kept_bytes(used, lands);
        Ok(())
    }

    /// Shows the sink the references among a continuation's bound arguments.
    #[inline]
    fn bound(&mut self, record: *mut ContRecord) {
        // SAFETY: the registry's records are never freed.
        let (continuation, count) = unsafe { ((*record).id, (*record).bound_count) };
        if count == 0 {
            return;
        }
        let bound = self.reached.registry.bound_mut(record);
        let bound = bound.expect("the registry keeps what is bound");
        let slots: Vec<_> = bound
            .references()
            .map(|(index, kind, slot)| (index, kind, &raw mut *slot))
            .collect();
        for (index, kind, slot) in slots {
            let owner = RootOwner::BoundArgument {
                continuation,
                index,
            };
            let slot: *mut TransferSlot = slot;
            self.looked.outside += 1;
            let holder = Holder::Outside(owner);
            // SAFETY: the registry owns these slots, and binding noted their kinds.
            unsafe {
                match kind {
                    SlotKind::Ref => self.sink.heap_ref(holder, slot.cast()),
                    SlotKind::Cont => {
                        let slot: *mut ContRef = slot.cast();
                        self.sink.cont_ref(holder, slot);
                        // Not to be followed from here: a program can bind each of
                        // a million continuations to the next.
                        self.reached.see(slot.read_unaligned());
                    }
                }
            }
        }
    }
}

impl<S: Sink> RootVisitor for Marker<'_, '_, S> {
    unsafe fn heap_ref(&mut self, owner: RootOwner, slot: *mut u32) {
        self.looked.outside += 1;
        // SAFETY: by contract.
        unsafe { self.sink.heap_ref(Holder::Outside(owner), slot) };
    }

    unsafe fn cont_ref(&mut self, owner: RootOwner, slot: *mut ContRef) {
        self.looked.outside += 1;
        // SAFETY: by contract.
        unsafe {
            self.sink.cont_ref(Holder::Outside(owner), slot);
            self.reached.see(slot.read_unaligned());
        }
        if self.reached.seen.len() > AHEAD {
            self.go_on();
        }
    }
}
