//! Everything a store has, shown in one pass to who makes a picture of it.
//!
//! ```text
//!  globals, tables, segments, handles, weak handles ─┐   (fixed)
//!  continuations ─ bound arguments, frames, slots ───┼─▶ SurveyItem, one after another
//!  objects ─ the references in them ─────────────────┘   (object: their contents)
//! ```
//!
//! Items hold numbers and no names: what those are called is looked up afterwards, once
//! each (`names`). What is told twice can be known again ([`SurveyOptions::follow`]).

mod fixed;
pub(crate) mod followed;
mod names;
mod object;
mod shapes;

pub use names::{FieldInfo, FieldStorage, ObjectTypeInfo, StoreNames};
pub use object::SurveyedObject;

use crate::error::Error;
use crate::kind::ValueKind;
use crate::store::StoreInner;
use crate::walk::ObjectKind;
use followed::{Followed, Seen};
use mangrove_abi::{FuncRef, HeapRef, SlotKind, TransferSlot, TypeId};
use mangrove_collector::{
    CollectError, FunctionId, GraphTarget, HeapSpace, ObjectInfo, SlotValue, SurveyTotals,
    SurveyedContinuation, SurveyedFrame, Surveyor, Within, begin_survey, function_id, survey,
};
use mangrove_heap::HeapFigures;
use object::Reader;
use std::ops::ControlFlow;
use std::ptr;

/// What a survey is to do.
///
/// # Examples
/// See [`SurveyItem`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SurveyOptions {
    /// Whether what is shown is to be known again by later surveys of the store: objects and
    /// continuations have numbers then that stay theirs. It takes 8 bytes for each object,
    /// and time of each collection, until [`StoreInner::unfollow`].
    pub follow: bool,
}

/// What is in a place.
///
/// # Examples
/// See [`SurveyItem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A null reference.
    Null,
    /// An `i31`, sign-extended.
    I31(i32),
    /// An object, by its offset from the heap's base.
    Object(u32),
    /// A continuation, by its id.
    Continuation(u32),
    /// A reference to a continuation that was used before: the id of its record.
    Used(u32),
    /// A number.
    I32(i32),
    /// A number.
    I64(i64),
    /// A float's bits.
    F32(u32),
    /// A float's bits.
    F64(u64),
    /// A vector.
    V128([u8; 16]),
    /// A function.
    Func(FunctionId),
    /// What a weak handle was to, and is dead.
    Dead(Dead),
    /// A number whose type is not known.
    Unknown,
}

/// What is dead, and whose weak handle somebody still has.
///
/// # Examples
/// ```
/// use mangrove::{Content, Dead, Engine, ExternRef, ObjectKind, Store, SurveyItem, SurveyOptions, WeakHandle};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let object = ExternRef::new(&mut store, 7)?;
/// let weak = WeakHandle::new(&mut store, object.handle())?;
/// drop(object);
/// let mut dead = Vec::new();
/// for _ in 0..2 {
///     store.survey(SurveyOptions::default(), &mut |item: SurveyItem<'_>| {
///         if let SurveyItem::Value { value: Content::Dead(what), .. } = item {
///             dead.push(what);
///         }
///         ControlFlow::Continue(())
///     })?;
///     // Dead is what nothing keeps, and what a collection has taken away.
///     store.gc()?;
/// }
/// assert!(matches!(dead[..], [Dead::Object { kind: ObjectKind::Host, .. }, Dead::Object { .. }]));
/// drop(weak);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dead {
    /// An object.
    Object {
        /// Its type, which the store still has.
        type_id: TypeId,
        /// What it was.
        kind: ObjectKind,
    },
    /// A continuation, by the id it had: another one may have it now.
    Continuation(u32),
}

impl From<SlotValue> for Content {
    fn from(value: SlotValue) -> Self {
        match value {
            SlotValue::Null => Self::Null,
            SlotValue::I31(value) => Self::I31(value),
            SlotValue::Object(offset) => Self::Object(offset),
            SlotValue::Continuation(id) => Self::Continuation(id),
            SlotValue::Used(id) => Self::Used(id),
        }
    }
}

