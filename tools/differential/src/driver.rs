//! The driver: hands ranges of seeds to workers, and survives them.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
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
    let next = Mutex::new(seeds.start);
    let summary = Mutex::new(Summary::default());
    let take = || {
        let mut next = next.lock().unwrap_or_else(|poison| poison.into_inner());
        let start = *next;
        *next = seeds.end.min(start + CHUNK);
        start..*next
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let mut chunk = take();
                        if chunk.is_empty() {
                            return anyhow::Ok(());
                        }
                        while !chunk.is_empty() {
                            chunk.start = part(chunk.clone(), &summary)?;
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked")))
        })
    })?;
    Ok(summary
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner()))
}

/// Runs one worker on the seeds, and returns the one to go on with: the end,
/// or the one after that on which it died.
fn part(seeds: Range<u64>, summary: &Mutex<Summary>) -> Result<u64> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([
            "--worker",
            "--seeds",
            &format!("{}..{}", seeds.start, seeds.end),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting a worker")?;
    let lines = lines(&mut child);
    let mut running = None;
    let mut hangs = false;
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                let line: Value = serde_json::from_str(&line).context("a worker's line")?;
                if let Some(seed) = line["begin"].as_u64() {
                    running = Some(seed);
                } else {
                    running = None;
                    let mut summary = summary.lock().unwrap_or_else(|poison| poison.into_inner());
                    summary.add(&line);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                hangs = true;
                child.kill()?;
                break;
            }
        }
    }
    let status = child.wait()?;
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

/// The child's lines, read on a thread so that waiting for one can end.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receiver
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
