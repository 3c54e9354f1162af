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
use std::time::Instant;

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

/// Runs all of it, a line to each combination. Whether nothing failed.
fn matrix(folders: impl Iterator<Item = String>) -> io::Result<bool> {
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
    for combination in combinations() {
        let start = Instant::now();
        let chosen: Vec<&Case> = scripts
            .iter()
            .filter(|case| combination.has(case))
            .collect();
        let failed = run_all(&chosen, &combination);
        for message in &failed {
            println!("{message}");
        }
        let (count, seconds) = (chosen.len(), start.elapsed().as_secs_f64());
        let passed = count - failed.len();
        println!(
            "{passed} of {count} scripts, {seconds:.1} s: {}",
            combination.name
        );
        runs += count;
        failures += failed.len();
    }
    println!("{runs} runs, {failures} failed");
    Ok(failures == 0)
}

/// Runs scripts on all of the machine's threads; what failed.
fn run_all(scripts: &[&Case], combination: &Combination) -> Vec<String> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = available_parallelism().map_or(1, usize::from);
    scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(message) = run(case, &combination.options) {
                        failed.lock().expect("nobody panics with it").push(message);
                    }
                }
            });
        }
    });
    failed.into_inner().expect("nobody panicked")
}
