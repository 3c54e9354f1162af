//! `cargo xtask`: chores of the house.
#![forbid(unsafe_code)]

use mangrove_xtask::tidy;
use std::process::ExitCode;

const USAGE: &str =
    "usage: cargo xtask tidy    check the rules of the house and print its measures";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => match tidy::check(&tidy::root()) {
            Ok(report) => {
                print!("{report}");
                if report.errors.is_empty() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::from(1)
                }
            }
            Err(error) => {
                eprintln!("xtask tidy: {error}");
                ExitCode::from(2)
            }
        },
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
