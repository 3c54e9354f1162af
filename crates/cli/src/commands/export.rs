//! `mangrove stress export`: write the suites' programs for other engines.

use crate::args::ExportArgs;
use crate::errors::Failure;
use crate::output::Output;
use mangrove_stress::export::{ExportError, ExportOptions, Exported, export};
use std::io::{IsTerminal, Write, stderr};

/// Runs the command.
pub fn run(args: &ExportArgs, output: &mut Output) -> Result<(), Failure> {
    let options = ExportOptions {
        suites: args.suites.clone(),
        seeds: args.seeds.clone(),
        scale: args.scale,
        forms: args.forms.iter().map(|form| form.0).collect(),
        without: args.without.iter().map(|feature| feature.0).collect(),
    };
    let watched = stderr().is_terminal();
    let exported = export(&options, &args.folder, &mut |suite, seed| {
        if watched && seed % 100 == 0 {
            // Whether a person can be told decides nothing.
            let _ = write!(stderr(), "\r{suite} {seed}");
        }
    });
    if watched {
        let _ = write!(stderr(), "\r");
    }
    for Exported {
        suite,
        written,
        left_out,
    } in exported.map_err(failure)?
    {
        let left_out = match left_out {
            0 => String::new(),
            left_out => format!(", {left_out} left out"),
        };
        output.line(&format!("{suite}: {written} programs{left_out}"))?;
    }
    Ok(())
}

fn failure(error: ExportError) -> Failure {
    match error {
        ExportError::Io { path, source } => Failure::unwritable(&path, &source),
        other => Failure::Input(mangrove::printable(&other.to_string()).into_owned()),
    }
}
