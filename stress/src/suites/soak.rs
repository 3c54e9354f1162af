//! `soak`: one store, for as long as there is time: workers come, wait, are bound, thrown
//! into, switched between, trap and are forgotten, a hundred million times; and what the
//! store takes stays what it was. The program is `programs/soak.wat`; this tells its story
//! again with numbers.
//!
//! A round is a million operations at full size, in ten parts. After each, the checksum is
//! compared, and what the registry and the heap have is compared with what they had after the first: counts,
//! not what the process has resident, which others in it change. That is sampled as well, and shown;
//! `stress/tests/soak.rs` plots it for 100,000,000 operations.
//!
//! Meant to break: what is not given back (records, stacks, buffers, bound arguments, entries of the
//! log, lists of handles), and counts that wander.

use crate::programs::{fold, module, value};
use crate::round;
use crate::suite::{Figures, Round, RoundResult, Suite};
use crate::world::{Verdict, World, differs};
use mangrove::{Config, Error, TrapCode};
use mangrove_workers::Rng;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "soak",
    about: "one store for a long time: every way a continuation can begin, wait and end",
    breaks: "what is not given back: records, stacks, buffers, bindings, log entries; counts that wander",
    least: 1,
    programs: false,
    play,
};

/// Operations in a round at full size.
const OPERATIONS: u32 = 1_000_000;
/// Comparisons in a round.
const PARTS: u32 = 10;
/// Workers at a time.
const SLOTS: usize = 256;

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let small = if of.size.is_small() { 10 } else { 1 };
    let part = of.size.of(OPERATIONS / PARTS / small, 8);
    let parameters = format!("operations={}", part * PARTS);
    begin(&parameters);
    let result = round::guarded(|| {
        let mut soak = Soak::new(of.seed, of.config)?;
        let mut problem = None;
        for number in 0..PARTS {
            if let Err(wrong) = soak.part(part)? {
                problem = Some(format!("part {number}: {wrong}"));
                break;
            }
            begin(&format!("{parameters}, {} MiB resident", resident() >> 20));
        }
        let figures = Figures::of_steps(&soak.world.store, soak.operations);
        Ok(RoundResult::new(figures, problem))
    });
    result.of_seed(of.seed, &parameters)
}

/// Bytes that the process has resident; 0 where nobody says.
pub fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}

/// What is in a slot.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Empty,
    /// One that waits, with its number and how many turns it has had.
    Waits {
        id: i64,
        turns: i64,
    },
    /// One that is bound to its number, and never ran.
    Bound {
        id: i64,
    },
}

/// A store, and what is in it.
pub struct Soak {
    world: World<()>,
    salt: i64,
    state: u64,
    slots: Vec<Slot>,
    next: i64,
    /// Operations so far.
    pub operations: u64,
    /// What the store had after the first part.
    first: Option<Had>,
}

/// What a store has.
#[derive(Clone, Copy, Debug)]
struct Had {
    /// Bytes of records and of address space for stacks.
    registry: u64,
    heap: u64,
    bound: u64,
}

impl Soak {
    /// A store for a seed.
    ///
    /// # Errors
    /// The engine's.
    pub fn new(seed: u64, config: &Config) -> Result<Self, Error> {
        let mut rng = Rng::new(seed);
        let salt = rng.number() as i64;
        let text = module(salt, include_str!("../../programs/soak.wat"));
        let mut world = World::new(config, &text, (), |_, _| Ok(()))?;
        let state = rng.number() >> 32;
        world.call("begin", &[state as i64])?;
        Ok(Self {
            world,
            salt,
            state,
            slots: vec![Slot::Empty; SLOTS],
            next: 0,
            operations: 0,
            first: None,
        })
    }

