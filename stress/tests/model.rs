//! The model test: engine and model agree, and a wrong model is found out.

use mangrove::Config;
use mangrove_stress::model::{Twist, events, run, shortest};

fn config(zeal: &str) -> Config {
    let mut config = Config::new();
    config.zeal(zeal.parse().unwrap());
    config
}

#[test]
fn engine_and_model_agree() {
    let played = run(7, 20_000, &config("none"), None).unwrap();
    assert_eq!(played.difference, None);
    assert!(played.steps >= 20_000);
}

/// Operations, events, ends: a run meets them all. An odd seed lets objects hold
/// continuations.
#[test]
fn everything_happens() {
    let played = run(2, 100_000, &config("none"), None).unwrap();
    assert_eq!(played.difference, None);
    assert_eq!(played.met.missed, [""; 0]);
    assert!(!played.met.endings.contains("exception 3"));
    let played = run(1, 200_000, &config("none"), None).unwrap();
    assert_eq!(played.difference, None);
    assert_eq!(played.met.missed, [""; 0]);
    assert_eq!(played.met.events, events(), "{:?}", played.met);
    for ending in [
        "returned",
        "exception 0",
        "exception 1",
        "exception 2",
        "exception 3",
        "unreachable",
        "integer divide by zero",
        "null structure reference",
        "null continuation reference",
        "continuation already consumed",
        "null exception reference",
        "unhandled tag",
    ] {
        assert!(
            played.met.endings.contains(ending),
            "{ending}: {:?}",
            played.met.endings
        );
    }
    assert!(played.met.deepest >= 16, "{:?}", played.met);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    let runs = [(); 2].map(|()| run(3, 2_000, &config("none"), None).unwrap());
    assert_eq!(runs[0], runs[1]);
}

/// Each is a rule of the proposal, broken.
#[test]
fn a_model_that_is_wrong_is_found_out() {
    for twist in Twist::ALL {
        let mut worst = 0;
        for seed in 0..4 {
            let played = run(seed, 50_000, &config("none"), Some(twist)).unwrap();
            let found = played
                .difference
                .unwrap_or_else(|| panic!("{twist:?}, seed {seed}"));
            assert!(found.starts_with("step "), "{found}");
            worst = worst.max(played.steps);
        }
        println!("{twist:?}: found within {worst} steps");
    }
}

/// The steps that a difference needs are few, and come again by themselves.
#[test]
fn what_a_difference_needs_is_a_short_list_of_steps() {
    for twist in Twist::ALL {
        let found = shortest(1, 50_000, &config("none"), Some(twist)).unwrap();
        let found = found.unwrap_or_else(|| panic!("{twist:?}"));
        println!("{twist:?}\n{}{}", found.text, found.difference);
        assert!((1..=24).contains(&found.steps), "{twist:?}: {}", found.text);
        assert_eq!(found.text.lines().count(), found.steps);
        assert!(
            found.difference.starts_with("step "),
            "{}",
            found.difference
        );
    }
    assert!(shortest(1, 2_000, &config("none"), None).unwrap().is_none());
}
