//! `mangrove stress`: run the stress suites.
//!
//! Progress goes to standard error where that is a terminal, a line per suite
//! among it; the summary goes to standard output, with what is needed to see a
//! failure again.

use crate::args::{StressArgs, StressCommand};
use crate::errors::Failure;
use crate::output::Output;
use mangrove::Zeal;
use mangrove_stress::{ConsoleProgress, StressOptions, SuiteReport};
use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

/// Runs the command.
pub fn run(args: &StressArgs, output: &mut Output) -> Result<(), Failure> {
    if let Some(StressCommand::Export(args)) = &args.command {
        return super::export::run(args, output);
    }
    let options = StressOptions {
        suites: args.suites.clone(),
        seed: args.seed,
        time: Duration::from_secs(args.time.unwrap_or(0)),
        count: args.count,
        zeal: args.engine.zeal.unwrap_or(Zeal::NONE),
        config: args.engine.config(),
        ..StressOptions::default()
    };
    // What the engine refuses is bad usage, not a failure of every suite.
    super::engine(&options.config)?;
    let summary = mangrove_stress::run(&options, &mut ConsoleProgress::default())
        .map_err(|error| Failure::Input(error.to_string()))?;
    // A person has just read the same lines.
    if !summary.passed() || !stdout().is_terminal() || !stderr().is_terminal() {
        output.text(&summary.to_string())?;
    }
    let count = |what: fn(&SuiteReport) -> bool| summary.suites.iter().filter(|s| what(s)).count();
    let refused = count(|suite| suite.refused.is_some());
    match count(|suite| suite.failure.is_some()) {
        0 if refused > 0 => Err(Failure::Resource {
            message: match refused {
                1 => "1 suite could not run to its end".to_owned(),
                _ => format!("{refused} suites could not run to their end"),
            },
            backtrace: None,
        }),
        0 => Ok(()),
        1 => Err(Failure::Check("1 suite failed".to_owned())),
        failed => Err(Failure::Check(format!("{failed} suites failed"))),
    }
}
