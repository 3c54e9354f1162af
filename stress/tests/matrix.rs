//! Rounds whose settings follow from their seeds: what is printed of one plays it again.

use mangrove::{Config, Defect};
use mangrove_stress::{Quiet, Shard, StressOptions, Summary, run};

/// A collector that keeps what nothing reaches: the suite counts what lives. No reference
/// becomes stale by it.
fn options(defect: bool) -> StressOptions {
    let mut config = Config::new();
    if defect {
        config.plant_defect(Defect::KeepUnreached);
    }
    StressOptions {
        suites: vec!["rings".to_owned()],
        count: Some(12),
        scale: 0.02,
        matrix: true,
        config,
        ..StressOptions::default()
    }
}

fn play(options: &StressOptions) -> Summary {
    run(options, &mut Quiet).unwrap()
}

#[test]
fn every_suite_passes_in_settings_of_every_kind() {
    let summary = play(&StressOptions {
        suites: Vec::new(),
        scale: 0.01,
        count: Some(8),
        ..options(false)
    });
    assert!(summary.passed(), "{summary}");
}

/// A failure names the settings of its round; with these instead of the matrix, its seed
/// fails alike.
#[test]
fn a_failure_comes_again_from_what_is_printed_of_it() {
    let options = StressOptions {
        max_fail: 100,
        ..options(true)
    };
    let failures = play(&options).suites.remove(0).failures;
    assert!(failures.len() > 3, "{failures:?}");
    for failure in failures {
        let again = StressOptions {
            matrix: false,
            seed: failure.seed,
            count: Some(1),
            config: options.of_round(failure.seed).config,
            zeal: zeal(&failure.engine),
            words: failure.engine.clone(),
            ..options.clone()
        };
        let mut summary = play(&again);
        assert_eq!(summary.suites.remove(0).failures, [failure]);
    }
}

fn zeal(words: &[String]) -> mangrove::Zeal {
    let at = words.iter().position(|word| word == "--zeal").unwrap();
    words[at + 1].parse().unwrap()
}

/// What shards find is what the whole finds.
#[test]
fn a_campaign_is_the_same_in_parts() {
    let whole = play(&StressOptions {
        max_fail: 100,
        ..options(true)
    });
    let mut failures = Vec::new();
    for number in 1..=5 {
        let part = play(&StressOptions {
            max_fail: 100,
            shard: Some(Shard::new(number, 5).unwrap()),
            ..options(true)
        });
        failures.extend(part.suites.into_iter().flat_map(|suite| suite.failures));
    }
    assert_eq!(whole.suites[0].failures, failures);
}

/// Functions with values in homes hold whatever their locals do; nothing that a program is
/// done with may be in there.
#[test]
fn continuations_are_forgotten_by_functions_with_homes_too() {
    let mut config = Config::new();
    config.opt_level(mangrove::OptLevel::Frame);
    let summary = play(&StressOptions {
        suites: vec!["clones".to_owned(), "random".to_owned()],
        seed: 130,
        count: Some(60),
        scale: 0.02,
        matrix: false,
        config,
        ..options(false)
    });
    assert!(summary.passed(), "{summary}");
}
