//! What the collector finds, as a [`Picture`].

use super::names::Names;
use super::picture::{self, FrameSet, Label, Labels, Picture, Stack};
use mangrove::{
    Caller, CodeName, Error, GraphItem, GraphTarget, LiveContinuation, RootOwner, RootSet,
    RootValue, State, StoreView, WasmOffset,
};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

/// The tables of things, externs and functions.
const THINGS: std::ops::RangeInclusive<u32> = 1..=3;

/// What a store shows at one moment.
pub struct Shown {
    roots: RootSet,
    items: Vec<GraphItem>,
    /// What objects are known by, by place in the heap.
    numbers: HashMap<u32, u64>,
}

/// Whoever can be asked.
pub trait Ask {
    /// Looks at everything.
    ///
    /// # Errors
    /// A frame or the heap is not as it must be.
    fn ask(&mut self) -> Result<Shown, Error>;
}

macro_rules! ask {
    ($([$($header:tt)*])*) => { $(
        $($header)* {
            fn ask(&mut self) -> Result<Shown, Error> {
                let roots = self.roots()?;
                let mut items = Vec::new();
                self.visit_graph(|item| {
                    items.push(item);
                    ControlFlow::Continue(())
                })?;
                let mut names = Names::default();
                for object in self.heap_walk()? {
                    names.add(&object);
                }
                Ok(Shown { roots, items, numbers: names.all() })
            }
        }
    )* };
}

