//! Everything that lives and what it refers to, item by item. Nothing moves, and what is
//! kept meanwhile is a few bits for each object, not the graph.
//!
//! ```text
//!  1  marking   each reference in a slot is an item: who has the slot, what is there
//!  2  a survey  each continuation that lives; each object that does, by its place, and each
//!               reference in it
//! ```

use crate::mark::{MarkInput, Shown, Sink, SlotOwner, mark};
use crate::names::{Names, Within};
use crate::parts::StoreParts;
use crate::roots::unsound;
use crate::survey::{SurveyMarks, survey};
use crate::surveyed::{SlotValue, SurveyedContinuation, SurveyedFrame, Surveyor};
use crate::{CollectError, RootOwner, Roots, When};
use mangrove_abi::{ContRecord, ContRef, HeapRef, RecordState, SlotKind, TransferSlot, TypeId};
use mangrove_continuation::State;
use mangrove_heap::{FieldValue, Heap, Marks, ObjectInfo};
use serde::Serialize;
use std::ops::ControlFlow;

/// What a reference is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphTarget {
    /// An object, by its offset from the heap's base.
    Object(u32),
    /// A continuation, by its id.
    Continuation(u32),
}

/// A continuation that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveContinuation {
    /// Its id.
    pub id: u32,
    /// What it is doing.
    pub state: State,
    /// The one it was resumed by, with which it runs or is suspended; none for the
    /// outermost.
    pub parent: Option<u32>,
}

/// Something that lives, or a reference from something that does. References that are
/// null, `i31`s, and continuation references that were used before are no items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphItem {
    /// A slot outside of objects.
    Root {
        /// Who has the slot.
        owner: RootOwner,
        /// What is in it.
        to: GraphTarget,
    },
    /// A continuation.
    Continuation(LiveContinuation),
    /// An object. Its references follow.
    Object(ObjectInfo),
    /// A reference in the object before.
    Field {
        /// Where the object is.
        object: u32,
        /// Where in it; none if its type is not known, which only a defect can bring.
        within: Option<Within>,
        /// What it refers to.
        to: GraphTarget,
    },
}

/// What a continuation reference stands for, if it is current.
pub(crate) fn current(reference: ContRef) -> Option<u32> {
    // SAFETY: a reference that is not null has one of the registry's records, which are
    // never freed.
    let record = unsafe { reference.record.as_ref() }?;
    let current = record.revision == reference.revision && record.state == RecordState::Live as u32;
    current.then(|| record.id.as_u32())
}

/// What a value in a field refers to.
pub fn target(value: FieldValue) -> Option<GraphTarget> {
    match value {
        FieldValue::Ref(object) => object.is_object().then_some(GraphTarget::Object(object.0)),
        FieldValue::Cont(reference) => current(reference).map(GraphTarget::Continuation),
    }
}

/// Shows everything that lives, and every reference in it. It ends early when `visit`
/// says so.
///
/// # Errors
/// As [`crate::root_set`].
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn graph(
    mut parts: StoreParts<'_>,
    roots: &mut dyn Roots,
    names: &dyn Names,
    visit: &mut dyn FnMut(GraphItem) -> ControlFlow<()>,
) -> Result<(), CollectError> {
    // SAFETY: by contract.
    let (marks, flow) = unsafe { mark_all(parts.lend(), roots, Some(visit))? };
    if flow.is_break() {
        return Ok(());
    }
    let mut shower = Shower {
        names,
        visit,
        object: None,
        flow: ControlFlow::Continue(()),
    };
    // SAFETY: by contract; nothing has happened since it was marked.
    unsafe { survey(parts, &SurveyMarks::of(marks), &mut shower) }
}

/// Shows what a survey does, as far as it is in reach: who has slots, and what is in them, was
/// shown by marking.
struct Shower<'a> {
    names: &'a dyn Names,
    visit: &'a mut dyn FnMut(GraphItem) -> ControlFlow<()>,
    /// The object whose references come, and its type.
    object: Option<(u32, TypeId)>,
    /// Whether more is wanted.
    flow: ControlFlow<()>,
}

impl Shower<'_> {
    fn show(&mut self, item: GraphItem) -> ControlFlow<()> {
        if self.flow.is_continue() {
            self.flow = (self.visit)(item);
        }
        self.flow
    }
}

