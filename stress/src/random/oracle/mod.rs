//! What a program must compute: an interpreter that knows nothing of machine
//! stacks. Every stack is a list of frames, every position in a function a list
//! of cursors, and a suspended continuation a list of such stacks.
//!
//! ```text
//!  running: [main] [continuation] [continuation]      each: frames, and the Site that resumed it
//!                  └──────── a chain ──────────┘      what a slot holds while it is suspended
//! ```

mod compute;
mod ending;
pub(in crate::random) mod lifetimes;
pub(in crate::random) mod moments;
pub(in crate::random) mod state;

use super::ast::{
    DIGEST_DEPTH, GLOBALS, Pair, Program, RETURNED, SLOTS, SUSPENDED, Statement, WAS_EMPTY,
};
use super::control::ast::STONE;
use super::control::state::{Value, World};
use super::heap::oracle::{World as Things, root};
use crate::programs::fold;
use moments::Watch;
use state::{Chain, Continuation, Cursor, Frame, Held, Object, Reference, Site, held, top};

pub use ending::{End, Trap};
pub use moments::{Kept, Looks, moments};

/// What the oracle found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the program must return.
    pub checksum: i64,
    /// How many collections it asked for.
    pub collections: u64,
    /// How many continuations can be reached when it ends.
    pub reachable: usize,
    /// How it ends; what it computed until then is the checksum.
    pub end: End,
    /// Statements that were executed.
    pub steps: u64,
    /// Times control went from one stack to another.
    pub switches: u64,
}

pub(in crate::random) struct Machine<'p> {
    pub(in crate::random) program: &'p Program,
    pub(in crate::random) heap: Vec<Object>,
    pub(in crate::random) globals: [Reference; GLOBALS as usize],
    pub(in crate::random) slots: [Option<Held<'p>>; SLOTS as usize],
    pub(in crate::random) running: Chain<'p>,
    pub(in crate::random) fuel: u32,
    sum: i64,
    collections: u64,
    /// Globals, tables and segments of other objects.
    things: Things,
    /// Who wants to know what is held at some moments.
    watch: Option<Watch<'p>>,
    /// What statements of control add.
    pub(in crate::random) world: World<'p>,
}

/// Interprets a program to its end.
pub fn run(program: &Program) -> Verdict {
    Machine::new(program).run_out()
}

