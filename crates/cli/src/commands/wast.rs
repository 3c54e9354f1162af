//! `mangrove wast`: run scripts and count.

use crate::args::WastArgs;
use crate::errors::Failure;
use crate::output::Output;
use crate::render;
use mangrove_wast::{FileReport, Options};
use serde::Serialize;

/// The outcome of all scripts, as it is serialized.
#[derive(Serialize)]
struct Outcome {
    passed: usize,
    failed: usize,
    files: Vec<FileReport>,
    /// Scripts that could not be read.
    errors: Vec<String>,
}

/// Runs the command.
pub fn run(args: &WastArgs, output: &mut Output) -> Result<(), Failure> {
    let engine = super::engine(&args.engine.config())?;
    let options = Options::default();
    let mut outcome = Outcome {
        passed: 0,
        failed: 0,
        files: Vec::new(),
        errors: Vec::new(),
    };
    for file in &args.files {
        match mangrove_wast::run_file(&engine, file, &options) {
            Ok(report) => {
                outcome.passed += report.passed;
                outcome.failed += report.failed;
                if !args.json {
                    print(&report, output)?;
                }
                outcome.files.push(report);
            }
            Err(error) => outcome.errors.push(error.to_string()),
        }
    }
    if args.json {
        output.line(&render::json(&outcome)?)?;
    } else if args.files.len() > 1 {
        output.line(&format!(
            "total: {}",
            counts(outcome.passed, outcome.failed)
        ))?;
    }
    if !outcome.errors.is_empty() {
        return Err(Failure::Input(outcome.errors.join("\nerror: ")));
    }
    match outcome.failed {
        0 => Ok(()),
        1 => Err(Failure::Check("1 directive failed".to_owned())),
        failed => Err(Failure::Check(format!("{failed} directives failed"))),
    }
}

fn print(report: &FileReport, output: &mut Output) -> Result<(), Failure> {
    for failure in &report.failures {
        output.line(&report.line_of(failure))?;
    }
    output.line(&format!(
        "{}: {}",
        report.file,
        counts(report.passed, report.failed)
    ))?;
    // A later script may take long.
    output.flush()
}

fn counts(passed: usize, failed: usize) -> String {
    format!("{passed} passed, {failed} failed")
}
