//! Random programs.

use super::ast::{
    Block, CONTINUATIONS, GLOBALS, INTEGERS, OBJECTS, Operation, Pair, Program, SLOTS, Statement,
    TAGS,
};
use super::heap::ast::Heap;
use super::heap::values::THINGS;
use crate::case::Size;
use mangrove_workers::Rng;

/// How deep blocks nest.
const DEEPEST: u32 = 3;
/// One of so many programs may end with a trap.
const TRAPS_ONE_IN: u32 = 4;

/// A random program.
pub fn program(rng: &mut Rng, size: Size) -> Program {
    let count = rng.range(3, 7) as usize;
    let traps = rng.one_in(TRAPS_ONE_IN);
    let mut generator = Generator {
        rng,
        traps,
        litter: size.of(2_000, 10),
        count,
        function: 0,
    };
    let mut functions = Vec::new();
    for function in 0..count {
        generator.function = function;
        functions.push(generator.body());
    }
    Program {
        fuel: size.of(2_000, 60),
        functions,
    }
}

pub(super) struct Generator<'a> {
    pub(super) rng: &'a mut Rng,
    /// Whether accesses without guards may come.
    pub(super) traps: bool,
    litter: u32,
    count: usize,
    function: usize,
}

impl Generator<'_> {
    /// A whole function. The main one fills the slots first and drains them at the end.
    fn body(&mut self) -> Block {
        if self.function > 0 {
            return self.block(0, 6, 14);
        }
        let mut body: Block = (0..SLOTS).filter_map(|slot| self.spawn(slot)).collect();
        body.extend(self.block(0, 8, 16));
        let mut round: Block = (0..SLOTS).map(|slot| self.resume(slot)).collect();
        round.push(Statement::Collect);
        body.push(Statement::Repeat {
            times: 3,
            body: round,
        });
        body.extend((0..OBJECTS).map(|from| Statement::NoteObject { from }));
        body.extend((0..THINGS).map(|from| Statement::Heap(Heap::Note { from })));
        body
    }

    pub(super) fn block(&mut self, depth: u32, low: u32, high: u32) -> Block {
        (0..self.rng.range(low, high))
            .map(|_| self.statement(depth))
            .collect()
    }

    /// What suspends, resumes or collects is about half of all statements.
    fn statement(&mut self, depth: u32) -> Statement {
        match self.rng.range(0, 31) {
            20..=31 => self.heap(depth, DEEPEST),
            0..=7 => self.plain(),
            8 => Statement::Collect,
            9 => Statement::Litter {
                count: self.rng.range(1, self.litter),
            },
            10..=11 => {
                let slot = self.slot();
                self.spawn(slot).unwrap_or(Statement::Collect)
            }
            12 => self.shuffle(),
            13..=15 => self.transfer(),
            16..=17 if depth < DEEPEST => self.hold(depth),
            18 if depth < DEEPEST => Statement::If {
                condition: self.integer(),
                then: self.block(depth + 1, 1, 4),
                otherwise: self.block(depth + 1, 0, 3),
            },
            19 if depth < DEEPEST => Statement::Repeat {
                times: self.rng.range(2, 3),
                body: self.block(depth + 1, 1, 4),
            },
            _ => self.transfer(),
        }
    }

    /// Objects and integers.
    fn plain(&mut self) -> Statement {
        let right = self.rng.one_in(2);
        match self.rng.range(0, 14) {
            0..=3 => Statement::New {
                to: self.object(),
                value: self.integer(),
                left: self.object(),
                right: self.object(),
            },
            4 => Statement::Copy {
                to: self.object(),
                from: self.object(),
            },
            5 => Statement::Follow {
                to: self.object(),
                from: self.object(),
                right,
            },
            6 => Statement::Attach {
                to: self.object(),
                what: self.object(),
                right,
            },
            7 => Statement::Read {
                to: self.integer(),
                from: self.object(),
            },
            8 => Statement::Write {
                to: self.object(),
                from: self.integer(),
            },
            9 => Statement::Same {
                to: self.integer(),
                one: self.object(),
                other: self.object(),
            },
            10 => Statement::Compute {
                to: self.integer(),
                operation: *self
                    .rng
                    .pick(&[Operation::Add, Operation::Multiply, Operation::Xor]),
                one: self.integer(),
                other: self.integer(),
            },
            11 => Statement::Constant {
                to: self.integer(),
                value: self.rng.number() as i64,
            },
            12 => Statement::NoteObject {
                from: self.object(),
            },
            13 => Statement::Note {
                from: self.integer(),
            },
            _ => self.exchange_with_global(),
        }
    }

    fn exchange_with_global(&mut self) -> Statement {
        let global = self.rng.range(0, u32::from(GLOBALS) - 1) as u8;
        if self.rng.one_in(2) {
            Statement::Publish {
                global,
                from: self.object(),
            }
        } else {
            Statement::Fetch {
                to: self.object(),
                global,
            }
        }
    }

    /// Continuations change places.
    fn shuffle(&mut self) -> Statement {
        match self.rng.range(0, 3) {
            0 => Statement::Exchange {
                one: self.slot(),
                other: self.slot(),
            },
            1 => Statement::Forget { slot: self.slot() },
            _ => Statement::Stash {
                slot: self.slot(),
                variable: self.rng.range(0, u32::from(CONTINUATIONS) - 1) as u8,
            },
        }
    }

    /// Control goes elsewhere.
    pub(super) fn transfer(&mut self) -> Statement {
        let main = self.function == 0;
        match self.rng.range(0, 5) {
            0..=1 if !main => Statement::Suspend {
                tag: self.rng.range(0, u32::from(TAGS) - 1) as u8,
                give: self.pair(),
                take: self.pair(),
            },
            2 if self.calls() => Statement::Call {
                function: self.later(),
                give: self.pair(),
                take: self.pair(),
            },
            _ => {
                let slot = self.slot();
                self.resume(slot)
            }
        }
    }

    /// Every tag must find a handler, so the main function handles all of them.
    fn resume(&mut self, slot: u8) -> Statement {
        let main = self.function == 0;
        Statement::Resume {
            slot,
            give: self.pair(),
            take: self.pair(),
            outcome: self.integer(),
            handles: [main || !self.rng.one_in(3), main || !self.rng.one_in(3)],
        }
    }

    fn spawn(&mut self, slot: u8) -> Option<Statement> {
        self.is_not_last().then(|| Statement::Spawn {
            slot,
            function: self.later(),
        })
    }

    fn hold(&mut self, depth: u32) -> Statement {
        let objects = (0..OBJECTS).filter(|_| self.rng.one_in(2)).collect();
        let continuations = (0..CONTINUATIONS).filter(|_| self.rng.one_in(3)).collect();
        let mut body = self.block(depth + 1, 0, 2);
        body.push(self.transfer());
        body.extend(self.block(depth + 1, 0, 2));
        Statement::Hold {
            objects,
            continuations,
            body,
        }
    }

    /// Whether there is a function behind this one.
    fn is_not_last(&self) -> bool {
        self.function + 1 < self.count
    }

    /// Whether this function may call another: nobody handles what the main one's suspend.
    pub(super) fn calls(&self) -> bool {
        self.function > 0 && self.is_not_last()
    }

    pub(super) fn later(&mut self) -> usize {
        self.rng
            .range(self.function as u32 + 1, self.count as u32 - 1) as usize
    }

    fn object(&mut self) -> u8 {
        self.rng.range(0, u32::from(OBJECTS) - 1) as u8
    }

    fn integer(&mut self) -> u8 {
        self.rng.range(0, u32::from(INTEGERS) - 1) as u8
    }

    fn slot(&mut self) -> u8 {
        self.rng.range(0, u32::from(SLOTS) - 1) as u8
    }

    pub(super) fn pair(&mut self) -> Pair {
        Pair {
            object: self.object(),
            integer: self.integer(),
        }
    }
}