/// The same, and how often what was executed.
#[cfg(test)]
pub fn run_counted(program: &Program) -> (Verdict, super::control::tally::Tally) {
    let mut machine = Machine::new(program);
    let verdict = machine.run_out();
    (verdict, machine.world.tally)
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program) -> Self {
        let main = Continuation {
            frames: vec![Frame::new(&program.functions[0])],
            site: None,
            bound: Vec::new(),
        };
        let stone = Object {
            value: STONE,
            links: [None; 2],
            body: None,
        };
        Self {
            program,
            heap: vec![stone, root()],
            globals: [None; GLOBALS as usize],
            slots: Default::default(),
            running: vec![main],
            fuel: program.fuel,
            sum: 0,
            collections: 0,
            things: Things::new(),
            watch: None,
            world: World::default(),
        }
    }

    fn run_out(&mut self) -> Verdict {
        while !self.running.is_empty() && self.world.end.is_none() {
            self.step();
        }
        let end = self.world.end.unwrap_or_default();
        if end == End::Returned {
            // The program's caller, which holds nothing, collects once more.
            self.look(Looks::COLLECTION, None);
            for global in self.globals {
                self.sum = fold(self.sum, self.digest(global, DIGEST_DEPTH));
            }
        }
        Verdict {
            checksum: self.sum,
            collections: self.collections,
            reachable: self.continuations_in_reach(),
            end,
            steps: self.world.steps,
            switches: self.world.switches,
        }
    }

    fn step(&mut self) {
        let frame = top(&mut self.running);
        let Some(cursor) = frame.cursors.last_mut() else {
            return self.leave();
        };
        if let Some(statement) = cursor.block.get(cursor.next) {
            cursor.next += 1;
            return self.execute(statement);
        }
        frame.turn();
        let Some(cursor) = frame.cursors.last_mut() else {
            return;
        };
        if cursor.again > 0 {
            cursor.again -= 1;
            cursor.next = 0;
            return;
        }
        if let Some(mut ended) = frame.cursors.pop() {
            if let (Some(statement), Some(half)) = (ended.of, ended.half.take()) {
                return self.end_body(statement, half);
            }
            frame.put_back(ended);
        }
    }

    /// The innermost function returns, and with its last one the continuation.
    fn leave(&mut self) {
        let values = top(&mut self.running).pair(Pair {
            object: 0,
            integer: 0,
        });
        let Some(current) = self.running.last_mut() else {
            return;
        };
        current.frames.pop();
        if let Some(caller) = current.frames.last_mut() {
            let awaits = caller.awaits;
            return caller.set_pair(awaits, values);
        }
        let site = self.running.pop().and_then(|ended| ended.site);
        if let Some(site) = site {
            self.world.switches += 1;
            self.come_back(site, values, RETURNED);
        }
    }

    /// What a `resume` leaves in its variables.
    fn come_back(&mut self, site: Site<'p>, values: (Reference, i64), outcome: i64) {
        let frame = top(&mut self.running);
        frame.set_pair(site.take, values);
        frame.integers[usize::from(site.outcome)] = outcome;
    }

    fn execute(&mut self, statement: &'p Statement) {
        top(&mut self.running).stands = Some(statement);
        self.world.steps += 1;
        match *statement {
            Statement::Resume {
                slot,
                give,
                take,
                outcome,
                handles,
            } => {
                self.resume(
                    give,
                    Site {
                        slot,
                        take,
                        outcome,
                        handles,
                        control: None,
                    },
                );
            }
            Statement::Suspend { tag, give, take } => self.suspend(tag, give, take),
            Statement::Call {
                function,
                give,
                take,
            } => self.call(function, give, take),
            Statement::Spawn { slot, function } => {
                if let Some(fuel) = self.fuel.checked_sub(1) {
                    self.fuel = fuel;
                    let fresh = vec![Continuation {
                        frames: vec![self.fresh(function)],
                        site: None,
                        bound: Vec::new(),
                    }];
                    self.slots[usize::from(slot)] = Some(held(fresh));
                }
            }
            Statement::Exchange { one, other } => {
                top(&mut self.running).it = self.slots[usize::from(one)].clone();
                self.slots.swap(usize::from(one), usize::from(other));
            }
            Statement::Stash { slot, variable } => {
                let frame = top(&mut self.running);
                frame.it = self.slots[usize::from(slot)].clone();
                let variable = &mut frame.continuations[usize::from(variable)];
                std::mem::swap(variable, &mut self.slots[usize::from(slot)]);
            }
            Statement::Forget { slot } => self.slots[usize::from(slot)] = None,
            Statement::Collect => {
                self.look(Looks::COLLECTION, None);
                self.collections += 1;
            }
            Statement::New { .. } => {
                self.look(Looks::ALLOCATION, None);
                self.compute(statement);
            }
            Statement::Litter { .. } => {}
            Statement::Control(ref control) => self.control(statement, control),
            Statement::Heap(ref heap) => self.act(statement, heap),
            Statement::Hold { .. } | Statement::If { .. } | Statement::Repeat { .. } => {
                self.enter(statement);
            }
            _ => self.compute(statement),
        }
    }

    /// Statements with blocks.
    fn enter(&mut self, statement: &'p Statement) {
        let frame = top(&mut self.running);
        let cursor = match statement {
            Statement::Hold {
                objects,
                continuations,
                body,
            } => {
                let mut cursor = Cursor::new(Some(statement), body, 0);
                for &variable in objects {
                    let value = frame.objects[usize::from(variable)].take();
                    cursor.objects.push((variable, value));
                }
                for &variable in continuations {
                    let chain = frame.continuations[usize::from(variable)].take();
                    cursor.continuations.push((variable, chain));
                }
                cursor
            }
            Statement::If {
                condition,
                then,
                otherwise,
            } => {
                let odd = frame.integers[usize::from(*condition)] & 1 == 1;
                Cursor::new(Some(statement), if odd { then } else { otherwise }, 0)
            }
            Statement::Repeat { times, body } => Cursor::new(Some(statement), body, times - 1),
            other => unreachable!("{other:?} has no block"),
        };
        frame.cursors.push(cursor);
    }

    fn resume(&mut self, give: Pair, site: Site<'p>) {
        let frame = top(&mut self.running);
        let reference = self.slots[usize::from(site.slot)].take();
        frame.it = reference.clone();
        let Some(reference) = reference else {
            frame.integers[usize::from(site.outcome)] = WAS_EMPTY;
            return;
        };
        let (object, integer) = frame.pair(give);
        self.look(Looks::RESUMPTION, Some(&reference));
        if self.go_on(&reference, site) {
            self.deliver(vec![Value::Object(object), Value::Number(integer)]);
        }
    }

    fn suspend(&mut self, tag: u8, give: Pair, take: Pair) {
        self.look(Looks::SUSPENSION, None);
        let frame = top(&mut self.running);
        let (object, integer) = frame.pair(give);
        (frame.awaits, frame.more.awaits, frame.more.peer) = (take, &[], None);
        let values = vec![Value::Object(object), Value::Number(integer)];
        self.suspend_with(usize::from(tag), values);
    }

    /// Arrives at a `resume` without clauses of its own.
    pub(in crate::random) fn suspend_plain(
        &mut self,
        tag: usize,
        values: Vec<Value<'p>>,
        (site, chain): (Site<'p>, Chain<'p>),
    ) {
        let suspended = held(chain);
        top(&mut self.running).it = Some(suspended.clone());
        self.slots[usize::from(site.slot)] = Some(suspended);
        if let [Value::Object(object), Value::Number(integer)] = values[..] {
            self.come_back(site, (object, integer), SUSPENDED + tag as i64);
        }
    }

    fn call(&mut self, function: usize, give: Pair, take: Pair) {
        let Some(fuel) = self.fuel.checked_sub(1) else {
            return;
        };
        self.fuel = fuel;
        let frame = top(&mut self.running);
        let values = frame.pair(give);
        frame.awaits = take;
        let mut callee = Frame::new(&self.program.functions[function]);
        self.world.tally.count("call");
        callee.set_pair(callee.awaits, values);
        if let Some(current) = self.running.last_mut() {
            current.frames.push(callee);
        }
    }
}
