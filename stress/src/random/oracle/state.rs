//! What the interpreter's stacks are made of: chains of continuations, each of
//! frames, each with cursors into its function's blocks.

use crate::programs::fold;
use crate::random::ast::{CONTINUATIONS, INTEGERS, NULL_DIGEST, OBJECTS, Pair, Statement, TAGS};
use crate::random::heap::ast::{Heap, variable};
use crate::random::heap::classes::Kind;
use crate::random::heap::values::{Any, Body, Func, Vars};
use std::cell::RefCell;
use std::rc::Rc;

/// An object, by its place in the list of all; none is null.
pub type Reference = Option<usize>;

#[derive(Debug)]
pub struct Object {
    pub value: i64,
    pub links: [Reference; 2],
    /// What it is, if it is no node.
    pub body: Option<Body>,
}

impl Object {
    /// One that is no node.
    pub fn of(body: Body) -> Self {
        Self {
            value: 0,
            links: [None; 2],
            body: Some(body),
        }
    }
}

/// What is in a node and behind it, down to a depth.
pub fn digest(objects: &[Object], object: Reference, depth: u32) -> i64 {
    match object {
        Some(at) if depth > 0 => {
            let [left, right] = objects[at].links;
            let sum = fold(objects[at].value, digest(objects, left, depth - 1));
            fold(sum, digest(objects, right, depth - 1))
        }
        Some(_) => 0,
        None => NULL_DIGEST,
    }
}

/// Where a `resume` stands, for what comes back to it.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub(super) slot: u8,
    pub(super) take: Pair,
    pub(super) outcome: u8,
    pub(super) handles: [bool; TAGS as usize],
}

/// A position in a block, and what a `Hold` puts back at the block's end.
pub(super) struct Cursor<'p> {
    /// The statement whose block it is; none for a whole function.
    pub(super) of: Option<&'p Statement>,
    pub(super) block: &'p [Statement],
    pub(super) next: usize,
    pub(super) again: u32,
    pub(super) objects: Vec<(u8, Reference)>,
    pub(super) continuations: Vec<(u8, Option<Held<'p>>)>,
    /// Things and externs, too.
    pub(super) things: Vec<(u8, Any)>,
    pub(super) externs: Vec<(u8, Any)>,
    /// The parameter of a loop.
    pub(super) carried: Option<Any>,
}

pub struct Frame<'p> {
    pub(in crate::random) objects: [Reference; OBJECTS as usize],
    pub(in crate::random) integers: [i64; INTEGERS as usize],
    pub(super) continuations: [Option<Held<'p>>; CONTINUATIONS as usize],
    /// Those of the other kinds.
    pub(in crate::random) vars: Vars,
    /// What the emitted function has for moving continuations around: the last one that
    /// this frame moved.
    pub(super) it: Option<Held<'p>>,
    pub(super) cursors: Vec<Cursor<'p>>,
    /// The statement it came to last: where it stands, if it does not run. None before it
    /// has run at all.
    pub(super) stands: Option<&'p Statement>,
    /// Where what it waits for goes.
    pub(super) awaits: Pair,
}

pub(super) struct Continuation<'p> {
    pub(super) frames: Vec<Frame<'p>>,
    pub(super) site: Option<Site>,
}

/// What a continuation reference stands for, outermost first.
pub(super) type Chain<'p> = Vec<Continuation<'p>>;

/// A continuation reference. Its copies share what it stands for; once it is used up, that
/// is nothing.
pub(super) type Held<'p> = Rc<RefCell<Option<Chain<'p>>>>;

/// A reference to a chain.
pub(super) fn held(chain: Chain<'_>) -> Held<'_> {
    Rc::new(RefCell::new(Some(chain)))
}

impl<'p> Cursor<'p> {
    pub(super) fn new(of: Option<&'p Statement>, block: &'p [Statement], again: u32) -> Self {
        Self {
            of,
            block,
            next: 0,
            again,
            objects: Vec::new(),
            continuations: Vec::new(),
            things: Vec::new(),
            externs: Vec::new(),
            carried: None,
        }
    }
}

impl<'p> Frame<'p> {
    /// At the start of a function, waiting for its arguments.
    pub(super) fn new(body: &'p [Statement]) -> Self {
        Self {
            objects: [None; OBJECTS as usize],
            integers: [0; INTEGERS as usize],
            continuations: Default::default(),
            vars: Vars::default(),
            it: None,
            cursors: vec![Cursor::new(None, body, 0)],
            stands: None,
            awaits: Pair {
                object: 0,
                integer: 0,
            },
        }
    }

    /// The function in a variable.
    pub fn function(&self, any: u8) -> Func {
        self.vars.functions[usize::from(variable(Kind::Function, any))]
    }

    pub fn set_function(&mut self, any: u8, function: Func) {
        self.vars.functions[usize::from(variable(Kind::Function, any))] = function;
    }

    /// The end of a block has come: what a loop carries goes on.
    pub(super) fn turn(&mut self) {
        if let Some(cursor) = self.cursors.last_mut()
            && let Some(carried) = cursor.carried
            && let Some(Statement::Heap(Heap::Carry { into, from, .. })) = cursor.of
        {
            self.vars.things[usize::from(*into)] = carried;
            cursor.carried = Some(self.vars.things[usize::from(*from)]);
        }
    }

    /// A block has ended that was entered with this.
    pub(super) fn put_back(&mut self, ended: Cursor<'p>) {
        for (variable, object) in ended.objects {
            self.objects[usize::from(variable)] = object;
        }
        for (variable, chain) in ended.continuations {
            self.continuations[usize::from(variable)] = chain;
        }
        for (variable, thing) in ended.things {
            self.vars.things[usize::from(variable)] = thing;
        }
        for (variable, external) in ended.externs {
            self.vars.externs[usize::from(variable)] = external;
        }
    }

    pub(super) fn pair(&self, pair: Pair) -> (Reference, i64) {
        (
            self.objects[usize::from(pair.object)],
            self.integers[usize::from(pair.integer)],
        )
    }

    pub(super) fn set_pair(&mut self, pair: Pair, (object, integer): (Reference, i64)) {
        self.objects[usize::from(pair.object)] = object;
        self.integers[usize::from(pair.integer)] = integer;
    }
}

/// The frame that runs, in `running`: the innermost of the innermost.
pub(super) fn top<'a, 'p>(running: &'a mut Chain<'p>) -> &'a mut Frame<'p> {
    let innermost = running.last_mut().and_then(|one| one.frames.last_mut());
    innermost.expect("what runs has a frame")
}
