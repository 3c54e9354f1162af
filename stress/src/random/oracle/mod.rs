//! What a program must compute: an interpreter that knows nothing of machine
//! stacks. Every stack is a list of frames, every position in a function a list
//! of cursors, and a suspended continuation a list of such stacks.
//!
//! ```text
//!  running: [main] [continuation] [continuation]      each: frames, and the Site that resumed it
//!                  └──────── a chain ──────────┘      what a slot holds while it is suspended
//! ```

mod compute;
pub(super) mod lifetimes;
mod moments;
pub(super) mod state;

use super::ast::{
    DIGEST_DEPTH, GLOBALS, Pair, Program, RETURNED, SLOTS, SUSPENDED, Statement, WAS_EMPTY,
};
use super::heap::oracle::{World, root};
use crate::programs::fold;
use mangrove::TrapCode;
use moments::Watch;
use state::{Chain, Continuation, Cursor, Frame, Held, Object, Reference, Site, held, top};

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
    /// The trap it ends with.
    pub trap: Option<TrapCode>,
}

struct Machine<'p> {
    program: &'p Program,
    heap: Vec<Object>,
    globals: [Reference; GLOBALS as usize],
    world: World,
    slots: [Option<Held<'p>>; SLOTS as usize],
    running: Chain<'p>,
    fuel: u32,
    sum: i64,
    collections: u64,
    trap: Option<TrapCode>,
    /// Who wants to know what is held at some moments.
    watch: Option<Watch<'p>>,
}

/// Interprets a program to its end.
pub fn run(program: &Program) -> Verdict {
    Machine::new(program).run_out()
}

/// Continuations in the chain of a reference and in the variables of its frames.
fn size(held: &Held<'_>) -> usize {
    held.borrow().as_ref().map_or(0, chain_size)
}

fn chain_size(chain: &Chain<'_>) -> usize {
    let in_frame = |frame: &Frame<'_>| {
        let held = frame
            .cursors
            .iter()
            .flat_map(|cursor| &cursor.continuations);
        let held = held.filter_map(|(_, chain)| chain.as_ref());
        frame
            .continuations
            .iter()
            .flatten()
            .chain(held)
            .map(size)
            .sum::<usize>()
    };
    chain
        .iter()
        .map(|one| 1 + one.frames.iter().map(in_frame).sum::<usize>())
        .sum()
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program) -> Self {
        let main = Continuation {
            frames: vec![Frame::new(&program.functions[0])],
            site: None,
        };
        Self {
            program,
            heap: vec![root()],
            globals: [None; GLOBALS as usize],
            world: World::new(),
            slots: Default::default(),
            running: vec![main],
            fuel: program.fuel,
            sum: 0,
            collections: 0,
            trap: None,
            watch: None,
        }
    }

    fn run_out(&mut self) -> Verdict {
        while !self.running.is_empty() {
            self.step();
        }
        // The program's caller, which holds nothing, collects once more.
        self.look(Looks::COLLECTION, None);
        for global in self.globals {
            self.sum = fold(self.sum, self.digest(global, DIGEST_DEPTH));
        }
        Verdict {
            checksum: self.sum,
            collections: self.collections,
            reachable: self.slots.iter().flatten().map(size).sum(),
            trap: self.trap,
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
        if let Some(ended) = frame.cursors.pop() {
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
            self.come_back(site, values, RETURNED);
        }
    }

    /// What a `resume` leaves in its variables.
    fn come_back(&mut self, site: Site, values: (Reference, i64), outcome: i64) {
        let frame = top(&mut self.running);
        frame.set_pair(site.take, values);
        frame.integers[usize::from(site.outcome)] = outcome;
    }

    fn execute(&mut self, statement: &'p Statement) {
        top(&mut self.running).stands = Some(statement);
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
                    let frames = vec![Frame::new(&self.program.functions[function])];
                    let fresh = vec![Continuation { frames, site: None }];
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

    fn resume(&mut self, give: Pair, site: Site) {
        let frame = top(&mut self.running);
        let reference = self.slots[usize::from(site.slot)].take();
        frame.it = reference.clone();
        let Some(reference) = reference else {
            frame.integers[usize::from(site.outcome)] = WAS_EMPTY;
            return;
        };
        let values = frame.pair(give);
        self.look(Looks::RESUMPTION, Some(&reference));
        let chain = reference.borrow_mut().take();
        let mut chain = chain.expect("what is in a slot is not used up");
        chain[0].site = Some(site);
        self.running.append(&mut chain);
        let resumed = top(&mut self.running);
        let awaits = resumed.awaits;
        resumed.set_pair(awaits, values);
    }

    fn suspend(&mut self, tag: u8, give: Pair, take: Pair) {
        self.look(Looks::SUSPENSION, None);
        let frame = top(&mut self.running);
        let values = frame.pair(give);
        frame.awaits = take;
        let handles =
            |one: &Continuation<'_>| one.site.is_some_and(|site| site.handles[usize::from(tag)]);
        let outermost = self.running.iter().rposition(handles);
        let outermost = outermost.expect("the main function handles every tag");
        let mut chain = self.running.split_off(outermost);
        if let Some(site) = chain[0].site.take() {
            let suspended = held(chain);
            top(&mut self.running).it = Some(suspended.clone());
            self.slots[usize::from(site.slot)] = Some(suspended);
            self.come_back(site, values, SUSPENDED + i64::from(tag));
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
        callee.set_pair(callee.awaits, values);
        if let Some(current) = self.running.last_mut() {
            current.frames.push(callee);
        }
    }
}
