//! What statements of control add to the interpreter's state.

use super::ast::{EXCEPTIONS, FUNCTIONS, Item, Kind, PEER_SLOTS, PEERS, Payload, SHELVES, direct};
use super::tally::Tally;
use crate::random::oracle::End;
use crate::random::oracle::state::{Frame, Held, Reference};

/// A value.
#[derive(Clone)]
pub enum Value<'p> {
    Number(i64),
    Object(Reference),
    /// By index.
    Function(Option<usize>),
    /// By its place in the list of all.
    Exception(Option<usize>),
    Task(Option<Held<'p>>),
}

/// What a frame has beside its first variables.
#[derive(Default)]
pub struct More<'p> {
    pub functions: [Option<usize>; FUNCTIONS as usize],
    pub exceptions: [Option<usize>; EXCEPTIONS as usize],
    pub peers: [Option<Held<'p>>; PEERS as usize],
    /// Parameters that were moved to variables.
    pub pinned: Vec<Value<'p>>,
    /// What it waits for before the pair, and where a continuation behind it goes.
    pub awaits: &'p [Item],
    pub peer: Option<u8>,
}

/// An exception. It never changes.
pub struct Exception<'p> {
    /// The tag, by its number; none for the one without payload.
    pub tag: Option<usize>,
    pub values: Vec<Value<'p>>,
}

/// What a program has beside its first state.
#[derive(Default)]
pub struct World<'p> {
    pub exceptions: Vec<Exception<'p>>,
    /// The table, and the global behind it.
    pub shelves: [Option<usize>; SHELVES as usize + 1],
    pub peers: [Option<Held<'p>>; PEER_SLOTS as usize],
    /// Operands of the instruction that comes next, while somebody looks.
    pub given: Vec<Value<'p>>,
    /// How the program ended, once it has before its end.
    pub end: Option<End>,
    pub tally: Tally,
    pub steps: u64,
    pub switches: u64,
}

/// The value that an integer is after it was given and taken.
fn through(kind: Kind, value: i64) -> i64 {
    match kind {
        Kind::I32 | Kind::F32 => i64::from(value as i32),
        _ => value,
    }
}

impl<'p> Frame<'p> {
    /// What is given of a variable.
    pub fn give(&mut self, item: Item) -> Value<'p> {
        let at = usize::from(item.variable);
        match item.kind {
            Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 | Kind::V128 => {
                Value::Number(through(item.kind, self.integers[at]))
            }
            Kind::Object | Kind::Any | Kind::Extern => Value::Object(self.objects[at]),
            // The first object is the stone.
            Kind::Solid => Value::Object(self.objects[at].or(Some(0))),
            Kind::Function => Value::Function(self.more.functions[at]),
            Kind::Exception => Value::Exception(self.more.exceptions[at]),
            Kind::Task => Value::Task(self.continuations[at].take()),
        }
    }

    /// Values of a shape.
    pub fn give_all(&mut self, items: &[Item]) -> Vec<Value<'p>> {
        items.iter().map(|&item| self.give(item)).collect()
    }

    /// Values of a shape, and the pair's.
    pub fn give_payload(&mut self, payload: &Payload) -> Vec<Value<'p>> {
        let mut values = self.give_all(&payload.items);
        let (object, integer) = self.pair(payload.pair);
        values.extend([Value::Object(object), Value::Number(integer)]);
        values
    }

    fn take(&mut self, item: Item, value: Value<'p>) {
        let at = usize::from(item.variable);
        match value {
            Value::Number(number) => self.integers[at] = number,
            Value::Object(object) => self.objects[at] = object,
            Value::Function(function) => self.more.functions[at] = function,
            Value::Exception(exception) => self.more.exceptions[at] = exception,
            Value::Task(task) => self.continuations[at] = task,
        }
    }

    /// Takes values, those that were pushed last first.
    pub fn take_all(&mut self, items: &[Item], values: Vec<Value<'p>>) {
        for (&item, value) in items.iter().zip(values).rev() {
            self.take(item, value);
        }
    }

    /// Takes values of a shape, and the pair's.
    pub fn take_payload(&mut self, payload: &Payload, mut values: Vec<Value<'p>>) {
        let pair = values.split_off(payload.items.len());
        if let [Value::Object(object), Value::Number(integer)] = pair[..] {
            self.set_pair(payload.pair, (object, integer));
        }
        self.take_all(&payload.items, values);
    }

    /// What it has waited for has come.
    pub fn deliver(&mut self, mut values: Vec<Value<'p>>) {
        let mut behind = values.split_off(self.more.awaits.len()).into_iter();
        if let (Some(Value::Object(object)), Some(Value::Number(integer))) =
            (behind.next(), behind.next())
        {
            self.set_pair(self.awaits, (object, integer));
        }
        if let (Some(variable), Some(Value::Task(peer))) = (self.more.peer, behind.next()) {
            self.more.peers[usize::from(variable)] = peer;
        }
        let items = self.more.awaits;
        if self.stands.is_some() {
            return self.take_all(items, values);
        }
        // A function that begins: parameters that are variables, then those that are moved.
        let all = items.iter().zip(direct(items)).zip(values);
        let (first, then): (Vec<_>, Vec<_>) = all.partition(|((_, direct), _)| *direct);
        for ((&item, _), value) in first {
            self.take(item, value);
        }
        for ((&item, _), value) in then {
            self.more.pinned.push(value.clone());
            self.take(item, value);
        }
    }
}
