//! What a survey shows, one by one: see [`crate::survey`].

use crate::graph::{GraphTarget, current};
use crate::names::{Created, FunctionId};
use crate::walk::KnownSite;
use crate::{CodeName, ModuleId};
use mangrove_abi::{
    CodeOffset, ContRef, FuncIndex, FuncRef, HeapRef, SlotContent, SlotKind, TransferSlot,
    WasmOffset,
};
use mangrove_continuation::State;
use mangrove_heap::ObjectInfo;
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
    pub(crate) site: KnownSite<'a>,
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

    /// The functions that were compiled into each other here, outwards from the one that
    /// encloses [`Self::function`]: each with where its call is. Empty where nothing was
    /// inlined.
    pub fn inlined_into(&self) -> impl Iterator<Item = (FuncIndex, Option<WasmOffset>)> + use<'_> {
        self.site.frames().skip(1)
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
    pub fn holds(&self, distance: u32) -> &[SlotContent] {
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
