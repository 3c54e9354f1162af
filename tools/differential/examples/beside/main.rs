//! Programs that are written for two engines, run beside each other: each pair has to
//! print the same.
//!
//! ```text
//!  beside ──▶ beside here  gcd ──▶ what it prints ─┐
//!         ──▶ beside there gcd ──▶ what it prints ─┴─ the same?
//! ```
//!
//! ```sh
//! cargo run --release -p mangrove-differential --example beside [PROGRAM…]
//! ```
//!
//! How long the programs are is counted by `cargo run -p mangrove-xtask -- beside`.
#![forbid(unsafe_code)]

mod here;
mod there;

use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::process::Command;

type Program = fn() -> Result<()>;

macro_rules! programs {
    ($($name:ident)*) => {
        /// Name, the program on Mangrove, the program on Wasmtime.
        const PROGRAMS: &[(&str, Program, Program)] = &[$((
            stringify!($name),
            || Ok(here::$name::main()?),
            || there::$name::main().map_err(|error| anyhow::anyhow!("{error:?}")),
        ),)*];
    };
}

programs! {
    hello gcd memory linking multi_value fuel interrupt externref host_struct limits
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["here", name] => (program(name)?.1)(),
        ["there", name] => (program(name)?.2)(),
        [] => PROGRAMS.iter().try_for_each(|(name, ..)| compare(name)),
        ref names => names.iter().try_for_each(|name| compare(name)),
    }
}

fn program(name: &str) -> Result<&'static (&'static str, Program, Program)> {
    let found = PROGRAMS.iter().find(|(known, ..)| *known == name);
    found.with_context(|| format!("there is no program {name:?}"))
}

/// Runs a program on both engines, each in a process of its own.
fn compare(name: &str) -> Result<()> {
    program(name)?;
    let [here, there] = ["here", "there"].map(|side| output(side, name));
    let (here, there) = (here?, there?);
    if here != there {
        bail!("{name} prints\n{here}here, and on Wasmtime\n{there}");
    }
    ensure!(!here.is_empty(), "{name} prints nothing");
    println!("{name}: the same {} bytes", here.len());
    Ok(())
}

/// What it prints.
fn output(side: &str, name: &str) -> Result<String> {
    let output = Command::new(env::current_exe()?)
        .args([side, name])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{name} {side}: {}\n{said}",
        output.status
    );
    String::from_utf8(output.stdout).with_context(|| format!("{name} {side}"))
}
