//! The model: what the proposal says each operation does, with lists for stacks.
//!
//! ```text
//!  running   outermost ─▶ [ member │ waits in its resume ] [ member │ waits ] [ member ]  runs
//!                           frames: command loops, each under an operation
//!  held      token ─▶ a continuation: fresh, or the members that were captured as one
//!  slots     what the puppet's tables hold: tokens, used up or not
//! ```
//!
//! A token stands for one use: resuming, binding, switching to it takes it out
//! of `held`, and a capture makes a new one. So a token that is nowhere in
//! `held` is a consumed reference. Each operation leaves behind the events the
//! puppet must tell of next, or the way the activation must end.

use super::event::{Event, Site};
use super::handlers::{AROUND_SUSPEND, Catch, Clause, GUARDS, SETS};
use super::puppet::{KEPT, LIVE, NUMBER, STRIDE, WIDE};
use super::state::{
    Command, Ending, Exception, Expected, Frame, Held, Member, Over, State, Step, Token, Value,
    Wait,
};
use super::twist::Twist;
use super::vocabulary::{EXCEPTIONS, Kind, Mishap, Op, SLOTS, Tag, Throws, Ty, Verb};
use mangrove::TrapCode;
use mangrove_workers::Rng;
use std::collections::{HashMap, VecDeque};

/// The state of the model.
#[derive(Debug)]
pub struct Machine {
    pub running: Vec<Member>,
    pub held: HashMap<Token, Held>,
    pub slots: [[Option<Token>; SLOTS]; Kind::ALL.len()],
    pub exceptions: [Option<Exception>; EXCEPTIONS],
    /// What the puppet must tell of before it asks again.
    pub events: VecDeque<Expected>,
    /// How the activation must end, once all is told.
    pub ending: Option<Ending>,
    pub twist: Option<Twist>,
    /// Whether objects hold continuations.
    pub objects: bool,
    rng: Rng,
    base: i64,
    tokens: Token,
}

impl Machine {
    /// A machine at rest.
    pub fn new(seed: u64, twist: Option<Twist>, objects: bool) -> Self {
        Self {
            running: Vec::new(),
            held: HashMap::new(),
            slots: [[None; SLOTS]; Kind::ALL.len()],
            exceptions: [const { None }; EXCEPTIONS],
            events: VecDeque::new(),
            ending: None,
            twist,
            objects,
            rng: Rng::new(seed),
            base: 0,
            tokens: 0,
        }
    }

    /// What is chosen from now on is of this seed.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    /// Numbers for what an operation makes.
    pub fn next_base(&mut self) -> i64 {
        self.base += STRIDE;
        self.base
    }

    /// The host calls the puppet; the result is its argument.
    pub fn begin(&mut self) -> i64 {
        let base = self.next_base();
        self.enter(base + LIVE, true);
        base
    }

    /// The host function goes on after its call of the puppet ended: as if
    /// nothing had happened, or with what its call ended with.
    pub fn host_goes_on(&mut self, ending: Ending, swallow: bool) {
        let Some(Wait::Host { base }) = self.top().wait.take() else {
            unreachable!("the host was called by the member that waits for it");
        };
        match ending {
            Ending::Exception(exception) if !swallow => self.raise(exception),
            Ending::Trap(code) if !swallow => self.trap(code),
            _ => {
                self.tell(Event::HostReturned, &[]);
                self.kept(base);
            }
        }
    }

    /// Does what the puppet is told to do.
    pub fn perform(&mut self, command: &Command) {
        let Command {
            step,
            slot,
            arg,
            base,
            ..
        } = *command;
        match step {
            Step::Return => self.give_back(base),
            Step::Tail => {
                let frame = self.frame();
                let live = std::mem::replace(&mut frame.live, base + LIVE);
                self.tell(Event::Live, &[live]);
            }
            Step::Do(op) => self.operate(op, slot, arg, base),
        }
    }

