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
use crate::trials::Trials;
use mangrove::{Config, Error, Store};
use mangrove_workers::Rng;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
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
    /// Whether a round is one program that stands for itself, which other engines can run.
    pub programs: bool,
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
    /// Where its case is put instead of being played, if it is only made.
    pub made: Option<&'a RefCell<Option<Case>>>,
    /// Who plays, and says what fails.
    pub trials: &'a dyn Trials,
}

impl Round<'_> {
    /// Plays what the seed says.
    pub fn first(&self, play: &mut dyn FnMut() -> RoundResult) -> RoundResult {
        self.trials.first(play)
    }

    /// Plays what is no case: says first what was chosen, and of a failure that it is of that.
    pub fn play(
        &self,
        begin: &mut dyn FnMut(&str),
        parameters: &str,
        play: &mut dyn FnMut() -> Result<RoundResult, Error>,
    ) -> RoundResult {
        begin(parameters);
        let result = self.first(&mut || round::guarded(&mut *play));
        result.of_seed(self.seed, parameters)
    }

    /// Whether something that was made smaller fails as well.
    pub fn fails(&self, play: &mut dyn FnMut() -> RoundResult) -> bool {
        self.trials.fails(play)
    }

    /// How the smallest fails; none if it does not say.
    pub fn last(&self, play: &mut dyn FnMut() -> RoundResult) -> Option<FailedRound> {
        self.trials.last(play)
    }

    /// Whether what is played is played here.
    pub fn is_live(&self) -> bool {
        self.trials.is_live()
    }
}

/// What came of a round.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RoundResult {
    /// What was done.
    pub figures: Figures,
    /// How it ended.
    pub end: RoundEnd,
}

/// How a round ended.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) enum RoundEnd {
    /// Everything was as it had to be.
    #[default]
    Passed,
    /// A resource was refused: nothing is known of the rest.
    Refused(String),
    /// Something was wrong.
    Failed(FailedRound),
}

/// How a round went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// Something was not as it had to be.
    #[default]
    Wrong,
    /// The process that played it died.
    Crash,
    /// The process that played it was silent for too long.
    Hang,
}

/// A round that went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedRound {
    /// How.
    pub kind: FailureKind,
    /// The seed that gives this case in the first round.
    pub seed: u64,
    /// How the engine was set for this round, as words of a command line: what was asked for,
    /// and what followed from the seed.
    pub engine: Vec<String>,
    /// The command that plays this round alone.
    pub command: String,
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
#[serde(deny_unknown_fields)]
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

    /// The same, with so many steps.
    pub(crate) fn of_steps<T>(store: &Store<T>, steps: impl Into<u64>) -> Self {
        Self {
            steps: steps.into(),
            ..Self::of_store(store)
        }
    }

    /// Collections of both kinds.
    pub fn collections(&self) -> u64 {
        self.minor.saturating_add(self.full)
    }
}

impl AddAssign for Figures {
    /// A sum that does not fit stays at the most there is: reports come from anywhere.
    fn add_assign(&mut self, other: Self) {
        self.programs = self.programs.saturating_add(other.programs);
        self.steps = self.steps.saturating_add(other.steps);
        self.switches = self.switches.saturating_add(other.switches);
        self.minor = self.minor.saturating_add(other.minor);
        self.full = self.full.saturating_add(other.full);
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

/// Plays a case, or only makes it. One that fails is made smaller, where a suite can.
pub(crate) fn play_case(
    of: &Round<'_>,
    begin: &mut dyn FnMut(&str),
    make: Make,
    shrink: Option<Shrink>,
) -> RoundResult {
    let case = make(&mut Rng::new(of.seed), of.size);
    begin(&case.parameters);
    if let Some(made) = of.made {
        *made.borrow_mut() = Some(case);
        return RoundResult::default();
    }
    let mut result = of.first(&mut || round::play(&case, of.config));
    let RoundEnd::Failed(failure) = &mut result.end else {
        return result;
    };
    let mut case = case;
    if let Some(shrink) = shrink {
        let mut fails = |case: &Case| of.fails(&mut || round::play(case, of.config));
        case = shrink(&mut Rng::new(of.seed), of.size, &mut fails);
        // The smaller case may fail in another way: it speaks for itself.
        if let Some(smaller) = of.last(&mut || round::play(&case, of.config)) {
            *failure = smaller;
        }
    }
    failure.seed = of.seed;
    failure.parameters = case.parameters;
    failure.program = case.wat;
    failure.arguments = case.arguments;
    result
}
