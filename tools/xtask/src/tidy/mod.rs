//! The rules of the house, checked.
//!
//! ```text
//!  tree ──▶ files ──▶ source (tokens) ──▶ sizes, unsafety
//!                └──▶ lines ────────────▶ words, docs
//!  cargo metadata ──▶ imports
//! ```
//!
//! A broken rule is an error, with its place. What is only worth knowing (a
//! file or function longer than wanted) is a measure: counted and printed.

mod docs;
mod imports;
mod sizes;
mod source;
mod tree;
mod unsafety;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

/// What [`check`] found.
#[derive(Debug, Default)]
pub struct Report {
    /// Broken rules, each with its place.
    pub errors: Vec<String>,
    /// What is longer than wanted but within bounds, and totals.
    pub measures: Vec<String>,
}

impl Report {
    fn error(&mut self, place: impl fmt::Display, message: impl fmt::Display) {
        self.errors.push(format!("{place}: {message}"));
    }

    fn measure(&mut self, line: impl fmt::Display) {
        self.measures.push(line.to_string());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for measure in &self.measures {
            writeln!(f, "{measure}")?;
        }
        for error in &self.errors {
            writeln!(f, "error: {error}")?;
        }
        writeln!(f, "{} broken rules", self.errors.len())
    }
}

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
    imports::check(&packages, &mut report);
    Ok(report)
}
