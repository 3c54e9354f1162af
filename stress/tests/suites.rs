//! Every suite passes, at a small size, without zeal and with each kind of it.

use mangrove_stress::{Options, Quiet, Summary, run, suites};
use std::time::Duration;

fn play(suite: &str, zeal: &str, scale: f64) -> Summary {
    let options = Options {
        suites: vec![suite.to_owned()],
        zeal: zeal.parse().unwrap(),
        scale,
        ..Options::default()
    };
    run(&options, &mut Quiet).unwrap()
}

#[test]
fn all_suites_pass() {
    for suite in suites() {
        let summary = play(suite.name, "none", 0.02);
        assert!(summary.passed(), "{summary}");
        assert!(summary.suites[0].collections >= 8, "{summary}");
        assert_eq!(summary.suites[0].rounds, suite.least);
    }
}

#[test]
fn all_suites_pass_under_zeal() {
    for suite in suites() {
        for zeal in ["alloc:7", "switch", "call", "alloc,switch,call"] {
            let summary = play(suite.name, zeal, 0.05);
            assert!(summary.passed(), "{zeal}: {summary}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_cases_again() {
    let once = play("random", "none", 0.1);
    let twice = play("random", "none", 0.1);
    assert_eq!(once.suites[0].collections, twice.suites[0].collections);
}

#[test]
fn time_is_used_up_and_shared() {
    let options = Options {
        suites: vec!["churn".to_owned(), "pipeline".to_owned()],
        time: Duration::from_millis(400),
        scale: 0.005,
        ..Options::default()
    };
    let summary = run(&options, &mut Quiet).unwrap();
    assert!(summary.passed(), "{summary}");
    for suite in &summary.suites {
        assert!(suite.rounds > 1, "{summary}");
        assert!(suite.elapsed_ms >= 200, "{summary}");
    }
}

#[test]
fn an_unknown_suite_is_an_error_that_names_the_known() {
    let options = Options {
        suites: vec!["suspendet".to_owned()],
        ..Options::default()
    };
    let message = run(&options, &mut Quiet).unwrap_err().to_string();
    assert!(
        message.contains("\"suspendet\"") && message.contains("suspended, churn"),
        "{message}"
    );
}
