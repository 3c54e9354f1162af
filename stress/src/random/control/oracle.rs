//! What statements of control do.

use super::ast::{CAUGHT, Clause, Control, Fault, SHELVES, SKIPPED, Signature, Source, Way, YIELD};
use super::state::{Exception, Value};
use crate::random::ast::{Pair, SUSPENDED, Statement, WAS_EMPTY};
use crate::random::oracle::state::{Chain, Continuation, Cursor, Frame, Held, Site, held, top};
use crate::random::oracle::{End, Looks, Machine, Trap};

/// The same continuation under a new reference: the old one is used up.
fn rebind<'p>(reference: &Held<'p>, values: Vec<Value<'p>>) -> Option<Held<'p>> {
    let mut chain = reference.borrow_mut().take()?;
    innermost(&mut chain).bound.extend(values);
    Some(held(chain))
}

fn innermost<'a, 'p>(chain: &'a mut Chain<'p>) -> &'a mut Continuation<'p> {
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
    fn look_given(&mut self, what: Looks, given: &[Value<'p>], resumed: Option<&Held<'p>>) {
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
                let Some(function) = frame.more.functions[usize::from(*variable)] else {
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
            Control::Stop(fault) => self.stop(*fault),
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

    fn resume_control(
        &mut self,
        control: &'p Control,
        (source, way): (Source, &'p Way),
        take: Pair,
        outcome: u8,
    ) {
        let frame = top(&mut self.running);
        let place = match source {
            Source::Slot(slot) => &mut self.slots[usize::from(slot)],
            Source::Peer(slot) => &mut self.world.peers[usize::from(slot)],
        };
        if let Source::Slot(_) = source {
            frame.it = place.clone();
        }
        let thrown = match way {
            Way::ThrowRef { variable } => frame.more.exceptions[usize::from(*variable)],
            _ => None,
        };
        let stays = match (&place, way) {
            (None, _) => Some(WAS_EMPTY),
            (_, Way::ThrowRef { .. }) if thrown.is_none() => Some(SKIPPED),
            _ => None,
        };
        if let Some(result) = stays {
            frame.integers[usize::from(outcome)] = result;
            return;
        }
        let reference = place.take().expect("something is there");
        let site = Site::of(control, take, outcome);
        match way {
            Way::Values { give } | Way::Bound { give } => {
                let (object, integer) = frame.pair(*give);
                let mut given = vec![Value::Object(object), Value::Number(integer)];
                let mut reference = reference;
                if let Way::Bound { .. } = way {
                    let Some(bound) = rebind(&reference, std::mem::take(&mut given)) else {
                        return self.trap(Trap::ContinuationConsumed);
                    };
                    self.world.tally.count("cont.bind of all");
                    reference = bound;
                }
                if let Source::Peer(_) = source {
                    given.push(Value::Task(None));
                }
                self.look_given(Looks::RESUMPTION, &given, Some(&reference));
                if self.go_on(&reference, site) {
                    self.world.tally.count("resume");
                    self.deliver(given);
                }
            }
            Way::Throw { tag, payload } => {
                let values = frame.give_payload(payload);
                self.look_given(Looks::RESUMPTION, &values, Some(&reference));
                self.look_given(Looks::ALLOCATION, &values, Some(&reference));
                if self.go_on_throwing(&reference, site) {
                    self.world.tally.count("resume_throw");
                    self.throw(Some(*tag), values);
                }
            }
            Way::ThrowRef { .. } => {
                let given = [Value::Exception(thrown)];
                self.look_given(Looks::RESUMPTION, &given, Some(&reference));
                if let (true, Some(thrown)) = (self.go_on_throwing(&reference, site), thrown) {
                    self.world.tally.count("resume_throw_ref");
                    self.raise(thrown);
                }
            }
        }
    }

    /// Puts a chain on top of what runs; a reference that is used up is a trap.
    pub(in crate::random) fn go_on(&mut self, reference: &Held<'p>, site: Site<'p>) -> bool {
        let chain = reference.borrow_mut().take();
        let Some(mut chain) = chain else {
            self.trap(Trap::ContinuationConsumed);
            return false;
        };
        chain[0].site = Some(site);
        self.running.append(&mut chain);
        self.world.switches += 1;
        true
    }

    /// The same for an exception: what was bound is never taken.
    fn go_on_throwing(&mut self, reference: &Held<'p>, site: Site<'p>) -> bool {
        let goes_on = self.go_on(reference, site);
        innermost(&mut self.running).bound.clear();
        goes_on
    }

    /// Gives what runs now, which has waited, what it has bound and these.
    pub(in crate::random) fn deliver(&mut self, values: Vec<Value<'p>>) {
        let mut all = std::mem::take(&mut innermost(&mut self.running).bound);
        all.extend(values);
        top(&mut self.running).deliver(all);
    }

    fn suspend_control(
        &mut self,
        tag: usize,
        values: Vec<Value<'p>>,
        (items, pair): (&'p [super::ast::Item], Pair),
    ) {
        self.look_given(Looks::SUSPENSION, &values, None);
        let frame = top(&mut self.running);
        (frame.awaits, frame.more.awaits, frame.more.peer) = (pair, items, None);
        self.suspend_with(tag, values);
    }

    /// Suspends what runs up to the innermost `resume` with a clause for the tag.
    pub(in crate::random) fn suspend_with(&mut self, tag: usize, values: Vec<Value<'p>>) {
        let handles = |one: &Continuation<'_>| one.site.is_some_and(|site| site.handles(tag));
        let Some(outermost) = self.running.iter().rposition(handles) else {
            return self.trap(Trap::UnhandledTag);
        };
        if self.running.len() - outermost > 1 {
            self.world.tally.count("suspend of a chain");
        }
        self.world.tally.count("suspend");
        self.world.switches += 1;
        let mut chain = self.running.split_off(outermost);
        let site = chain[0].site.take().expect("it has a clause");
        let Some(Control::Resume { clauses, .. }) = site.control else {
            return self.suspend_plain(tag, values, (site, chain));
        };
        let first = clauses.iter().position(|clause| clause.is_on(tag));
        let first = first.expect("it has a clause");
        self.world.tally.count(match first {
            0 => "the first clause",
            1 => "the second clause",
            _ => "a later clause",
        });
        if clauses[..first].contains(&Clause::Switch) && tag == YIELD {
            self.world.tally.count("on behind switch of the same tag");
        }
        if clauses[first + 1..].iter().any(|clause| clause.is_on(tag)) {
            self.world.tally.count("a clause before its duplicate");
        }
        let Clause::On {
            take, bind, slot, ..
        } = &clauses[first]
        else {
            unreachable!("`is_on` says that it is one");
        };
        let frame = top(&mut self.running);
        if tag != YIELD {
            frame.take_payload(take, values);
        }
        let suspended = held(chain);
        let kept = match &bind[..] {
            [] => {
                frame.it = Some(suspended.clone());
                Some(suspended)
            }
            bind => {
                self.world
                    .tally
                    .count("cont.bind of a suspended continuation");
                let values = frame.give_all(bind);
                rebind(&suspended, values)
            }
        };
        frame.integers[usize::from(site.outcome)] = SUSPENDED + tag as i64;
        self.slots[usize::from(*slot)] = kept;
    }

    fn switch(&mut self, peer: u8, give: Pair, take: Pair) {
        let frame = top(&mut self.running);
        let Some(reference) = frame.more.peers[usize::from(peer)].take() else {
            return;
        };
        let (object, integer) = frame.pair(give);
        let mut values = vec![Value::Object(object), Value::Number(integer)];
        self.look_given(Looks::SUSPENSION, &values, Some(&reference));
        if reference.borrow().is_none() {
            return self.trap(Trap::ContinuationConsumed);
        }
        let handles = |one: &Continuation<'_>| one.site.is_some_and(Site::switches);
        let Some(outermost) = self.running.iter().rposition(handles) else {
            return self.trap(Trap::UnhandledTag);
        };
        let frame = top(&mut self.running);
        (frame.awaits, frame.more.awaits, frame.more.peer) = (take, &[], Some(peer));
        let mut chain = self.running.split_off(outermost);
        self.world.tally.count(match chain.len() {
            1 => "switch",
            _ => "switch of a chain",
        });
        let site = chain[0].site.take().expect("it has a clause");
        values.push(Value::Task(Some(held(chain))));
        if self.go_on(&reference, site) {
            self.deliver(values);
        }
    }

    fn throw(&mut self, tag: Option<usize>, values: Vec<Value<'p>>) {
        self.world.exceptions.push(Exception { tag, values });
        self.raise(self.world.exceptions.len() - 1);
    }

    /// Looks for a clause from the innermost frame on, and goes on there.
    fn raise(&mut self, exception: usize) {
        let mut crossed = false;
        while let Some(current) = self.running.last_mut() {
            while let Some(frame) = current.frames.last_mut() {
                while let Some(cursor) = frame.cursors.pop() {
                    if let Some(Statement::Control(Control::Try {
                        clauses, outcome, ..
                    })) = cursor.of
                    {
                        let tag = self.world.exceptions[exception].tag;
                        let takes = |clause: &super::ast::Catch| {
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

    fn caught(
        &mut self,
        exception: usize,
        (clause, index): (&'p super::ast::Catch, usize),
        outcome: u8,
    ) {
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

    fn stop(&mut self, fault: Fault) {
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
