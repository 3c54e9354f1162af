//! Takes what a store shows, item by item, and tells it to a builder: a thing is told when
//! the next one begins, as its parts come behind it.

use super::CaptureOptions;
use super::interned::Interned;
use crate::snapshot::{
    At, Builder, Continuation, ContinuationParts, FrameParts, Kind, Plain, SlotValue, Space, State,
    Static, Target,
};
use mangrove::{
    Content, Dead, FixedPlace, GraphTarget, State as StateNow, SurveyItem, SurveyedContinuation,
    SurveyedFrame, SurveyedObject, Within,
};

/// Bytes of a continuation's record, which its node counts.
const RECORD_BYTES: u32 = 128;

/// What is being shown.
#[derive(Default)]
enum Open {
    #[default]
    Nothing,
    Fixed(Kind, FixedPlace),
    Continuation(Continuation, Option<u32>),
    Object {
        offset: u32,
        ty: u32,
        bytes: u32,
        len: u32,
        space: Space,
        identity: Option<u32>,
    },
}

/// A frame of the continuation that is being shown.
struct OpenFrame {
    index: u32,
    site: u32,
    bytes: u32,
    /// Where its slots begin, and whether it is to be a node.
    first: usize,
    is_node: bool,
}

/// See the module's description.
pub(super) struct Taker<'a> {
    builder: &'a mut Builder,
    interned: &'a mut Interned,
    options: &'a CaptureOptions,
    open: Open,
    values: Vec<(u32, SlotValue)>,
    bound: Vec<SlotValue>,
    frames: Vec<OpenFrame>,
    sites: Vec<u32>,
    slots: Vec<SlotValue>,
    contents: Vec<u8>,
    edges: Vec<(At, Target)>,
    /// What is outside of stacks and objects, in the order of their nodes.
    places: Vec<FixedPlace>,
}

