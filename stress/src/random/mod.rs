//! `random`: programs nobody thought of.
//!
//! ```text
//!  seed ──generator──▶ Program (a small language) ──emit──▶ WebAssembly ──engine──▶ checksum
//!                          │                                                          ‖ ?
//!                          └──oracle: an interpreter with explicit stacks ──────▶ checksum
//!                          └──shrink: the smallest program that still fails
//! ```
//!
//! `clones`: the same programs, in which whatever is resumed is a clone, or has been cloned.
//!
//! `roots`: the same programs, with the root set of each moment compared ([`roots`]).

mod ast;
mod control;
mod emit;
pub(crate) mod exported;
mod generator;
mod heap;
mod oracle;
pub mod roots;
mod shrink;

pub use oracle::End;
pub(crate) use oracle::Trap;

use crate::case::{Case, Size, Told};
use crate::round;
use crate::suite::{FailedRound, Figures, RoundEnd, Suite, play_case};
use ast::Program;
use control::features::Features;
use mangrove::{Config, Zeal};
use mangrove_workers::Rng;

/// Size of the programs that are played again and again.
const CHOSEN: f64 = 0.02;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "random",
    about: "random programs of continuations and objects, judged by an interpreter",
    breaks: "whatever nobody thought of",
    least: 25,
    programs: true,
    play: |round, begin| play_case(round, begin, case, Some(shrunk)),
};

/// The suite of the same programs with clones.
pub(crate) const CLONES: Suite = Suite {
    name: "clones",
    about: "the same, in which whatever is resumed is a clone or has been cloned",
    breaks: "copies of stacks: what in them leads to the original, and who frees it",
    least: 25,
    programs: true,
    play: |round, begin| play_case(round, begin, case_with_clones, Some(shrunk_with_clones)),
};

/// The program that these choices lead to.
fn program(rng: &mut Rng, size: Size, clones: bool) -> Program {
    let features = Features {
        copies: !clones,
        ..Features::ALL
    };
    generator::program(rng, size, features)
}

/// Plays the random program of these choices (see [`Rng::of_bytes`]), for whoever changes choices
/// and looks what comes of it. Switches are counted.
///
/// # Errors
/// What went wrong, a lack of a resource too.
///
/// # Examples
/// ```
/// use mangrove::Config;
/// use mangrove_stress::play_choices;
///
/// let figures = play_choices(&[2, 1, 0], &Config::new()).map_err(|failure| failure.message)?;
/// assert!(figures.full > 0 && figures.switches > 0);
/// # Ok::<(), String>(())
/// ```
pub fn play_choices(choices: &[u8], config: &Config) -> Result<Figures, Box<FailedRound>> {
    let mut rng = Rng::of_bytes(choices);
    let clones = rng.one_in(4);
    let case = make(
        &program(&mut rng, Size::new(CHOSEN, Zeal::NONE), clones),
        clones,
    );
    let result = round::play_counted(&case, config);
    let failure = match result.end {
        RoundEnd::Passed => return Ok(result.figures),
        RoundEnd::Refused(message) => FailedRound::from(format!("refused: {message}")),
        RoundEnd::Failed(failure) => failure,
    };
    Err(Box::new(FailedRound {
        parameters: case.parameters,
        program: case.wat,
        ..failure
    }))
}

/// A case for a random program, small enough to be played dozens of times in a round. It
/// keeps continuations where `let_go` finds them.
pub(crate) fn small_case(rng: &mut Rng) -> Case {
    let clones = rng.one_in(4);
    let features = Features {
        control: false,
        ..Features::ALL
    };
    let size = Size::new(CHOSEN, Zeal::NONE);
    make(&generator::program(rng, size, features), clones)
}

/// A case for a random program.
fn case(rng: &mut Rng, size: Size) -> Case {
    make(&program(rng, size, false), false)
}

/// The same in which continuations are cloned.
fn case_with_clones(rng: &mut Rng, size: Size) -> Case {
    make(&program(rng, size, true), true)
}

/// The smallest case for which `fails` still holds, derived from the one these
/// choices lead to.
fn shrunk(rng: &mut Rng, size: Size, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    make_smallest(program(rng, size, false), false, fails)
}

/// The same with clones.
fn shrunk_with_clones(rng: &mut Rng, size: Size, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    make_smallest(program(rng, size, true), true, fails)
}

fn make_smallest(program: Program, clones: bool, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let smallest = shrink::shrink(program, &mut |candidate| fails(&make(candidate, clones)));
    make(&smallest, clones)
}

fn make(program: &Program, clones: bool) -> Case {
    let verdict = oracle::run(program);
    let form = emit::Form {
        clones,
        ..emit::Form::default()
    };
    Case {
        parameters: format!(
            "functions={} statements={}",
            program.functions.len(),
            program.statements()
        ),
        wat: emit::module(program, verdict.reachable, form),
        arguments: Vec::new(),
        checksum: verdict.checksum,
        collections: verdict.collections,
        continuations_in_objects: program.control.as_ref().is_some_and(|of| of.held),
        continuation_clone: clones,
        told: Told {
            end: verdict.end,
            steps: verdict.steps,
            switches: verdict.switches,
        },
        place: |_| "the number of live continuations".to_owned(),
    }
}
