//! The driver: starts workers in turn, with a deadline, and keeps what they say.

use crate::engines::{EngineKind, missing};
use crate::modules::Source;
use crate::programs::Program;
use crate::worker::Measurement;
use anyhow::{Context, Result};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How to measure.
pub struct Plan<'a> {
    /// The engines, in the order of their turns.
    pub engines: &'a [EngineKind],
    /// Measurements of each.
    pub repetitions: u32,
    /// What a worker may take.
    pub timeout: Duration,
    /// Folder of the programs, if not our own.
    pub dir: Option<&'a Path>,
}

/// What became of an engine's measurements of one program.
pub struct WorkerResult {
    /// The engine.
    pub engine: EngineKind,
    /// Measurements taken before the first failure, if there was one; none
    /// where the program has no meaning.
    pub measurements: Vec<Measurement>,
    /// Why it failed. An engine that failed gets no further turns.
    pub failure: Option<String>,
    /// What is known to be missing there: nothing was run.
    pub missing: Option<String>,
}

impl WorkerResult {
    /// Whether the engine gets a turn.
    fn runs(&self, program: &str) -> bool {
        self.failure.is_none() && self.missing.is_none() && self.engine.has(program)
    }
}

/// Measures a program on every engine.
pub fn measure(program: &Program, plan: &Plan<'_>) -> Result<Vec<WorkerResult>> {
    let mut results: Vec<WorkerResult> = plan
        .engines
        .iter()
        .map(|&engine| WorkerResult {
            engine,
            measurements: Vec::new(),
            failure: None,
            missing: missing(engine, program),
        })
        .collect();
    for _ in 0..plan.repetitions {
        for result in results
            .iter_mut()
            .filter(|result| result.runs(&program.name))
        {
            match run_worker(result.engine, program, plan)? {
                Ok(measurement) => result.measurements.push(measurement),
                Err(reason) => result.failure = Some(reason),
            }
        }
    }
    Ok(results)
}

/// Runs one worker to its end or its deadline. The outer error is the
/// driver's own, the inner one the worker's last words.
fn run_worker(
    engine: EngineKind,
    program: &Program,
    plan: &Plan<'_>,
) -> Result<Result<Measurement, String>> {
    let mut command = Command::new(std::env::current_exe()?);
    if let Some(dir) = plan.dir {
        command.arg("--dir").arg(dir);
    }
    match &program.module {
        None => &mut command,
        Some(Source::Made) => command.arg("--compile"),
        Some(Source::File(path)) => command.arg("--compile").arg("--module").arg(path),
    };
    command
        .args([
            "--worker",
            engine.name(),
            &program.name,
            &program.arg.to_string(),
        ])
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("starting a worker")?;
    let stdout = read_aside(child.stdout.take());
    let stderr = read_aside(child.stderr.take());
    let status = wait(&mut child, plan.timeout)?;
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    Ok(match status {
        None => Err(format!("no result within {} s", plan.timeout.as_secs())),
        Some(status) if status.success() => serde_json::from_str(stdout.trim())
            .map_err(|error| format!("the worker said `{}`: {error}", stdout.trim())),
        Some(status) => Err(last_words(status, &stderr)),
    })
}

/// Reads a pipe to its end on a thread, so that a worker never waits for us.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks ends like one that is closed: what was read counts.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the child; kills it at the deadline and returns none.
fn wait(child: &mut Child, timeout: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The reason of a failed worker: its last line that says something, and how it ended.
fn last_words(status: ExitStatus, stderr: &str) -> String {
    let said = stderr
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.starts_with("note:"))
        .unwrap_or("said nothing");
    let panicked = if stderr.contains(" panicked at ") {
        "panicked: "
    } else {
        ""
    };
    match status.signal() {
        Some(signal) => format!("signal {signal}: {panicked}{said}"),
        None => format!("{panicked}{said}"),
    }
}
