//! What statements of control do.

use super::ast::{Control, SHELVES, Signature, YIELD};
use super::state::Value;
use crate::random::ast::{Pair, Statement};
use crate::random::oracle::state::{Chain, Continuation, Cursor, Frame, Held, held, top};
use crate::random::oracle::{End, Looks, Machine, Trap};

/// The same continuation under a new reference: the old one is used up.
pub(super) fn rebind<'p>(reference: &Held<'p>, values: Vec<Value<'p>>) -> Option<Held<'p>> {
    let mut chain = reference.borrow_mut().take()?;
    innermost(&mut chain).bound.extend(values);
    Some(held(chain))
}

pub(super) fn innermost<'a, 'p>(chain: &'a mut Chain<'p>) -> &'a mut Continuation<'p> {
    chain.last_mut().expect("a chain has a continuation")
}

impl<'p> Machine<'p> {
    /// A frame at the start of a function.
    pub(in crate::random) fn fresh(&self, function: usize) -> Frame<'p> {
        let mut frame = Frame::new(&self.program.functions[function]);
        let control = self.program.control.as_ref();
        match control.map(|control| control.signature(function)) {
            Some(Signature::Wide { items, .. }) => frame.more.awaits = items,
            Some(Signature::Peer { variable }) => frame.more.peer = Some(*variable),
            Some(Signature::Plain) | None => {}
        }
        frame
    }

    fn fresh_task(&self, function: usize, bound: Vec<Value<'p>>) -> Held<'p> {
        held(vec![Continuation {
            frames: vec![self.fresh(function)],
            site: None,
            bound,
        }])
    }

    fn burn(&mut self) -> bool {
        let fuel = self.fuel.checked_sub(1);
        self.fuel = fuel.unwrap_or(0);
        fuel.is_some()
    }

    /// The program ends here.
    pub(in crate::random) fn trap(&mut self, trap: Trap) {
        self.world.tally.count(trap.name());
        self.world.end = Some(End::Trapped(trap));
    }

    /// Looks while these are operands.
    pub(super) fn look_given(
        &mut self,
        what: Looks,
        given: &[Value<'p>],
        resumed: Option<&Held<'p>>,
    ) {
        self.world.given = given.to_vec();
        self.look(what, resumed);
        self.world.given.clear();
    }

    /// Executes one of them.
    pub(in crate::random) fn control(&mut self, statement: &'p Statement, control: &'p Control) {
        let frame = top(&mut self.running);
        match control {
            Control::Spawn {
                function,
                give,
                first,
                body,
                ..
            } => {
                if self.burn() {
                    let values = top(&mut self.running).give_all(&give[..*first]);
                    let mut cursor = Cursor::new(Some(statement), body, 0);
                    cursor.half = Some(self.fresh_task(*function, values));
                    self.world.tally.count("cont.bind of a fresh continuation");
                    top(&mut self.running).cursors.push(cursor);
                }
            }
            Control::Resume {
                source,
                way,
                take,
                outcome,
                ..
            } => self.resume_control(control, (*source, way), *take, *outcome),
            Control::Suspend { tag, give, take } => {
                let values = frame.give_payload(give);
                let items = &take.items;
                self.suspend_control(*tag, values, (items, take.pair));
            }
            Control::Yield { take } => self.suspend_control(YIELD, Vec::new(), (&[], *take)),
            Control::Switch { peer, give, take } => self.switch(*peer, *give, *take),
            Control::Throw { tag, give } => {
                let values = frame.give_payload(give);
                self.look_given(Looks::ALLOCATION, &values, None);
                self.world.tally.count("throw");
                self.throw(Some(*tag), values);
            }
            Control::ThrowRef { variable } => {
                if let Some(exception) = frame.more.exceptions[usize::from(*variable)] {
                    self.world.tally.count("throw_ref");
                    self.raise(exception);
                }
            }
            Control::Try { body, .. } => {
                frame.cursors.push(Cursor::new(Some(statement), body, 0));
                self.world.tally.count("try_table");
            }
            Control::Call { .. } | Control::CallVariable { .. } | Control::Tail { .. } => {
                self.call_control(control);
            }
            Control::Stop(fault) => self.stop(*fault),
            Control::SpawnPeer { .. }
            | Control::StashPeer { .. }
            | Control::CopyTask { .. }
            | Control::Shelve { .. }
            | Control::Function { .. } => self.place(control),
        }
    }

    /// Things change places.
    fn place(&mut self, control: &Control) {
        let frame = top(&mut self.running);
        match control {
            Control::SpawnPeer { slot, function } => {
                if self.burn() {
                    self.world.peers[usize::from(*slot)] =
                        Some(self.fresh_task(*function, Vec::new()));
                }
            }
            Control::StashPeer { slot, variable } => std::mem::swap(
                &mut frame.more.peers[usize::from(*variable)],
                &mut self.world.peers[usize::from(*slot)],
            ),
            Control::CopyTask { slot, variable } => {
                frame.continuations[usize::from(*variable)] =
                    self.slots[usize::from(*slot)].clone();
            }
            Control::Shelve {
                variable,
                place,
                store,
            } => {
                let variable = &mut frame.more.exceptions[usize::from(*variable)];
                let place = &mut self.world.shelves[usize::from((*place).min(SHELVES))];
                match store {
                    true => *place = *variable,
                    false => *variable = *place,
                }
            }
            Control::Function { to, function } => {
                frame.more.functions[usize::from(*to)] = Some(*function);
            }
            other => unreachable!("{other:?} changes no places"),
        }
    }

    /// Calls, also in place of returning.
    fn call_control(&mut self, control: &Control) {
        match control {
            Control::Call {
                by,
                function,
                give,
                take,
            } => {
                if self.burn() {
                    let values = top(&mut self.running).give_payload(give);
                    self.world.tally.count(by.call());
                    self.enter_function(*function, values, Some(*take));
                }
            }
            Control::CallVariable {
                variable,
                give,
                take,
            } => {
                let Some(function) = top(&mut self.running).more.functions[usize::from(*variable)]
                else {
                    return;
                };
                if self.burn() {
                    let (object, integer) = top(&mut self.running).pair(*give);
                    let values = vec![Value::Object(object), Value::Number(integer)];
                    self.world.tally.count("call_ref");
                    self.enter_function(function, values, Some(*take));
                }
            }
            Control::Tail { by, function, give } => {
                if self.burn() {
                    let values = top(&mut self.running).give_payload(give);
                    self.world.tally.count(by.tail_call());
                    self.enter_function(*function, values, None);
                }
            }
            other => unreachable!("{other:?} calls nothing"),
        }
    }

    /// Calls; without a place for results in place of returning.
    fn enter_function(&mut self, function: usize, values: Vec<Value<'p>>, take: Option<Pair>) {
        let mut callee = self.fresh(function);
        callee.deliver(values);
        let current = innermost(&mut self.running);
        match (take, current.frames.last_mut()) {
            (Some(take), Some(caller)) => caller.awaits = take,
            _ => drop(current.frames.pop()),
        }
        current.frames.push(callee);
    }

    /// The body of a statement is over, at whose beginning this was half bound.
    pub(in crate::random) fn end_body(&mut self, statement: &'p Statement, half: Held<'p>) {
        let Statement::Control(Control::Spawn {
            slot, give, first, ..
        }) = statement
        else {
            unreachable!("{statement:?} binds nothing");
        };
        let values = top(&mut self.running).give_all(&give[*first..]);
        self.slots[usize::from(*slot)] = rebind(&half, values);
    }
}
