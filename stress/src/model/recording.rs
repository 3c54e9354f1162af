//! Where the steps of a run come from: they are chosen, or were chosen before.
//!
//! A step carries everything that was chosen for it. So steps mean the same in another list,
//! and a list can be made shorter ([`super::shrink`]).

use super::machine::Machine;
use super::state::{Command, Step};
use super::vocabulary::{Mishap, Op};
use mangrove_workers::Rng;
use std::fmt;

/// Steps between two collections that are asked for, on average.
const COLLECT: u32 = 400;

/// A step, with all that was chosen for it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// What the puppet is told.
    pub command: Command,
    /// Whether a collection comes before it, and whether everything is parked before that.
    pub collect: Option<bool>,
    /// Which of the two puppets does it.
    pub puppet: i32,
    /// What follows from the step is chosen with this: slots, and what a host function does.
    pub seed: u64,
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.collect {
            Some(true) => f.write_str("park, collect; ")?,
            Some(false) => f.write_str("collect; ")?,
            None => {}
        }
        let Command {
            step, slot, arg, ..
        } = self.command;
        match step {
            Step::Do(op) => write!(f, "{op:?} slot {slot} arg {arg}")?,
            step => write!(f, "{step:?}")?,
        }
        write!(f, " in puppet {}", self.puppet)
    }
}

/// The steps of a run.
pub struct Script {
    source: Source,
    /// Those that were told, if they are kept.
    record: Option<Vec<Recorded>>,
}

enum Source {
    /// They are chosen, so many more.
    Chosen { rng: Rng, left: u64 },
    /// These, in reverse.
    Given(Vec<Recorded>),
}

impl Script {
    /// So many, of this seed.
    pub fn chosen(seed: u64, steps: u64) -> Self {
        Self {
            source: Source::Chosen {
                rng: Rng::new(!seed),
                left: steps,
            },
            record: None,
        }
    }

    /// These.
    pub fn given(steps: &[Recorded]) -> Self {
        Self {
            source: Source::Given(steps.iter().rev().copied().collect()),
            record: None,
        }
    }

    /// The same, and what was told is kept.
    pub fn recorded(mut self) -> Self {
        self.record = Some(Vec::new());
        self
    }

    /// What was told; empty where it was not kept.
    pub fn take_record(&mut self) -> Vec<Recorded> {
        self.record.take().unwrap_or_default()
    }

    /// Whether no more is wanted.
    pub fn is_over(&self) -> bool {
        match &self.source {
            Source::Chosen { left, .. } => *left == 0,
            Source::Given(steps) => steps.is_empty(),
        }
    }

    /// The next one; when no more is wanted, one that ends the activation.
    pub fn next(&mut self, machine: &mut Machine) -> Recorded {
        let step = match &mut self.source {
            Source::Chosen { left: 0, .. } => ends(machine),
            Source::Chosen { rng, left } => {
                *left -= 1;
                choose(rng.number(), machine)
            }
            Source::Given(steps) => given(steps, machine),
        };
        if let Some(record) = &mut self.record {
            record.push(step);
        }
        step
    }
}

fn choose(seed: u64, machine: &mut Machine) -> Recorded {
    let mut rng = Rng::new(seed);
    let collect = rng.one_in(COLLECT).then(|| rng.one_in(4));
    Recorded {
        command: machine.choose(&mut rng),
        collect,
        puppet: rng.range(0, 1) as i32,
        seed: rng.number(),
    }
}

/// The next for which there is room.
fn given(steps: &mut Vec<Recorded>, machine: &mut Machine) -> Recorded {
    while let Some(mut step) = steps.pop() {
        if machine.fits(step.command.step) {
            step.command.base = machine.next_base();
            return step;
        }
    }
    ends(machine)
}

fn ends(machine: &mut Machine) -> Recorded {
    Recorded {
        command: Command {
            step: Step::Do(Op::Trap(Mishap::Unreachable)),
            slot: 0,
            arg: 0,
            base: machine.next_base(),
        },
        collect: None,
        puppet: 0,
        seed: 0,
    }
}
