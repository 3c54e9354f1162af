//! Running suites: rounds until the time is over, the first failure ends a suite.

use crate::case::Size;
use crate::progress::Progress;
use crate::suite::{Figures, Round, RoundEnd, Suite};
use crate::suites::suites;
use crate::summary::{SuiteReport, Summary};
use mangrove::{Config, Zeal};
use std::time::{Duration, Instant};

/// What to run, and how.
#[derive(Clone, Debug)]
pub struct StressOptions {
    /// Names of the suites; empty means all.
    pub suites: Vec<String>,
    /// Where randomness starts. Round `n` (from 0) of every suite uses `seed + n`.
    pub seed: u64,
    /// Time for all suites together, in equal shares. Each runs one round at least.
    pub time: Duration,
    /// Rounds that each suite runs at least, in place of its own number.
    pub count: Option<u64>,
    /// When to collect beyond need.
    pub zeal: Zeal,
    /// Size of the cases; 1 is full size.
    pub scale: f64,
    /// The embedder's limits and other settings; `zeal` is put in.
    pub config: Config,
}

impl Default for StressOptions {
    fn default() -> Self {
        Self {
            suites: Vec::new(),
            seed: 1,
            time: Duration::ZERO,
            count: None,
            zeal: Zeal::NONE,
            scale: 1.0,
            config: Config::new(),
        }
    }
}

/// A suite was asked for that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no suite {name:?}; there are {}", known())]
pub struct UnknownSuite {
    /// The name asked for.
    pub name: String,
}

fn known() -> String {
    suites()
        .iter()
        .map(|suite| suite.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Runs the suites. What fails is in the summary.
///
/// # Errors
/// If a name is no suite's.
pub fn run(options: &StressOptions, progress: &mut dyn Progress) -> Result<Summary, UnknownSuite> {
    let start = Instant::now();
    run_by(options, progress, &|| start.elapsed())
}

/// Runs the suites by a clock of the caller's, which says how much time has gone by
/// since whenever it began.
///
/// # Errors
/// If a name is no suite's.
///
/// # Examples
/// ```
/// use mangrove_stress::{StressOptions, Quiet, run_by};
/// use std::time::Duration;
///
/// // Time that stands still is never used up, but there is none to begin with.
/// let options = StressOptions { suites: vec!["churn".to_owned()], scale: 0.005, ..StressOptions::default() };
/// let summary = run_by(&options, &mut Quiet, &|| Duration::ZERO)?;
/// assert_eq!(summary.suites[0].elapsed_ms, 0);
/// # Ok::<(), mangrove_stress::UnknownSuite>(())
/// ```
pub fn run_by(
    options: &StressOptions,
    progress: &mut dyn Progress,
    clock: &dyn Fn() -> Duration,
) -> Result<Summary, UnknownSuite> {
    let chosen = choose(&options.suites)?;
    let mut config = options.config.clone();
    config.zeal(options.zeal);
    let budget = options.time / u32::try_from(chosen.len()).unwrap_or(u32::MAX).max(1);
    let mut summary = Summary {
        seed: options.seed,
        zeal: options.zeal.to_string(),
        suites: Vec::new(),
    };
    for suite in chosen {
        progress.begin(suite, budget);
        let report = run_suite(suite, options, &config, (budget, clock), progress);
        progress.end(&report);
        summary.suites.push(report);
    }
    Ok(summary)
}

/// The suites of these names; all of them if there is none.
pub(crate) fn choose(names: &[String]) -> Result<Vec<&'static Suite>, UnknownSuite> {
    if names.is_empty() {
        return Ok(suites().iter().collect());
    }
    let find = |name: &String| {
        let suite = suites().iter().find(|suite| suite.name == *name);
        suite.ok_or_else(|| UnknownSuite { name: name.clone() })
    };
    names.iter().map(find).collect()
}

fn run_suite(
    suite: &'static Suite,
    options: &StressOptions,
    config: &Config,
    (budget, clock): (Duration, &dyn Fn() -> Duration),
    progress: &mut dyn Progress,
) -> SuiteReport {
    let start = clock();
    let elapsed = || clock().saturating_sub(start);
    let size = Size::new(options.scale, options.zeal);
    let mut report = SuiteReport {
        suite: suite.name,
        rounds: 0,
        figures: Figures::default(),
        elapsed_ms: 0,
        failure: None,
        refused: None,
    };
    let ended = |report: &SuiteReport| report.failure.is_some() || report.refused.is_some();
    let least = options.count.unwrap_or(suite.least);
    while !ended(&report) && (report.rounds < least || elapsed() < budget) {
        let seed = options.seed.wrapping_add(report.rounds);
        report.rounds += 1;
        let mut begin = |parameters: &str| {
            progress.round(report.rounds, parameters, elapsed());
        };
        let round = Round {
            seed,
            size,
            config,
            made: None,
        };
        let result = (suite.play)(&round, &mut begin);
        report.figures += result.figures;
        match result.end {
            RoundEnd::Passed => {}
            RoundEnd::Refused(why) => report.refused = Some(why),
            RoundEnd::Failed(failure) => report.failure = Some(failure),
        }
    }
    report.elapsed_ms = u64::try_from(elapsed().as_millis()).unwrap_or(u64::MAX);
    report
}