impl Content {
    /// What is in a slot that holds a value of this kind.
    ///
    /// # Safety
    /// It does, of a store that lives.
    unsafe fn of(slot: TransferSlot, kind: ValueKind) -> Self {
        let low = slot.words[0];
        match kind {
            ValueKind::I32 => Self::I32(low as i32),
            ValueKind::I64 => Self::I64(low as i64),
            ValueKind::F32 => Self::F32(low as u32),
            ValueKind::F64 => Self::F64(low),
            ValueKind::V128 => Self::V128(slot.as_u128().to_le_bytes()),
            ValueKind::Func if low == 0 => Self::Null,
            ValueKind::Func => {
                let function = ptr::with_exposed_provenance::<FuncRef>(low as usize);
                // SAFETY: by contract.
                Self::Func(unsafe { function_id(function) })
            }
            ValueKind::Any | ValueKind::Extern | ValueKind::Exn => {
                SlotValue::of_ref(HeapRef(low as u32)).into()
            }
            // SAFETY: by contract.
            ValueKind::Cont(_) => unsafe { SlotValue::of_cont(slot.as_cont()) }.into(),
        }
    }
}

/// What lies outside of stacks and objects.
///
/// # Examples
/// See [`SurveyItem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FixedPlace {
    /// A global.
    Global {
        /// The instance that defines it; none for one the host made.
        instance: Option<u32>,
        /// Its index there, or its number in the store.
        index: u32,
    },
    /// A table.
    Table {
        /// The instance that defines it; none for one the host made.
        instance: Option<u32>,
        /// Its index there, or its number in the store.
        index: u32,
        /// How many elements it has.
        len: u64,
    },
    /// An element segment that was not dropped.
    Segment {
        /// The instance.
        instance: u32,
        /// Its index.
        segment: u32,
        /// How many items it has.
        len: u64,
    },
    /// A host handle, of its own or in a scope; or an operand of a constant expression.
    Handle {
        /// Its number.
        index: u32,
    },
    /// A weak handle: it keeps nothing.
    Weak {
        /// Its number.
        index: u32,
    },
}

/// One thing that a survey shows.
///
/// # Examples
/// ```
/// use mangrove::{Content, Engine, FixedPlace, GraphTarget, Linker, Module, Store, SurveyItem, SurveyOptions, Within};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module $demo
///     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
///     (tag $pause)
///     (global $kept (mut (ref null $k)) (ref.null $k))
///     (elem declare func $waits)
///     (func $waits (local $b (ref $box))
///         (local.set $b (struct.new $box (struct.new $box (ref.i31 (i32.const 5)))))
///         (suspend $pause)
///         (drop (struct.get $box 0 (local.get $b))))
///     (func $run (export \"run\")
///         (block $on (result (ref $k))
///             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
///         (global.set $kept)))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
///
/// let mut told = Vec::new();
/// let mut inner = None;
/// store.survey(SurveyOptions::default(), &mut |item: SurveyItem<'_>| {
///     match item {
///         SurveyItem::Fixed(FixedPlace::Global { index, .. }) => told.push(format!("global {index}")),
///         SurveyItem::Value { value: Content::Continuation(_), .. } => {
///             told.push("holds a continuation".to_owned());
///         }
///         SurveyItem::Continuation(continuation) => {
///             told.push(continuation.state.name().to_owned());
///         }
///         SurveyItem::Frame(frame) => told.push(format!("frame {}", frame.index)),
///         SurveyItem::Slot { value: Content::Object(_), .. } => {
///             told.push("holds an object".to_owned());
///         }
///         SurveyItem::Object(object) => told.push(format!("{} bytes", object.bytes())),
///         SurveyItem::Field { within: Some(Within::Field { index: 0 }), to } => {
///             inner = Some(to);
///         }
///         _ => {}
///     }
///     ControlFlow::Continue(())
/// })?;
/// let told: Vec<&str> = told.iter().map(String::as_str).collect();
/// let frame = ["global 0", "holds a continuation", "suspended", "frame 0", "holds an object"];
/// assert_eq!(told[..5], frame);
/// assert_eq!(told[told.len() - 2..], ["8 bytes", "8 bytes"]);
/// assert!(matches!(inner, Some(GraphTarget::Object(_))), "what the outer box holds");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub enum SurveyItem<'a> {
    /// A global, a table, a segment, a handle. What is in it follows.
    Fixed(FixedPlace),
    /// What the place before holds: a table's or segment's element with this number, else
    /// number 0. Null elements are left out.
    Value {
        /// Which element.
        index: u64,
        /// What is there.
        value: Content,
    },
    /// A continuation. What is bound to it and its frames follow.
    Continuation(&'a SurveyedContinuation),
    /// An argument bound to the continuation before.
    Bound {
        /// Which.
        index: u32,
        /// What it is.
        value: Content,
    },
    /// A frame of the continuation before, the innermost first. Its slots follow.
    Frame(&'a SurveyedFrame<'a>),
    /// A slot of the frame before, in the order of [`SurveyedFrame::slots`].
    Slot {
        /// Which.
        index: u32,
        /// What is in it.
        value: Content,
    },
    /// An object. The references in it follow.
    Object(&'a SurveyedObject<'a>),
    /// A reference in the object before: not those that are null, `i31`s, or used.
    Field {
        /// Where in the object; none if its type is not known, which only a defect can bring.
        within: Option<Within>,
        /// What it is to.
        to: GraphTarget,
    },
}

