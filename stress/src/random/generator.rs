//! Random programs.

use super::ast::{
    Block, CONTINUATIONS, GLOBALS, INTEGERS, OBJECTS, Operation, Pair, Program, SLOTS, Statement,
    TAGS,
};
use super::control::ast::{Declarations, Signature, Source};
use super::control::features::Features;
use super::control::generator as control;
use super::heap::ast::Heap;
use super::heap::generator::Hints;
use super::heap::values::THINGS;
use crate::case::Size;
use mangrove_workers::Rng;

/// How deep blocks nest.
pub(super) const DEEPEST: u32 = 3;
/// One of so many programs may end where an access without a guard traps.
const BARE_ONE_IN: u32 = 4;

/// A random program that uses no more than these features.
pub fn program(rng: &mut Rng, size: Size, features: Features) -> Program {
    let count = rng.range(3, 7) as usize;
    let bare = features.traps && rng.one_in(BARE_ONE_IN);
    let mut generator = Generator {
        control: features
            .control
            .then(|| control::declarations(rng, count, features)),
        rng,
        bare,
        hints: Hints::default(),
        litter: size.of(2_000, 10),
        count,
        function: 0,
        features,
    };
    let mut functions = Vec::new();
    for function in 0..count {
        generator.function = function;
        generator.hints = Hints::default();
        functions.push(generator.body());
    }
    if features.control {
        generator.with_faults(&mut functions);
    }
    Program {
        fuel: size.of(2_000, 60),
        functions,
        control: generator.control,
    }
}

pub(super) struct Generator<'a> {
    pub(super) rng: &'a mut Rng,
    /// Whether accesses without guards may come.
    pub(super) bare: bool,
    /// What is likely in each thing.
    pub(super) hints: Hints,
    litter: u32,
    pub(super) count: usize,
    pub(super) function: usize,
    pub(super) features: Features,
    pub(super) control: Option<Declarations>,
}

impl Generator<'_> {
    /// A whole function. The main one fills the slots first and drains them at the end.
    fn body(&mut self) -> Block {
        if self.function > 0 {
            return self.block(0, 8, 18);
        }
        let mut body: Block = (0..SLOTS).filter_map(|slot| self.spawn_any(slot)).collect();
        if self.features.control {
            body.extend(self.spawn_peers());
        }
        body.extend(self.block(0, 10, 20));
        let mut round: Block = (0..SLOTS).map(|slot| self.drain(slot)).collect();
        round.push(Statement::Collect);
        body.push(Statement::Repeat {
            times: 3,
            body: round,
        });
        body.extend((0..OBJECTS).map(|from| Statement::NoteObject { from }));
        body.extend((0..THINGS).map(|from| Statement::Heap(Heap::Note { from })));
        body
    }

    /// A `resume` in the main function, which lets nothing through.
    fn drain(&mut self, slot: u8) -> Statement {
        match self.features.control {
            true => self.resume_slot(Source::Slot(slot)),
            false => self.resume(slot),
        }
    }

    /// A continuation of any kind of function.
    fn spawn_any(&mut self, slot: u8) -> Option<Statement> {
        if self.features.control && self.rng.one_in(2) {
            let wide = self.spawn_wide(DEEPEST, slot);
            return wide.or_else(|| self.spawn(slot));
        }
        self.spawn(slot)
    }

    pub(super) fn block(&mut self, depth: u32, low: u32, high: u32) -> Block {
        let count = self.rng.range(low, high);
        (0..count).flat_map(|_| self.some(depth)).collect()
    }

    /// One statement, or a few of control that belong together.
    fn some(&mut self, depth: u32) -> Block {
        if self.features.control
            && self.rng.one_in(3)
            && let Some(control) = self.control(depth)
        {
            return control;
        }
        vec![self.statement(depth)]
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
            13..=15 => self.transfer(depth),
            16..=17 if depth < DEEPEST => self.hold(depth),
            18 if depth < DEEPEST => Statement::If {
                condition: self.integer(),
                then: self.block(depth + 1, 1, 4),
                otherwise: self.block(depth + 1, 0, 3),
            },
            19 if depth < DEEPEST => Statement::Repeat {
                times: self.rng.range(2, 3),
                body: self.repeated(depth),
            },
            _ => self.transfer(depth),
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

    /// The body of a loop, which may begin with holding what it hands on to its next round.
    fn repeated(&mut self, depth: u32) -> Block {
        let mut body = self.block(depth + 1, 1, 4);
        if self.features.control && self.rng.one_in(2) && depth + 1 < DEEPEST {
            let hold = match self.hold(depth + 1) {
                Statement::Hold { objects, body, .. } => Statement::Hold {
                    objects,
                    continuations: Vec::new(),
                    body,
                },
                other => other,
            };
            body.insert(0, hold);
        }
        body
    }

    /// Control goes elsewhere.
    pub(super) fn transfer(&mut self, depth: u32) -> Statement {
        let main = self.function == 0;
        match self.rng.range(0, 5) {
            0..=1 if !main => Statement::Suspend {
                tag: self.rng.range(0, u32::from(TAGS) - 1) as u8,
                give: self.pair(),
                take: self.pair(),
            },
            2 if !main && let Some(function) = self.later() => Statement::Call {
                function,
                give: self.pair(),
                take: self.pair(),
            },
            // The main function has a clause for every tag, and those are not all there are.
            _ if main && self.features.control => self.resume_any(depth),
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
        let function = self.later()?;
        Some(Statement::Spawn { slot, function })
    }

    fn hold(&mut self, depth: u32) -> Statement {
        let objects = (0..OBJECTS).filter(|_| self.rng.one_in(2)).collect();
        let continuations = (0..CONTINUATIONS).filter(|_| self.rng.one_in(3)).collect();
        let mut body = self.block(depth + 1, 0, 2);
        body.push(self.transfer(depth));
        body.extend(self.block(depth + 1, 0, 2));
        let body = self.sheltered(body);
        Statement::Hold {
            objects,
            continuations,
            body,
        }
    }

    /// A function behind this one that takes a pair.
    pub(super) fn later(&mut self) -> Option<usize> {
        let plain = |&function: &usize| {
            let control = self.control.as_ref();
            control.is_none_or(|control| *control.signature(function) == Signature::Plain)
        };
        let those: Vec<usize> = (self.function + 1..self.count).filter(plain).collect();
        (!those.is_empty()).then(|| *self.rng.pick(&those))
    }

    pub(super) fn object(&mut self) -> u8 {
        self.rng.range(0, u32::from(OBJECTS) - 1) as u8
    }

    pub(super) fn integer(&mut self) -> u8 {
        self.rng.range(0, u32::from(INTEGERS) - 1) as u8
    }

    pub(super) fn slot(&mut self) -> u8 {
        self.rng.range(0, u32::from(SLOTS) - 1) as u8
    }

    pub(super) fn pair(&mut self) -> Pair {
        Pair {
            object: self.object(),
            integer: self.integer(),
        }
    }
}
