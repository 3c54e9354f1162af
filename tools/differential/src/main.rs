//! `mangrove-differential`: random modules on this engine and on another one,
//! which must agree on every result, trap, exception, global, memory and table.
//!
//! ```text
//!  seed ──generate──▶ module, settings ──ours───▶ trace ─┐
//!                                   │                    ├─compare──▶ same / differs
//!                                   └────theirs─▶ trace ─┘
//!  driver ──▶ worker --seeds 0..500    both engines in one process,
//!         ──▶ worker --seeds 500..1000 which may die: its seed is known
//! ```
#![forbid(unsafe_code)]

mod driver;
mod generate;
mod ours;
mod programs;
mod theirs;
mod trace;
mod worker;

use anyhow::{Context, Result};
use clap::Parser;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Compare two engines on random modules.
#[derive(Parser)]
#[command(name = "mangrove-differential", version)]
struct Arguments {
    /// The seeds, the last one excluded.
    #[arg(long, value_name = "A..B", value_parser = range, default_value = "0..1000")]
    seeds: Range<u64>,
    /// Workers at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Write the modules of the seeds to this folder instead of running them.
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,
    /// Run the programs of a folder on both engines instead, and time them.
    #[arg(long, value_name = "PATH")]
    programs: Option<PathBuf>,
    /// Be a worker.
    #[arg(long, hide = true)]
    worker: bool,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parse = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    match text.split_once("..") {
        Some((start, end)) => Ok(parse(start)?..parse(end)?),
        None => parse(text).map(|seed| seed..seed + 1),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (&arguments.write, &arguments.programs) {
        (Some(folder), _) => write(arguments.seeds, folder).map(|()| true),
        (None, Some(folder)) => programs::run(folder),
        _ if arguments.worker => worker::main(arguments.seeds)
            .map(|()| true)
            .map_err(Into::into),
        _ => run(arguments.seeds, arguments.jobs.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("mangrove-differential: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing was found.
fn run(seeds: Range<u64>, jobs: usize) -> Result<bool> {
    let summary = driver::run(seeds.clone(), jobs)?;
    println!("seeds {}..{}", seeds.start, seeds.end);
    for (verdict, count) in &summary.verdicts {
        println!("{count:8} {verdict}");
    }
    println!("{:8} calls agree", summary.calls);
    for (seed, what) in &summary.findings {
        println!("seed {seed}: {what}");
    }
    Ok(summary.findings.is_empty())
}

fn write(seeds: Range<u64>, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).context("making the folder")?;
    for seed in seeds {
        if let Some(case) = generate::Case::new(seed) {
            std::fs::write(folder.join(format!("{seed}.wasm")), &case.wasm)
                .with_context(|| format!("writing seed {seed}"))?;
            println!("{seed}: zeal {}, {:?}", case.zeal, case.opt_level);
        }
    }
    Ok(())
}