/// What a survey has found in all.
///
/// # Examples
/// ```
/// use mangrove::{Engine, ExternRef, HeapFigures, Store, SurveyOptions, SurveySummary, SurveyTotals};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let kept = ExternRef::new(&mut store, 7)?;
/// drop(ExternRef::new(&mut store, 8)?);
/// // What is counted is known before the first item.
/// let mut enough = |_: mangrove::SurveyItem<'_>| ControlFlow::Break(());
/// let summary: SurveySummary = store.survey(SurveyOptions::default(), &mut enough)?;
/// let totals: SurveyTotals = summary.totals;
/// assert_eq!((totals.objects, totals.forgotten_objects), (1, 0));
/// // What is dead still takes its bytes.
/// let heap: HeapFigures = summary.heap;
/// assert_eq!(heap.young_used, 2 * totals.object_bytes);
/// assert_eq!((heap.minor_collections, heap.full_collections), (0, 0));
/// assert_eq!(summary.run, 0, "objects are not followed");
/// # drop(kept);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SurveySummary {
    /// Objects.
    pub totals: SurveyTotals,
    /// Spaces of the heap.
    pub heap: HeapFigures,
    /// What tells this run from others, if it is followed; else 0. Numbers that are given to
    /// objects and continuations mean something in one run.
    pub run: u64,
}

type Visit<'v> = dyn FnMut(SurveyItem<'_>) -> ControlFlow<()> + 'v;

impl StoreInner {
    /// Shows everything the store has, until `visit` says that it is enough. Nothing moves.
    ///
    /// # Errors
    /// [`Error::Internal`] if a frame or the heap is not as it must be.
    pub fn survey(
        &mut self,
        options: SurveyOptions,
        visit: &mut Visit<'_>,
    ) -> Result<SurveySummary, Error> {
        self.handles.prune();
        self.weak.prune();
        if options.follow {
            // SAFETY: the context is ours, and no compiled code runs.
            self.registry.follow(unsafe { self.ctx.as_ref() });
        }
        let mut followed = self.followed.take();
        if options.follow {
            followed.get_or_insert_with(Followed::new);
        }
        let made = self.survey_with(&mut followed, visit);
        self.followed = followed;
        made
    }

