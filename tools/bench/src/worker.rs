//! The worker: one measurement, one line of JSON.

use crate::engines::{self, EngineKind};
use crate::modules::Source;
use crate::programs;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// What a worker prints.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Time of the second call of `run`, or of the compilation, in nanoseconds.
    pub nanos: u64,
    /// What both calls returned, mixed, or the module's exports, counted; equal
    /// on all engines.
    pub checksum: i64,
    /// Most memory the process has had, its page tables included, in bytes.
    pub peak_bytes: u64,
}

/// What a worker measures, beside its operands.
pub struct Input<'a> {
    /// Folder of the programs, if not our own.
    pub dir: Option<&'a Path>,
    /// The module to compile instead of running a program.
    pub module: Option<Source>,
}

/// Runs the worker; its last line on stderr is the reason of a failure.
pub fn main(operands: &[String], input: &Input<'_>) -> ExitCode {
    match measure(operands, input) {
        Ok(measurement) => {
            println!("{}", serde_json::json!(measurement));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(1)
        }
    }
}

fn measure(operands: &[String], input: &Input<'_>) -> Result<Measurement> {
    let [engine, program, arg] = operands else {
        bail!("a worker takes ENGINE PROGRAM ARG")
    };
    let kind = EngineKind::from_str(engine, false).map_err(anyhow::Error::msg)?;
    let arg = arg
        .parse::<i32>()
        .with_context(|| format!("`{arg}` is no i32"))?;
    match &input.module {
        Some(module) => compile(kind, module, arg),
        None => run(kind, program, arg, input.dir),
    }
}

fn run(kind: EngineKind, program: &str, arg: i32, dir: Option<&Path>) -> Result<Measurement> {
    let source = programs::source(program, dir)?;
    if let Some(measurement) = engines::elsewhere(kind, &source, arg) {
        return measurement;
    }
    let mut run = engines::load(kind, program, &source)?;
    let warm = run(arg)?;
    let start = Instant::now();
    let timed = run(arg)?;
    Ok(Measurement {
        nanos: u64::try_from(start.elapsed().as_nanos())?,
        checksum: warm.wrapping_mul(31).wrapping_add(timed),
        peak_bytes: peak_bytes()?,
    })
}

fn compile(kind: EngineKind, module: &Source, threads: i32) -> Result<Measurement> {
    let (elapsed, exports) = engines::compile(kind, &module.wasm()?, usize::try_from(threads)?)?;
    Ok(Measurement {
        nanos: u64::try_from(elapsed.as_nanos())?,
        checksum: i64::try_from(exports)?,
        peak_bytes: peak_bytes()?,
    })
}

/// What the kernel has counted for this process: pages, and the tables for them.
fn peak_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kibibytes = |field: &str| {
        let line = status.lines().find(|line| line.starts_with(field));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        let number = number.with_context(|| format!("no {field} in /proc/self/status"))?;
        Ok::<u64, anyhow::Error>(number.parse()?)
    };
    Ok((kibibytes("VmHWM:")? + kibibytes("VmPTE:")?) * 1024)
}