ask! {
    [impl<T> Ask for Caller<'_, T>]
    [impl Ask for StoreView<'_>]
}

impl Shown {
    /// The picture of it, or what in it no program of ours can bring about.
    pub fn picture(&self, labels: &mut Labels) -> Result<Picture, String> {
        let mut gather = Gather {
            shown: self,
            labels,
            continuations: HashMap::new(),
            frames: HashMap::new(),
            bound: HashMap::new(),
            fields: HashMap::new(),
            exceptions: HashMap::new(),
            known: HashMap::new(),
        };
        let mut picture = Picture::default();
        let (mut globals, mut slots, mut objects) = (Vec::new(), Vec::new(), Vec::new());
        let mut running = None;
        for item in &self.items {
            match *item {
                GraphItem::Root { owner, to } => match (owner, to) {
                    (RootOwner::Frame(owner), to) => {
                        let CodeName::Wasm(function) = owner.function else {
                            return Err(format!("{owner:?} holds something"));
                        };
                        let offset = owner.wasm_offset.map_or(0, WasmOffset::as_u32);
                        let frames = gather.frames.entry(owner.continuation).or_default();
                        let frame = frames.entry(owner.frame).or_default();
                        frame.place = (function.as_u32(), offset);
                        frame.held.push(to);
                    }
                    (RootOwner::BoundArgument { continuation, .. }, to) => {
                        gather.bound.entry(continuation).or_default().push(to);
                    }
                    (RootOwner::Global { index, .. }, GraphTarget::Object(at)) => {
                        globals.push((index, at));
                    }
                    (RootOwner::Table { index, element, .. }, GraphTarget::Object(at))
                        if THINGS.contains(&index) =>
                    {
                        picture.tables.push((index, element, self.number(at)?));
                    }
                    (RootOwner::Element { segment, index, .. }, GraphTarget::Object(at)) => {
                        picture.segments.push((segment, index, self.number(at)?));
                    }
                    (RootOwner::Table { element, .. }, GraphTarget::Object(at)) => {
                        globals.push((picture::element(element as u32), at));
                    }
                    (RootOwner::Table { index, element, .. }, GraphTarget::Continuation(id)) => {
                        let first = if index == 0 { 0 } else { picture::PEERS };
                        slots.push((first + element, id));
                    }
                    (owner, _) => return Err(format!("{owner} holds something")),
                },
                GraphItem::Continuation(one) => {
                    gather.continuations.insert(one.id, one);
                    if one.state == State::Running {
                        running = Some(one.id);
                    }
                }
                GraphItem::Object(object) => {
                    // Of what a program makes, exceptions alone have no number.
                    if !self.numbers.contains_key(&object.object.0) {
                        gather.fields.entry(object.object.0).or_default();
                    }
                    objects.push(object.object.0);
                }
                GraphItem::Field { object, to, .. } => {
                    if let Some(fields) = gather.fields.get_mut(&object) {
                        fields.push(to);
                    }
                }
            }
        }
        picture.running = gather.stacks(running)?;
        for (element, id) in slots {
            picture.slots.push((element, gather.label(id)?));
        }
        for (index, at) in globals {
            picture.globals.push((index, gather.number(at)?));
        }
        for at in objects {
            picture.reachable.push(gather.number(at)?);
        }
        picture.waiting = gather.continuations.len() - picture.running.len();
        picture.globals.sort_unstable();
        picture.slots.sort_unstable();
        picture.tables.sort_unstable();
        picture.segments.sort_unstable();
        picture.reachable.sort_unstable();
        self.compare_lists()?;
        Ok(picture)
    }

    /// The number of an object.
    fn number(&self, at: u32) -> Result<u64, String> {
        let number = self.numbers.get(&at).copied();
        number.ok_or_else(|| format!("the object at {at:#x} is none of the program's"))
    }

    /// The root set must be what the graph has as roots.
    fn compare_lists(&self) -> Result<(), String> {
        let listed = self.roots.roots.iter().filter_map(|root| match root.value {
            RootValue::Object { offset, .. } => Some((root.owner, GraphTarget::Object(offset))),
            RootValue::Continuation {
                id,
                consumed: false,
            } => Some((root.owner, GraphTarget::Continuation(id))),
            _ => None,
        });
        let shown = self.items.iter().filter_map(|item| match *item {
            GraphItem::Root { owner, to } => Some((owner, to)),
            _ => None,
        });
        match listed.eq(shown) {
            true => Ok(()),
            false => Err("the root set has other roots than the graph".to_owned()),
        }
    }
}

/// A frame, as it is found.
#[derive(Default)]
struct FoundFrame {
    place: (u32, u32),
    held: Vec<GraphTarget>,
}

struct Gather<'a> {
    shown: &'a Shown,
    labels: &'a mut Labels,
    continuations: HashMap<u32, LiveContinuation>,
    /// By continuation, and by frame.
    frames: HashMap<u32, BTreeMap<u32, FoundFrame>>,
    /// What is bound to continuations.
    bound: HashMap<u32, Vec<GraphTarget>>,
    /// What is in exceptions.
    fields: HashMap<u32, Vec<GraphTarget>>,
    /// Numbers of exceptions.
    exceptions: HashMap<u32, u64>,
    known: HashMap<u32, Label>,
}

impl Gather<'_> {
    /// The label of the chain that a reference to this continuation stands for.
    fn label(&mut self, id: u32) -> Result<Label, String> {
        if let Some(&label) = self.known.get(&id) {
            return Ok(label);
        }
        let stacks = self.stacks(Some(id))?;
        let label = self.labels.of(stacks);
        self.known.insert(id, label);
        Ok(label)
    }

    /// The stacks from a continuation outwards.
    fn stacks(&mut self, innermost: Option<u32>) -> Result<Vec<Stack>, String> {
        let mut stacks = Vec::new();
        let mut next = innermost;
        while let Some(id) = next {
            let one = self.continuations.get(&id);
            let one = one.ok_or_else(|| format!("continuation {id} is held, and does not live"))?;
            next = one.parent;
            let frames = self.frames.remove(&id).unwrap_or_default();
            let mut stack = Stack::new();
            if let Some(bound) = self.bound.remove(&id) {
                stack.push(self.set(FrameSet::bound(), &bound)?);
                self.bound.insert(id, bound);
            }
            for frame in frames.values() {
                stack.push(self.frame(frame)?);
            }
            self.frames.insert(id, frames);
            stacks.push(stack);
        }
        Ok(stacks)
    }

    /// The number of an object or an exception.
    fn number(&mut self, at: u32) -> Result<u64, String> {
        if let Some(&number) = self.exceptions.get(&at) {
            return Ok(number);
        }
        let Some(fields) = self.fields.remove(&at) else {
            return self.shown.number(at);
        };
        let content = self.set(FrameSet::default(), &fields)?;
        let number = self.labels.exception(content);
        self.exceptions.insert(at, number);
        Ok(number)
    }

    fn frame(&mut self, found: &FoundFrame) -> Result<FrameSet, String> {
        let (function, offset) = found.place;
        let set = FrameSet {
            function,
            offset,
            ..FrameSet::default()
        };
        self.set(set, &found.held)
    }

    fn set(&mut self, mut set: FrameSet, held: &[GraphTarget]) -> Result<FrameSet, String> {
        for &held in held {
            match held {
                GraphTarget::Object(at) => set.objects.push(self.number(at)?),
                GraphTarget::Continuation(id) => set.continuations.push(self.label(id)?),
            }
        }
        Ok(set.sorted())
    }
}
