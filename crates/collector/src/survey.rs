//! Everything that is there, in one pass, for who makes a picture of it: continuations
//! with their frames and each slot of those, whatever is in it, then objects. Nothing
//! moves, and what is kept meanwhile is two bits for each 8 bytes of heap.
//!
//! ```text
//!  1  marking   which continuations and objects are in reach
//!  2  forgotten continuations that are not, and not ended yet: what only they hold
//!  3  each continuation ─ its bound arguments ─ its frames ─ their slots
//!  4  each object, by its place ─ the references in it
//! ```
//!
//! What lies outside of those, globals and the like, the store shows itself.

use crate::graph::{GraphTarget, current, mark_all, parent, target};
use crate::mark::Shown;
use crate::names::{Created, FunctionId};
use crate::roots::unsound;
use crate::walk::{KnownFrame, KnownSite, Walker};
use crate::{Code, CodeName, CollectError, ModuleId, Roots};
use mangrove_abi::{
    CodeOffset, ContRecord, ContRef, FuncRef, HeapRef, SlotHolds, SlotKind, StoreContext,
    TransferSlot, WasmOffset,
};
use mangrove_continuation::{Registry, State};
use mangrove_heap::{Heap, Marks, ObjectInfo};
use mangrove_stack::is_parked;
use std::ops::ControlFlow;

/// Takes what a survey shows.
pub trait Surveyor {
    /// A continuation that lives, or that is forgotten and not ended yet.
    fn continuation(&mut self, continuation: &SurveyedContinuation) -> ControlFlow<()>;
    /// An argument bound to the continuation before: with its kind, if it is a reference.
    fn bound(&mut self, index: u32, kind: Option<SlotKind>, value: TransferSlot);
    /// A frame of the continuation before; the innermost comes first.
    fn frame(&mut self, frame: &SurveyedFrame<'_>);
    /// A slot of the frame before.
    fn slot(&mut self, index: u32, value: SlotValue);
    /// An object.
    fn object(&mut self, object: ObjectInfo) -> ControlFlow<()>;
    /// A reference in the object before, so many bytes from its start.
    fn field(&mut self, offset: u32, to: GraphTarget);
}

/// What is in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotValue {
    /// Null.
    Null,
    /// An `i31`, sign-extended.
    I31(i32),
    /// An object, by its offset from the heap's base.
    Object(u32),
    /// A continuation, by its id.
    Continuation(u32),
    /// A reference to a continuation that was used before, and so keeps nothing: the
    /// record's id, which may be another continuation's by now.
    Used(u32),
}

impl SlotValue {
    /// What a heap reference is.
    pub fn of_ref(reference: HeapRef) -> Self {
        if reference.is_null() {
            Self::Null
        } else if reference.is_i31() {
            // The sign is the highest of 31 bits.
            Self::I31((reference.0 as i32) >> 1)
        } else {
            Self::Object(reference.0)
        }
    }

    /// What a continuation reference is.
    ///
    /// # Safety
    /// It is null or to a record of a registry that lives.
    pub unsafe fn of_cont(reference: ContRef) -> Self {
        if let Some(id) = current(reference) {
            return Self::Continuation(id);
        }
        // SAFETY: by contract; records are never freed.
        match unsafe { reference.record.as_ref() } {
            None => Self::Null,
            Some(record) => Self::Used(record.id.as_u32()),
        }
    }
}

/// A continuation as a survey finds it. Names are looked up by who wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurveyedContinuation {
    /// Its number. Numbers are used again: unique among the live.
    pub id: u32,
    /// Fresh, running, parent or suspended.
    pub state: State,
    /// Whether it is in reach. If not, the next full collection ends it.
    pub reached: bool,
    /// Whether it is parked: fresh or suspended, without a stack.
    pub parked: bool,
    /// The one it was resumed by, with which it runs or is suspended.
    pub parent: Option<u32>,
    /// The function it was made from.
    pub function: FunctionId,
    /// The `cont.new` that made it, or what it is a clone of; none if the host did.
    pub created: Option<Created>,
    /// The number of what it was cloned from, then.
    pub clone_of: Option<u32>,
    /// Full collections that have found it alive.
    pub age: u32,
    /// Bytes it uses of its stack, or its parked frames take.
    pub stack_bytes: u64,
    /// What tells it from all others of the run, if somebody follows them; else 0.
    pub serial: u64,
}

/// A frame as a survey finds it.
#[derive(Clone, Copy)]
pub struct SurveyedFrame<'a> {
    /// 0 for the innermost of its continuation.
    pub index: u32,
    /// Bytes it takes, with its return address.
    pub bytes: u64,
    site: KnownSite<'a>,
}

