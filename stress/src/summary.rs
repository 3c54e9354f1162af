//! What a run of the suites found.

use crate::suite::{FailedRound, Figures};
use serde::Serialize;
use std::fmt;

/// A run of suites.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Where randomness started.
    pub seed: u64,
    /// The zeal, as on the command line.
    pub zeal: String,
    /// One report per suite, in the order they ran.
    pub suites: Vec<SuiteReport>,
}

/// What became of one suite.
#[derive(Clone, Debug, Serialize)]
pub struct SuiteReport {
    /// Its name.
    pub suite: &'static str,
    /// Rounds run, the failed one included.
    pub rounds: u64,
    /// What was done in all rounds.
    pub figures: Figures,
    /// Time in all rounds, in milliseconds.
    pub elapsed_ms: u64,
    /// The failure that ended it, if there was one.
    pub failure: Option<FailedRound>,
    /// What was refused, if a lack of resources ended it: nothing is known of the
    /// last round then.
    pub refused: Option<String>,
}

impl Summary {
    /// Whether no suite failed, and none lacked a resource.
    pub fn passed(&self) -> bool {
        let mut suites = self.suites.iter();
        suites.all(|suite| suite.failure.is_none() && suite.refused.is_none())
    }
}

impl fmt::Display for Summary {
    /// A line per suite; for a failed one, how to see it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for suite in &self.suites {
            writeln!(f, "{suite}")?;
            if let Some(refused) = &suite.refused {
                writeln!(f, "    {refused}")?;
            }
            if let Some(failure) = &suite.failure {
                writeln!(f, "    {}", failure.message)?;
                writeln!(f, "    {}", failure.parameters)?;
                let (name, seed, zeal) = (suite.suite, failure.seed, &self.zeal);
                writeln!(
                    f,
                    "    again: mangrove stress {name} --seed {seed} --zeal {zeal}"
                )?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for SuiteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            suite,
            rounds,
            figures,
            elapsed_ms,
            failure,
            refused,
        } = self;
        let verdict = match (failure, refused) {
            (Some(_), _) => "FAILED",
            (None, Some(_)) => "REFUSED",
            (None, None) => "ok",
        };
        write!(
            f,
            "{suite:<12} {verdict:<6} {rounds} rounds, {} collections, {:.1} s",
            figures.collections(),
            *elapsed_ms as f64 / 1e3
        )
    }
}
