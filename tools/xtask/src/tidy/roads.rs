//! The roads that the architecture's description leads along: each file says
//! which one comes next.

use super::report::Report;
use super::tree::File;

const DESCRIPTION: &str = "docs/ARCHITECTURE.md";

/// A road: what it is called, and its files.
#[derive(Debug, PartialEq, Eq)]
struct Road<'a> {
    name: &'a str,
    files: Vec<&'a str>,
}

/// Checks that each file on a road names the next one where it says what it is
/// for; counts what one has to open and to read.
pub fn check(files: &[File], report: &mut Report) {
    let find = |path: &str| files.iter().find(|file| file.path == path);
    let roads = find(DESCRIPTION).map_or(Vec::new(), |file| roads(&file.text));
    if roads.is_empty() {
        report.error(DESCRIPTION, "describes no road");
    }
    let mut steps = Vec::new();
    for road in &roads {
        let mut lines = 0;
        for path in &road.files {
            match find(path) {
                Some(file) => lines += file.text.lines().count(),
                None => report.error(DESCRIPTION, format!("{path} is no file")),
            }
        }
        report.measure(format!(
            "{}: {} files, {lines} lines",
            road.name,
            road.files.len()
        ));
        steps.extend(road.files.windows(2).map(|step| (step[0], step[1])));
    }
    for step in &steps {
        let names =
            find(step.0).is_some_and(|file| header(&file.text).any(|line| line.contains(step.1)));
        if !names {
            let message = format!("does not name the next file on the road, {}", step.1);
            report.error(step.0, message);
        }
    }
}

/// The roads of a description: headings with a numbered list of paths below.
fn roads(text: &str) -> Vec<Road<'_>> {
    let mut roads: Vec<Road<'_>> = Vec::new();
    let mut on_road = false;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            on_road = heading.starts_with("The road of ");
            if on_road {
                roads.push(Road {
                    name: heading,
                    files: Vec::new(),
                });
            }
        } else if on_road && let Some(road) = roads.last_mut() {
            road.files.extend(numbered_path(line));
        }
    }
    roads
}

/// The path at the start of an item of a numbered list.
fn numbered_path(line: &str) -> Option<&str> {
    let (number, text) = line.split_once(". `")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    text.split('`').next().filter(|_| is_number)
}

/// What a file says it is for.
fn header(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| line.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::{File, Report, check};

    fn errors(first: &str) -> Vec<String> {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let road = "## Other\n1. `x.rs`: no\n\n## The road of a root\nWords.\n\n1. `a.rs`: one\n2. `b.rs`: two\n";
        let mut report = Report::default();
        check(
            &[
                file("docs/ARCHITECTURE.md", road),
                file("a.rs", first),
                file("b.rs", "//! The end.\n\nfn f() {}\n"),
            ],
            &mut report,
        );
        assert!(report.measures.contains(&format!(
            "The road of a root: 2 files, {} lines",
            first.lines().count() + 3
        )));
        report.errors
    }

    #[test]
    fn each_file_names_the_next_in_its_header() {
        assert_eq!(errors("//! A.\n//!\n//! Next: `b.rs`.\n"), [""; 0]);
        for silent in ["//! A.\n", "//! A.\n\n// Next: `b.rs`.\n"] {
            let errors = errors(silent);
            assert_eq!(
                errors,
                ["a.rs: does not name the next file on the road, b.rs"]
            );
        }
    }

    #[test]
    fn a_description_without_roads_is_an_error() {
        let mut report = Report::default();
        check(&[], &mut report);
        assert_eq!(report.errors.len(), 1);
    }
}