impl SurveyedFrame<'_> {
    /// The module whose code runs in it.
    pub fn module(&self) -> ModuleId {
        self.site.module
    }

    /// Where it stands in the module's machine code. With the module it tells sites apart.
    pub fn pc(&self) -> CodeOffset {
        self.site.call().pc
    }

    /// The code that runs in it.
    pub fn function(&self) -> CodeName {
        self.site.function().into()
    }

    /// The call in the Wasm module; none in a trampoline.
    pub fn wasm_offset(&self) -> Option<WasmOffset> {
        self.site.wasm_offset()
    }

    /// Its slots, in the order in which they are shown: what each may hold, and how many
    /// bytes below the frame pointer it is.
    pub fn slots(&self) -> impl ExactSizeIterator<Item = (SlotKind, u32)> + use<'_> {
        let slots = self.site.slots;
        let mut all = slots.iter();
        (0..slots.len()).map(move |_| {
            let slot = all.next().expect("as many as there are");
            (slot.kind(), slot.distance())
        })
    }

    /// What of the program is in the slot at this distance, as far as the compiler knows and
    /// was asked to tell.
    pub fn holds(&self, distance: u32) -> &[SlotHolds] {
        self.site.holds(distance)
    }
}

impl std::fmt::Debug for SurveyedFrame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SurveyedFrame")
            .field("index", &self.index)
            .field("module", &self.module())
            .field("pc", &self.pc())
            .field("function", &self.function())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// How much a survey has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SurveyTotals {
    /// Objects in reach.
    pub objects: u64,
    /// Bytes they take.
    pub object_bytes: u64,
    /// Objects that only forgotten continuations hold.
    pub forgotten_objects: u64,
    /// Bytes they take.
    pub forgotten_bytes: u64,
}

/// What is there: found first, then shown.
#[derive(Debug)]
pub struct SurveyMarks {
    marks: Marks,
    totals: SurveyTotals,
}

impl SurveyMarks {
    /// How much that is.
    pub fn totals(&self) -> SurveyTotals {
        self.totals
    }

    /// Whether an object will be shown: what only weak handles refer to is not.
    pub fn contains(&self, object: HeapRef) -> bool {
        self.marks.contains(object)
    }
}

/// Finds what is there. Nothing may run, be made or be collected before it is shown.
///
/// # Errors
/// As [`crate::root_set`].
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn begin_survey(
    heap: &Heap,
    registry: &mut Registry,
    ctx: &StoreContext,
    code: &dyn Code,
    roots: &mut dyn Roots,
) -> Result<SurveyMarks, CollectError> {
    // SAFETY: by contract.
    let (mut marks, _) = unsafe { mark_all(heap, registry, ctx, code, roots, None)? };
    let (objects, object_bytes) = (marks.objects(), marks.bytes());
    // SAFETY: by contract.
    unsafe { mark_forgotten(heap, registry, ctx, code, &mut marks)? };
    let totals = SurveyTotals {
        objects,
        object_bytes,
        forgotten_objects: marks.objects() - objects,
        forgotten_bytes: marks.bytes() - object_bytes,
    };
    Ok(SurveyMarks { marks, totals })
}

/// Shows continuations and objects, until the surveyor says that it is enough.
///
/// # Errors
/// When a frame cannot be understood.
///
/// # Safety
/// As for [`crate::collect`]; the marks are of this store as it is.
pub unsafe fn survey<S: Surveyor>(
    heap: &Heap,
    registry: &mut Registry,
    ctx: &StoreContext,
    code: &dyn Code,
    found: &SurveyMarks,
    surveyor: &mut S,
) -> Result<(), CollectError> {
    let mut survey = Survey {
        heap,
        registry,
        ctx,
        walker: Walker::new(code),
        surveyor,
    };
    // SAFETY: by contract.
    unsafe {
        if survey.continuations()?.is_continue() {
            let _ = survey.objects(&found.marks);
        }
    }
    Ok(())
}

/// The continuations that live, by number.
fn live(registry: &Registry, ctx: &StoreContext) -> Vec<(*mut ContRecord, State)> {
    let states = registry.states(ctx);
    let live = states.filter(|(_, state)| !matches!(state, State::Gone | State::Host));
    live.collect()
}

/// Marks what only continuations hold that nothing reaches. They are not ended yet, so
/// what they refer to is still there: a minor collection keeps it, and a full one would
/// have ended them.
///
/// # Safety
/// As for [`begin_survey`].
unsafe fn mark_forgotten(
    heap: &Heap,
    registry: &mut Registry,
    ctx: &StoreContext,
    code: &dyn Code,
    marks: &mut Marks,
) -> Result<(), CollectError> {
    let mut walker = Walker::new(code);
    for (record, _) in live(registry, ctx) {
        if registry.is_marked(record) {
            continue;
        }
        let mut fault = None;
        let mut mark = |reference: HeapRef| {
            if let Err(error) = marks.mark(reference) {
                fault.get_or_insert(error);
            }
        };
        let frame = |frame: KnownFrame<'_>| {
            for (_, slot) in frame.heap_refs() {
                // SAFETY: by the contract of [`Code`], the slots hold references.
                mark(HeapRef(unsafe { slot.read() }));
            }
        };
        // SAFETY: by contract a live record is stopped.
        unsafe { walker.frames(record, frame)? };
        if let Some(bound) = registry.bound_mut(record) {
            for (_, kind, slot) in bound.references() {
                if kind == SlotKind::Ref {
                    mark(HeapRef(slot.words[0] as u32));
                }
            }
        }
        if let Some(fault) = fault {
            return Err(unsound(fault));
        }
        // Continuations are all gone through here, whoever refers to them.
        // SAFETY: the marks are this heap's, which is only looked at meanwhile.
        while unsafe { marks.drain(heap, &mut Shown(|_| ())) }.map_err(unsound)? {}
    }
    Ok(())
}