impl Surveyor for Shower<'_> {
    fn continuation(&mut self, continuation: &SurveyedContinuation) -> ControlFlow<()> {
        let &SurveyedContinuation {
            id, state, parent, ..
        } = continuation;
        match continuation.reached {
            true => self.show(GraphItem::Continuation(LiveContinuation {
                id,
                state,
                parent,
            })),
            false => self.flow,
        }
    }

    fn bound(&mut self, _: u32, _: Option<SlotKind>, _: TransferSlot) {}

    fn frame(&mut self, _: &SurveyedFrame<'_>) {}

    fn slot(&mut self, _: u32, _: SlotValue) {}

    fn object(&mut self, object: ObjectInfo) -> ControlFlow<()> {
        self.object = Some((object.object.0, object.type_id));
        self.show(GraphItem::Object(object))
    }

    fn field(&mut self, offset: u32, to: GraphTarget) {
        if let Some((object, type_id)) = self.object {
            let within = self.names.within(type_id, offset);
            let _ = self.show(GraphItem::Field { object, within, to });
        }
    }
}

/// The objects in reach.
///
/// # Errors
/// As [`crate::root_set`].
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn reachable(
    parts: StoreParts<'_>,
    roots: &mut dyn Roots,
) -> Result<Marks, CollectError> {
    // SAFETY: by contract.
    let marked = unsafe { mark_all(parts, roots, None) };
    marked.map(|(marks, _)| marks)
}

/// The continuation that has resumed this one, if it is no host.
///
/// # Safety
/// A record of a registry.
pub(crate) unsafe fn parent(record: *const ContRecord) -> Option<u32> {
    // SAFETY: by contract; parents are records of the same registry.
    let parent = unsafe { (*record).parent.as_ref() }?;
    (parent.state == RecordState::Live as u32).then(|| parent.id.as_u32())
}

/// # Safety
/// As for [`crate::collect`].
pub(crate) unsafe fn mark_all(
    parts: StoreParts<'_>,
    roots: &mut dyn Roots,
    visit: Option<&mut dyn FnMut(GraphItem) -> ControlFlow<()>>,
) -> Result<(Marks, ControlFlow<()>), CollectError> {
    let StoreParts {
        heap,
        registry,
        ctx,
        code,
    } = parts;
    let mut sink = Reach {
        heap,
        marks: heap.marks(ctx).map_err(unsound)?,
        visit,
        flow: ControlFlow::Continue(()),
        error: None,
    };
    // As in `root_set`.
    let input = MarkInput::new(registry, ctx, code, ctx.defect);
    // SAFETY: by contract.
    unsafe { mark(input, roots, &mut sink)? };
    match sink.error {
        Some(error) => Err(error),
        None => Ok((sink.marks, sink.flow)),
    }
}

/// Marks, and shows each reference in a slot to who wants to see them.
struct Reach<'h, 'v> {
    heap: &'h Heap,
    marks: Marks,
    visit: Option<&'v mut dyn FnMut(GraphItem) -> ControlFlow<()>>,
    /// Whether that one wants to see more.
    flow: ControlFlow<()>,
    error: Option<CollectError>,
}

impl Reach<'_, '_> {
    fn show(&mut self, owner: SlotOwner<'_>, to: GraphTarget) {
        if let Some(visit) = &mut self.visit
            && self.flow.is_continue()
        {
            let owner = owner.root_owner();
            self.flow = visit(GraphItem::Root { owner, to });
        }
    }
}

impl Sink for Reach<'_, '_> {
    unsafe fn heap_ref(&mut self, owner: SlotOwner<'_>, slot: *mut u32) {
        // SAFETY: by contract.
        let object = HeapRef(unsafe { slot.read() });
        if !object.is_object() {
            return;
        }
        // `drain` looks into it.
        match self.marks.mark(object) {
            Ok(_) => self.show(owner, GraphTarget::Object(object.0)),
            Err(_) => {
                self.error.get_or_insert(CollectError::BadRoot {
                    when: When::Looking,
                    owner: owner.root_owner(),
                    value: object.0,
                });
            }
        }
    }

    unsafe fn cont_ref(&mut self, owner: SlotOwner<'_>, slot: *mut ContRef) {
        // SAFETY: by contract.
        if let Some(id) = current(unsafe { slot.read_unaligned() }) {
            self.show(owner, GraphTarget::Continuation(id));
        }
    }

    fn drain(&mut self, found: impl FnMut(ContRef)) -> bool {
        if self.error.is_some() {
            return false;
        }
        // SAFETY: the marks are this heap's, which is only looked at meanwhile.
        let drained = unsafe { self.marks.drain(self.heap, &mut Shown(found)) };
        drained.unwrap_or_else(|fault| {
            self.error = Some(unsound(fault));
            false
        })
    }
}
