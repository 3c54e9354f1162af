//! The collector's root set is what a second derivation of it says.

use mangrove_stress::{Quiet, StressOptions, run};

fn options(seed: u64, count: u64) -> StressOptions {
    StressOptions {
        suites: vec!["roots".to_owned()],
        seed,
        count: Some(count),
        ..StressOptions::default()
    }
}

#[test]
fn some_hundred_programs_agree() {
    let summary = run(&options(1, 400), &mut Quiet).unwrap();
    assert!(summary.passed(), "{summary}");
}

/// `mangrove stress roots --seed A --count 10000` is the same.
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_programs_agree() {
    let summary = run(&options(1_000, 10_000), &mut Quiet).unwrap();
    println!("{summary}");
    assert!(summary.passed(), "{summary}");
}
