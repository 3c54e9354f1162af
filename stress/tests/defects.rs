//! Every defect that can be planted is found by suites: the table of
//! [docs/TESTING.md](../../docs/TESTING.md#defects-and-who-finds-them), row by row.
//!
//! Stale references are followed here, so each run is a process of its own: the test starts
//! itself again, and a crash counts as found like a wrong value.
//!
//! ```sh
//! MANGROVE_BLESS=1 cargo test -p mangrove-stress --test defects -- --ignored table       # writes the table
//! cargo test --release -p mangrove-stress --test defects -- --ignored --nocapture matrix # every suite with every defect
//! ```

mod defects_list;

use defects_list::{ALL, Row};
use mangrove::{Config, Defect, Zeal};
use mangrove_stress::{Progress, Quiet, RoundBegins, StressOptions, Suite, run, suites};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Names the defect, the suite, the zeal and the number of rounds of a run in a process of its
/// own.
const ORDER: &str = "MANGROVE_STRESS_DEFECT";
/// What a process may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tells the number of each round that begins.
struct Rounds;

impl Progress for Rounds {
    fn round(&mut self, round: &RoundBegins<'_>) {
        // The first round has the first seed, 1.
        eprintln!("round {}", round.seed);
    }
}

fn options(suite: &str, defect: Option<Defect>, zeal: &str, rounds: u64) -> StressOptions {
    let mut config = Config::new();
    if let Some(defect) = defect {
        config.plant_defect(defect);
    }
    StressOptions {
        suites: vec![suite.to_owned()],
        zeal: zeal.parse::<Zeal>().unwrap(),
        scale: 0.02,
        count: Some(rounds),
        config,
        ..StressOptions::default()
    }
}

/// Does nothing unless the process was started to run a suite.
#[test]
fn the_run_that_was_ordered() {
    let Ok(order) = std::env::var(ORDER) else {
        return;
    };
    let [row, suite, zeal, rounds] = order.split(' ').collect::<Vec<_>>()[..] else {
        panic!("an order is a row, a suite, a zeal and a number of rounds, not {order:?}");
    };
    let defect = ALL[row.parse::<usize>().unwrap()].defect;
    let options = options(suite, Some(defect), zeal, rounds.parse().unwrap());
    let summary = run(&options, &mut Rounds).unwrap();
    if summary.suites.iter().any(|suite| suite.refused.is_some()) {
        // Nothing is known then.
        return;
    }
    assert!(summary.passed(), "{summary}");
}

/// How a defect was found.
struct Found {
    rounds: usize,
    seconds: f64,
}

/// Runs a suite with a defect; none if it is not found.
fn found(row: usize, suite: &str, zeal: &str, rounds: u64) -> Option<Found> {
    let began = Instant::now();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_run_that_was_ordered", "--nocapture"])
        .env(ORDER, format!("{row} {suite} {zeal} {rounds}"))
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What it says is read while it runs, so that it does not wait for a reader.
    let mut pipe = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A process that was ended ends its output.
        let _ = std::io::Read::read_to_end(&mut pipe, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if began.elapsed() > PATIENCE {
            // A chain that goes round, say: it never ends by itself.
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = reader.join().unwrap();
    let ended = status.is_some_and(|status| status.success());
    (!ended).then(|| Found {
        rounds: said.matches("round ").count(),
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The suites and zeals that the table's quick half names.
#[test]
fn every_defect_is_found_by_the_suite_that_is_named() {
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(Row {
                        defect,
                        suite,
                        zeal,
                        rounds,
                    }) = ALL.get(at)
                    else {
                        return;
                    };
                    if found(at, suite, zeal, *rounds).is_none() {
                        missed
                            .lock()
                            .unwrap()
                            .push(format!("{defect:?}: {suite}, {zeal}"));
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

/// Without a defect, the same runs pass.
#[test]
fn without_a_defect_these_runs_pass() {
    let runs: BTreeMap<(&str, &str), u64> = ALL
        .iter()
        .map(|row| ((row.suite, row.zeal), row.rounds))
        .collect();
    for ((suite, zeal), rounds) in runs {
        let summary = run(&options(suite, None, zeal, rounds), &mut Quiet).unwrap();
        assert!(summary.passed(), "{summary}");
    }
}

/// Each defect is there once.
#[test]
fn every_defect_has_a_row() {
    for (at, row) in ALL.iter().enumerate() {
        let again = ALL[..at].iter().any(|before| before.defect == row.defect);
        assert!(!again, "{:?} has two rows", row.defect);
    }
    assert!(ALL.len() >= 60, "{}", ALL.len());
}

/// Where the table is written, and between which lines.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/TESTING.md");
const BEGIN: &str = "<!-- defects: written by stress/tests/defects.rs -->";
const END: &str = "<!-- end of defects -->";

/// Each row, on so many threads, in order.
fn rows(of: impl Fn(usize, &Row) -> String + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(BTreeMap::new());
    let threads = std::env::var("MANGROVE_THREADS").map_or(2, |count| count.parse().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let at = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(row) = ALL.get(at)
                {
                    let text = of(at, row);
                    println!("{text}");
                    rows.lock().unwrap().insert(at, text);
                }
            });
        }
    });
    rows.into_inner().unwrap().into_values().collect()
}

/// Runs each row, and writes the table.
#[test]
#[ignore = "writes the table of docs/TESTING.md"]
fn table() {
    let rows = rows(|at, row| {
        let Row { suite, zeal, .. } = row;
        let (round, seconds) = found(at, suite, zeal, row.rounds).map_or_else(
            || ("nobody".to_owned(), String::new()),
            |found| (found.rounds.to_string(), format!("{:.1}", found.seconds)),
        );
        let zeal = match *zeal {
            "none" => String::new(),
            zeal => format!("`{zeal}`"),
        };
        format!(
            "| `{:?}` | {suite} | {zeal} | {round} | {seconds} |",
            row.defect
        )
    });
    let mut text =
        String::from("| defect | suite | zeal | found in round | seconds |\n|-|-|-|-|-|\n");
    for row in &rows {
        writeln!(text, "{row}").unwrap();
    }
    assert!(!text.contains("nobody"), "{text}");
    if std::env::var_os("MANGROVE_BLESS").is_some() {
        let page = std::fs::read_to_string(PAGE).unwrap();
        let (before, rest) = page.split_once(BEGIN).expect("where the table begins");
        let (_, after) = rest.split_once(END).expect("where the table ends");
        std::fs::write(PAGE, format!("{before}{BEGIN}\n{text}{END}{after}")).unwrap();
    }
}

/// Runs every suite with every defect, without zeal, as many rounds as it plays when there is
/// no time for more: who finds it, and in which round.
#[test]
#[ignore = "half an hour: every suite with every defect"]
fn matrix() {
    let rows = rows(|at, row| {
        let found = |suite: &Suite| {
            let found = found(at, suite.name, "none", suite.least)?;
            Some(format!("{} {}", suite.name, found.rounds))
        };
        let finders: Vec<String> = suites().iter().filter_map(found).collect();
        format!("{:?}: {}", row.defect, finders.join(", "))
    });
    let named = |row: &&String| row.ends_with(": ");
    // Those need more rounds, or zeal: their rows say which.
    println!(
        "{} of {} by no suite",
        rows.iter().filter(named).count(),
        rows.len()
    );
}
