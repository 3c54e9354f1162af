//! `mangrove-bench`: the same WebAssembly programs on this engine and on Wasmtime.
//!
//! A program is a `.wat` file that exports `run (func (param i32) (result i64))`.
//! Every measurement is a process of its own: the driver starts this same
//! binary as a *worker*, which loads the program, calls `run` once to warm up
//! and once with a clock around it, and prints one line. Engines take turns, so
//! that a change in the machine's mood meets all of them.
//!
//! ```text
//!  driver ──▶ worker mangrove  fib 37 ──▶ {"nanos":…, "checksum":…}
//!         ──▶ worker wasmtime  fib 37 ──▶ {"nanos":…, "checksum":…}
//!         ──▶ worker mangrove  fib 37 ──▶ …                            × repetitions
//! ```
//!
//! What fails, crashes or takes too long is a row of the report, not the end of it.
#![forbid(unsafe_code)]

mod driver;
mod engines;
mod machine;
mod programs;
mod report;
mod worker;

use anyhow::Result;
use clap::Parser;
use engines::EngineKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Compare engines on the same WebAssembly programs.
#[derive(Parser)]
#[command(name = "mangrove-bench", version)]
struct Arguments {
    /// Programs to run, each with an argument of its own if wanted; all of them by default.
    #[arg(value_name = "PROGRAM[=N]")]
    programs: Vec<String>,
    /// Take the programs from this folder's .wat files.
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
    /// Argument of the programs that have no usual one.
    #[arg(long, value_name = "N")]
    arg: Option<i32>,
    /// Measurements per program and engine.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    reps: u32,
    /// Engines to compare; ratios are to the second one.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [EngineKind::Mangrove, EngineKind::Wasmtime])]
    engines: Vec<EngineKind>,
    /// Seconds a worker may take.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print a Markdown table.
    #[arg(long)]
    markdown: bool,
    /// List the programs and stop.
    #[arg(long)]
    list: bool,
    /// Be a worker: one measurement of one program on one engine.
    #[arg(long, hide = true, num_args = 3, value_names = ["ENGINE", "PROGRAM", "ARG"])]
    worker: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(operands) = &arguments.worker {
        return worker::main(operands, arguments.dir.as_deref());
    }
    match bench(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("mangrove-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every engine agreed on every checksum. An engine that cannot run a
/// program is a finding, not a failure of the comparison.
fn bench(arguments: &Arguments) -> Result<bool> {
    if arguments.list {
        for program in programs::select(&[], arguments.dir.as_deref(), arguments.arg.or(Some(0)))? {
            println!("{}={}  {}", program.name, program.arg, program.about);
        }
        return Ok(true);
    }
    let programs = programs::select(&arguments.programs, arguments.dir.as_deref(), arguments.arg)?;
    let plan = driver::Plan {
        engines: &arguments.engines,
        repetitions: arguments.reps,
        timeout: Duration::from_secs(arguments.timeout),
        dir: arguments.dir.as_deref(),
    };
    let mut rows = Vec::new();
    for program in &programs {
        eprintln!("{}={}", program.name, program.arg);
        rows.push(report::Row::new(program, driver::measure(program, &plan)?));
    }
    let report = report::Report::new(arguments.reps, rows);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else if arguments.markdown {
        print!("{}", report.markdown());
    } else {
        print!("{}", report.text());
    }
    Ok(report.checksums_agree())
}
