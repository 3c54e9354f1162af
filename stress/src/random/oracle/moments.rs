//! What every frame of every stack must hold, at each moment that is looked at.
//!
//! A frame that does not run stands at the statement it came to last. What its variables
//! and held operands are needed for is known from the text ([`super::lifetimes`]); what is
//! in them the interpreter knows.

use super::lifetimes::Lifetimes;
use super::state::{Chain, Frame, Held, Object, Reference};
use super::{Machine, Verdict};
use crate::random::ast::{Program, Statement};
use crate::random::control::state::Value;
use crate::random::heap::classes::Kind;
use crate::random::heap::lifetimes as heap;
use crate::random::heap::values::{Any, Body, array_name, samples};
use crate::random::roots::picture::{self, FrameSet, Label, Labels, Picture, Stack};
use crate::random::roots::places::Places;
use std::collections::HashMap;
use std::rc::Rc;

/// Moments that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks(u8);

impl Looks {
    /// A collection that the program asks for.
    pub const COLLECTION: Self = Self(1);
    /// A suspension, before it.
    pub const SUSPENSION: Self = Self(2);
    /// A resumption, before it.
    pub const RESUMPTION: Self = Self(4);
    /// A new object, before it.
    pub const ALLOCATION: Self = Self(8);

    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether these are among them.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// For how long a frame keeps what is in its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// While it is needed.
    Needed,
    /// Until the variable is set, or the function returns; operands until they are popped.
    Set,
}

/// What is looked at, and what was seen.
pub(super) struct Watch<'p> {
    looks: Looks,
    kept: Kept,
    most: usize,
    lifetimes: Lifetimes,
    places: &'p Places,
    labels: Labels,
    seen: Vec<(Looks, Picture)>,
}

/// Interprets a program to its end: what must be held at each moment, the first `most` of
/// them.
pub fn moments(
    program: &Program,
    places: &Places,
    looks: Looks,
    kept: Kept,
    most: usize,
) -> (Verdict, Labels, Vec<(Looks, Picture)>) {
    let mut machine = Machine::new(program);
    machine.watch = Some(Watch {
        looks,
        kept,
        most,
        lifetimes: Lifetimes::of(program),
        places,
        labels: Labels::default(),
        seen: Vec::new(),
    });
    let verdict = machine.run_out();
    let watch = machine.watch.take().expect("it was put there");
    (verdict, watch.labels, watch.seen)
}

/// Whether a frame stands in front of an instruction, with its operands, or behind.
#[derive(Clone, Copy)]
enum At<'a, 'p> {
    /// It called, resumed or suspended: nothing is left of what it gave.
    Behind,
    /// It is about to, and may be about to resume this.
    Before(Option<&'a Held<'p>>),
}

impl<'p> Machine<'p> {
    /// A moment has come; `resumed` is about to be.
    pub(in crate::random) fn look(&mut self, what: Looks, resumed: Option<&Held<'p>>) {
        let Some(mut watch) = self.watch.take() else {
            return;
        };
        if watch.looks.has(what) && watch.seen.len() < watch.most {
            let picture = self.picture(&mut watch, what, resumed);
            watch.seen.push((what, picture));
        }
        self.watch = Some(watch);
    }

    fn picture(&self, watch: &mut Watch<'p>, what: Looks, resumed: Option<&Held<'p>>) -> Picture {
        let mut gather = Gather {
            machine: self,
            watch,
            objects: Vec::new(),
            exceptions: HashMap::new(),
            chains: Vec::new(),
            waiting: 0,
        };
        let mut running = Vec::new();
        for (depth, one) in self.running.iter().rev().enumerate() {
            let at = match depth {
                0 if what != Looks::COLLECTION => At::Before(resumed),
                _ => At::Behind,
            };
            running.push(gather.stack(&one.frames, at));
        }
        if running.is_empty() {
            running.push(Stack::new());
        }
        let mut globals = Vec::new();
        let [shelves @ .., shelf] = self.world.shelves;
        // The stone comes first, then what nodes and other objects have, and the global with
        // an exception last.
        let values = self.globals.iter().map(|&value| Value::Object(value));
        let values = [Value::Object(Some(0))].into_iter().chain(values);
        let values = values.chain(self.things.global_objects().map(Value::Object));
        let values = values.chain([Value::Exception(shelf)]);
        for (&index, value) in gather.watch.places.globals.iter().zip(values) {
            globals.extend(gather.number(&value).map(|object| (index, object)));
        }
        for (element, shelf) in (0..).zip(shelves) {
            let number = gather.number(&Value::Exception(shelf));
            globals.extend(number.map(|number| (picture::element(element), number)));
        }
        let mut slots = Vec::new();
        let peers = (picture::PEERS..).zip(&self.world.peers);
        for (index, held) in (0..).zip(&self.slots).chain(peers) {
            let held = held.as_ref().and_then(|held| gather.held(held));
            slots.extend(held.map(|label| (index, label)));
        }
        let mut tables = Vec::new();
        for (table, element, object) in self.things.table_objects() {
            // The table of continuations comes before these.
            let name = gather.object(Some(object));
            tables.extend(name.map(|name| (table + 1, element, name)));
        }
        let mut segments = Vec::new();
        for (segment, element, object) in self.things.segment_objects() {
            let name = gather.object(Some(object));
            segments.extend(name.map(|name| (segment, element, name)));
        }
        let (waiting, found) = (gather.waiting, gather.objects);
        let exceptions = gather.exceptions.into_values();
        let mut reachable: Vec<u64> = exceptions.chain(self.reachable(found)).collect();
        reachable.sort_unstable();
        Picture {
            running,
            globals,
            slots,
            tables,
            segments,
            reachable,
            waiting,
        }
    }

