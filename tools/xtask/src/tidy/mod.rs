//! The rules of the house, checked.
//!
//! ```text
//!  tree ──▶ files ──▶ source (tokens) ──▶ sizes, unsafety, traces
//!             │               ├──▶ uses ──▶ graph ──▶ circles
//!             │               └──▶ names, examples
//!             └──▶ lines ────────────────────────────▶ words, docs, roads
//!  cargo metadata ───────────────────────────────────▶ imports
//! ```
//!
//! A broken rule is an error, with its place. What is only worth knowing (a
//! file or function longer than wanted) is a measure: counted and printed.

mod circles;
mod docs;
mod examples;
mod graph;
mod imports;
mod names;
mod report;
mod roads;
mod sizes;
mod source;
mod traces;
mod tree;
mod unsafety;
mod uses;
mod words;

pub use report::Report;

use std::path::{Path, PathBuf};

/// The root of the workspace this tool belongs to.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Checks every rule on the tree at `root`.
///
/// # Errors
/// When the tree or `cargo metadata` cannot be read.
pub fn check(root: &Path) -> Result<Report, Box<dyn std::error::Error>> {
    let mut report = Report::default();
    let files = tree::files(root)?;
    let packages = imports::packages(root)?;
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        match source::Source::parse(file) {
            Ok(source) => sources.push(source),
            Err(message) => report.error(&file.path, message),
        }
    }
    sizes::check(&files, &sources, &mut report);
    unsafety::check(&files, &sources, &packages, &mut report);
    words::check(&files, &mut report);
    docs::check(root, &files, &mut report);
    roads::check(&files, &mut report);
    names::check(&sources, &mut report);
    examples::check(&sources, &mut report);
    traces::check(&sources, &mut report);
    circles::check(&sources, &packages, &mut report);
    imports::check(&packages, &mut report);
    imports::check_table(&files, &mut report);
    Ok(report)
}
