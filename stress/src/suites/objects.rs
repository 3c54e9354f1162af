//! `objects`: continuations in fields, in arrays and in exceptions, which hold the objects
//! that hold them. Each step is a call; a graph of numbers says who is in reach, which
//! reference is current, and how many continuations must be left after each collection. The
//! program is `programs/objects.wat`.
//!
//! ```text
//!  slots ─▶ node ─ cell ──▶ worker ─ its frame ──▶ node ─ …     in rings too
//!            ├ array of 4, or of hundreds ──▶ workers
//!            └ exception ──▶ worker
//! ```
//!
//! Meant to break: the lists of a descriptor (which fields hold continuations), elements that
//! are looked at in turns, the fixed point over objects and stacks, old objects that are given
//! a continuation, and copies of references of two words.

use crate::case::Size;
use crate::programs::{fold, module, value};
use crate::suite::{Figures, Round, RoundResult, Suite};
use crate::suites::tables::traps;
use crate::world::{Verdict, World, differs};
use mangrove::{Config, ContinuationsInObjects, Error, TrapCode};
use mangrove_workers::Rng;
use std::collections::BTreeSet;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "objects",
    about: "continuations in fields, arrays and exceptions, which hold what holds them",
    breaks: "continuation fields that are missed, rings of objects and stacks, halves of references",
    least: 2,
    programs: false,
    play,
};

const STEPS: u32 = 20_000;
/// Nodes that are held.
const SLOTS: usize = 12;

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let steps = of.size.of(STEPS, 60);
    let parameters = format!("steps={steps}");
    of.play(begin, &parameters, &mut || {
        let mut objects = Objects::new(of.seed, of.config)?;
        let problem = objects.run(steps, of.size)?.err();
        let figures = Figures::of_steps(&objects.world.store, steps);
        Ok(RoundResult::new(figures, problem))
    })
}

/// A reference to a worker: its number, and its turns when it was made.
type Reference = (usize, i64);

/// What a node refers to. The first place is its field, the last its exception's payload;
/// between them are the elements of its array.
struct Node {
    places: Vec<Option<Reference>>,
    next: Option<usize>,
}

struct Worker {
    /// None: it is over.
    turns: Option<i64>,
    holds: Option<usize>,
}

struct Objects {
    world: World<()>,
    rng: Rng,
    salt: i64,
    slots: [Option<usize>; SLOTS],
    nodes: Vec<Node>,
    workers: Vec<Worker>,
}

impl Objects {
    fn new(seed: u64, config: &Config) -> Result<Self, Error> {
        let mut rng = Rng::new(seed);
        let salt = rng.number() as i64;
        let text = module(salt, include_str!("../../programs/objects.wat"));
        let mut config = config.clone();
        config.continuations_in_objects(ContinuationsInObjects::Trace);
        Ok(Self {
            world: World::new(&config, &text, (), |_, _| Ok(()))?,
            rng,
            salt,
            slots: [None; SLOTS],
            nodes: Vec::new(),
            workers: Vec::new(),
        })
    }

    fn run(&mut self, steps: u32, size: Size) -> Result<Verdict, Error> {
        let every = size.of(100, 5);
        for step in 1..=steps {
            if let Err(problem) = self.step()? {
                return Ok(Err(format!("step {step}: {problem}")));
            }
            if step.is_multiple_of(every) {
                if self.rng.one_in(3) {
                    self.world.store.gc_minor()?;
                }
                if let Err(problem) = self.count()? {
                    return Ok(Err(format!("after step {step}: {problem}")));
                }
            }
        }
        self.count()
    }

    /// A slot that holds a node, and the node.
    fn slot(&mut self) -> Option<(usize, usize)> {
        let first = self.rng.below(SLOTS);
        let mut all = (0..SLOTS).map(|at| (first + at) % SLOTS);
        all.find_map(|at| Some((at, self.slots[at]?)))
    }

    fn step(&mut self) -> Result<Verdict, Error> {
        let Some((slot, node)) = self.slot() else {
            return self.new_node(0);
        };
        let place = self.rng.below(self.nodes[node].places.len());
        match self.rng.below(16) {
            0 | 1 => {
                let slot = self.rng.below(SLOTS);
                self.new_node(slot)
            }
            2 => {
                self.world.call("forget", &[slot as i64])?;
                self.slots[slot] = None;
                Ok(Ok(()))
            }
            3 => self.link(slot, node),
            4 => self.follow(slot, node),
            5..8 => self.new_worker(slot, node, place),
            8..12 => self.turn(slot, node, place),
            12 => self.clear(slot, node, place),
            13 => self.fill(slot, node),
            _ => self.copy(slot, node),
        }
    }

