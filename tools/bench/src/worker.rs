//! The worker: one measurement, one line of JSON.

use crate::engines::{self, EngineKind};
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
    /// Time of the second call of `run`, in nanoseconds.
    pub nanos: u64,
    /// What both calls returned, mixed; equal on all engines.
    pub checksum: i64,
}

/// Runs the worker; its last line on stderr is the reason of a failure.
pub fn main(operands: &[String], dir: Option<&Path>) -> ExitCode {
    match measure(operands, dir) {
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

fn measure(operands: &[String], dir: Option<&Path>) -> Result<Measurement> {
    let [engine, program, arg] = operands else {
        bail!("a worker takes ENGINE PROGRAM ARG")
    };
    let kind = EngineKind::from_str(engine, false).map_err(anyhow::Error::msg)?;
    let arg = arg
        .parse::<i32>()
        .with_context(|| format!("`{arg}` is no i32"))?;
    let mut run = engines::load(kind, &programs::source(program, dir)?)?;
    let warm = run(arg)?;
    let start = Instant::now();
    let timed = run(arg)?;
    let nanos = u64::try_from(start.elapsed().as_nanos())?;
    Ok(Measurement {
        nanos,
        checksum: warm.wrapping_mul(31).wrapping_add(timed),
    })
}
