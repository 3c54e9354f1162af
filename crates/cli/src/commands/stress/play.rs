//! Running the suites.
//!
//! Each round is played by another process, this program as a worker, so that one which kills
//! its process is a failure like any other. On a terminal a live table stands on standard error;
//! standard output has a line for each suite, with what is needed to see a failure again.

use super::{lines, reports};
use crate::args::StressRunArgs;
use crate::errors::Failure;
use crate::output::Output;
use mangrove_stress::{
    ConsoleProgress, Details, Figures, Progress, Report, RoundBegins, StressOptions, SuiteReport,
    Summary, Verdict, Workers, run_with_workers, serve_standard, suites,
};
use std::io::{IsTerminal, stderr, stdout};
use std::process::Command;
use std::time::Duration;

/// Runs the command.
pub fn run(args: &StressRunArgs, output: &mut Output) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let input = |error: &dyn std::fmt::Display| Failure::Input(error.to_string());
    let (options, origin) = args.options(&variable).map_err(|error| input(&error))?;
    if args.list {
        return list(&options, output);
    }
    // What the engine refuses is bad usage, not a failure of every suite.
    crate::commands::engine(&options.config)?;
    if args.worker {
        return serve_standard(&options).map_err(Failure::Output);
    }
    // Found out now, not after hours.
    options.chosen().map_err(|error| input(&error))?;
    reports::prepare(&args.report)?;
    let summary = play(args, &options, output)?;
    let report = Report::of_run(&summary, &options, reports::build(), origin);
    let report = report.map_err(|error| input(&error))?;
    reports::write(&report, &args.report)?;
    total(&summary.suites, summary.elapsed_ms, output)?;
    if !summary.passed() {
        output.line(&report.build.to_string())?;
    }
    ended(&summary.suites, summary.verdict())
}

/// Prints the suites.
fn list(options: &StressOptions, output: &mut Output) -> Result<(), Failure> {
    let chosen = options
        .chosen()
        .map_err(|error| Failure::Input(error.to_string()))?;
    let width = suites()
        .iter()
        .map(|suite| suite.name.len())
        .max()
        .unwrap_or(0);
    for suite in chosen {
        output.line(&format!("{:width$}  {}", suite.name, suite.about))?;
        output.line(&format!("{:width$}  breaks: {}", "", suite.breaks))?;
    }
    Ok(())
}

fn play(
    args: &StressRunArgs,
    options: &StressOptions,
    output: &mut Output,
) -> Result<Summary, Failure> {
    let program = std::env::current_exe();
    let program =
        program.map_err(|error| Failure::Input(format!("cannot find this program: {error}")))?;
    let words = args.worker();
    let command = || {
        let mut command = Command::new(&program);
        command.args(&words);
        command
    };
    let jobs = usize::from(args.jobs);
    let workers = Workers {
        jobs,
        patience: args.patience,
        command: &command,
    };
    // A person reads the same lines there.
    let plain = !stdout().is_terminal() || !stderr().is_terminal();
    let mut shown = Shown {
        console: stderr().is_terminal().then(|| ConsoleProgress::new(jobs)),
        plain,
        output,
        failure: None,
    };
    let summary = run_with_workers(options, &workers, &mut shown);
    let summary = summary.map_err(|error| Failure::Input(error.to_string()))?;
    if !plain {
        // What failed, now that the table is gone.
        for report in &summary.suites {
            shown.print(report)?;
        }
    }
    match shown.failure {
        Some(failure) => Err(failure),
        None => Ok(summary),
    }
}

/// Shows how far it has come.
struct Shown<'a> {
    console: Option<ConsoleProgress>,
    /// Whether standard output has a line for each suite, not for those alone that failed.
    plain: bool,
    output: &'a mut Output,
    /// Why it could not be written, if it could not.
    failure: Option<Failure>,
}

impl Shown<'_> {
    fn print(&mut self, report: &SuiteReport) -> Result<(), Failure> {
        let passed = report.verdict() == Verdict::Passed;
        if self.plain || !passed {
            self.output.line(&report.to_string())?;
        }
        if !passed {
            self.output.line(&lines(&Details(report).to_string()))?;
        }
        // A later suite may take long.
        self.output.flush()
    }
}

impl Progress for Shown<'_> {
    fn begin(&mut self, options: &StressOptions, wanted: u64) {
        if let Some(console) = &mut self.console {
            console.begin(options, wanted);
        }
    }

    fn round(&mut self, round: &RoundBegins<'_>) {
        if let Some(console) = &mut self.console {
            console.round(round);
        }
    }

    fn played(&mut self, job: usize, so_far: &SuiteReport, elapsed: Duration) {
        if let Some(console) = &mut self.console {
            console.played(job, so_far, elapsed);
        }
    }

    fn end(&mut self, report: &SuiteReport) {
        if let Some(console) = &mut self.console {
            console.end(report);
        }
        if self.plain {
            let printed = self.print(report);
            self.failure = self.failure.take().or(printed.err());
        }
    }
}

/// Prints the last line: what was done in all.
pub fn total(suites: &[SuiteReport], elapsed_ms: u64, output: &mut Output) -> Result<(), Failure> {
    let mut figures = Figures::default();
    for suite in suites {
        figures += suite.figures;
    }
    let rounds: u64 = suites
        .iter()
        .map(|suite| suite.rounds)
        .fold(0, u64::saturating_add);
    let Figures {
        programs,
        minor,
        full,
        ..
    } = figures;
    output.line(&format!(
        "{} suites, {rounds} rounds, {programs} programs, {minor} minor and {full} full \
         collections, {:.1} s",
        suites.len(),
        elapsed_ms as f64 / 1e3
    ))
}

/// How the command ends.
pub fn ended(suites: &[SuiteReport], verdict: Verdict) -> Result<(), Failure> {
    let count = |verdict| {
        suites
            .iter()
            .filter(|suite| suite.verdict() == verdict)
            .count()
    };
    match verdict {
        Verdict::Passed => Ok(()),
        Verdict::Failed => Err(Failure::Check(match count(Verdict::Failed) {
            1 => "1 suite failed".to_owned(),
            failed => format!("{failed} suites failed"),
        })),
        Verdict::Refused => Err(unknown(match count(Verdict::Refused) {
            1 => "1 suite could not run to its end".to_owned(),
            refused => format!("{refused} suites could not run to their end"),
        })),
        Verdict::Incomplete => Err(unknown("the campaign is not complete".to_owned())),
    }
}

/// Nothing is known of the rest.
fn unknown(message: String) -> Failure {
    Failure::Resource {
        message,
        backtrace: None,
    }
}
