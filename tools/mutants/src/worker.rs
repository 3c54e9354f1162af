//! The worker: does seeds one after the other, with a line of JSON before and after each
//! and where its code begins to run, so that whoever reads knows which one it
//! did not survive, and where.
//!
//! A module can run for ever. The kernel ends a worker that has spent its seconds
//! of processor time on one seed; waiting for a busy machine does not count.

use anyhow::{Context, Result};
use mangrove_mutants::{Corpus, Input, Stage, Verdict, judge};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::io::{self, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Seconds of processor time that a seed gets: between this and one more.
const SECONDS: u64 = 2;

/// What a worker says.
#[derive(Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Line {
    /// A seed begins; how its input came about.
    Begin {
        /// Its number.
        seed: u64,
        /// In which way it is wrong.
        origin: String,
    },
    /// Its code runs from here on.
    Runs,
    /// It has ended.
    End {
        /// Kinds of what happened.
        kinds: Vec<String>,
        /// What must not be.
        fault: Option<String>,
    },
}

/// Does the seeds.
///
/// # Errors
/// There is no corpus, or nobody reads what is said.
pub fn main(seeds: Range<u64>, corpus: &Path) -> Result<()> {
    let corpus = std::fs::read(corpus).context("reading the corpus")?;
    let corpus: Corpus = serde_json::from_slice(&corpus)?;
    for seed in seeds {
        allow(SECONDS)?;
        one(seed, &corpus)?;
    }
    Ok(())
}

fn one(seed: u64, corpus: &Corpus) -> Result<()> {
    let (origin, input) = Input::of(seed, corpus);
    say(&Line::Begin {
        seed,
        origin: origin.to_owned(),
    })?;
    let mut tell = |stage| {
        if stage == Stage::Run {
            // Nobody reads: the next line says so again, and ends this.
            let _ = say(&Line::Runs);
        }
    };
    let ended = catch_unwind(AssertUnwindSafe(|| judge(input, seed, &mut tell)));
    let verdict = ended.unwrap_or_else(|panic| Verdict {
        kinds: vec!["panicked".to_owned()],
        fault: Some(format!("panicked: {}", message(panic.as_ref()))),
        ..Verdict::default()
    });
    say(&Line::End {
        kinds: verdict.kinds,
        fault: verdict.fault,
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("with no message")
}

fn say(line: &Line) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(line)?)?;
    Ok(out.flush()?)
}

/// Lets the process spend so many seconds more.
fn allow(seconds: u64) -> Result<()> {
    let limit = Rlimit {
        current: Some(spent()? + 1 + seconds),
        maximum: getrlimit(Resource::Cpu).maximum,
    };
    setrlimit(Resource::Cpu, limit).context("bounding the processor time")
}

/// Seconds of processor time that the process has had.
fn spent() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name, in parentheses, may hold anything; eleven fields further on are the
    // ticks in user code, and then those in the kernel.
    let (_, fields) = stat
        .rsplit_once(')')
        .context("no name in /proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(ticks / rustix::param::clock_ticks_per_second())
}
