//! Says which commit the command is built from: reports of campaigns name it.
//!
//! A package from a registry has it in a file; a checkout is asked; anywhere else it is `unknown`.
//! `MANGROVE_COMMIT` says it for who builds in another way.

use std::env::var;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MANGROVE_COMMIT");
    let here = PathBuf::from(var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let told = var("MANGROVE_COMMIT").ok();
    let commit = told
        .or_else(|| packaged(&here))
        .or_else(|| checked_out(&here))
        .filter(|commit| !commit.is_empty() && commit.chars().all(|c| c.is_ascii_alphanumeric()));
    let commit = commit.as_deref().unwrap_or("unknown");
    println!("cargo::rustc-env=MANGROVE_COMMIT={commit}");
}

/// What cargo wrote into the package.
fn packaged(here: &Path) -> Option<String> {
    let text = fs::read_to_string(here.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    rest.split('"').nth(1).map(str::to_owned)
}

/// What git says, if the sources are its own: a copy of them in another project's repository is not.
fn checked_out(here: &Path) -> Option<String> {
    git(here, &["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let commit = git(here, &["rev-parse", "HEAD"])?;
    let branch = git(here, &["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        // A file that is not there would have this run each time.
        if let Some(path) = git(here, &["rev-parse", "--git-path", name])
            && let path = here.join(path)
            && path.exists()
        {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    Some(commit)
}

fn git(here: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .current_dir(here)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
