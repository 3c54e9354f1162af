//! The `mangrove` command: see the library of this crate.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    mangrove_cli::main(std::env::args_os())
}
