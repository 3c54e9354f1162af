//! Every suite passes, at a small size, without zeal and with each kind of it.

use mangrove_stress::{Progress, Quiet, RoundBegins, StressOptions, Summary, run, run_by, suites};
use std::cell::Cell;
use std::time::Duration;

fn play(suite: &str, zeal: &str, scale: f64) -> Summary {
    let options = StressOptions {
        suites: vec![suite.to_owned()],
        zeal: zeal.parse().unwrap(),
        scale,
        ..StressOptions::default()
    };
    run(&options, &mut Quiet).unwrap()
}

#[test]
fn all_suites_pass() {
    for suite in suites() {
        let summary = play(suite.name, "none", 0.02);
        assert!(summary.passed(), "{summary}");
        assert!(summary.suites[0].figures.collections() >= 8, "{summary}");
        assert_eq!(summary.suites[0].rounds, suite.least);
    }
}

#[test]
fn all_suites_pass_under_zeal() {
    for suite in suites() {
        for zeal in [
            "alloc:7",
            "switch",
            "call",
            "alloc,switch,call",
            "alloc:7,minor",
            "switch,minor",
            "alloc,switch,call,move,minor",
            "random:1",
            "random:2,move,minor",
        ] {
            let summary = play(suite.name, zeal, 0.05);
            assert!(summary.passed(), "{zeal}: {summary}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_cases_again() {
    let once = play("random", "none", 0.1);
    let twice = play("random", "none", 0.1);
    assert_eq!(once.suites[0].figures, twice.suites[0].figures);
}

/// A clock that goes on by as much with each round that begins.
struct Steps<'a> {
    clock: &'a Cell<Duration>,
    step: Duration,
}

impl Progress for Steps<'_> {
    fn round(&mut self, _: &RoundBegins<'_>) {
        self.clock.set(self.clock.get() + self.step);
    }
}

#[test]
fn time_is_used_up_and_shared() {
    let options = StressOptions {
        suites: vec!["churn".to_owned(), "pipeline".to_owned()],
        time: Duration::from_millis(400),
        scale: 0.005,
        ..StressOptions::default()
    };
    // A round more begins for as long as there is time, however little.
    for (step, rounds) in [(50, 4), (70, 3), (1000, 1)] {
        let clock = Cell::new(Duration::from_secs(9));
        let mut steps = Steps {
            clock: &clock,
            step: Duration::from_millis(step),
        };
        let summary = run_by(&options, &mut steps, &|| clock.get()).unwrap();
        assert!(summary.passed(), "{summary}");
        for suite in &summary.suites {
            assert_eq!(suite.rounds, rounds, "{summary}");
            assert_eq!(suite.elapsed_ms, rounds * step, "{summary}");
        }
    }
}

#[test]
fn an_unknown_suite_is_an_error_that_names_the_known() {
    let options = StressOptions {
        suites: vec!["suspendet".to_owned()],
        ..StressOptions::default()
    };
    let message = run(&options, &mut Quiet).unwrap_err().to_string();
    assert!(
        message.contains("\"suspendet\"") && message.contains("suspended, deep"),
        "{message}"
    );
}