    fn operate(&mut self, op: Op, slot: usize, arg: usize, base: i64) {
        match op {
            Op::New(kind) => {
                let token = self.hold(Held {
                    bound: Vec::new(),
                    state: State::Fresh(kind),
                });
                self.slots[kind as usize][slot] = Some(token);
            }
            Op::Drop(kind) => self.slots[kind as usize][slot] = None,
            Op::Forget => self.exceptions[slot] = None,
            Op::Copy(kind) => {
                self.slots[kind as usize][arg] = self.slots[kind as usize][slot];
            }
            Op::Bind(kind, count) => self.bind(kind, count, slot, arg, base),
            Op::Resume(kind, set, verb) => self.resume(kind, set, verb, slot, arg, base),
            Op::Suspend(tag, guarded) => self.suspend(tag, guarded, arg, base),
            Op::Switch(kind, tag) => self.switch(kind, tag, slot, base),
            Op::Throw(tag) => {
                let values = self.payload(tag.params(), arg, base);
                self.raise(Exception { tag, values });
            }
            Op::ThrowRef => match self.exceptions[slot].clone() {
                Some(exception) => self.raise(exception),
                None => self.trap(TrapCode::NullException),
            },
            Op::Call => self.call(Over::Plain, base),
            Op::Wide => self.call(Over::Wide(base), base),
            Op::Guard(guard) => self.call(Over::Guard(guard, base), base),
            Op::Hold(kind) => {
                let token = self.slots[kind as usize][slot];
                self.call(Over::Hold(kind, token), base);
            }
            Op::Trap(Mishap::Unreachable) => self.trap(TrapCode::Unreachable),
            Op::Trap(Mishap::Division) => self.trap(TrapCode::DivideByZero),
            Op::Trap(Mishap::Null) => self.trap(TrapCode::NullStruct),
            Op::Host => self.top().wait = Some(Wait::Host { base }),
        }
    }

    pub fn top(&mut self) -> &mut Member {
        self.running.last_mut().expect("something runs")
    }

    fn frame(&mut self) -> &mut Frame {
        self.top().frames.last_mut().expect("a member has frames")
    }

    fn hold(&mut self, held: Held) -> Token {
        self.tokens += 1;
        self.held.insert(self.tokens, held);
        self.tokens
    }

    fn call(&mut self, over: Over, base: i64) {
        let live = base + LIVE;
        self.top().frames.push(Frame { live, over });
    }

    /// What an operation makes a payload of.
    fn payload(&self, types: &[Ty], arg: usize, base: i64) -> Vec<Value> {
        let mut objects = base..;
        let value = |ty: &Ty| match *ty {
            Ty::Number => Value::Number(base + NUMBER),
            Ty::Object => Value::Object(objects.next().expect("there is always a next")),
            Ty::Cont(kind) => Value::Cont(self.slots[kind as usize][arg]),
        };
        types.iter().map(value).collect()
    }

    /// The continuation in a slot, used up; or the trap of who finds none.
    fn consume(&mut self, kind: Kind, slot: usize) -> Option<Held> {
        let Some(token) = self.slots[kind as usize][slot] else {
            self.trap(TrapCode::NullContinuation);
            return None;
        };
        let held = match self.twist {
            Some(Twist::ReferencesLast) => self.held.get(&token).cloned(),
            _ => self.held.remove(&token),
        };
        if held.is_none() {
            self.trap(TrapCode::ContinuationConsumed);
        }
        held
    }

    fn bind(&mut self, kind: Kind, count: usize, slot: usize, arg: usize, base: i64) {
        let values = self.payload(&kind.params()[..count], arg, base);
        if let Some(mut held) = self.consume(kind, slot) {
            held.bound.extend(values);
            let token = self.hold(held);
            let bound = kind.bound(count).expect("an operation that exists");
            self.arrives(bound, Some(token));
        }
    }

    fn resume(&mut self, kind: Kind, set: usize, verb: Verb, slot: usize, arg: usize, base: i64) {
        let exception = match verb {
            Verb::Resume => None,
            Verb::Throw(tag) => Some(Exception {
                tag: Throws(tag),
                values: self.payload(Throws(tag).params(), arg, base),
            }),
            Verb::ThrowRef => match self.exceptions[arg].clone() {
                Some(exception) => Some(exception),
                None => return self.trap(TrapCode::NullException),
            },
        };
        let payload = self.payload(kind.params(), arg, base);
        let Some(held) = self.consume(kind, slot) else {
            return;
        };
        self.top().wait = Some(Wait::Resume { set, base });
        match (exception, held.state) {
            (None, state) => self.start(state, held.bound, payload),
            // One that never ran is over; the exception is at the `resume_throw`.
            (Some(exception), State::Fresh(_)) => self.raise(exception),
            (Some(exception), State::Suspended(members)) => {
                self.running.extend(members);
                self.raise(exception);
            }
        }
    }

    /// A new member runs: a command loop that holds this box.
    fn enter(&mut self, live: i64, first: bool) {
        self.tokens += 1;
        self.running.push(Member {
            frames: vec![Frame {
                live,
                over: Over::Entry,
            }],
            first,
            number: self.tokens,
            ..Member::default()
        });
    }

