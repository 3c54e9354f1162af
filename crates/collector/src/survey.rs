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

use crate::graph::{mark_all, parent, target};
use crate::mark::Shown;
use crate::names::Created;
use crate::parts::StoreParts;
use crate::roots::unsound;
use crate::surveyed::{
    SlotValue, SurveyTotals, SurveyedContinuation, SurveyedFrame, Surveyor, function_id,
};
use crate::walk::{KnownFrame, Walker};
use crate::{CollectError, Roots};
use mangrove_abi::{ContRecord, ContRef, HeapRef, SlotKind, StoreContext};
use mangrove_continuation::{Registry, State};
use mangrove_heap::Marks;
use mangrove_stack::is_parked;
use std::ops::ControlFlow;

/// What is there: found first, then shown.
#[derive(Debug)]
pub struct SurveyMarks {
    marks: Marks,
    totals: SurveyTotals,
}

impl SurveyMarks {
    /// Of what is in reach alone.
    pub(crate) fn of(marks: Marks) -> Self {
        let totals = SurveyTotals {
            objects: marks.objects(),
            object_bytes: marks.bytes(),
            ..SurveyTotals::default()
        };
        Self { marks, totals }
    }

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
    mut parts: StoreParts<'_>,
    roots: &mut dyn Roots,
) -> Result<SurveyMarks, CollectError> {
    // SAFETY: by contract.
    let (mut marks, _) = unsafe { mark_all(parts.lend(), roots, None)? };
    let (objects, object_bytes) = (marks.objects(), marks.bytes());
    // SAFETY: by contract.
    unsafe { mark_forgotten(parts, &mut marks)? };
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
    parts: StoreParts<'_>,
    found: &SurveyMarks,
    surveyor: &mut S,
) -> Result<(), CollectError> {
    let mut survey = Survey {
        walker: Walker::new(parts.code),
        parts,
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
unsafe fn mark_forgotten(parts: StoreParts<'_>, marks: &mut Marks) -> Result<(), CollectError> {
    let StoreParts {
        heap,
        registry,
        ctx,
        code,
    } = parts;
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
    parts: StoreParts<'a>,
    walker: Walker<'a>,
    surveyor: &'s mut S,
}

impl<S: Surveyor> Survey<'_, '_, S> {
    /// # Safety
    /// As for [`survey`].
    unsafe fn continuations(&mut self) -> Result<ControlFlow<()>, CollectError> {
        for (record, state) in live(self.parts.registry, self.parts.ctx) {
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
                reached: self.parts.registry.is_marked(record),
                parked: is_parked(record),
                parent: parent(record),
                function: function_id((*record).func),
                created: creator.map(|(creator, wasm_offset)| Created {
                    instance: creator.index,
                    wasm_offset,
                }),
                clone_of: (*record).cloned_from().map(|first| (*first).id.as_u32()),
                age: self.parts.registry.age(record),
                stack_bytes: (*record).stack_top - (*record).sp,
                serial: self.parts.registry.serial(record),
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
        let bound = self.parts.registry.bound_mut(record);
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
                    self.parts.heap.object_info(self.parts.ctx, object),
                    self.parts.heap.fields(object),
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
