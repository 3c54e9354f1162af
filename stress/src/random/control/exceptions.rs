//! What is thrown, and where it is caught; and how programs end before their end.

use super::ast::{CAUGHT, Catch, Control, Fault};
use super::state::{Exception, Value};
use crate::random::ast::Statement;
use crate::random::oracle::state::{Continuation, Frame, held, top};
use crate::random::oracle::{End, Looks, Machine};

impl<'p> Machine<'p> {
    pub(super) fn throw(&mut self, tag: Option<usize>, values: Vec<Value<'p>>) {
        self.world.exceptions.push(Exception { tag, values });
        self.raise(self.world.exceptions.len() - 1);
    }

    /// Looks for a clause from the innermost frame on, and goes on there.
    pub(super) fn raise(&mut self, exception: usize) {
        let mut crossed = false;
        while let Some(current) = self.running.last_mut() {
            while let Some(frame) = current.frames.last_mut() {
                while let Some(cursor) = frame.cursors.pop() {
                    if let Some(Statement::Control(Control::Try {
                        clauses, outcome, ..
                    })) = cursor.of
                    {
                        let tag = self.world.exceptions[exception].tag;
                        let takes = |clause: &Catch| {
                            clause.tag.as_ref().is_none_or(|(own, _)| Some(*own) == tag)
                        };
                        if let Some(index) = clauses.iter().position(takes) {
                            if crossed {
                                self.world.tally.count("caught outside of a continuation");
                            }
                            return self.caught(exception, (&clauses[index], index), *outcome);
                        }
                    }
                }
                current.frames.pop();
            }
            crossed = true;
            self.running.pop();
            self.world.switches += 1;
        }
        self.world.tally.count("uncaught exception");
        self.world.end = Some(End::Thrown);
    }

    fn caught(&mut self, exception: usize, (clause, index): (&'p Catch, usize), outcome: u8) {
        let values = self.world.exceptions[exception].values.clone();
        let frame = top(&mut self.running);
        if let Some(variable) = clause.reference {
            frame.more.exceptions[usize::from(variable)] = Some(exception);
        }
        if let Some((_, payload)) = &clause.tag {
            frame.take_payload(payload, values);
        }
        frame.integers[usize::from(outcome)] = CAUGHT + index as i64;
        self.world
            .tally
            .count(match (&clause.tag, clause.reference) {
                (Some(_), None) => "catch",
                (Some(_), Some(_)) => "catch_ref",
                (None, None) => "catch_all",
                (None, Some(_)) => "catch_all_ref",
            });
    }

    pub(super) fn stop(&mut self, fault: Fault) {
        let frame = top(&mut self.running);
        match fault {
            Fault::ResumeConsumed | Fault::BindConsumed | Fault::ThrowIntoConsumed => {
                frame.it = None;
            }
            Fault::SwitchConsumed => frame.more.peers[0] = None,
            _ => {}
        }
        match fault {
            Fault::ResumeNull | Fault::ResumeConsumed => self.look(Looks::RESUMPTION, None),
            Fault::ThrowIntoNull | Fault::ThrowIntoConsumed => {
                self.look(Looks::RESUMPTION, None);
                self.look(Looks::ALLOCATION, None);
            }
            Fault::SwitchNull | Fault::SwitchConsumed | Fault::SuspendUnhandled => {
                self.look(Looks::SUSPENSION, None);
            }
            Fault::SwitchUnhandled => {
                let stub = held(vec![Continuation {
                    frames: vec![Frame::new(&[])],
                    site: None,
                    bound: Vec::new(),
                }]);
                self.look(Looks::SUSPENSION, Some(&stub));
            }
            Fault::Uncaught => self.look(Looks::ALLOCATION, None),
            _ => {}
        }
        match fault.trap() {
            Some(trap) => {
                self.world.tally.count(fault.name());
                self.trap(trap);
            }
            None => self.throw(None, Vec::new()),
        }
    }
}
