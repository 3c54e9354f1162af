//! What a run of the suites found.

use crate::suite::{FailedRound, Figures};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::AddAssign;

/// The longest program that is printed; a report has all of it.
const LINES: usize = 200;

/// A run of suites.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Time from begin to end, in milliseconds.
    pub elapsed_ms: u64,
    /// One report per suite, in the order of the suites.
    pub suites: Vec<SuiteReport>,
}

/// What became of one suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteReport {
    /// Its name.
    pub suite: String,
    /// The seed of the first round; the others follow it.
    pub first_seed: u64,
    /// Rounds that were to be played in any case.
    pub wanted: u64,
    /// Rounds played, up to the one that ended it.
    pub rounds: u64,
    /// What was done in all rounds.
    pub figures: Figures,
    /// Time in all rounds, in milliseconds.
    pub elapsed_ms: u64,
    /// The rounds that failed.
    pub failures: Vec<FailedRound>,
    /// What was refused, if a lack of resources ended it: nothing is known of the
    /// last round then.
    pub refused: Option<String>,
}

/// How a suite, or a run, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing was wrong.
    Passed,
    /// A resource was refused: nothing is known of the rest.
    Refused,
    /// Nothing was wrong where something is known, and of some rounds nothing is.
    Incomplete,
    /// Something was wrong.
    Failed,
}

impl SuiteReport {
    /// How it ended.
    pub fn verdict(&self) -> Verdict {
        match (&self.failures[..], &self.refused) {
            ([], None) => Verdict::Passed,
            ([], Some(_)) => Verdict::Refused,
            _ => Verdict::Failed,
        }
    }
}

impl Summary {
    /// Whether no suite failed, and none lacked a resource.
    pub fn passed(&self) -> bool {
        self.verdict() == Verdict::Passed
    }

    /// The worst that came of a suite.
    pub fn verdict(&self) -> Verdict {
        let all = self.suites.iter().map(SuiteReport::verdict);
        all.max().unwrap_or(Verdict::Passed)
    }
}

impl fmt::Display for Summary {
    /// A line per suite; for a failed one, how to see it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for suite in &self.suites {
            writeln!(f, "{suite}\n{}", Details(suite))?;
        }
        Ok(())
    }
}

/// What there is to say of a suite that did not pass: nothing of others.
#[derive(Debug)]
pub struct Details<'a>(pub &'a SuiteReport);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refused) = &self.0.refused {
            writeln!(f, "    {refused}")?;
        }
        for failure in &self.0.failures {
            writeln!(f, "{failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SuiteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict() {
            Verdict::Failed => "FAILED",
            Verdict::Refused | Verdict::Incomplete => "REFUSED",
            Verdict::Passed => "ok",
        };
        let Figures {
            switches,
            minor,
            full,
            ..
        } = self.figures;
        write!(
            f,
            "{:<12} {verdict:<7} {:>6} rounds {minor:>8} minor {full:>8} full collections",
            self.suite, self.rounds
        )?;
        if switches > 0 {
            write!(f, " {switches:>9} switches")?;
        }
        write!(f, " {:>8.1} s", self.elapsed_ms as f64 / 1e3)
    }
}

impl fmt::Display for FailedRound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut message = self.message.trim_end().lines();
        writeln!(
            f,
            "    seed {}: {}",
            self.seed,
            message.next().unwrap_or_default()
        )?;
        for line in message {
            writeln!(f, "        {line}")?;
        }
        if !self.parameters.is_empty() {
            writeln!(f, "    made: {}", self.parameters)?;
        }
        if !self.engine.is_empty() {
            writeln!(f, "    engine: {}", self.engine.join(" "))?;
        }
        let lines = self.program.lines().count();
        if lines > LINES {
            writeln!(
                f,
                "    program: {lines} lines, which are in --report json=FILE"
            )?;
        } else if lines > 0 {
            writeln!(f, "    program, called with {:?}:", self.arguments)?;
            let lines = self.program.lines();
            lines
                .into_iter()
                .try_for_each(|line| writeln!(f, "        {line}"))?;
        }
        write!(f, "    again: {}", self.command)
    }
}

impl AddAssign<&Self> for SuiteReport {
    /// More rounds of the same suite.
    fn add_assign(&mut self, other: &Self) {
        self.first_seed = self.first_seed.min(other.first_seed);
        self.wanted = self.wanted.saturating_add(other.wanted);
        self.rounds = self.rounds.saturating_add(other.rounds);
        self.figures += other.figures;
        self.elapsed_ms = self.elapsed_ms.saturating_add(other.elapsed_ms);
        self.failures.extend_from_slice(&other.failures);
        if self.refused.is_none() {
            self.refused.clone_from(&other.refused);
        }
    }
}
