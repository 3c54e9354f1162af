//! `docs/CONFORMANCE.md`, written anew, and the matrix of settings. What runs the
//! scripts are programs of their own: these chores do not link the engine they
//! check.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

/// Runs the specification's suite and the folders given as `NAME=FOLDER`, and
/// writes the document. Returns whether only what is known to fail failed.
///
/// # Errors
/// When the program cannot be run, does not end, or the document cannot be written.
pub fn write(root: &Path, folders: &[String]) -> io::Result<bool> {
    let output = program("conformance", folders)
        .stderr(Stdio::inherit())
        .output()?;
    if !matches!(output.status.code(), Some(0 | 1)) || output.stdout.is_empty() {
        let status = output.status;
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    fs::write(root.join("docs/CONFORMANCE.md"), &output.stdout)?;
    Ok(output.status.success())
}

/// Runs the cases, and the scripts of these folders, with every combination of
/// settings. Returns whether nothing failed.
///
/// # Errors
/// When the program cannot be run.
pub fn matrix(folders: &[String]) -> io::Result<bool> {
    Ok(program("matrix", folders).status()?.success())
}

/// A program of the package `mangrove-gc-tests`, optimised: there is much to run.
fn program(name: &str, arguments: &[String]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "mangrove-gc-tests",
        ])
        .args(["--bin", name, "--"])
        .args(arguments);
    command
}
