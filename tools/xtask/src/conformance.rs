//! `docs/CONFORMANCE.md`, written anew. What runs the scripts is a program of its
//! own: these chores do not link the engine they check.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

/// Runs the specification's suite and the folders given as `NAME=FOLDER`, and
/// writes the document. Returns whether only what is known to fail failed.
///
/// # Errors
/// When the program cannot be run, does not end, or the document cannot be written.
pub fn write(root: &Path, folders: &[String]) -> io::Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--package", "mangrove-gc-tests"])
        .args(["--bin", "conformance", "--"])
        .args(folders)
        .stderr(Stdio::inherit())
        .output()?;
    if !matches!(output.status.code(), Some(0 | 1)) || output.stdout.is_empty() {
        let status = output.status;
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    fs::write(root.join("docs/CONFORMANCE.md"), &output.stdout)?;
    Ok(output.status.success())
}
