//! `mangrove-mutants`: bad input at scale. Modules, scripts and compiled files that are
//! damaged in every way go through everything there is; none may cause a panic, a
//! signal, or time out of proportion.
//!
//! ```text
//!  seed ──mutate──▶ input ──judge──▶ kinds of what happened
//!  supervisor ──▶ worker --seeds 0..2000      may die: its seed is known, and
//!             ──▶ worker --seeds 2000..4000   another goes on after it
//! ```
//!
//! What a seed means follows from it, the corpus, and the feature `generators`.
#![forbid(unsafe_code)]

mod supervisor;
mod worker;

use anyhow::{Context, Result};
use clap::Parser;
use mangrove_mutants::{Corpus, Input};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use supervisor::{Plan, Summary};

/// Feed the engine with bad input.
#[derive(Parser)]
#[command(name = "mangrove-mutants", version)]
struct Arguments {
    /// The seeds, the last one excluded.
    #[arg(long, value_name = "A..B", value_parser = range, default_value = "0..1000000")]
    seeds: Range<u64>,
    /// Workers at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Begin nothing further after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    time: Option<u64>,
    /// Write the inputs of the seeds to this folder instead.
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,
    /// Be a worker.
    #[arg(long, hide = true, requires = "corpus")]
    worker: bool,
    /// Where a worker finds the corpus.
    #[arg(long, hide = true)]
    corpus: Option<PathBuf>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parse = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    match text.split_once("..") {
        Some((start, end)) => Ok(parse(start)?..parse(end)?),
        None => {
            let seed = parse(text)?;
            Ok(seed..seed.saturating_add(1))
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (&arguments.corpus, &arguments.write) {
        (Some(corpus), _) if arguments.worker => {
            worker::main(arguments.seeds, corpus).map(|()| true)
        }
        (_, Some(folder)) => write(arguments.seeds, folder).map(|()| true),
        _ => run(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("mangrove-mutants: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether there was no fault.
fn run(arguments: &Arguments) -> Result<bool> {
    let begun = Instant::now();
    let corpus = Corpus::collect()?;
    let path = std::env::temp_dir().join(format!("mangrove-mutants-{}.json", std::process::id()));
    std::fs::write(&path, serde_json::to_vec(&corpus)?).context("writing the corpus")?;
    let ended = supervisor::run(&Plan {
        seeds: arguments.seeds.clone(),
        jobs: arguments.jobs.into(),
        until: arguments.time.map(|time| begun + Duration::from_secs(time)),
        corpus: &path,
    });
    std::fs::remove_file(&path).context("removing the corpus")?;
    let summary = ended?;
    println!(
        "{} seeds from {} on, {} modules and {} scripts to begin with, {} s",
        summary.seeds,
        arguments.seeds.start,
        corpus.modules.len(),
        corpus.scripts.len(),
        begun.elapsed().as_secs()
    );
    print(&summary);
    Ok(summary.faults.is_empty())
}

fn print(summary: &Summary) {
    println!("\ninputs");
    for (origin, count) in &summary.origins {
        println!("{count:>10}  {origin}");
    }
    println!("\nwhat happened");
    for (kind, count) in &summary.kinds {
        println!("{count:>10}  {kind}");
    }
    println!("\n{:>10}  faults", summary.faults.len());
    for (seed, what) in &summary.faults {
        println!("seed {seed}: {what}");
    }
}

fn write(seeds: Range<u64>, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let corpus = Corpus::collect()?;
    for seed in seeds {
        let (origin, input) = Input::of(seed, &corpus);
        let path = |extension: &str| folder.join(format!("{seed}-{origin}.{extension}"));
        match input {
            Input::Module(bytes) | Input::Compiled(bytes, _) => {
                std::fs::write(path("wasm"), bytes)?;
            }
            Input::Script(text) => std::fs::write(path("wast"), text)?,
            Input::Nothing => println!("nothing comes of seed {seed}"),
        }
    }
    Ok(())
}