struct Survey<'a, 's, S> {
    heap: &'a Heap,
    registry: &'a mut Registry,
    ctx: &'a StoreContext,
    walker: Walker<'a>,
    surveyor: &'s mut S,
}

impl<S: Surveyor> Survey<'_, '_, S> {
    /// # Safety
    /// As for [`survey`].
    unsafe fn continuations(&mut self) -> Result<ControlFlow<()>, CollectError> {
        for (record, state) in live(self.registry, self.ctx) {
            // SAFETY: by contract; a live record's function, instances and parent live as
            // long as the store.
            unsafe {
                let continuation = self.continuation(record, state);
                if self.surveyor.continuation(&continuation).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.bound(record);
                self.frames(record)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// # Safety
    /// The record is live and stopped.
    unsafe fn continuation(&self, record: *mut ContRecord, state: State) -> SurveyedContinuation {
        // SAFETY: by contract.
        unsafe {
            let creator = (*record).made_by().as_ref().zip((*record).created_at);
            SurveyedContinuation {
                id: (*record).id.as_u32(),
                state,
                reached: self.registry.is_marked(record),
                parked: is_parked(record),
                parent: parent(record),
                function: function_id((*record).func),
                created: creator.map(|(creator, wasm_offset)| Created {
                    instance: creator.index,
                    wasm_offset,
                }),
                clone_of: (*record).cloned_from().map(|first| (*first).id.as_u32()),
                age: self.registry.age(record),
                stack_bytes: (*record).stack_top - (*record).sp,
                serial: self.registry.serial(record),
            }
        }
    }

    /// # Safety
    /// As for [`Survey::continuation`].
    unsafe fn bound(&mut self, record: *mut ContRecord) {
        // SAFETY: by contract.
        if unsafe { (*record).bound_count() } == 0 {
            return;
        }
        let bound = self.registry.bound_mut(record);
        let bound = bound.expect("the registry keeps what is bound");
        for (index, (kind, value)) in (0..).zip(bound.all()) {
            self.surveyor.bound(index, kind, value);
        }
    }

    /// # Safety
    /// As for [`Survey::continuation`].
    unsafe fn frames(&mut self, record: *mut ContRecord) -> Result<(), CollectError> {
        let Self {
            walker, surveyor, ..
        } = self;
        // SAFETY: by contract.
        let mut base = unsafe { (*record).sp };
        let frame = |frame: KnownFrame<'_>| {
            // Its frame pointer's word, and its return address.
            let end = frame.fp + 16;
            surveyor.frame(&SurveyedFrame {
                index: frame.index,
                bytes: end.saturating_sub(base),
                site: frame.site,
            });
            base = end;
            for (index, &slot) in (0..).zip(frame.site.slots.iter()) {
                let address = frame.address(slot);
                // SAFETY: the call site, one of the code's by the contract of [`Code`], says
                // that a reference of this kind is in this slot.
                let value = unsafe {
                    match slot.kind() {
                        SlotKind::Ref => SlotValue::of_ref(HeapRef(address.cast::<u32>().read())),
                        SlotKind::Cont => {
                            SlotValue::of_cont(address.cast::<ContRef>().read_unaligned())
                        }
                    }
                };
                surveyor.slot(index, value);
            }
        };
        // SAFETY: by contract.
        unsafe { walker.frames(record, frame)? };
        Ok(())
    }

    /// # Safety
    /// As for [`survey`]; the marks are of the heap as it is.
    unsafe fn objects(&mut self, marks: &Marks) -> ControlFlow<()> {
        let mut next = marks.next(HeapRef::NULL);
        while let Some(object) = next {
            // SAFETY: marking has found it, and nothing was allocated or collected since.
            let (info, fields) = unsafe {
                (
                    self.heap.object_info(self.ctx, object),
                    self.heap.fields(object),
                )
            };
            self.surveyor.object(info)?;
            for (offset, value) in fields {
                if let Some(to) = target(value) {
                    self.surveyor.field(offset, to);
                }
            }
            next = marks.next(HeapRef(object.0 + info.bytes as u32));
        }
        ControlFlow::Continue(())
    }
}

/// What a function reference is to.
///
/// # Safety
/// It is to a function of a store that lives.
pub unsafe fn function_id(function: *const FuncRef) -> FunctionId {
    // SAFETY: by contract; instances live as long as their store.
    unsafe {
        let FuncRef {
            instance,
            index,
            type_id,
            ..
        } = *function;
        FunctionId {
            instance: ((*instance).owner != 0).then_some((*instance).index),
            index,
            type_id,
        }
    }
}
