//! Who plays what a suite wants played, and says whether it fails.
//!
//! A suite plays its round, and, if that fails, smaller things derived from it, as long as they
//! fail. It does so through this, because a round may kill the process that plays it:
//!
//! ```text
//!  Live     plays all of it here, and tells of it
//!  Script   knows the answers to the first questions; plays what the next one is about, says
//!           what came of it, and ends the process, if that is still alive
//! ```
//!
//! Questions follow from the seed and the answers before them, so a process that knows those
//! comes to the next one by itself ([`crate::workers`]).

use crate::suite::{FailedRound, RoundEnd, RoundResult};
use std::cell::Cell;
use std::fmt;

/// Plays and answers.
pub(crate) trait Trials: fmt::Debug {
    /// Plays the round itself.
    fn first(&self, play: &mut dyn FnMut() -> RoundResult) -> RoundResult;
    /// Whether something smaller fails too.
    fn fails(&self, play: &mut dyn FnMut() -> RoundResult) -> bool;
    /// How the smallest fails, if that can be said.
    fn last(&self, play: &mut dyn FnMut() -> RoundResult) -> Option<FailedRound>;
    /// Whether it is all played here.
    fn is_live(&self) -> bool;
}

/// Plays everything here. The listener is told of the failure that is to be made smaller, and,
/// with none, that there is something new to try.
pub(crate) struct Live<'a>(pub &'a dyn Fn(Option<&FailedRound>));

impl fmt::Debug for Live<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

impl Trials for Live<'_> {
    fn first(&self, play: &mut dyn FnMut() -> RoundResult) -> RoundResult {
        let result = play();
        if let RoundEnd::Failed(failure) = &result.end {
            (self.0)(Some(failure));
        }
        result
    }

    fn fails(&self, play: &mut dyn FnMut() -> RoundResult) -> bool {
        (self.0)(None);
        play().failed()
    }

    fn last(&self, play: &mut dyn FnMut() -> RoundResult) -> Option<FailedRound> {
        match play().end {
            RoundEnd::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// A round that is known to kill the process that plays it.
pub(crate) struct Script<'a> {
    /// The answers to the first questions.
    answers: &'a [bool],
    /// The number of the next question.
    next: Cell<usize>,
    /// Whether the next question is played; else the answer is no.
    asks: bool,
    /// Is told the answer, and that a question comes: none. Ends the process.
    tell: &'a dyn Fn(Option<bool>),
}

impl<'a> Script<'a> {
    /// These answers, and who is told the next one.
    pub fn new(answers: &'a [bool], asks: bool, tell: &'a dyn Fn(Option<bool>)) -> Self {
        Self {
            answers,
            next: Cell::new(0),
            asks,
            tell,
        }
    }
}

impl fmt::Debug for Script<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.answers).finish()
    }
}

impl Trials for Script<'_> {
    fn first(&self, _: &mut dyn FnMut() -> RoundResult) -> RoundResult {
        // Who asks knows better how it failed.
        RoundResult {
            end: RoundEnd::Failed(FailedRound::default()),
            ..RoundResult::default()
        }
    }

    fn fails(&self, play: &mut dyn FnMut() -> RoundResult) -> bool {
        let number = self.next.get();
        self.next.set(number + 1);
        if let Some(&answer) = self.answers.get(number) {
            return answer;
        }
        if number == self.answers.len() && self.asks {
            (self.tell)(None);
            (self.tell)(Some(play().failed()));
        }
        false
    }

    fn last(&self, _: &mut dyn FnMut() -> RoundResult) -> Option<FailedRound> {
        None
    }

    fn is_live(&self) -> bool {
        false
    }
}
