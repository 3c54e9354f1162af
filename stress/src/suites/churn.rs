//! `churn`: workers that come, keep one another, and are forgotten; how many
//! are alive is checked after each collection. The program is
//! `programs/churn.wat`; this is its oracle, the same story told with boxes.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;

/// Most workers in a slot, each kept by the next.
const DEEPEST: usize = 8;
/// Collections in a run.
const COLLECTIONS: u32 = 20;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "churn",
    about: "continuations made, resumed, kept by others and forgotten, their number checked",
    breaks: "the count of what lives: continuations freed too early or too late, records used twice",
    least: 1,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// A case: 1,000 slots and 100,000 steps at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let slots = size.of(1_000, 8);
    let every = size.of(100_000 / COLLECTIONS, 10);
    let steps = every * COLLECTIONS;
    let (salt, seed) = (rng.number() as i64, rng.number() as u32);
    Case {
        parameters: format!("slots={slots} steps={steps}"),
        wat: module(salt, include_str!("../../programs/churn.wat")),
        arguments: vec![slots as i32, steps as i32, every as i32, seed as i32],
        checksum: Churn::new(salt, seed, slots).run(steps),
        collections: COLLECTIONS.into(),
        told: Told::default(),
        continuations_in_objects: false,
        continuation_clone: false,
        place,
    }
}

fn place(number: i64) -> String {
    if number == i64::MIN {
        return "the number of live continuations".to_owned();
    }
    let (worker, turn) = (number & 0xffff_ffff, number >> 32);
    if turn == 0x1000_0000 {
        format!("worker {worker}, its operand")
    } else {
        format!("worker {worker}, turn {turn}")
    }
}

struct Worker {
    id: i64,
    turns: i64,
    last: i64,
    kept: Option<Box<Worker>>,
}

impl Worker {
    /// One that has run until it first suspends.
    fn new(id: i64, kept: Option<Box<Worker>>) -> Self {
        Self {
            id,
            turns: 0,
            last: 0,
            kept,
        }
    }

    fn depth(&self) -> usize {
        1 + self.kept.as_ref().map_or(0, |kept| kept.depth())
    }

    /// What it hands out when it suspends.
    fn handed_out(&self) -> i64 {
        fold(self.last, self.turns)
    }

    fn take_turn(&mut self) -> i64 {
        self.turns += 1;
        if let Some(kept) = &mut self.kept {
            self.last = kept.take_turn();
        }
        self.handed_out()
    }

    fn finish(self, salt: i64) -> i64 {
        // The turn in which it is told to finish makes no new object: the last
        // list began at a multiple of 4 and holds what was made since.
        let first = self.turns & !3;
        let made = (first..=self.turns).rev();
        let sum = made.fold(0, |sum, turn| {
            fold(sum, value(salt, self.id + (turn << 32)))
        });
        let sum = self.kept.map_or(sum, |kept| fold(sum, kept.finish(salt)));
        fold(sum, self.turns + 1)
    }
}

struct Churn {
    salt: i64,
    state: u64,
    slots: Vec<Option<Box<Worker>>>,
}

impl Churn {
    fn new(salt: i64, seed: u32, slots: u32) -> Self {
        Self {
            salt,
            state: seed.into(),
            slots: (0..slots).map(|_| None).collect(),
        }
    }

    fn random(&mut self, bound: u32) -> u32 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as u32 % bound
    }

    fn run(mut self, steps: u32) -> i64 {
        let mut sum = 0;
        for id in 0..steps {
            let slot = self.random(self.slots.len() as u32);
            let action = self.random(8);
            sum = fold(sum, self.step(slot as usize, action, id.into()));
        }
        let left = self.slots.into_iter().flatten();
        left.fold(sum, |sum, worker| fold(sum, worker.finish(self.salt)))
    }

    fn step(&mut self, slot: usize, action: u32, id: i64) -> i64 {
        let Some(mut worker) = self.slots[slot].take() else {
            return self.put(slot, id, None);
        };
        match action {
            0..2 => self.put(slot, id, None),
            2..5 => {
                let handed = worker.take_turn();
                self.slots[slot] = Some(worker);
                handed
            }
            5 => worker.finish(self.salt),
            6 if worker.depth() < DEEPEST => self.put(slot, id, Some(worker)),
            _ => 0,
        }
    }

    fn put(&mut self, slot: usize, id: i64, kept: Option<Box<Worker>>) -> i64 {
        let worker = Box::new(Worker::new(id, kept));
        let handed = worker.handed_out();
        self.slots[slot] = Some(worker);
        handed
    }
}
