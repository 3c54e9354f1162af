//! `rings`: nodes and workers that hold each other, in rings too, and are let go; after
//! each collection as many workers must live as are in reach. The program is
//! `programs/rings.wat`; this is its oracle: a graph of numbers, and a search.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;

/// Collections in a run, but for the one at its end.
const COLLECTIONS: u32 = 20;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "rings",
    about: "objects and continuations that hold each other, in rings that are let go",
    breaks: "liveness over objects and stacks at once: rings kept, or freed while something leads to them",
    least: 2,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// A case: 1,000 slots and 100,000 steps at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let slots = size.of(1_000, 6);
    let every = size.of(100_000 / COLLECTIONS, 10);
    let steps = every * COLLECTIONS;
    let (salt, seed) = (rng.number() as i64, rng.number() as u32);
    let (checksum, live) = Rings::new(salt, seed, slots).run(steps, every);
    let mut counts = live.len().to_string();
    for count in live {
        counts.push_str(&format!(" (i64.const {count})"));
    }
    Case {
        parameters: format!("slots={slots} steps={steps}"),
        wat: module(
            salt,
            &include_str!("../../programs/rings.wat").replace("COUNTS", &counts),
        ),
        arguments: vec![slots as i32, steps as i32, every as i32, seed as i32],
        checksum,
        collections: u64::from(COLLECTIONS) + 1,
        told: Told::default(),
        continuations_in_objects: true,
        continuation_clone: false,
        place,
    }
}

fn place(number: i64) -> String {
    match number {
        i64::MIN => "the number of live continuations".to_owned(),
        number => format!("node or worker {number}"),
    }
}

/// What a node refers to.
#[derive(Default)]
struct Node {
    left: Option<usize>,
    right: Option<usize>,
    worker: Option<Worker>,
}

struct Worker {
    holds: Option<usize>,
    turns: i64,
}

struct Rings {
    salt: i64,
    state: u64,
    /// All there ever were, by number; most of them are not made.
    nodes: Vec<Node>,
    slots: Vec<Option<usize>>,
}

impl Rings {
    fn new(salt: i64, seed: u32, slots: u32) -> Self {
        Self {
            salt,
            state: seed.into(),
            nodes: Vec::new(),
            slots: vec![None; slots as usize],
        }
    }

    fn random(&mut self, bound: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as u32 as usize % bound
    }

    /// The checksum, and how many workers live after each collection.
    fn run(mut self, steps: u32, every: u32) -> (i64, Vec<i64>) {
        let mut sum = 0;
        let mut counts = Vec::new();
        for id in 0..steps as usize {
            let slots = self.slots.len();
            let [slot, second, third] = [(); 3].map(|()| self.random(slots));
            let action = self.random(8);
            self.nodes.push(Node::default());
            sum = fold(sum, self.step([slot, second, third], action, id));
            if (id as u32 + 1).is_multiple_of(every) {
                counts.push(self.live());
            }
        }
        (sum, counts)
    }

    fn step(&mut self, [slot, second, third]: [usize; 3], action: usize, id: usize) -> i64 {
        let node = match self.slots[slot] {
            Some(node) if action >= 2 => node,
            _ => {
                self.slots[slot] = Some(id);
                return self.turn(id, None, Some(id));
            }
        };
        let other = self.slots[second].filter(|_| id % 2 == 1);
        match action {
            2 => {
                self.slots[slot] = None;
                0
            }
            3 => {
                self.nodes[node].left = other;
                self.check(self.nodes[node].right)
            }
            4 => {
                self.nodes[node].right = other;
                self.check(self.nodes[node].left)
            }
            5 => match self.nodes[node].worker.take() {
                Some(worker) => fold(self.check(other), worker.turns + 1),
                None => 0,
            },
            6 => {
                let worker = self.nodes[node].worker.take();
                let node = self.slots[third].unwrap_or(node);
                self.turn(node, worker, other)
            }
            _ => {
                let worker = self.nodes[node].worker.take();
                self.turn(node, worker, other)
            }
        }
    }

    /// A new worker, or one that takes a turn, gets a node to hold and into a node.
    fn turn(&mut self, node: usize, worker: Option<Worker>, holds: Option<usize>) -> i64 {
        let turns = worker.map_or(0, |worker| worker.turns + 1);
        self.nodes[node].worker = Some(Worker { holds, turns });
        fold(self.check(holds), turns)
    }

    fn check(&self, node: Option<usize>) -> i64 {
        node.map_or(0, |id| value(self.salt, id as i64))
    }

    /// How many workers a slot leads to.
    fn live(&self) -> i64 {
        let mut met = vec![false; self.nodes.len()];
        let mut work: Vec<usize> = self.slots.iter().copied().flatten().collect();
        let mut live = 0;
        while let Some(id) = work.pop() {
            if std::mem::replace(&mut met[id], true) {
                continue;
            }
            let node = &self.nodes[id];
            work.extend(node.left.iter().chain(&node.right));
            if let Some(worker) = &node.worker {
                live += 1;
                work.extend(worker.holds);
            }
        }
        live
    }
}
