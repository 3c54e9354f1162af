//! `mangrove-bench`: the same WebAssembly programs on this engine and on Wasmtime.
//!
//! A program is a `.wat` file that exports `run (func (param i32) (result i64))`, or a whole
//! program of a compiler's, in a folder: a `.wasm` file with `_start`, which prints.
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
//! A worker may compile a module instead. What fails, crashes or takes too long
//! is a row of the report, not the end of it.
#![forbid(unsafe_code)]

mod driver;
mod engines;
mod figures;
mod machine;
mod modules;
mod programs;
mod report;
mod worker;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use engines::EngineKind;
use modules::Source;
use programs::{Choice, Program, Suite};
use report::Quantity;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Compare engines on the same WebAssembly programs.
#[derive(Parser)]
#[command(name = "mangrove-bench", version)]
struct Arguments {
    /// Suites or programs to run, a program with an argument of its own if wanted; by default
    /// all suites but `switches` and `compile`.
    #[arg(value_name = "SUITE|PROGRAM[=N]")]
    programs: Vec<String>,
    /// Take the programs from this folder's .wat and .wasm files.
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
    /// Argument of the programs that have no usual one.
    #[arg(long, value_name = "N")]
    arg: Option<i32>,
    /// Compile this module as well, in the suite `compile`.
    #[arg(long, value_name = "PATH")]
    module: Vec<PathBuf>,
    /// Threads to compile with, in the suite `compile`.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2], value_parser = clap::value_parser!(u16).range(1..))]
    threads: Vec<u16>,
    /// Measurements per program and engine.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    reps: u32,
    /// Engines to compare; ratios are of the first one to each of the others.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [EngineKind::Mangrove, EngineKind::Wasmtime, EngineKind::Corosensei])]
    engines: Vec<EngineKind>,
    /// Seconds a worker may take.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
    /// Compare the most memory that each process has had, page tables included, instead of times.
    #[arg(long)]
    memory: bool,
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
    /// As a worker, compile a module: `--module`, or the one that is made.
    #[arg(long, hide = true, requires = "worker")]
    compile: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(operands) = &arguments.worker {
        let module = arguments.module.first().cloned();
        let module = module.map_or(Source::Made, Source::File);
        let input = worker::Input {
            dir: arguments.dir.as_deref(),
            module: arguments.compile.then_some(module),
        };
        return worker::main(operands, &input);
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
        list(arguments.dir.as_deref())?;
        return Ok(true);
    }
    let choice = Choice {
        dir: arguments.dir.as_deref(),
        arg: arguments.arg,
        modules: &arguments.module,
        threads: &arguments.threads,
    };
    let programs = programs::select(&arguments.programs, &choice)?;
    // An engine that none of the programs has a meaning on gets no column.
    let mut engines = arguments.engines.clone();
    engines.retain(|engine| programs.iter().any(|program| engine.has(&program.name)));
    if arguments.dir.is_some() {
        // It stands in for programs of ours, by their names.
        engines.retain(|&engine| engine != EngineKind::Corosensei);
    }
    let plan = driver::Plan {
        engines: &engines,
        repetitions: arguments.reps,
        timeout: Duration::from_secs(arguments.timeout),
        dir: arguments.dir.as_deref(),
    };
    let quantity = match arguments.memory {
        true => Quantity::Memory,
        false => Quantity::Time,
    };
    let mut rows = Vec::new();
    for program in &programs {
        eprintln!("{}", program.label);
        let results = driver::measure(program, &plan)?;
        rows.push(report::Row::new(program, results, quantity));
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

/// Prints the programs, by suite.
fn list(dir: Option<&Path>) -> Result<()> {
    let print = |programs: &[Program]| {
        for program in programs {
            println!("{}={}  {}", program.name, program.arg, program.about);
        }
    };
    if dir.is_some() {
        let choice = Choice {
            dir,
            arg: Some(0),
            modules: &[],
            threads: &[],
        };
        print(&programs::select(&[], &choice)?);
        return Ok(());
    }
    for suite in Suite::value_variants() {
        let name = suite.to_possible_value();
        println!("[{}]", name.as_ref().map_or("", |name| name.get_name()));
        print(&programs::whole(*suite));
    }
    Ok(())
}