    /// A continuation goes on inside of what runs.
    fn start(&mut self, state: State, bound: Vec<Value>, payload: Vec<Value>) {
        let mut values = bound;
        values.extend(payload);
        let members = match state {
            State::Fresh(kind) => {
                let live = self.next_base();
                self.enter(live, false);
                return self.report(Event::Enter(kind), kind.params(), &values, live);
            }
            State::Suspended(members) => members,
        };
        self.running.extend(members);
        match self.top().wait.take() {
            Some(Wait::Suspend { tag, base, .. }) => {
                self.report(Event::Resumed(tag), tag.suspended().params(), &values, 0);
                self.kept(base);
            }
            Some(Wait::Switch { kind, base }) => {
                let back = kind.back().expect("it was switched to");
                self.report(Event::Switched(kind), back.params(), &values, 0);
                self.kept(base);
            }
            other => unreachable!("a captured continuation waits in {other:?}"),
        }
    }

    fn suspend(&mut self, tag: Tag, guarded: bool, arg: usize, base: i64) {
        let payload = self.payload(tag.params(), arg, base);
        let Some((at, clause)) = self.handler(Clause::Label(tag)) else {
            return self.trap(TrapCode::UnhandledTag);
        };
        self.top().wait = Some(Wait::Suspend { tag, guarded, base });
        let token = self.capture(at);
        let Some(Wait::Resume { set, base }) = self.top().wait.take() else {
            unreachable!("handlers are found where something was resumed");
        };
        self.report(Event::Clause(set, clause), tag.params(), &payload, 0);
        self.arrives(tag.suspended(), Some(token));
        self.kept(base);
    }

    fn switch(&mut self, kind: Kind, tag: Tag, slot: usize, base: i64) {
        match self.slots[kind as usize][slot] {
            None => return self.trap(TrapCode::NullContinuation),
            Some(token) if !self.held.contains_key(&token) => {
                return self.trap(TrapCode::ContinuationConsumed);
            }
            Some(_) => {}
        }
        // A switch that nobody handles consumes nothing.
        let Some((at, _)) = self.handler(Clause::Switch(tag)) else {
            return self.trap(TrapCode::UnhandledTag);
        };
        let Some(target) = self.consume(kind, slot) else {
            return;
        };
        let (_, params) = kind.params().split_last().expect("it has a last one");
        let mut payload = self.payload(params, 0, base);
        self.top().wait = Some(Wait::Switch { kind, base });
        payload.push(Value::Cont(Some(self.capture(at))));
        self.start(target.state, target.bound, payload);
    }

    /// Takes all that runs inside of the member at `at` out, as one continuation.
    fn capture(&mut self, at: usize) -> Token {
        let members = self.running.split_off(at + 1);
        self.hold(Held {
            bound: Vec::new(),
            state: State::Suspended(members),
        })
    }

    /// Which member handles this, and with which of its clauses: the innermost
    /// that has such a clause, and of several the first.
    pub fn handler(&mut self, wanted: Clause) -> Option<(usize, usize)> {
        if let Some(twist) = self.twist {
            return twist.handler(&mut self.running, wanted);
        }
        search(&self.running, self.running.len() - 1, wanted)
    }

    /// Returns from the innermost command loop.
    fn give_back(&mut self, base: i64) {
        let results = [base, base + 1];
        let Some(Frame { live, over }) = self.top().frames.pop() else {
            unreachable!("a member has frames");
        };
        self.tell(Event::Live, &[live]);
        match over {
            Over::Entry => self.finish(&results),
            Over::Plain => self.tell(Event::Returned, &results),
            Over::Wide(base) => {
                let kept = |n: i64| base + WIDE + n;
                self.tell(Event::Returned, &results);
                self.tell(Event::Wide(0), &[kept(0), kept(0), kept(1)]);
                self.tell(Event::Wide(1), &[kept(2), kept(3), kept(4)]);
            }
            Over::Guard(_, base) => {
                self.tell(Event::Returned, &results);
                self.kept(base);
            }
            Over::Hold(kind, token) => {
                self.tell(Event::Returned, &results);
                self.arrives(kind, token);
            }
        }
    }

    /// The innermost member has returned.
    fn finish(&mut self, results: &[i64]) {
        let member = self.running.pop().expect("something runs");
        if member.first {
            self.tell(Event::Finished, results);
            self.ending = Some(Ending::Returned);
            return;
        }
        let Some(Wait::Resume { set, base }) = self.top().wait.take() else {
            unreachable!("a parent waits in its resume");
        };
        self.tell(Event::Done(set), results);
        self.kept(base);
    }

