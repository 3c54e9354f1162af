//! What the interpreter's stacks are made of: chains of continuations, each of
//! frames, each with cursors into its function's blocks.

use crate::programs::fold;
use crate::random::ast::{CONTINUATIONS, INTEGERS, NULL_DIGEST, OBJECTS, Pair, Statement, TAGS};
use crate::random::control::ast::{Clause, Control};
use crate::random::control::state::{More, Value};
use crate::random::heap::ast::{Heap, variable};
use crate::random::heap::classes::Kind;
use crate::random::heap::values::{Any, Body, Func, Vars};
use std::cell::RefCell;
use std::rc::Rc;

/// An object, by its place in the list of all; none is null.
pub(in crate::random) type Reference = Option<usize>;

pub(in crate::random) struct Object {
    pub(in crate::random) value: i64,
    pub(in crate::random) links: [Reference; 2],
    /// What it is, if it is no node.
    pub(in crate::random) body: Option<Body>,
}

impl Object {
    /// One that is no node.
    pub(in crate::random) fn of(body: Body) -> Self {
        Self {
            value: 0,
            links: [None; 2],
            body: Some(body),
        }
    }
}

/// What is in a node and behind it, down to a depth.
pub(in crate::random) fn digest(objects: &[Object], object: Reference, depth: u32) -> i64 {
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
pub(in crate::random) struct Site<'p> {
    pub(in crate::random) slot: u8,
    pub(in crate::random) take: Pair,
    pub(in crate::random) outcome: u8,
    pub(in crate::random) handles: [bool; TAGS as usize],
    /// The statement whose clauses say what is handled, in place of `handles`.
    pub(in crate::random) control: Option<&'p Control>,
}

impl<'p> Site<'p> {
    /// Where a statement with clauses of its own stands.
    pub(in crate::random) fn of(control: &'p Control, take: Pair, outcome: u8) -> Self {
        Self {
            slot: 0,
            take,
            outcome,
            handles: [false; TAGS as usize],
            control: Some(control),
        }
    }

    fn clauses(self) -> &'p [Clause] {
        match self.control {
            Some(Control::Resume { clauses, .. }) => clauses,
            _ => &[],
        }
    }

    /// Whether suspensions with a tag arrive here.
    pub(in crate::random) fn handles(self, tag: usize) -> bool {
        let plain = self.handles.get(tag).is_some_and(|&handles| handles);
        plain || self.clauses().iter().any(|clause| clause.is_on(tag))
    }

    /// Whether continuations switch below this.
    pub(in crate::random) fn switches(self) -> bool {
        self.clauses().contains(&Clause::Switch)
    }
}

/// A position in a block, and what a `Hold` puts back at the block's end.
pub(in crate::random) struct Cursor<'p> {
    /// The statement whose block it is; none for a whole function.
    pub(in crate::random) of: Option<&'p Statement>,
    pub(in crate::random) block: &'p [Statement],
    pub(in crate::random) next: usize,
    pub(in crate::random) again: u32,
    pub(in crate::random) objects: Vec<(u8, Reference)>,
    pub(in crate::random) continuations: Vec<(u8, Option<Held<'p>>)>,
    /// Things and externs, too.
    pub(in crate::random) things: Vec<(u8, Any)>,
    pub(in crate::random) externs: Vec<(u8, Any)>,
    /// The parameter of a loop.
    pub(in crate::random) carried: Option<Any>,
    /// A continuation below all that the block does, which its statement is not done with.
    pub(in crate::random) half: Option<Held<'p>>,
}

pub(in crate::random) struct Frame<'p> {
    pub(in crate::random) objects: [Reference; OBJECTS as usize],
    pub(in crate::random) integers: [i64; INTEGERS as usize],
    pub(in crate::random) continuations: [Option<Held<'p>>; CONTINUATIONS as usize],
    /// Those of the other kinds.
    pub(in crate::random) vars: Vars,
    /// What the emitted function has for moving continuations around: the last one that
    /// this frame moved.
    pub(in crate::random) it: Option<Held<'p>>,
    pub(in crate::random) cursors: Vec<Cursor<'p>>,
    /// The statement it came to last: where it stands, if it does not run. None before it
    /// has run at all.
    pub(in crate::random) stands: Option<&'p Statement>,
    /// Where what it waits for goes.
    pub(in crate::random) awaits: Pair,
    /// What statements of control add.
    pub(in crate::random) more: More<'p>,
}

pub(in crate::random) struct Continuation<'p> {
    pub(in crate::random) frames: Vec<Frame<'p>>,
    pub(in crate::random) site: Option<Site<'p>>,
    /// Arguments it was given before it goes on.
    pub(in crate::random) bound: Vec<Value<'p>>,
}

/// What a continuation reference stands for, outermost first.
pub(in crate::random) type Chain<'p> = Vec<Continuation<'p>>;

/// A continuation reference. Its copies share what it stands for; once it is used up, that
/// is nothing.
pub(in crate::random) type Held<'p> = Rc<RefCell<Option<Chain<'p>>>>;

/// A reference to a chain.
pub(in crate::random) fn held(chain: Chain<'_>) -> Held<'_> {
    Rc::new(RefCell::new(Some(chain)))
}

impl<'p> Cursor<'p> {
    pub(in crate::random) fn new(
        of: Option<&'p Statement>,
        block: &'p [Statement],
        again: u32,
    ) -> Self {
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
            half: None,
        }
    }

    /// Whether operands may lie below what its block does.
    pub(in crate::random) fn lies_above_operands(&self) -> bool {
        let is = |statement: &Statement| {
            matches!(
                statement,
                Statement::Hold { .. }
                    | Statement::Control(Control::Spawn { .. })
                    | Statement::Heap(_)
            )
        };
        self.of.is_some_and(is)
    }
}

impl<'p> Frame<'p> {
    /// At the start of a function, waiting for its arguments.
    pub(in crate::random) fn new(body: &'p [Statement]) -> Self {
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
            more: More::default(),
        }
    }

    /// The function in a variable.
    pub(in crate::random) fn function(&self, any: u8) -> Func {
        self.vars.functions[usize::from(variable(Kind::Function, any))]
    }

    pub(in crate::random) fn set_function(&mut self, any: u8, function: Func) {
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

    pub(in crate::random) fn pair(&self, pair: Pair) -> (Reference, i64) {
        (
            self.objects[usize::from(pair.object)],
            self.integers[usize::from(pair.integer)],
        )
    }

    pub(in crate::random) fn set_pair(&mut self, pair: Pair, (object, integer): (Reference, i64)) {
        self.objects[usize::from(pair.object)] = object;
        self.integers[usize::from(pair.integer)] = integer;
    }
}

/// The frame that runs, in `running`: the innermost of the innermost.
pub(in crate::random) fn top<'a, 'p>(running: &'a mut Chain<'p>) -> &'a mut Frame<'p> {
    let innermost = running.last_mut().and_then(|one| one.frames.last_mut());
    innermost.expect("what runs has a frame")
}