    fn survey_with(
        &mut self,
        followed: &mut Option<Followed>,
        visit: &mut Visit<'_>,
    ) -> Result<SurveySummary, Error> {
        // SAFETY: the context is ours, and no compiled code runs.
        let heap = self.heap.figures(unsafe { self.ctx.as_ref() });
        let found = self.look(|parts| {
            let (parts, mut roots, _) = parts.split();
            // SAFETY: as in `collect_as`.
            unsafe { begin_survey(parts, &mut roots) }
        })?;
        let totals = found.totals();
        let run = followed.as_ref().map_or(0, Followed::run);
        if self.fixed(&found, visit).is_break() {
            return Ok(SurveySummary { totals, heap, run });
        }
        let mut seen = followed.as_mut().map(Followed::begin);
        let done = self.look(|parts| {
            let (parts, roots, names) = parts.split();
            let mut shower = Shower {
                reader: Reader::new(names.engine, parts.heap, roots.host_values),
                visit,
                seen: seen.as_mut(),
                params: None,
                flow: ControlFlow::Continue(()),
            };
            // SAFETY: as in `collect_as`; nothing has happened since it was marked.
            unsafe { survey(parts, &found, &mut shower)? };
            Ok::<_, CollectError>(shower.flow.is_continue())
        })?;
        if let Some(seen) = seen
            && done
        {
            seen.finish();
        }
        Ok(SurveySummary { totals, heap, run })
    }

    /// Ends what [`SurveyOptions::follow`] began: later surveys know nothing again, and
    /// collections cost what they did.
    pub fn unfollow(&mut self) {
        self.followed = None;
        self.registry.unfollow();
    }
}

/// Shows what the collector's survey finds.
struct Shower<'a, 'v, 'w, 'f> {
    reader: Reader<'a>,
    visit: &'v mut Visit<'w>,
    /// The objects that are followed.
    seen: Option<&'v mut Seen<'f>>,
    /// The type of the function that the continuation before was made from, and its
    /// parameters.
    params: Option<(TypeId, Vec<ValueKind>)>,
    flow: ControlFlow<()>,
}

impl Shower<'_, '_, '_, '_> {
    fn show(&mut self, item: SurveyItem<'_>) {
        if self.flow.is_continue() {
            self.flow = (self.visit)(item);
        }
    }
}

impl Surveyor for Shower<'_, '_, '_, '_> {
    fn continuation(&mut self, continuation: &SurveyedContinuation) -> ControlFlow<()> {
        let id = continuation.function.type_id;
        if self.params.as_ref().is_none_or(|(known, _)| *known != id) {
            let kinds = self.reader.param_kinds(id);
            self.params = Some((id, kinds));
        }
        self.show(SurveyItem::Continuation(continuation));
        self.flow
    }

    fn bound(&mut self, index: u32, kind: Option<SlotKind>, slot: TransferSlot) {
        let kinds = self.params.as_ref().map_or(&[][..], |(_, kinds)| kinds);
        let declared = kinds.get(index as usize).copied();
        // What the collector follows says more than a type that may be amiss.
        let declared = declared.filter(|declared| declared.slot_kind() == kind);
        let value = match declared {
            // SAFETY: an argument of that parameter's type was bound.
            Some(kind) => unsafe { Content::of(slot, kind) },
            None => Content::Unknown,
        };
        self.show(SurveyItem::Bound { index, value });
    }

    fn frame(&mut self, frame: &SurveyedFrame<'_>) {
        self.show(SurveyItem::Frame(frame));
    }

    fn slot(&mut self, index: u32, value: SlotValue) {
        let value = value.into();
        self.show(SurveyItem::Slot { index, value });
    }

    fn object(&mut self, info: ObjectInfo) -> ControlFlow<()> {
        let identity = match &mut self.seen {
            Some(seen) => seen.object(info.object.0, info.space == HeapSpace::Young),
            None => 0,
        };
        // SAFETY: the survey has found the object.
        let object = unsafe { self.reader.object(info, identity) };
        if self.flow.is_continue() {
            self.flow = (self.visit)(SurveyItem::Object(&object));
        }
        self.flow
    }

    fn field(&mut self, offset: u32, to: GraphTarget) {
        let within = self.reader.within(offset);
        self.show(SurveyItem::Field { within, to });
    }
}
