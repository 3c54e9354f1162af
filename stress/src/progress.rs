//! Telling people how far a run has come.

use crate::suite::Suite;
use crate::summary::SuiteReport;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::Duration;

/// Is told how far a run of the suites has come.
pub trait Progress {
    /// A suite begins; it may take `budget`, and at least one round.
    fn begin(&mut self, suite: &Suite, budget: Duration);
    /// A round begins, with this case, after `elapsed` in this suite.
    fn round(&mut self, number: u64, parameters: &str, elapsed: Duration);
    /// The suite has ended.
    fn end(&mut self, report: &SuiteReport);
}

/// Tells nobody.
#[derive(Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&mut self, _: &Suite, _: Duration) {}
    fn round(&mut self, _: u64, _: &str, _: Duration) {}
    fn end(&mut self, _: &SuiteReport) {}
}

/// A bar on stderr while a suite runs, a line when it has ended. Where stderr
/// is no terminal: nothing, the summary says it all.
#[derive(Debug, Default)]
pub struct ConsoleProgress {
    bar: Option<ProgressBar>,
}

impl Progress for ConsoleProgress {
    fn begin(&mut self, suite: &Suite, budget: Duration) {
        let bar = ProgressBar::new(u64::try_from(budget.as_millis()).unwrap_or(u64::MAX));
        // A template that does not parse would be a defect of this line; the
        // default style is no worse than none.
        if let Ok(style) = ProgressStyle::with_template("{prefix:12} {spinner} {wide_bar} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(suite.name);
        // It ticks on a thread of its own, and ends the process without one.
        if stderr().is_terminal() && thread_to_be_had() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        self.bar = Some(bar);
    }

    fn round(&mut self, number: u64, parameters: &str, elapsed: Duration) {
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
            bar.set_message(format!("round {number}: {parameters}"));
        }
    }

    fn end(&mut self, report: &SuiteReport) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if stderr().is_terminal() {
            eprintln!("{report}");
        }
    }
}

/// Whether the system gives a thread.
fn thread_to_be_had() -> bool {
    let thread = std::thread::Builder::new().spawn(|| ());
    thread.is_ok_and(|thread| thread.join().is_ok())
}
