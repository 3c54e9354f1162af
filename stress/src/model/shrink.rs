//! The shortest list of steps that still differs.

use super::driver::{run_again, run_recorded};
use super::recording::Recorded;
use super::twist::Twist;
use crate::reduce::shortest_list;
use crate::round;
use crate::suite::{Round, RoundResult};
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
    let (run, all) = run_recorded(seed, steps, config, twist)?;
    if run.difference.is_none() {
        return Ok(None);
    }
    let mut fails = |steps: &[Recorded]| {
        let run = run_again(seed, steps, config, twist).ok()?;
        run.difference.map(|_| used(steps, run.steps))
    };
    let list = shortest_list(all, &mut fails);
    let run = run_again(seed, &list, config, twist)?;
    Ok(run.difference.map(|difference| Shortest {
        steps: list.len(),
        text: text(&list),
        difference,
    }))
}

/// The shortest list found for a round that failed; none if the steps cannot be had.
pub(super) fn of_round(of: &Round<'_>, steps: u64) -> Option<Vec<Recorded>> {
    // Which steps there were is known only from a run that came to an end.
    if !of.is_live() {
        return None;
    }
    let (_, all) = run_recorded(of.seed, steps, of.config, None).ok()?;
    let mut fails = |steps: &[Recorded]| {
        let mut told = steps.len() as u64;
        let failed = of.fails(&mut || {
            round::guarded(|| {
                let run = run_again(of.seed, steps, of.config, None)?;
                told = run.steps;
                Ok(RoundResult::new(run.figures, run.difference))
            })
        });
        failed.then(|| used(steps, told))
    };
    Some(shortest_list(all, &mut fails))
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
