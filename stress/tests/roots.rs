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
