//! Files of one package that need each other, in circles: who reads one of them
//! has to read them all.
//!
//! ```text
//!  file ──▶ module ──▶ paths it names ──▶ the files that define those ──▶ circles
//! ```
//!
//! Methods are called without a path, so a circle closed by a method is not found.

use super::graph::{Circle, Graph, module};
use super::imports::Package;
use super::report::Report;
use super::source::Source;
use super::uses::Uses;

/// A circle may have so many files.
const LARGEST: usize = 4;

/// Where a larger circle is an error. Elsewhere it is a measure.
const BOUNDED: &[&str] = &["crates/", "tools/xtask/"];

/// Checks the size of every package's circles.
pub fn check(sources: &[Source<'_>], packages: &[Package], report: &mut Report) {
    for package in packages {
        let folder = format!("{}src/", package.folder);
        let inside = sources.iter().filter_map(|source| {
            let path = source.file.path.strip_prefix(&folder)?;
            Some((path, Uses::of(&module(path), source.tokens.clone())))
        });
        let circles = Graph::new(inside).circles();
        judge(&folder, &circles, report);
    }
}

/// Judges the circles of a folder, the largest first.
fn judge(folder: &str, circles: &[Circle], report: &mut Report) {
    let largest = circles.first().map_or(1, Circle::len);
    if largest > 1 {
        report.measure(format!("{folder}: {largest} files in the largest circle"));
    }
    if !BOUNDED.iter().any(|place| folder.starts_with(place)) {
        return;
    }
    for circle in circles.iter().filter(|circle| circle.len() > LARGEST) {
        let files = circle.len();
        let message = format!("{files} files need each other, more than {LARGEST}:{circle}");
        report.error(folder, message);
    }
}

#[cfg(test)]
mod tests {
    use super::{Graph, Report, Uses, judge, module};

    /// Errors about a ring of `size` files.
    fn errors(folder: &str, size: usize) -> usize {
        let files: Vec<(String, String)> = (0..size)
            .map(|at| {
                (
                    format!("f{at}.rs"),
                    format!("use crate::f{}::X;", (at + 1) % size),
                )
            })
            .collect();
        let uses = files.iter().map(|(path, text)| {
            let tokens = text.parse().unwrap();
            (path.as_str(), Uses::of(&module(path), tokens))
        });
        let mut report = Report::default();
        judge(folder, &Graph::new(uses).circles(), &mut report);
        assert_eq!(report.measures.len(), usize::from(size > 1));
        report.errors.len()
    }

    #[test]
    fn four_are_allowed_and_five_are_not() {
        assert_eq!(errors("crates/abi/src/", 4), 0);
        assert_eq!(errors("crates/abi/src/", 5), 1);
        assert_eq!(errors("stress/src/", 5), 0);
    }
}
