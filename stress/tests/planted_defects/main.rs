//! Minor collections rely on what is noted, in one place for each kind of store and each
//! way of waking, and on what they look at. With a defect in any of these the programs
//! that need it fail, and verification says so before they do.
//!
//! Stale references are followed here, so each run with a defect is a process of its own:
//! the test starts itself again.

use mangrove::{Config, Defect, Noted, Waking};
use mangrove_stress::few;
use std::process::Command;

/// Names the row, the program and the way of a run in a process of its own.
const ORDER: &str = "MANGROVE_PLANTED_DEFECT";

/// Each defect, with the programs that it breaks.
const ROWS: [(Defect, &[&str]); 34] = [
    (Defect::Unnoted(Noted::Field), &["field"]),
    (Defect::Unnoted(Noted::Element), &["element"]),
    (
        Defect::Unnoted(Noted::Card),
        &["card", "first_card", "last_card"],
    ),
    (Defect::Unnoted(Noted::Elements), &["fill", "fill_carded"]),
    (Defect::Unnoted(Noted::Global), &["global_set"]),
    (Defect::Unnoted(Noted::TableElement), &["table_set"]),
    (Defect::Unnoted(Noted::Assigned), &["init_elem"]),
    (Defect::Unnoted(Noted::Copied), &["copy", "copy_carded"]),
    (Defect::Unnoted(Noted::AssignedGlobal), &["host_global"]),
    (
        Defect::Unnoted(Noted::TableWritten),
        &[
            "table_fill",
            "table_grow",
            "table_init",
            "active_segment",
            "host_table_set",
            "host_table_grow",
        ],
    ),
    (Defect::Unnoted(Noted::TableCopied), &["table_copy"]),
    (
        Defect::Unwoken(Waking::Resumed),
        &["fresh", "resumed", "switched", "switched_back"],
    ),
    (Defect::Unwoken(Waking::Suspended), &["suspended"]),
    (Defect::Unwoken(Waking::Returned), &["returned"]),
    (Defect::Unwoken(Waking::Caught), &["caught"]),
    (
        Defect::Unwoken(Waking::ThrownInto),
        &[
            "thrown_into",
            "thrown_into_a_chain",
            "host_throws_into_a_chain",
        ],
    ),
    (
        Defect::Unwoken(Waking::Entered),
        &["entered", "host_resumes"],
    ),
    (Defect::Unwoken(Waking::Left), &["left"]),
    (
        Defect::Unwoken(Waking::Bound),
        &["bound", "bound_after_it_was_clean", "host_binds"],
    ),
    (
        Defect::Unwoken(Waking::Cloned),
        &["cloned", "cloned_when_bound", "host_clones"],
    ),
    (Defect::Unwoken(Waking::Collected), &["collected"]),
    (Defect::SkipAwake, &["entered", "resumed", "bound"]),
    (Defect::SkipCallers, &["entered", "resumed"]),
    (Defect::SkipBound, &["bound", "host_binds"]),
    (Defect::DropObjects, &["field", "element", "fill", "card"]),
    (Defect::DropCards, &["card", "first_card", "copy_carded"]),
    (Defect::DropGlobals, &["global_set", "host_global"]),
    (
        Defect::DropTableCards,
        &["table_set", "table_fill", "table_copy"],
    ),
    (Defect::SkipBorn, &["born", "born_twice"]),
    (Defect::SkipHandles, &["handle"]),
    (Defect::SkipScopes, &["scope"]),
    (Defect::SkipWeak, &["weak"]),
    (Defect::SkipSegments, &["segment"]),
    // A whole stack that sleeps: what a minor collection must not need.
    (Defect::SkipSuspended, &["kept_by_a_sleeper"]),
];

/// Ways to run: the collections there are anyway, and the same verified.
const WAYS: [&str; 2] = ["plain", "verified"];

fn config(way: &str) -> Config {
    let mut config = Config::new();
    config.young_min(64 << 10).young_max(64 << 10);
    config.continuation_clone(true);
    match way {
        "plain" => {}
        "verified" => {
            config.verify_heap(true);
        }
        zeal => {
            config.zeal(zeal.parse().unwrap());
        }
    }
    config
}

/// Runs a program; what is wrong with it.
fn judge(config: &Config, program: &str) -> Result<(), String> {
    match few::step(config, program) {
        Ok(42) => Ok(()),
        Ok(other) => Err(format!("the box says {other}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Does nothing unless the process was started to run a program.
#[test]
fn the_run_that_was_ordered() {
    let Ok(order) = std::env::var(ORDER) else {
        return;
    };
    let [row, program, way] = order.split(' ').collect::<Vec<_>>()[..] else {
        panic!("an order is a row, a program and a way, not {order:?}");
    };
    let mut config = config(way);
    config.plant_defect(ROWS[row.parse::<usize>().unwrap()].0);
    judge(&config, program).unwrap();
}

/// What a run with a defect says; none if it is not found.
fn found(row: usize, program: &str, way: &str) -> Option<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_run_that_was_ordered", "--nocapture"])
        .env(ORDER, format!("{row} {program} {way}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then(|| format!("{}: {said}", output.status))
}

/// All that is not as `wanted` says, of each row and program, in one way.
fn check(way: &str, wanted: impl Fn(&str) -> bool) {
    let mut wrong = Vec::new();
    for (row, (defect, programs)) in ROWS.iter().enumerate() {
        for program in *programs {
            match found(row, program, way) {
                None => wrong.push(format!("{defect:?}, {program}, {way}: not found")),
                Some(said) if !wanted(&said) => {
                    wrong.push(format!("{defect:?}, {program}, {way}: {said}"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_defect_all_programs_pass() {
    let zeal = [
        "alloc:1009,minor",
        "switch,minor",
        "call,minor",
        "alloc:1009,move,minor",
        "alloc:1009,switch,call,move,minor",
    ];
    for way in WAYS.iter().chain(&zeal) {
        let config = config(way);
        for program in ROWS.iter().flat_map(|(_, programs)| *programs) {
            judge(&config, program).unwrap_or_else(|error| panic!("{program}, {way}: {error}"));
        }
    }
}

/// By what programs compute, or by a reference to nothing.
#[test]
fn each_defect_is_found_by_programs() {
    check(WAYS[0], |_| true);
}

/// By verification, which names the place before anything goes wrong.
#[test]
fn each_defect_is_found_by_verification() {
    check(WAYS[1], |said| {
        said.contains("before the collection: ") || said.contains("after the collection: ")
    });
}
