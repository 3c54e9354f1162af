//! The shortest list of steps that still differs.

use super::driver::Stage;
use super::recording::Recorded;
use super::twist::Twist;
use crate::reduce::shortest_list;
use crate::round;
use crate::suite::{FailedRound, Round, RoundResult};
use mangrove::{Config, Error};
use std::fmt::Write;

/// A list of steps with which engine and model still differ. With any one of them left out they
/// do not, as far as there was patience to find that out.
#[derive(Debug)]
pub struct Shortest {
    /// How many steps there are.
    pub steps: usize,
    /// A line for each.
    pub text: String,
    /// Where engine and model differ.
    pub difference: String,
}

/// The shortest list found for the run of a seed; none where it has no difference.
///
/// # Errors
/// As [`super::run`].
pub fn shortest(
    seed: u64,
    steps: u64,
    config: &Config,
    twist: Option<Twist>,
) -> Result<Option<Shortest>, Error> {
    let stage = Stage::new(seed, config)?;
    let (run, all) = stage.recorded(steps, twist)?;
    if run.difference.is_none() {
        return Ok(None);
    }
    let mut fails = |steps: &[Recorded]| {
        let run = stage.again(steps, twist).ok()?;
        run.difference.map(|_| used(steps, run.steps))
    };
    let list = shortest_list(all, &mut fails);
    let run = stage.again(&list, twist)?;
    Ok(run.difference.map(|difference| Shortest {
        steps: list.len(),
        text: text(&list),
        difference,
    }))
}

/// Makes the steps of a round that failed fewer, as its failure's program.
pub(super) fn of_round(of: &Round<'_>, steps: u64, failure: &mut FailedRound) {
    // Which steps there were is known only from a run that came to an end.
    if !of.is_live() {
        return;
    }
    let stage = round::caught(|| {
        let stage = Stage::new(of.seed, of.config)?;
        let (_, all) = stage.recorded(steps, None)?;
        Ok((stage, all))
    });
    let Some((stage, all)) = stage else {
        return;
    };
    let play = |steps: &[Recorded], told: &mut u64| {
        round::guarded(|| {
            let run = stage.again(steps, None)?;
            *told = run.steps;
            Ok(RoundResult::new(run.figures, run.difference))
        })
    };
    let mut fails = |steps: &[Recorded]| {
        let mut told = steps.len() as u64;
        let failed = of.fails(&mut || play(steps, &mut told));
        failed.then(|| used(steps, told))
    };
    let list = shortest_list(all, &mut fails);
    if let Some(smaller) = of.last(&mut || play(&list, &mut 0)) {
        failure.message = smaller.message;
        failure.program = text(&list);
    }
}

/// How many of the steps were told before a difference was found. The last may have been one
/// that ends an activation.
fn used(steps: &[Recorded], told: u64) -> usize {
    usize::try_from(told).map_or(steps.len(), |told| told.min(steps.len()))
}

/// A line for each step.
pub(super) fn text(steps: &[Recorded]) -> String {
    let mut text = String::new();
    for (number, step) in steps.iter().enumerate() {
        // A `String` takes everything.
        let _ = writeln!(text, "{:>4} {step}", number + 1);
    }
    text
}
