//! Statements on objects and integers.

use super::End;
use super::Looks;
use super::Machine;
use super::state::{Cursor, Object, Reference, digest, top};
use crate::programs::fold;
use crate::random::ast::{DIGEST_DEPTH, Operation, Statement};
use crate::random::heap::ast::{COLLECTS, Heap, MAKES};
use crate::random::heap::oracle::{Effect, execute};

impl<'p> Machine<'p> {
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
                    body: None,
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
        digest(&self.heap, object, depth)
    }

    /// Executes a statement on objects of every kind.
    pub(super) fn act(&mut self, statement: &'p Statement, heap: &'p Heap) {
        let frame = top(&mut self.running);
        match heap {
            Heap::Hold {
                things,
                externs,
                body,
            } => {
                let mut cursor = Cursor::new(Some(statement), body, 0);
                for &variable in things {
                    let value = std::mem::take(&mut frame.vars.things[usize::from(variable)]);
                    cursor.things.push((variable, value));
                }
                for &variable in externs {
                    let value = std::mem::take(&mut frame.vars.externs[usize::from(variable)]);
                    cursor.externs.push((variable, value));
                }
                return frame.cursors.push(cursor);
            }
            Heap::Carry {
                times, from, body, ..
            } => {
                let mut cursor = Cursor::new(Some(statement), body, times - 1);
                cursor.carried = Some(frame.vars.things[usize::from(*from)]);
                return frame.cursors.push(cursor);
            }
            &Heap::CallFunction {
                function,
                give,
                take,
                ..
            } => return self.call(function, give, take),
            _ => {}
        }
        let leaf = self.things.leaf(frame, heap);
        if leaf == Some(COLLECTS) {
            self.look(Looks::COLLECTION, None);
            self.collections += 1;
        }
        let makes = matches!(heap, Heap::MakeStruct { .. } | Heap::MakeArray { .. });
        if makes || leaf == Some(MAKES) {
            self.look(Looks::ALLOCATION, None);
        }
        let frame = top(&mut self.running);
        match execute(&mut self.things, &mut self.heap, frame, heap) {
            Effect::Nothing => {}
            Effect::Note(value) => self.sum = fold(self.sum, value),
            Effect::Trap(trap) => self.world.end = Some(End::Trapped(trap)),
        }
    }
}
