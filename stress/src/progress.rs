//! Telling people how far a run has come.

use crate::options::StressOptions;
use crate::suite::Suite;
use crate::summary::SuiteReport;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::time::Duration;

/// Most lines for rounds that are being played.
const LINES: usize = 12;

/// Is told how far a run of the suites has come.
pub trait Progress {
    /// It begins, and has so many rounds that are played in any case.
    fn begin(&mut self, _options: &StressOptions, _wanted: u64) {}
    /// A round begins.
    fn round(&mut self, _round: &RoundBegins<'_>) {}
    /// A round is over; what its suite's report says so far, and how much time has gone by.
    fn played(&mut self, _job: usize, _so_far: &SuiteReport, _elapsed: Duration) {}
    /// A suite has ended.
    fn end(&mut self, _report: &SuiteReport) {}
}

/// A round that begins.
#[derive(Clone, Copy, Debug)]
pub struct RoundBegins<'a> {
    /// Who plays it, of all who play at a time.
    pub job: usize,
    /// Whose it is.
    pub suite: &'static Suite,
    /// Where its randomness starts.
    pub seed: u64,
    /// What was chosen for it.
    pub parameters: &'a str,
}

/// Tells nobody.
#[derive(Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {}

/// A live table on a terminal: suites that have ended go up, those that are being played have a
/// line each, and the last line is of all. Where there is no terminal: nothing.
#[derive(Debug)]
pub struct ConsoleProgress {
    all: MultiProgress,
    total: ProgressBar,
    lines: Vec<ProgressBar>,
    /// Rounds and collections of suites under way.
    so_far: HashMap<String, (u64, u64)>,
    /// What the bar measures: rounds, or time.
    by_time: bool,
    rounds: u64,
    ended: usize,
    failed: usize,
    suites: usize,
}

impl ConsoleProgress {
    /// On standard error, if that is a terminal, with a line for each of so many who play.
    pub fn new(jobs: usize) -> Self {
        Self::on(ProgressDrawTarget::stderr(), jobs)
    }

    fn on(target: ProgressDrawTarget, jobs: usize) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let line = || {
            let line = all.add(ProgressBar::new_spinner());
            line.set_style(style("{spinner} {prefix:12} {wide_msg}"));
            line
        };
        let lines = (0..jobs.min(LINES)).map(|_| line()).collect();
        let total = all.add(ProgressBar::new(0));
        total.set_style(style("{elapsed_precise} [{bar:30}] {wide_msg}"));
        Self {
            all,
            total,
            lines,
            so_far: HashMap::new(),
            by_time: false,
            rounds: 0,
            ended: 0,
            failed: 0,
            suites: 0,
        }
    }

    fn tell_total(&self) {
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} FAILED"),
        };
        self.total.set_message(format!(
            "{} of {} suites, {} rounds{failed}",
            self.ended, self.suites, self.rounds
        ));
    }
}

/// A template that does not parse would be a defect of these lines; the default style is no
/// worse than none.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for ConsoleProgress {
    fn begin(&mut self, options: &StressOptions, wanted: u64) {
        self.by_time = options.shard.is_none() && !options.time.is_zero();
        self.suites = options.chosen().map_or(0, |chosen| chosen.len());
        self.total.set_length(match self.by_time {
            true => u64::try_from(options.time.as_millis()).unwrap_or(u64::MAX),
            false => wanted,
        });
        // It ticks on a thread of its own, and ends the process without one.
        if !self.all.is_hidden() && thread_to_be_had() {
            self.total.enable_steady_tick(Duration::from_millis(250));
        }
        self.tell_total();
    }

    fn round(&mut self, round: &RoundBegins<'_>) {
        if let Some(line) = self.lines.get(round.job) {
            line.set_prefix(round.suite.name);
            let so_far = self.so_far.get(round.suite.name).copied();
            let (rounds, collections) = so_far.unwrap_or_default();
            line.set_message(format!(
                "{rounds} rounds, {collections} collections; seed {}: {}",
                round.seed, round.parameters
            ));
            line.tick();
        }
    }

    fn played(&mut self, _: usize, so_far: &SuiteReport, elapsed: Duration) {
        self.rounds += 1;
        let figures = (so_far.rounds, so_far.figures.collections());
        self.so_far.insert(so_far.suite.clone(), figures);
        self.total.set_position(match self.by_time {
            true => u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            false => self.rounds,
        });
        self.tell_total();
    }

    fn end(&mut self, report: &SuiteReport) {
        self.ended += 1;
        self.failed += usize::from(!report.failures.is_empty());
        // A terminal that is gone takes nothing more, and the summary is still to come.
        let _ = self.all.println(report.to_string());
        self.tell_total();
        if self.ended == self.suites {
            for line in self.lines.iter().chain([&self.total]) {
                line.finish_and_clear();
            }
        }
    }
}

/// Whether the system gives a thread.
fn thread_to_be_had() -> bool {
    let thread = std::thread::Builder::new().spawn(|| ());
    thread.is_ok_and(|thread| thread.join().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::InMemoryTerm;

    #[test]
    fn many_who_play_have_room_on_a_small_terminal() {
        let terminal = InMemoryTerm::new(20, 80);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut progress = ConsoleProgress::on(target, 64);
        let options = StressOptions::default();
        progress.begin(&options, 400);
        let suites = crate::suites();
        for job in 0..64 {
            progress.round(&RoundBegins {
                job,
                suite: &suites[job % suites.len()],
                seed: 100 + job as u64,
                parameters: &"many words ".repeat(20),
            });
        }
        progress.total.tick();
        let shown = terminal.contents();
        assert!(shown.contains("0 collections; seed 111: many"), "{shown}");
        assert!(shown.contains("suites, 0 rounds"), "{shown}");
        assert!(shown.lines().count() <= LINES + 1, "{shown}");
    }
}