    /// The numbers of all objects in reach.
    fn reachable(&self, mut found: Vec<usize>) -> Vec<u64> {
        let mut seen = vec![false; self.heap.len()];
        while let Some(at) = found.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                found.extend(self.heap[at].links.iter().flatten());
                found.extend(self.heap[at].body.iter().flat_map(Body::objects));
            }
        }
        let seen = (0..).zip(seen).filter(|&(_, seen)| seen);
        seen.map(|(at, _)| name(&self.heap, at, true)).collect()
    }
}

/// What an object is known by: its number, from 1, or what is in it. Of an array within an
/// array nothing but its length counts.
fn name(objects: &[Object], at: usize, outermost: bool) -> u64 {
    let Some(Body::Array(row, cells)) = &objects[at].body else {
        return at as u64 + 1;
    };
    let numbers = samples(cells.len()).filter(|_| outermost && row.storage.bytes() > 0);
    let numbers = numbers.map(|at| cells[at].integer(row.storage, false));
    let objects_in = cells.iter().enumerate().filter(|_| outermost);
    let objects_in = objects_in.filter_map(|(place, cell)| Some((place, cell.any().object()?)));
    let named = objects_in.map(|(place, at)| (place, name(objects, at, false)));
    array_name(cells.len(), numbers, named)
}

/// Gathers what is held at one moment.
struct Gather<'a, 'p> {
    machine: &'a Machine<'p>,
    watch: &'a mut Watch<'p>,
    /// Objects that something outside of objects holds.
    objects: Vec<usize>,
    /// Exceptions that were met, and their numbers.
    exceptions: HashMap<usize, u64>,
    /// The references met so far, and their labels.
    chains: Vec<(Held<'p>, Label)>,
    /// Continuations in their chains.
    waiting: usize,
}

impl<'p> Gather<'_, 'p> {
    /// An object's name.
    fn object(&mut self, reference: Reference) -> Option<u64> {
        self.objects.extend(reference);
        reference.map(|at| name(&self.machine.heap, at, true))
    }

    /// An object's or an exception's number.
    fn number(&mut self, value: &Value<'p>) -> Option<u64> {
        match *value {
            Value::Object(object) => self.object(object),
            Value::Exception(Some(exception)) => Some(self.exception(exception)),
            _ => None,
        }
    }

    /// An exception is what it holds.
    fn exception(&mut self, exception: usize) -> u64 {
        if let Some(&number) = self.exceptions.get(&exception) {
            return number;
        }
        let mut set = FrameSet::default();
        let machine = self.machine;
        for value in &machine.world.exceptions[exception].values {
            self.add(value, &mut set);
        }
        let number = self.watch.labels.exception(set.sorted());
        self.exceptions.insert(exception, number);
        number
    }

    /// Adds what a value refers to.
    fn add(&mut self, value: &Value<'p>, set: &mut FrameSet) {
        let number = self.number(value);
        set.objects.extend(number);
        if let Value::Task(Some(held)) = value {
            let label = self.held(held);
            set.continuations.extend(label);
        }
    }

    /// What a reference stands for; none if it is used up.
    fn held(&mut self, held: &Held<'p>) -> Option<Label> {
        let mut known = self.chains.iter();
        if let Some(&(_, label)) = known.find(|(known, _)| Rc::ptr_eq(known, held)) {
            return Some(label);
        }
        let label = self.chain(held.borrow().as_ref()?);
        self.chains.push((held.clone(), label));
        Some(label)
    }

    fn chain(&mut self, chain: &Chain<'p>) -> Label {
        self.waiting += chain.len();
        let mut stacks = Vec::new();
        for one in chain.iter().rev() {
            let mut bound = FrameSet::bound();
            one.bound
                .iter()
                .for_each(|value| self.add(value, &mut bound));
            let mut stack = Stack::new();
            stack.extend((!bound.is_empty()).then(|| bound.sorted()));
            stack.extend(self.stack(&one.frames, At::Behind));
            stacks.push(stack);
        }
        self.watch.labels.of(stacks)
    }

