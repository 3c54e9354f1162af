//! The driver: hands ranges of seeds to workers, and survives them.

use anyhow::{Context, Result};
use mangrove_workers::{Heard, Seeds, Worker, supervise};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

/// Seeds a worker gets at a time.
const CHUNK: u64 = 500;
/// What one seed may take before its worker is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all seeds came to.
#[derive(Default)]
pub struct Summary {
    /// How many seeds ended with each verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Calls whose ends were compared.
    pub calls: u64,
    /// Seeds that differ, crash or hang, each with what happened.
    pub findings: BTreeMap<u64, String>,
}

/// Runs all seeds, on that many workers at a time.
///
/// # Errors
/// When workers cannot be started.
pub fn run(seeds: Range<u64>, jobs: usize) -> Result<Summary> {
    let summary = Mutex::new(Summary::default());
    let seeds = Seeds {
        all: seeds,
        chunk: CHUNK,
        jobs,
        until: None,
    };
    supervise(&seeds, |seeds| part(seeds, &summary))?;
    Ok(summary
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner()))
}

/// Runs one worker on the seeds, and returns the one to go on with: the end,
/// or the one after that on which it died.
fn part(seeds: Range<u64>, summary: &Mutex<Summary>) -> Result<u64> {
    let mut worker = Worker::start(&seeds, [""; 0])?;
    let mut running = None;
    let mut hangs = false;
    loop {
        match worker.hear(PATIENCE) {
            Heard::Line(line) => {
                let line: Value = serde_json::from_str(&line).context("a worker's line")?;
                if let Some(seed) = line["begin"].as_u64() {
                    running = Some(seed);
                } else {
                    running = None;
                    let mut summary = summary.lock().unwrap_or_else(|poison| poison.into_inner());
                    summary.add(&line);
                }
            }
            Heard::End => break,
            Heard::Nothing => {
                hangs = true;
                worker.kill()?;
                break;
            }
        }
    }
    let status = worker.wait()?;
    let Some(seed) = running else {
        return Ok(seeds.end);
    };
    let what = if hangs {
        format!("no end within {} s", PATIENCE.as_secs())
    } else {
        format!("crash: {status}")
    };
    let mut summary = summary.lock().unwrap_or_else(|poison| poison.into_inner());
    summary.find("crashes", seed, what);
    Ok(seed + 1)
}

impl Summary {
    fn add(&mut self, line: &Value) {
        let verdict = line["verdict"].as_str().unwrap_or("unreadable");
        let seed = line["end"].as_u64().unwrap_or(u64::MAX);
        if verdict == "differs" {
            self.find(verdict, seed, line["text"].to_string());
        } else {
            *self.verdicts.entry(verdict.to_owned()).or_default() += 1;
            self.calls += line["calls"].as_u64().unwrap_or(0);
        }
    }

    fn find(&mut self, verdict: &str, seed: u64, what: String) {
        eprintln!("seed {seed}: {what}");
        *self.verdicts.entry(verdict.to_owned()).or_default() += 1;
        self.findings.insert(seed, what);
    }
}