    /// So many operations, and all there is to compare.
    ///
    /// # Errors
    /// The engine's.
    pub fn part(&mut self, operations: u32) -> Result<Verdict, Error> {
        let mut sum = 0;
        for _ in 0..operations {
            sum = fold(sum, self.operation());
        }
        self.operations += u64::from(operations);
        let wrong = self.world.expect("part", &[operations.into()], sum)?;
        let faults = self.world.number("fault_count", &[])?;
        let wrong = wrong.and_then(|()| differs("wrong values", faults, 0));
        let wrong = wrong.and(self.trap()?);
        self.world.store.gc()?;
        let waiting = self
            .slots
            .iter()
            .filter(|slot| !matches!(slot, Slot::Empty));
        let wanted = waiting.count() as i64;
        let live = self.world.store.live_continuations() as i64;
        let wrong = wrong.and(differs("live continuations", live, wanted));
        Ok(wrong.and(self.is_flat()))
    }

    /// A trap ends what runs; what waits stays as it is.
    fn trap(&mut self) -> Result<Verdict, Error> {
        let result = self.world.call("trap", &[]);
        super::tables::traps(result, TrapCode::Unreachable)
    }

    fn is_flat(&mut self) -> Verdict {
        let report = self.world.store.report();
        let had = Had {
            registry: report.record_bytes + report.reserved_bytes,
            heap: self.world.store.heap_bytes(),
            bound: report.bound_arguments,
        };
        let first = *self.first.get_or_insert(had);
        // Who lives when varies. Memory of records and stacks comes in steps that double.
        let most = Had {
            registry: 4 * first.registry,
            heap: 2 * first.heap + (256 << 10),
            bound: SLOTS as u64,
        };
        match had.registry > most.registry || had.heap > most.heap || had.bound > most.bound {
            true => Err(format!("the store had {first:?}, and has {had:?}")),
            false => Ok(()),
        }
    }

    fn random(&mut self, bound: u32) -> u32 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as u32 % bound
    }

    /// As in the program.
    fn operation(&mut self) -> i64 {
        let slot = self.random(SLOTS as u32) as usize;
        let other = self.random(SLOTS as u32) as usize;
        let action = self.random(16);
        let salt = self.salt;
        let of = |id| value(salt, id);
        match (self.slots[slot], action) {
            (Slot::Empty, 0..4) | (_, 0) => {
                let id = self.next();
                self.slots[slot] = Slot::Bound { id };
                1
            }
            (Slot::Empty, _) | (_, 1) => {
                let id = self.next();
                self.slots[slot] = Slot::Waits { id, turns: 0 };
                2
            }
            // It begins, by its binding.
            (Slot::Bound { id }, _) => {
                self.slots[slot] = Slot::Waits { id, turns: 0 };
                3
            }
            (Slot::Waits { id, turns }, 2..7) => {
                let turns = turns + 1;
                self.slots[slot] = Slot::Waits { id, turns };
                fold(of(id), turns)
            }
            (Slot::Waits { id, turns }, 7 | 8) => {
                self.slots[slot] = Slot::Empty;
                fold(of(id), -turns)
            }
            // Caught inside, and counted as a turn.
            (Slot::Waits { id, turns }, 9 | 10) => {
                let turns = turns + 1;
                self.slots[slot] = Slot::Waits { id, turns };
                fold(of(id), turns)
            }
            // Caught by nobody inside: it is over.
            (Slot::Waits { .. }, 11) => {
                self.slots[slot] = Slot::Empty;
                let id = self.next();
                of(id)
            }
            // Two new ones that switch once: the number of the first comes of it.
            (Slot::Waits { .. }, 12) => {
                let id = self.next();
                of(id)
            }
            // It moves to another slot, and what was there is forgotten.
            (waits @ Slot::Waits { .. }, 13) if slot != other => {
                self.slots[other] = waits;
                self.slots[slot] = Slot::Empty;
                5
            }
            (Slot::Waits { .. }, _) => {
                self.slots[slot] = Slot::Empty;
                6
            }
        }
    }

    fn next(&mut self) -> i64 {
        self.next += 1;
        self.next
    }
}
