//! `overflow`: the stack ends in the middle of every instruction.
//!
//! A guard can be hit by whatever writes the lowest word of a stack: a prologue,
//! a spill, the push of a call, the stubs. Frames whose bottom nobody touched
//! before make it be hit late, in the middle of a step. Each shape is executed at
//! each depth around the end of its stack, sixteen bytes apart:
//!
//! ```text
//!   stack_top ─────────────
//!              $pad × m      16 bytes each: m decides where the rest lies
//!              $site         its frame, with a bottom that nobody has touched
//!   limit ─────────────────  ◀ the sweep moves the site's frame across this line
//!              guard
//! ```
//!
//! Each run must end as it does far above the guard, or in "call stack
//! exhausted"; nothing else. After each, everything the program held is dropped,
//! a collection with verification runs, no continuation may be left, and the
//! same instruction works again on the same store. Zeal is left out, whatever was
//! asked for: its calls would touch the guard first.

mod shapes;
mod sweep;

pub use shapes::{Needs, SHAPES, Shape};

use crate::case::Size;
use crate::suite::{Figures, Round, RoundResult, Suite};
use mangrove::{Config, Error, GuardKind, OptLevel};
use mangrove_workers::Rng;
use std::fmt;

/// Words of a frame that nobody touches: spilled values of a branch that is never
/// taken. None, or with all else just less than the page from which on frames are
/// probed.
const BOTTOMS: [usize; 2] = [0, 440];
/// Usable bytes of each stack.
const STACK_SIZE: usize = 16 << 10;

/// Which stack the site is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackPosition {
    /// The one that a call from the host begins on.
    Initial,
    /// A continuation's.
    Continuation,
    /// A continuation's whose parent handles nothing.
    Nested,
}

/// One combination of what a sweep is run with.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Which stack the site is on.
    pub position: StackPosition,
    /// How stacks are guarded.
    pub guard: GuardKind,
    /// Whether what is made before is parked.
    pub parked: bool,
    /// How the code is compiled.
    pub opt_level: OptLevel,
    /// Words at the bottom of the site's frame that nobody touches.
    pub bottom: usize,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parked = if self.parked { "parked" } else { "on stacks" };
        write!(
            f,
            "{:?}, {:?} guard, {parked}, {:?}, {} words of bottom",
            self.position, self.guard, self.opt_level, self.bottom
        )
    }
}

/// Every combination.
pub fn settings() -> Vec<Setting> {
    let mut all = Vec::new();
    for position in [
        StackPosition::Initial,
        StackPosition::Continuation,
        StackPosition::Nested,
    ] {
        for guard in [GuardKind::Auto, GuardKind::Mprotect] {
            for parked in [false, true] {
                for opt_level in [OptLevel::Speed, OptLevel::None, OptLevel::Frame] {
                    all.extend(BOTTOMS.map(|bottom| Setting {
                        position,
                        guard,
                        parked,
                        opt_level,
                        bottom,
                    }));
                }
            }
        }
    }
    all
}

/// What sweeps came to.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    /// Runs that exhausted the stack.
    pub overflows: u64,
    /// Runs that ended as they do elsewhere.
    pub completed: u64,
    /// What was done; each collection has verification.
    pub figures: Figures,
    /// The first thing that was wrong.
    pub problem: Option<String>,
}

impl Swept {
    fn add(&mut self, other: Self) {
        self.overflows += other.overflows;
        self.completed += other.completed;
        self.figures += other.figures;
        self.problem = self.problem.take().or(other.problem);
    }
}

/// Sweeps one shape in one setting across the end of its stack.
///
/// # Errors
/// The engine refuses the program or its set-up: nothing a sweep provokes.
pub fn sweep(shape: &Shape, setting: &Setting, config: &Config) -> Result<Swept, Error> {
    sweep::Sweep::new(shape, setting, config)?.run()
}

/// Whether a shape can be executed there.
pub fn applies(shape: &Shape, setting: &Setting) -> bool {
    shape.needs == Needs::Nothing || setting.position != StackPosition::Initial
}

/// The setting of a seed: as many seeds in a row as there are settings have
/// each of them.
pub(crate) fn setting(seed: u64) -> Setting {
    let all = settings();
    // A prime step, so that few rounds differ in everything.
    all[(seed.wrapping_mul(31) % all.len() as u64) as usize]
}

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "overflow",
    about: "the stack ends in the middle of every instruction, at every depth",
    breaks: "steps that write below their stack, or leave registry and heap half done",
    least: 4,
    programs: false,
    play: play_round,
};

fn play_round(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let setting = setting(of.seed).to_string();
    of.play(begin, &setting, &mut || {
        let swept = sweep_some(of.seed, of.size, of.config)?;
        Ok(RoundResult::new(swept.figures, swept.problem))
    })
}

/// The seed's setting, and all shapes or, at smaller sizes, some.
fn sweep_some(seed: u64, size: Size, config: &Config) -> Result<Swept, Error> {
    let setting = setting(seed);
    let shapes = SHAPES.len() as u32;
    let count = size.of(shapes, 4).min(shapes) as usize;
    let first = Rng::new(seed).range(0, shapes - 1) as usize;
    let chosen = SHAPES.iter().cycle().skip(first).take(count);
    let mut total = Swept::default();
    for shape in chosen.filter(|shape| applies(shape, &setting)) {
        total.add(sweep(shape, &setting, config)?);
        if total.problem.is_some() {
            break;
        }
    }
    Ok(total)
}