impl<'a> Taker<'a> {
    pub(super) fn new(
        builder: &'a mut Builder,
        interned: &'a mut Interned,
        options: &'a CaptureOptions,
    ) -> Self {
        Self {
            builder,
            interned,
            options,
            open: Open::Nothing,
            values: Vec::new(),
            bound: Vec::new(),
            frames: Vec::new(),
            sites: Vec::new(),
            slots: Vec::new(),
            contents: Vec::new(),
            edges: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Takes the next item.
    pub(super) fn item(&mut self, item: SurveyItem<'_>) {
        match item {
            SurveyItem::Fixed(place) => {
                self.close();
                self.open = Open::Fixed(kind(place), place);
            }
            SurveyItem::Value { index, value } => {
                let value = self.value(value);
                // An index of a table is below 2^32: it could have no more elements.
                self.values.push((index as u32, value));
            }
            SurveyItem::Continuation(continuation) => {
                self.close();
                self.continuation(continuation);
            }
            SurveyItem::Bound { value, .. } => {
                let value = self.value(value);
                self.bound.push(value);
            }
            SurveyItem::Frame(frame) => self.frame(frame),
            SurveyItem::Slot { value, .. } => {
                let value = self.value(value);
                self.slots.push(value);
            }
            SurveyItem::Object(object) => {
                self.close();
                self.object(object);
            }
            SurveyItem::Field { within, to } => {
                let at = within.map_or(At::Unknown, place);
                self.edges.push((at, target(to)));
            }
        }
    }

    /// Tells the last one. What is outside of stacks and objects, in the order of the nodes.
    pub(super) fn finish(mut self) -> Vec<FixedPlace> {
        self.close();
        self.places
    }

    fn value(&mut self, content: Content) -> SlotValue {
        SlotValue::Plain(match content {
            Content::Object(offset) => return SlotValue::Ref(Target::Object(offset)),
            Content::Continuation(id) => return SlotValue::Ref(Target::Continuation(id)),
            Content::Null => Plain::Null,
            Content::I31(value) => Plain::I31(value),
            Content::Used(id) => Plain::Used(id),
            Content::I32(value) => Plain::I32(value),
            Content::I64(value) => Plain::I64(value),
            Content::F32(bits) => Plain::F32(bits),
            Content::F64(bits) => Plain::F64(bits),
            Content::V128(bytes) => Plain::V128(bytes),
            Content::Func(function) => Plain::Func(Some(self.interned.function(function))),
            Content::Dead(Dead::Object { type_id, kind }) => {
                Plain::DeadObject(self.interned.dead_type(type_id, kind))
            }
            Content::Dead(Dead::Continuation(id)) => Plain::DeadContinuation(id),
            Content::Unknown => Plain::Omitted,
        })
    }

    fn continuation(&mut self, seen: &SurveyedContinuation) {
        let row = Continuation {
            number: seen.id,
            serial: seen.serial,
            state: match seen.state {
                StateNow::Running => State::Running,
                StateNow::Parent => State::Parent,
                StateNow::Suspended => State::Suspended,
                StateNow::Fresh => State::Fresh,
                StateNow::Gone | StateNow::Host => unreachable!("a survey shows who lives"),
            },
            parked: seen.parked,
            origin: self.interned.origin(seen.function, seen.created),
            clone_of: seen.clone_of,
            age: seen.age,
            stack_bytes: saturated(seen.stack_bytes),
            // Known when all frames are.
            frames: 0,
            stack: 0,
        };
        self.open = Open::Continuation(row, seen.parent);
    }

    fn frame(&mut self, frame: &SurveyedFrame<'_>) {
        let site = self.interned.site(frame);
        self.sites.push(site);
        let is_wasm = matches!(frame.function(), mangrove::CodeName::Wasm(_));
        self.frames.push(OpenFrame {
            index: frame.index,
            site,
            bytes: saturated(frame.bytes),
            first: self.slots.len(),
            is_node: is_wasm || frame.slots().len() > 0,
        });
    }

    fn object(&mut self, object: &SurveyedObject<'_>) {
        let interned = &mut *self.interned;
        let ty = interned.ty(object);
        let mut function = |function| u64::from(interned.function(function)) + 1;
        if self.options.contents > 0 {
            object.contents(self.options.contents, &mut self.contents, &mut function);
        }
        self.open = Open::Object {
            offset: object.offset(),
            ty,
            bytes: saturated(object.bytes()),
            len: object.array_len().unwrap_or(0),
            space: object.space(),
            identity: self.options.follow.then(|| object.identity()),
        };
    }

    /// Tells what was shown.
    fn close(&mut self) {
        match std::mem::take(&mut self.open) {
            Open::Nothing => {}
            Open::Fixed(kind, place) => {
                self.places.push(place);
                self.builder.fixed(kind, row(place), self.values.drain(..));
            }
            Open::Continuation(row, parent) => self.close_continuation(row, parent),
            Open::Object {
                offset,
                ty,
                bytes,
                len,
                space,
                identity,
            } => {
                // Heap references come first, and continuations behind them.
                if !self.edges.is_sorted_by_key(|&(at, _)| at) {
                    self.edges.sort_unstable_by_key(|&(at, _)| at);
                }
                self.builder.object(
                    offset,
                    ty,
                    bytes,
                    len,
                    space,
                    identity,
                    &self.contents,
                    self.edges.drain(..),
                );
                self.contents.clear();
            }
        }
    }

    fn close_continuation(&mut self, mut row: Continuation, parent: Option<u32>) {
        row.stack = self.interned.stack(&self.sites);
        let ends = self.frames.iter().skip(1).map(|frame| frame.first);
        let ends = ends.chain([self.slots.len()]);
        let frames = self
            .frames
            .iter()
            .zip(ends)
            .filter(|(frame, _)| frame.is_node);
        let frames = frames.map(|(frame, end)| FrameParts {
            index: frame.index,
            site: frame.site,
            bytes: frame.bytes,
            slots: &self.slots[frame.first..end],
        });
        let frames: Vec<FrameParts<'_>> = frames.collect();
        self.builder.continuation(ContinuationParts {
            row,
            bytes: RECORD_BYTES,
            parent,
            bound: &self.bound,
            frames: &frames,
        });
        self.bound.clear();
        self.frames.clear();
        self.sites.clear();
        self.slots.clear();
    }
}

fn kind(place: FixedPlace) -> Kind {
    match place {
        FixedPlace::Global { .. } => Kind::Global,
        FixedPlace::Table { .. } => Kind::Table,
        FixedPlace::Segment { .. } => Kind::Segment,
        FixedPlace::Handle { .. } => Kind::Handle,
        FixedPlace::Weak { .. } => Kind::Weak,
    }
}

fn row(place: FixedPlace) -> Static {
    let (instance, index, len) = match place {
        FixedPlace::Global { instance, index } => (instance, index, 1),
        FixedPlace::Table {
            instance,
            index,
            len,
        } => (instance, index, len),
        FixedPlace::Segment {
            instance,
            segment,
            len,
        } => (Some(instance), segment, len),
        FixedPlace::Handle { index } | FixedPlace::Weak { index } => (None, index, 1),
    };
    Static {
        instance,
        index,
        // Looked up when the store has shown all.
        name: None,
        len,
    }
}

fn place(within: Within) -> At {
    match within {
        Within::Field { index } => At::Field(index),
        Within::Element { index } => At::Element(index),
        Within::Payload { index } => At::Payload(index),
    }
}

fn target(to: GraphTarget) -> Target {
    match to {
        GraphTarget::Object(offset) => Target::Object(offset),
        GraphTarget::Continuation(id) => Target::Continuation(id),
    }
}

/// Stacks and objects are below 4 GiB.
fn saturated(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
