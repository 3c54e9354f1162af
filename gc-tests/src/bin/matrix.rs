//! `cargo run -p mangrove-xtask -- matrix [FOLDER…]`: the cases, and the scripts
//! of more folders, with every combination of the settings that decide where
//! frames lie and when they move.
#![forbid(unsafe_code)]

use mangrove_gc_tests::folder::below;
use mangrove_gc_tests::matrix::{Combination, combinations};
use mangrove_gc_tests::{Case, Kind, cases, run};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    match matrix(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("matrix: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs all of it, a line to each combination. Whether nothing failed. With
/// `--only WORDS` first: only combinations that have these words in their name.
fn matrix(arguments: impl Iterator<Item = String>) -> io::Result<bool> {
    let mut folders: Vec<String> = arguments.collect();
    let mut words = String::new();
    if folders.first().is_some_and(|first| first == "--only") {
        let only: Vec<String> = folders.drain(..folders.len().min(2)).collect();
        words = only.get(1).cloned().unwrap_or_default();
    }
    let mut scripts = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))?;
    for folder in folders {
        scripts.extend(below(Path::new(&folder))?.into_iter().map(|path| Case {
            name: path.display().to_string(),
            path,
            kind: Kind::Script,
            options: Vec::new(),
            only: Vec::new(),
        }));
    }
    let (mut runs, mut failures) = (0, 0);
    let chosen = |combination: &Combination| combination.name.contains(&words);
    for combination in combinations().into_iter().filter(chosen) {
        let start = Instant::now();
        let taking: Vec<&Case> = scripts
            .iter()
            .filter(|case| combination.has(case))
            .collect();
        let tally = run_all(&taking, &combination);
        for message in &tally.failed {
            println!("{message}");
        }
        let (count, seconds) = (taking.len(), start.elapsed().as_secs_f64());
        let passed = count - tally.failed.len();
        let (slowest, name) = (tally.slowest.0.as_secs_f64(), &tally.slowest.1);
        println!("{}: {passed} of {count} scripts", combination.name);
        println!("    {seconds:.1} s, of these {slowest:.1} s for {name}");
        runs += count;
        failures += tally.failed.len();
    }
    println!("{runs} runs, {failures} failed");
    Ok(failures == 0)
}

/// What came of a combination.
#[derive(Default)]
struct Tally {
    failed: Vec<String>,
    slowest: (Duration, String),
}

/// Runs scripts on all of the machine's threads.
fn run_all(scripts: &[&Case], combination: &Combination) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let threads = available_parallelism().map_or(1, usize::from);
    scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let result = run(case, &combination.options);
                    let mut tally = tally.lock().expect("nobody panics with it");
                    tally.failed.extend(result.err());
                    let took = (start.elapsed(), case.name.clone());
                    tally.slowest = took.max(std::mem::take(&mut tally.slowest));
                }
            });
        }
    });
    tally.into_inner().expect("nobody panicked")
}
