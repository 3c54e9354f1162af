//! What the interpreter's stacks are made of: chains of continuations, each of
//! frames, each with cursors into its function's blocks.

use crate::random::ast::{CONTINUATIONS, INTEGERS, OBJECTS, Pair, Statement, TAGS};
use std::cell::RefCell;
use std::rc::Rc;

/// An object, by its place in the list of all; none is null.
pub(super) type Reference = Option<usize>;

pub(super) struct Object {
    pub(super) value: i64,
    pub(super) links: [Reference; 2],
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
}

pub(super) struct Frame<'p> {
    pub(super) objects: [Reference; OBJECTS as usize],
    pub(super) integers: [i64; INTEGERS as usize],
    pub(super) continuations: [Option<Held<'p>>; CONTINUATIONS as usize],
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
            it: None,
            cursors: vec![Cursor::new(None, body, 0)],
            stands: None,
            awaits: Pair {
                object: 0,
                integer: 0,
            },
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