    /// An exception is thrown where the innermost member is.
    fn raise(&mut self, exception: Exception) {
        loop {
            let member = self.top();
            let (site, catches, base) = match member.wait.take() {
                Some(Wait::Suspend {
                    guarded: true,
                    base,
                    ..
                }) => (Site::Suspend, AROUND_SUSPEND, base),
                Some(Wait::Resume { set, base }) => (Site::Resume(set), SETS[set].catches, base),
                Some(Wait::Suspend { .. } | Wait::Switch { .. }) | None => {
                    (Site::Suspend, &[] as &[_], 0)
                }
                Some(Wait::Host { .. }) => unreachable!("the host throws when it returns"),
            };
            if self.catch(&exception, site, catches, base) {
                return;
            }
            while let Some(frame) = self.top().frames.pop() {
                if let Over::Guard(guard, base) = frame.over
                    && self.catch(&exception, Site::Guard(guard), GUARDS[guard], base)
                {
                    return;
                }
            }
            let member = self.running.pop().expect("something runs");
            if member.first {
                self.ending = Some(Ending::Exception(exception));
                return;
            }
        }
    }

    fn catch(&mut self, exception: &Exception, site: Site, catches: &[Catch], base: i64) -> bool {
        let fits = |catch: &Catch| catch.tag.is_none_or(|tag| tag == exception.tag);
        let Some(at) = catches.iter().position(fits) else {
            return false;
        };
        let Catch { tag, by_ref } = catches[at];
        let values = if tag.is_some() {
            &exception.values[..]
        } else {
            &[]
        };
        let params = tag.map_or(&[] as &[Ty], Throws::params);
        self.report(Event::Caught(site, at), params, values, 0);
        if by_ref {
            let slot = self.rng.range(0, EXCEPTIONS as u32 - 1) as usize;
            self.exceptions[slot] = Some(exception.clone());
            self.expect(Event::Exception, [0; 3], slot as i64);
        }
        self.kept(base);
        true
    }

    /// The activation ends here, with all its members.
    fn trap(&mut self, code: TrapCode) {
        while let Some(member) = self.running.pop() {
            if member.first {
                break;
            }
        }
        self.ending = Some(Ending::Trap(code));
    }

    /// A payload is told of: its numbers in one event, its continuations after it.
    fn report(&mut self, event: Event, types: &[Ty], values: &[Value], answer: i64) {
        let mut numbers = [0; 3];
        let plain = values.iter().filter_map(|value| match value {
            Value::Number(number) | Value::Object(number) => Some(*number),
            Value::Cont(_) => None,
        });
        for (place, number) in numbers.iter_mut().zip(plain) {
            *place = number;
        }
        self.expect(event, numbers, answer);
        debug_assert_eq!(types.len(), values.len(), "{event:?}");
        for (ty, value) in types.iter().zip(values) {
            if let (Ty::Cont(kind), Value::Cont(token)) = (ty, value) {
                self.arrives(*kind, *token);
            }
        }
    }

    /// A continuation reference is told of, and put into a slot.
    fn arrives(&mut self, kind: Kind, token: Option<Token>) {
        let slot = self.rng.range(0, SLOTS as u32 - 1) as usize;
        self.slots[kind as usize][slot] = token;
        self.expect(Event::Cont, [token.is_none().into(), 0, 0], slot as i64);
    }

    fn kept(&mut self, base: i64) {
        self.tell(Event::Kept, &[base + KEPT]);
    }

    fn tell(&mut self, event: Event, values: &[i64]) {
        let mut all = [0; 3];
        all[..values.len()].copy_from_slice(values);
        self.expect(event, all, 0);
    }

    fn expect(&mut self, event: Event, values: [i64; 3], answer: i64) {
        self.events.push_back(Expected {
            event,
            values,
            answer,
        });
    }
}

/// The innermost handler among the first `count` members that run, each waiting
/// for the one after it.
pub fn search(running: &[Member], count: usize, wanted: Clause) -> Option<(usize, usize)> {
    for at in (0..count).rev() {
        let Some(Wait::Resume { set, .. }) = running[at].wait else {
            // The host is a border.
            return None;
        };
        let clauses = SETS[set].clauses;
        if let Some(clause) = clauses.iter().position(|&clause| clause == wanted) {
            return Some((at, clause));
        }
    }
    None
}
