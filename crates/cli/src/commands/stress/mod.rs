//! `mangrove stress`: run the stress suites, and what there is to do with what they say.

mod merge;
mod play;
mod reports;

use crate::args::{StressArgs, StressCommand};
use crate::errors::Failure;
use crate::output::Output;
use mangrove::printable;

/// Runs the command.
pub fn run(args: &StressArgs, output: &mut Output) -> Result<(), Failure> {
    match &args.command {
        None => play::run(&args.run, output),
        Some(StressCommand::Merge(args)) => merge::run(args, output),
        Some(StressCommand::Export(args)) => super::export::run(args, output),
    }
}

/// What a report says, to be shown: it may come from anywhere, and quotes what died.
fn lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
