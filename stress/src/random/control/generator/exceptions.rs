//! Random statements that throw and catch.

use crate::random::ast::{Block, Statement};
use crate::random::control::ast::{Catch, Control, SHELVES};
use crate::random::generator::{DEEPEST, Generator};

impl Generator<'_> {
    pub(super) fn throw_perhaps(&mut self) -> Block {
        let block = self.throw();
        vec![self.perhaps(block)]
    }

    pub(super) fn shelve(&mut self) -> Control {
        Control::Shelve {
            variable: self.exception(),
            place: self.rng.range(0, u32::from(SHELVES)) as u8,
            store: self.rng.one_in(2),
        }
    }

    /// Throws, and what is behind is not reached.
    pub(super) fn throw(&mut self) -> Block {
        if self.rng.one_in(2) {
            let variable = self.exception();
            let load = Control::Shelve {
                variable,
                place: self.rng.range(0, u32::from(SHELVES)) as u8,
                store: false,
            };
            let throw = Control::ThrowRef { variable };
            return vec![Statement::Control(load), Statement::Control(throw)];
        }
        let tag = self.rng.below(self.control_of().exceptions.len());
        let shape = self.control_of().exceptions[tag];
        let give = self.payload(shape);
        vec![Statement::Control(Control::Throw { tag, give })]
    }

    pub(super) fn catches(&mut self) -> Vec<Catch> {
        let count = self.rng.range(1, 4);
        (0..count).map(|_| self.catch()).collect()
    }

    pub(super) fn catch(&mut self) -> Catch {
        let reference = self.rng.one_in(2).then(|| self.exception());
        let tag = (!self.rng.one_in(4)).then(|| {
            let tag = self.rng.below(self.control_of().exceptions.len());
            let shape = self.control_of().exceptions[tag];
            (tag, self.payload(shape))
        });
        Catch { tag, reference }
    }

    /// A `try_table` in which something is mostly thrown.
    pub(super) fn catching(&mut self, depth: u32) -> Option<Block> {
        if depth >= DEEPEST {
            return None;
        }
        let mut body = self.block(depth + 1, 1, 4);
        let main = self.function == 0;
        if main || self.rng.one_in(2) {
            body.extend(self.throw());
        }
        let mut clauses = self.catches();
        if main {
            clauses.push(Catch {
                tag: None,
                reference: self.rng.one_in(2).then(|| self.exception()),
            });
        }
        let caught: Vec<u8> = clauses.iter().filter_map(|one| one.reference).collect();
        let mut block = vec![Statement::Control(Control::Try {
            clauses,
            body,
            outcome: self.integer(),
        })];
        // What was caught is kept for others, or thrown again.
        for variable in caught {
            let next = match self.rng.range(0, 2) {
                0 => vec![self.shelved(variable)],
                1 if !main => vec![Statement::Control(Control::ThrowRef { variable })],
                _ => continue,
            };
            block.push(match self.rng.one_in(2) {
                true => self.perhaps(next),
                false => self.shelved(variable),
            });
        }
        Some(block)
    }

    pub(super) fn shelved(&mut self, variable: u8) -> Statement {
        Statement::Control(Control::Shelve {
            variable,
            place: self.rng.range(0, u32::from(SHELVES)) as u8,
            store: true,
        })
    }
}
