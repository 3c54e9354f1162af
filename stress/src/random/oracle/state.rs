//! What the interpreter's stacks are made of: chains of continuations, each of
//! frames, each with cursors into its function's blocks.

use crate::random::ast::{CONTINUATIONS, INTEGERS, OBJECTS, Pair, Statement, TAGS};

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
    pub(super) block: &'p [Statement],
    pub(super) next: usize,
    pub(super) again: u32,
    pub(super) objects: Vec<(u8, Reference)>,
    pub(super) continuations: Vec<(u8, Option<Chain<'p>>)>,
}

pub(super) struct Frame<'p> {
    pub(super) objects: [Reference; OBJECTS as usize],
    pub(super) integers: [i64; INTEGERS as usize],
    pub(super) continuations: [Option<Chain<'p>>; CONTINUATIONS as usize],
    pub(super) cursors: Vec<Cursor<'p>>,
    /// Where what it waits for goes.
    pub(super) awaits: Pair,
}

pub(super) struct Continuation<'p> {
    pub(super) frames: Vec<Frame<'p>>,
    pub(super) site: Option<Site>,
}

/// What a continuation reference stands for, outermost first.
pub(super) type Chain<'p> = Vec<Continuation<'p>>;

impl<'p> Cursor<'p> {
    pub(super) fn new(block: &'p [Statement], again: u32) -> Self {
        Self {
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
            cursors: vec![Cursor::new(body, 0)],
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