    fn new_node(&mut self, slot: usize) -> Result<Verdict, Error> {
        // Arrays with cards are those of 4 KiB and more.
        let elements = match self.rng.below(10) {
            0 => 300,
            1..4 => self.rng.below(40),
            _ => self.rng.below(5),
        };
        let id = self.nodes.len();
        let args = [slot, id, elements].map(|n| n as i64);
        self.world.call("node", &args)?;
        self.nodes.push(Node {
            places: vec![None; elements + 2],
            next: None,
        });
        self.slots[slot] = Some(id);
        Ok(Ok(()))
    }

    fn link(&mut self, slot: usize, node: usize) -> Result<Verdict, Error> {
        let to = self.rng.below(SLOTS);
        self.world.call("link", &[slot as i64, to as i64])?;
        self.nodes[node].next = self.slots[to];
        Ok(Ok(()))
    }

    /// The slot holds what comes after its node, whose number is looked at.
    fn follow(&mut self, slot: usize, node: usize) -> Result<Verdict, Error> {
        let next = self.nodes[node].next;
        self.slots[slot] = next;
        let wanted = next.map_or(0, |id| value(self.salt, id as i64));
        self.world.expect("follow", &[slot as i64], wanted)
    }

    fn new_worker(&mut self, slot: usize, node: usize, place: usize) -> Result<Verdict, Error> {
        let id = self.workers.len();
        let holds = self.rng.below(SLOTS);
        let args = [slot, place, id, holds].map(|n| n as i64);
        self.world.call("worker", &args)?;
        self.workers.push(Worker {
            turns: Some(0),
            holds: self.slots[holds],
        });
        self.nodes[node].places[place] = Some((id, 0));
        Ok(Ok(()))
    }

    /// A worker takes a turn, from one of the places it is in: stale in the others.
    fn turn(&mut self, slot: usize, node: usize, place: usize) -> Result<Verdict, Error> {
        let args = [slot as i64, place as i64, self.rng.below(5) as i64];
        let ends = args[2] == 0;
        let args = [args[0], args[1], if ends { -1 } else { 0 }];
        let Some((id, then)) = self.nodes[node].places[place] else {
            let result = self.world.call("turn", &args);
            return traps(result, TrapCode::NullContinuation);
        };
        let worker = &mut self.workers[id];
        if worker.turns != Some(then) {
            let result = self.world.call("turn", &args);
            return traps(result, TrapCode::ContinuationConsumed);
        }
        let held = worker.holds.map_or(0, |id| value(self.salt, id as i64));
        if ends {
            worker.turns = None;
        } else {
            worker.turns = Some(then + 1);
            self.nodes[node].places[place] = Some((id, then + 1));
        }
        let wanted = fold(value(self.salt, -1 - id as i64), held);
        self.world.expect("turn", &args, wanted)
    }

    fn clear(&mut self, slot: usize, node: usize, place: usize) -> Result<Verdict, Error> {
        self.world.call("clear", &[slot as i64, place as i64])?;
        self.nodes[node].places[place] = None;
        Ok(Ok(()))
    }

    /// Elements of the array become what is in the field.
    fn fill(&mut self, slot: usize, node: usize) -> Result<Verdict, Error> {
        let places = &mut self.nodes[node].places;
        let count = places.len() - 2;
        let at = self.rng.below(count + 1);
        let len = self.rng.below(count - at + 1);
        self.world
            .call("fill", &[slot, at, len].map(|n| n as i64))?;
        let what = places[0];
        places[1 + at..1 + at + len].fill(what);
        Ok(Ok(()))
    }

    /// Elements of one array become those of another, or of another part of itself.
    fn copy(&mut self, slot: usize, node: usize) -> Result<Verdict, Error> {
        let Some((from_slot, from)) = self.slot() else {
            return Ok(Ok(()));
        };
        let count = |node: usize| self.nodes[node].places.len() - 2;
        let most = count(node).min(count(from));
        let (at, source) = (self.rng.below(most + 1), self.rng.below(most + 1));
        let len = self.rng.below(most - at.max(source) + 1);
        let args = [slot, at, from_slot, source, len].map(|n| n as i64);
        self.world.call("copy", &args)?;
        let what = self.nodes[from].places[1 + source..1 + source + len].to_vec();
        self.nodes[node].places[1 + at..1 + at + len].copy_from_slice(&what);
        Ok(Ok(()))
    }

    /// As many continuations are left as the slots lead to.
    fn count(&mut self) -> Result<Verdict, Error> {
        self.world.store.gc()?;
        let mut met = BTreeSet::new();
        let mut live = BTreeSet::new();
        let mut work: Vec<usize> = self.slots.iter().flatten().copied().collect();
        while let Some(id) = work.pop() {
            if !met.insert(id) {
                continue;
            }
            let node = &self.nodes[id];
            work.extend(node.next);
            for &(worker, then) in node.places.iter().flatten() {
                if self.workers[worker].turns == Some(then) && live.insert(worker) {
                    work.extend(self.workers[worker].holds);
                }
            }
        }
        let found = self.world.store.live_continuations() as i64;
        Ok(differs("live continuations", found, live.len() as i64))
    }
}
