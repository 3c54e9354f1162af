//! Running suites in this process: one round after the other.

use crate::options::{ChoiceError, StressOptions};
use crate::progress::{Progress, RoundBegins};
use crate::schedule::{Schedule, Task};
use crate::suite::{Round, RoundResult};
use crate::summary::Summary;
use crate::trials::{Live, Trials};
use std::time::{Duration, Instant};

/// Runs the suites. What fails is in the summary. A round that kills the process is not:
/// [`crate::run_with_workers`] survives it.
///
/// # Errors
/// If a name is no suite's, or none is left.
pub fn run(options: &StressOptions, progress: &mut dyn Progress) -> Result<Summary, ChoiceError> {
    let start = Instant::now();
    run_by(options, progress, &|| start.elapsed())
}

/// Runs the suites by a clock of the caller's, which says how much time has gone by
/// since whenever it began.
///
/// # Errors
/// If a name is no suite's, or none is left.
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
/// # Ok::<(), mangrove_stress::ChoiceError>(())
/// ```
pub fn run_by(
    options: &StressOptions,
    progress: &mut dyn Progress,
    clock: &dyn Fn() -> Duration,
) -> Result<Summary, ChoiceError> {
    let begun = clock();
    let now = || clock().saturating_sub(begun);
    let mut schedule = Schedule::new(options, 1)?;
    progress.begin(options, schedule.wanted());
    while let Some(task) = schedule.take(now()) {
        let mut begin = |parameters: &str| {
            progress.round(&RoundBegins {
                job: 0,
                suite: task.suite,
                seed: task.seed,
                parameters,
            });
        };
        let result = play(options, &task, &Live(&|_| ()), &mut begin);
        schedule.done(task, result, now());
        progress.played(0, schedule.so_far(&task), now());
        for report in schedule.ended(now()) {
            progress.end(&report);
        }
    }
    // Those without a round.
    for report in schedule.ended(now()) {
        progress.end(&report);
    }
    Ok(schedule.summary(now()))
}

/// Plays a round.
pub(crate) fn play(
    options: &StressOptions,
    task: &Task,
    trials: &dyn Trials,
    begin: &mut dyn FnMut(&str),
) -> RoundResult {
    let of = options.of_round(task.seed);
    let round = Round {
        seed: task.seed,
        size: of.size,
        config: &of.config,
        made: None,
        trials,
    };
    (task.suite.play)(&round, begin)
}
