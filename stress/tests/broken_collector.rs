//! A collector that overlooks something must not get away with it: with a fault
//! put in on purpose, the suites fail, and without it they pass.
//!
//! Stale references are followed here, so each run is a process of its own:
//! the test starts itself again, and a crash counts as found like a wrong value.

use mangrove::{Config, Defect, Zeal};
use mangrove_stress::{Quiet, StressOptions, run, suites};
use std::process::Command;

/// Names the suite, the fault and the zeal of a run in a process of its own.
const ORDER: &str = "MANGROVE_STRESS_BROKEN";

fn options(suite: &str, fault: &str, zeal: &str) -> StressOptions {
    let mut config = Config::new();
    match fault {
        "none" => &mut config,
        "skip" => config.plant_defect(Defect::SkipSuspended),
        // The first continuation of each object.
        "held" => config.plant_defect(Defect::DropHeld(0)),
        "kept" => config.plant_defect(Defect::KeepUnreached),
        "early" => config.plant_defect(Defect::OneRound),
        slot => config.plant_defect(Defect::DropSlot(slot.parse().unwrap())),
    };
    StressOptions {
        suites: vec![suite.to_owned()],
        zeal: zeal.parse::<Zeal>().unwrap(),
        scale: 0.02,
        config,
        ..StressOptions::default()
    }
}

/// What a run with this fault says: its summary, or how it ended.
fn verdict(suite: &str, fault: &str, zeal: &str) -> Result<String, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_run_that_was_ordered", "--nocapture"])
        .env(ORDER, format!("{suite} {fault} {zeal}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(format!("{}: {said}", output.status))
    }
}

/// Does nothing unless the process was started to run a suite.
#[test]
fn the_run_that_was_ordered() {
    let Ok(order) = std::env::var(ORDER) else {
        return;
    };
    let [suite, fault, zeal] = order.split(' ').collect::<Vec<_>>()[..] else {
        panic!("an order is a suite, a fault and a zeal, not {order:?}");
    };
    let summary = run(&options(suite, fault, zeal), &mut Quiet).unwrap();
    assert!(summary.passed(), "{summary}");
}

#[test]
fn without_a_fault_the_suites_pass() {
    for suite in suites() {
        verdict(suite.name, "none", "none").unwrap();
    }
}

#[test]
fn a_collector_that_skips_suspended_stacks_fails_every_suite() {
    // The overflow suite is about guards, and the weak one about handles: what they suspend
    // holds no references.
    let judges = suites()
        .iter()
        .filter(|suite| !["overflow", "weak"].contains(&suite.name));
    for suite in judges {
        let found = verdict(suite.name, "skip", "none").expect_err(suite.name);
        println!("{found}");
    }
}

#[test]
fn a_single_lost_slot_is_found() {
    for slot in ["0", "1", "2", "3"] {
        let found = verdict("suspended", slot, "none").expect_err(slot);
        println!("{found}");
    }
}

/// Which one was lost is said by the suite that knows what there must be, before anything
/// follows from it.
#[test]
fn a_lost_slot_is_named_by_the_second_derivation() {
    for fault in ["skip", "0", "1", "2"] {
        let found = verdict("roots", fault, "none").expect_err(fault);
        assert!(
            found.contains("needed, and not held: func "),
            "{fault}: {found}"
        );
    }
}

/// A continuation in an object that is overlooked, a ring that is kept, and one that is
/// freed while it is held: found by what the program computes, and under zeal by the
/// collector's own verification.
#[test]
fn faults_with_continuations_in_objects_are_found() {
    for fault in ["held", "kept", "early"] {
        let found = verdict("rings", fault, "none").expect_err(fault);
        println!("{fault}: {found}");
        let found = verdict("rings", fault, "switch").expect_err(fault);
        assert!(
            found.contains("continuations were in reach"),
            "{fault}: {found}"
        );
    }
}

/// The suite finds the fault by what programs compute, not only by a crash.
#[test]
fn wrong_values_are_named() {
    let found = verdict("suspended", "0", "none").unwrap_err();
    assert!(
        found.contains("wrong values, the first in continuation"),
        "{found}"
    );
}

/// Under zeal the collector's own verification is there first.
#[test]
fn verification_finds_it_too() {
    let found = verdict("suspended", "0", "switch").unwrap_err();
    assert!(found.contains("after the collection"), "{found}");
}
