//! Statements on objects and integers.

use super::Machine;
use super::state::{Object, Reference, top};
use crate::programs::fold;
use crate::random::ast::{DIGEST_DEPTH, NULL_DIGEST, Operation, Statement};

impl Machine<'_> {
    /// Executes one of them.
    pub(super) fn compute(&mut self, statement: &Statement) {
        let frame = top(&mut self.running);
        let object = |variable: u8| frame.objects[usize::from(variable)];
        let integer = |variable: u8| frame.integers[usize::from(variable)];
        match *statement {
            Statement::New {
                to,
                value,
                left,
                right,
            } => {
                let links = [object(left), object(right)];
                self.heap.push(Object {
                    value: integer(value),
                    links,
                });
                frame.objects[usize::from(to)] = Some(self.heap.len() - 1);
            }
            Statement::Copy { to, from } => frame.objects[usize::from(to)] = object(from),
            Statement::Follow { to, from, right } => {
                if let Some(at) = object(from) {
                    frame.objects[usize::from(to)] = self.heap[at].links[usize::from(right)];
                }
            }
            Statement::Attach { to, what, right } => {
                if let Some(at) = object(to) {
                    self.heap[at].links[usize::from(right)] = object(what);
                }
            }
            Statement::Read { to, from } => {
                if let Some(at) = object(from) {
                    frame.integers[usize::from(to)] = self.heap[at].value;
                }
            }
            Statement::Write { to, from } => {
                if let Some(at) = object(to) {
                    self.heap[at].value = integer(from);
                }
            }
            Statement::Same { to, one, other } => {
                frame.integers[usize::from(to)] = i64::from(object(one) == object(other));
            }
            Statement::Compute {
                to,
                operation,
                one,
                other,
            } => {
                let (one, other) = (integer(one), integer(other));
                frame.integers[usize::from(to)] = match operation {
                    Operation::Add => one.wrapping_add(other),
                    Operation::Multiply => one.wrapping_mul(other),
                    Operation::Xor => one ^ other,
                };
            }
            Statement::Constant { to, value } => frame.integers[usize::from(to)] = value,
            Statement::Publish { global, from } => {
                self.globals[usize::from(global)] = object(from);
            }
            Statement::Fetch { to, global } => {
                frame.objects[usize::from(to)] = self.globals[usize::from(global)];
            }
            Statement::Note { from } => self.sum = fold(self.sum, integer(from)),
            Statement::NoteObject { from } => {
                let from = object(from);
                self.sum = fold(self.sum, self.digest(from, DIGEST_DEPTH));
            }
            ref other => unreachable!("{other:?} computes nothing"),
        }
    }

    /// What is in an object and behind it, down to a depth.
    pub(super) fn digest(&self, object: Reference, depth: u32) -> i64 {
        match object {
            Some(at) if depth > 0 => {
                let Object {
                    value,
                    links: [left, right],
                } = self.heap[at];
                let sum = fold(value, self.digest(left, depth - 1));
                fold(sum, self.digest(right, depth - 1))
            }
            Some(_) => 0,
            None => NULL_DIGEST,
        }
    }
}
