//! The `mangrove` command, as a library, so that tests can look at what it
//! prints without starting it.
//!
//! ```text
//!  main ─ args ──▶ commands/{run, compile, …} ──▶ output   (stdout)
//!                         │ values, render, watch    errors   (stderr, exit code)
//!                         ▼
//!               mangrove, mangrove-wast, mangrove-stress
//! ```
#![deny(unsafe_code)]

mod args;
mod commands;
mod errors;
mod files;
mod inspecting;
mod output;
mod render;
mod room;
mod timeline;
mod trace;
mod trusted;
mod until;
mod values;
mod watch;

use args::{Cli, Command};
use output::Output;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

pub use errors::Failure;

/// The command as a process: its output goes to standard output, its failures
/// to standard error.
///
/// On bad usage the code is 2.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    mangrove::exit_when_exhausted(errors::REFUSED);
    mangrove::ignore_file_size_signal();
    // What the process was started with cannot go to another thread.
    let arguments: Vec<OsString> = arguments.collect();
    room::with_stack(move || run(arguments)).unwrap_or_else(Failure::report)
}

fn run(arguments: Vec<OsString>) -> ExitCode {
    let cli = match Cli::read(arguments.into_iter().map(values::hide_minus)) {
        Ok(cli) => cli.prepare(),
        Err(instead) => return show(&instead),
    };
    trace::start(&cli.trace);
    let mut output = Output::standard();
    let result = execute(&cli, &mut output);
    // What was printed before a failure is still wanted.
    match output.flush().and(result) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Shows what there is to be shown instead of doing something: help on standard output,
/// bad usage on standard error.
fn show(instead: &clap::Error) -> ExitCode {
    let shown = instead.print().and_then(|()| io::stdout().flush());
    match shown {
        // Nowhere is left to say that standard error is closed.
        Err(error) if !instead.use_stderr() && error.kind() != ErrorKind::BrokenPipe => {
            Failure::Output(error).report()
        }
        _ => ExitCode::from(if instead.use_stderr() {
            errors::INPUT
        } else {
            0
        }),
    }
}

/// The command as a function: what it prints, and how it fails if it does.
pub fn capture(arguments: impl Iterator<Item = OsString>) -> (String, Result<(), Failure>) {
    let mut output = Output::captured();
    let result = Cli::read(arguments.map(values::hide_minus))
        .map_err(|error| Failure::Input(error.to_string()))
        .and_then(|cli| execute(&cli.prepare(), &mut output));
    (output.into_text(), result)
}

fn execute(cli: &Cli, output: &mut Output) -> Result<(), Failure> {
    match &cli.command {
        Command::Run(args) => commands::run::run(args, output),
        Command::Compile(args) => commands::compile::run(args, output),
        Command::Validate(args) => commands::validate::run(args, output),
        Command::Wast(args) => commands::wast::run(args, output),
        Command::Roots(args) => commands::roots::run(args, output),
        Command::Stress(args) => commands::stress::run(args, output),
    }
}