    fn stack(&mut self, frames: &[Frame<'p>], innermost: At<'_, 'p>) -> Stack {
        let mut stack = Stack::new();
        for (depth, frame) in frames.iter().rev().enumerate() {
            let at = if depth == 0 { innermost } else { At::Behind };
            // A function that has not begun has no frame.
            let Some(stands) = frame.stands else { continue };
            let held = self.frame(frame, stands, at);
            stack.extend((!held.is_empty()).then_some(held));
        }
        stack
    }

    fn frame(&mut self, frame: &Frame<'p>, stands: &'p Statement, at: At<'_, 'p>) -> FrameSet {
        let (function, offset) = self.watch.places.of(stands);
        let mut set = FrameSet {
            function,
            offset,
            ..FrameSet::default()
        };
        let all = self.watch.kept == Kept::Set;
        let needed = self.watch.lifetimes.across(stands);
        for (variable, &value) in (0..).zip(&frame.objects) {
            if all || needed.has_object(variable) {
                set.objects.extend(self.object(value));
            }
        }
        for (variable, value) in (0..).zip(frame.vars.things) {
            if all || needed.has_thing(variable) {
                set.objects.extend(self.object(value.object()));
            }
        }
        for (variable, value) in (0..).zip(frame.vars.externs) {
            if all || needed.has_extern(variable) {
                set.objects.extend(self.object(value.object()));
            }
        }
        for (variable, value) in (0..).zip(&frame.continuations) {
            if all || needed.has_continuation(variable) {
                let label = value.as_ref().and_then(|held| self.held(held));
                set.continuations.extend(label);
            }
        }
        for (variable, &value) in (0..).zip(&frame.more.exceptions) {
            if all || needed.has_exception(variable) {
                self.add(&Value::Exception(value), &mut set);
            }
        }
        for (variable, value) in (0..).zip(&frame.more.peers) {
            if all || needed.has_peer(variable) {
                self.add(&Value::Task(value.clone()), &mut set);
            }
        }
        if all {
            frame
                .more
                .pinned
                .iter()
                .for_each(|value| self.add(value, &mut set));
            let label = frame.it.as_ref().and_then(|held| self.held(held));
            set.continuations.extend(label);
        }
        self.operands(frame, stands, all, &mut set);
        if let At::Before(resumed) = at {
            self.given(frame, stands, &mut set);
            let machine = self.machine;
            machine
                .world
                .given
                .iter()
                .for_each(|value| self.add(value, &mut set));
            let label = resumed.and_then(|held| self.held(held));
            set.continuations.extend(label);
        }
        set.sorted()
    }

    /// What lies on the operand stack while a body runs, if that may come to its end.
    fn operands(&mut self, frame: &Frame<'p>, stands: &Statement, all: bool, set: &mut FrameSet) {
        let across = self.watch.lifetimes.across(stands);
        let bodies = frame
            .cursors
            .iter()
            .filter(|cursor| cursor.lies_above_operands());
        for (level, cursor) in (0..).zip(bodies) {
            let Some(of) = cursor.of else { continue };
            let behind = self.watch.lifetimes.behind(of);
            let ends = across.has_end(level);
            for &(variable, value) in &cursor.objects {
                if all || ends && behind.has_object(variable) {
                    set.objects.extend(self.object(value));
                }
            }
            for &(variable, value) in &cursor.things {
                if all || ends && behind.has_thing(variable) {
                    set.objects.extend(self.object(value.object()));
                }
            }
            for &(variable, value) in &cursor.externs {
                if all || ends && behind.has_extern(variable) {
                    set.objects.extend(self.object(value.object()));
                }
            }
            if all || ends && self.watch.lifetimes.carries(of) {
                let carried = cursor.carried.and_then(Any::object);
                set.objects.extend(self.object(carried));
            }
            for (variable, value) in &cursor.continuations {
                if all || ends && behind.has_continuation(*variable) {
                    self.add(&Value::Task(value.clone()), set);
                }
            }
            if all || ends {
                self.add(&Value::Task(cursor.half.clone()), set);
            }
        }
    }

    /// The objects among the operands of the instruction that comes next.
    fn given(&mut self, frame: &Frame<'p>, stands: &Statement, set: &mut FrameSet) {
        let given = match *stands {
            Statement::Suspend { give, .. } | Statement::Resume { give, .. } => {
                [Some(give.object), None]
            }
            Statement::New { left, right, .. } => [Some(left), Some(right)],
            Statement::Heap(ref heap) => {
                for (kind, variable) in heap::given(heap) {
                    let at = usize::from(variable);
                    let object = match kind {
                        Kind::Object => frame.objects[at],
                        Kind::Thing => frame.vars.things[at].object(),
                        Kind::Extern => frame.vars.externs[at].object(),
                        Kind::Integer | Kind::Function => None,
                    };
                    set.objects.extend(self.object(object));
                }
                [None, None]
            }
            _ => [None, None],
        };
        for variable in given.into_iter().flatten() {
            set.objects
                .extend(self.object(frame.objects[usize::from(variable)]));
        }
    }
}
