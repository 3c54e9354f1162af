//! What a suite is: a name, and a function from a seed to a round.
//!
//! ```text
//!   Suite ──play── Round { seed, size, config } ──▶ RoundResult { figures, end }
//! ```
//!
//! A round depends on its seed, size and settings alone: whoever plays it again, here or on
//! another machine, sees the same. Suites that play one [`Case`](crate::Case) a round
//! do so by [`play_case`]; the others bring a function of their own.

use crate::case::{Case, Size};
use crate::round;
use mangrove::{Config, Store};
use mangrove_workers::Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::AddAssign;

/// A source of rounds.
pub struct Suite {
    /// Its name, as on the command line.
    pub name: &'static str,
    /// One line on what it plays.
    pub about: &'static str,
    /// One line on what it is meant to break.
    pub breaks: &'static str,
    /// Rounds that are played even when there is no time for them.
    pub least: u64,
    pub(crate) play: Play,
}

/// Plays a round. The second argument is told what was chosen, before it begins.
pub(crate) type Play = fn(&Round<'_>, &mut dyn FnMut(&str)) -> RoundResult;

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a round is made of.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    /// Where its randomness starts.
    pub seed: u64,
    /// How large it is.
    pub size: Size,
    /// How the engine is set.
    pub config: &'a Config,
}

/// What came of a round.
#[derive(Debug, Default)]
pub(crate) struct RoundResult {
    /// What was done.
    pub figures: Figures,
    /// How it ended.
    pub end: RoundEnd,
}

/// How a round ended.
#[derive(Debug, Default)]
pub(crate) enum RoundEnd {
    /// Everything was as it had to be.
    #[default]
    Passed,
    /// A resource was refused: nothing is known of the rest.
    Refused(String),
    /// Something was wrong.
    Failed(FailedRound),
}

/// A round that went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRound {
    /// The seed that gives this case in the first round.
    pub seed: u64,
    /// What was chosen for the case.
    pub parameters: String,
    /// What went wrong.
    pub message: String,
    /// The smallest program found that still fails, as text; empty where a suite has none.
    pub program: String,
    /// What `run` was called with.
    pub arguments: Vec<i32>,
}

/// What was done in one round or many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Programs that were compiled and run.
    pub programs: u64,
    /// Steps that were compared with what must come of them, where a suite counts them.
    pub steps: u64,
    /// Times control went from one stack to another, where a suite counts them.
    pub switches: u64,
    /// Minor collections.
    pub minor: u64,
    /// Full collections.
    pub full: u64,
}

impl Figures {
    /// One program, and the collections of the store that it ran in.
    pub fn of_store<T>(store: &Store<T>) -> Self {
        let minor = store.minor_collections();
        Self {
            programs: 1,
            minor,
            full: store.collections() - minor,
            ..Self::default()
        }
    }

    /// Collections of both kinds.
    pub fn collections(&self) -> u64 {
        self.minor + self.full
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.programs += other.programs;
        self.steps += other.steps;
        self.switches += other.switches;
        self.minor += other.minor;
        self.full += other.full;
    }
}

impl RoundResult {
    /// A round that ended so, in which this was done.
    pub fn new(figures: Figures, problem: Option<Problem>) -> Self {
        let end = problem.map_or(RoundEnd::Passed, |problem| RoundEnd::Failed(problem.into()));
        Self { figures, end }
    }

    /// Whether something was wrong.
    pub fn failed(&self) -> bool {
        matches!(self.end, RoundEnd::Failed(_))
    }

    /// Says of a failure which program it is about.
    pub fn with_program(&mut self, case: &Case) {
        if let RoundEnd::Failed(failure) = &mut self.end {
            failure.program.clone_from(&case.wat);
            failure.arguments.clone_from(&case.arguments);
        }
    }

    /// Says of a failure which seed and choices led to it, where it does not know.
    pub fn of_seed(mut self, seed: u64, parameters: &str) -> Self {
        if let RoundEnd::Failed(failure) = &mut self.end {
            failure.seed = seed;
            parameters.clone_into(&mut failure.parameters);
        }
        self
    }
}

/// What is wrong, in words.
pub(crate) type Problem = String;

impl From<Problem> for FailedRound {
    fn from(message: Problem) -> Self {
        Self {
            message,
            ..Self::default()
        }
    }
}

/// Makes a case from random choices.
pub(crate) type Make = fn(&mut Rng, Size) -> Case;

/// The smallest case derived from these choices for which a condition still holds.
pub(crate) type Shrink = fn(&mut Rng, Size, &mut dyn FnMut(&Case) -> bool) -> Case;

/// Plays a case. One that fails is made smaller, where a suite can.
pub(crate) fn play_case(
    of: &Round<'_>,
    begin: &mut dyn FnMut(&str),
    make: Make,
    shrink: Option<Shrink>,
) -> RoundResult {
    let case = make(&mut Rng::new(of.seed), of.size);
    begin(&case.parameters);
    let mut result = round::play(&case, of.config);
    let RoundEnd::Failed(failure) = &mut result.end else {
        return result;
    };
    let mut case = case;
    if let Some(shrink) = shrink {
        let mut fails = |case: &Case| round::play(case, of.config).failed();
        case = shrink(&mut Rng::new(of.seed), of.size, &mut fails);
        // The smaller case may fail in another way: it speaks for itself.
        if let RoundEnd::Failed(smaller) = round::play(&case, of.config).end {
            *failure = smaller;
        }
    }
    failure.seed = of.seed;
    failure.parameters = case.parameters;
    failure.program = case.wat;
    failure.arguments = case.arguments;
    result
}
