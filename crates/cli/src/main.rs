//! The `mangrove` command: see the library of this crate.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mangrove::NotingAllocator = mangrove::NotingAllocator;

fn main() -> ExitCode {
    mangrove_cli::main(std::env::args_os())
}
