//! The command `mangrove-xtask`: chores of the house.
#![forbid(unsafe_code)]

use mangrove_xtask::{beside, conformance, coverage, peer_names, tidy};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run -p mangrove-xtask -- COMMAND
  tidy                         check the rules of the house and print its measures
  matrix [--only WORDS] [FOLDER…]
                               run the cases of gc-tests and further folders of scripts with every
                               combination of zeal, guard, optimisation, parking and new stacks
  conformance [NAME=FOLDER…]   run the specification's suite and further folders of scripts, and
                               write docs/CONFORMANCE.md
  beside                       count the lines of the programs that are written for two engines, and
                               write the table of docs/API.md
  coverage                     measure which lines of the translation the random suites reach, and
                               write docs/COVERAGE.md
  peer-names FILE              the names that a crate exports, from rustdoc's JSON";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((chore, [])) if chore == "tidy" => tidy(),
        Some((chore, [])) if chore == "beside" => {
            let written = beside::write(&tidy::root());
            written.map(|()| true).map_err(Into::into)
        }
        Some((chore, [])) if chore == "coverage" => {
            coverage::write(&tidy::root()).map_err(Into::into)
        }
        Some((chore, folders)) if chore == "conformance" => {
            conformance::write(&tidy::root(), folders).map_err(Into::into)
        }
        Some((chore, folders)) if chore == "matrix" => {
            conformance::matrix(folders).map_err(Into::into)
        }
        Some((chore, [file])) if chore == "peer-names" => peer_names::print(Path::new(file))
            .map(|()| true)
            .map_err(Into::into),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether no rule is broken.
fn tidy() -> Result<bool, Box<dyn Error>> {
    let report = tidy::check(&tidy::root())?;
    print!("{report}");
    Ok(report.errors.is_empty())
}
