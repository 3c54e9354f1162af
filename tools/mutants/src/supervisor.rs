//! The supervisor: hands ranges of seeds to workers, and survives them.

use crate::worker::Line;
use anyhow::{Context, Result, anyhow};
use mangrove_workers::{Heard, Seeds, Worker, supervise};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Seeds a worker gets at a time.
const CHUNK: u64 = 2000;
/// How long nobody hears of a worker before it is given up. It has a bound of its
/// own on processor time, so only one that waits comes to this; or one that is given none.
const PATIENCE: Duration = Duration::from_secs(1800);
/// The signal of a process whose processor time is spent.
const SPENT: i32 = 24;

/// What to do.
pub struct Plan<'a> {
    /// The seeds, the last one excluded.
    pub seeds: Range<u64>,
    /// Workers at a time.
    pub jobs: usize,
    /// When to begin no further chunk.
    pub until: Option<Instant>,
    /// Where the corpus lies.
    pub corpus: &'a Path,
}

/// What all seeds came to.
#[derive(Default)]
pub struct Summary {
    /// How many seeds were done.
    pub seeds: u64,
    /// How many inputs came about in each way,
    pub origins: BTreeMap<String, u64>,
    /// and how often each kind of thing happened.
    pub kinds: BTreeMap<String, u64>,
    /// Seeds with faults, each with what happened.
    pub faults: BTreeMap<u64, String>,
}

impl Summary {
    fn count(map: &mut BTreeMap<String, u64>, key: &str) {
        *map.entry(key.to_owned()).or_default() += 1;
    }

    fn fault(&mut self, seed: u64, what: String) {
        eprintln!("seed {seed}: {what}");
        self.faults.insert(seed, what);
    }
}

/// Where a worker stands.
struct At {
    seed: u64,
    runs: bool,
}

/// Does all seeds.
///
/// # Errors
/// When workers cannot be started, or say what nobody understands.
pub fn run(plan: &Plan<'_>) -> Result<Summary> {
    let summary = Mutex::new(Summary::default());
    let seeds = Seeds {
        all: plan.seeds.clone(),
        chunk: CHUNK,
        jobs: plan.jobs,
        until: plan.until,
    };
    supervise(&seeds, |seeds| part(seeds, plan.corpus, &summary))?;
    Ok(summary
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner()))
}

/// Runs one worker on the seeds, and returns the one to go on with: the end,
/// or the one after that on which it died.
fn part(seeds: Range<u64>, corpus: &Path, summary: &Mutex<Summary>) -> Result<u64> {
    let mut worker = Worker::start(&seeds, [OsStr::new("--corpus"), corpus.as_os_str()])?;
    let mut at: Option<At> = None;
    let mut next = seeds.start;
    let silent = loop {
        let line = match worker.hear(PATIENCE) {
            Heard::Line(line) => line,
            Heard::End => break false,
            Heard::Nothing => {
                worker.kill()?;
                break true;
            }
        };
        let line: Line = serde_json::from_str(&line).context("a worker's line")?;
        let mut summary = summary.lock().unwrap_or_else(|poison| poison.into_inner());
        match line {
            Line::Begin { seed, origin } => {
                Summary::count(&mut summary.origins, &origin);
                at = Some(At { seed, runs: false });
            }
            Line::Runs => {
                if let Some(at) = &mut at {
                    at.runs = true;
                }
            }
            Line::End { kinds, fault } => {
                let ended = at.take().context("an end without a beginning")?;
                summary.seeds += 1;
                next = ended.seed + 1;
                kinds
                    .iter()
                    .for_each(|kind| Summary::count(&mut summary.kinds, kind));
                if let Some(fault) = fault {
                    summary.fault(ended.seed, fault);
                }
            }
        }
    };
    let status = worker.wait()?;
    let mut summary = summary.lock().unwrap_or_else(|poison| poison.into_inner());
    let Some(at) = at else {
        // Between two seeds there is nothing of ours that could fail.
        if next < seeds.end {
            return Err(anyhow!("a worker ended before seed {next}: {status}"));
        }
        return Ok(seeds.end);
    };
    summary.seeds += 1;
    if !silent && status.signal() == Some(SPENT) && at.runs {
        Summary::count(&mut summary.kinds, "call: timed out");
    } else {
        Summary::count(&mut summary.kinds, "died");
        summary.fault(at.seed, death(status, silent, at.runs));
    }
    Ok(at.seed + 1)
}

/// How a worker died, in words.
fn death(status: ExitStatus, silent: bool, runs: bool) -> String {
    let place = if runs {
        "while it ran"
    } else {
        "before it ran"
    };
    if silent {
        return format!("silent for {} s {place}", PATIENCE.as_secs());
    }
    match status.signal() {
        Some(SPENT) => format!("its processor time was spent {place}"),
        _ => format!("{status} {place}"),
    }
}
