//! `mangrove stress merge`: the reports of shards to one of a campaign.

use super::{lines, play, reports};
use crate::args::MergeArgs;
use crate::errors::{Failure, shown};
use crate::output::Output;
use mangrove_stress::{Details, NamedReport, Report, Verdict, merge};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most bytes a report may have.
const MOST: u64 = 256 << 20;

/// Runs the command.
pub fn run(args: &MergeArgs, output: &mut Output) -> Result<(), Failure> {
    reports::prepare(&args.report)?;
    let mut all = Vec::new();
    for path in files(&args.reports)? {
        let report =
            read(&path).map_err(|why| Failure::Input(format!("{}: {why}", shown(&path))))?;
        let name = path.display().to_string();
        all.push(NamedReport { name, report });
    }
    let (report, notes) = merge(all).map_err(|error| Failure::Input(lines(&error.to_string())))?;
    reports::write(&report, &args.report)?;
    for suite in &report.suites {
        output.line(&lines(&suite.to_string()))?;
        if suite.verdict() != Verdict::Passed {
            output.line(lines(&Details(suite).to_string()).trim_end())?;
        }
    }
    for note in &notes {
        output.line(&lines(note))?;
    }
    if let Some(merged) = &report.merged {
        let there = merged.shards.saturating_sub(merged.missing.len() as u64);
        output.line(&format!("{there} of {} shards", merged.shards))?;
    }
    play::total(&report.suites, report.elapsed_ms, output)?;
    output.line(&lines(&report.build.to_string()))?;
    // Reports that contradict each other are a failure of no suite.
    if let Some(merged) = &report.merged
        && !merged.contradicting.is_empty()
    {
        return Err(Failure::Check(merged.problems().join("; ")));
    }
    play::ended(&report.suites, report.verdict)
}

/// The files: in place of a folder, the reports in it.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside =
            in_folder(path).map_err(|error| Failure::Input(format!("{}: {error}", shown(path))))?;
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut reports = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden
            && path
                .extension()
                .is_some_and(|extension| extension == "json")
        {
            reports.push(path);
        }
    }
    Ok(reports)
}

fn read(path: &Path) -> Result<Report, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut file = file.take(MOST + 1);
    file.read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > MOST {
        return Err(format!("has more than {MOST} bytes"));
    }
    Report::read(&text).map_err(|error| error.to_string())
}
