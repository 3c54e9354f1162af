//! V8 by way of Node, a process of its own: `node` of the path, or the one that
//! `MANGROVE_BENCH_NODE` names. Stack switching needs a flag and Node 26.

use crate::worker::Measurement;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::process::{Command, Stdio};

/// The worker's part there: the module comes on stdin.
const SCRIPT: &str = include_str!("node.mjs");

/// Measures a program's `run(arg)`, as a worker does for the others.
pub fn measure(program: &[u8], arg: i32) -> Result<Measurement> {
    let wasm = wat::parse_bytes(program)?;
    let node = std::env::var_os("MANGROVE_BENCH_NODE").unwrap_or_else(|| "node".into());
    let mut child = Command::new(&node)
        .args(["--experimental-wasm-wasmfx", "--input-type=module"])
        .args(["--eval", SCRIPT, &arg.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", node.display()))?;
    let mut stdin = child.stdin.take().context("its stdin")?;
    let sent = stdin.write_all(&wasm);
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("node ended with {}", output.status);
    }
    sent?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(text.trim()).with_context(|| format!("node said `{}`", text.trim()))
}
