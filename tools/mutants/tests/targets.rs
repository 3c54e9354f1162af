//! What a fuzzer is to call is called with every test run: with what is kept in `fuzz/corpus`, and
//! with random bytes.

use mangrove_mutants::Verdict;
use mangrove_mutants::targets::{TARGETS, Target};
use mangrove_workers::Rng;
use std::fs;
use std::path::Path;

/// The inputs that are kept for a target, with their names.
fn kept(target: &Target) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("fuzz/corpus").join(target.name);
    let entries = fs::read_dir(&folder).expect("a folder for each target");
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &Path| (path.display().to_string(), fs::read(path).unwrap());
    paths.iter().map(|path| read(path)).collect()
}

#[track_caller]
fn sound(target: &Target, name: &str, bytes: &[u8]) -> Verdict {
    let verdict = (target.play)(bytes);
    assert_eq!(verdict.fault, None, "{}: {name}: {bytes:?}", target.name);
    verdict
}

/// Plays what is kept, all of it changed a little, and random bytes.
fn play(target: &Target) -> Vec<Verdict> {
    let mut rng = Rng::new(1);
    let mut verdicts = Vec::new();
    let inputs = kept(target);
    assert!(inputs.len() >= 3, "too few for {}", target.name);
    for (name, bytes) in inputs {
        verdicts.push(sound(target, &name, &bytes));
        let mut changed = bytes;
        for _ in 0..rng.range(1, 4) {
            let at = rng.below(changed.len());
            if let Some(byte) = changed.get_mut(at) {
                *byte = rng.number() as u8;
            }
        }
        verdicts.push(sound(target, &name, &changed));
    }
    for _ in 0..8 {
        let count = rng.below(200);
        let bytes = rng.bytes(count);
        verdicts.push(sound(target, "random", &bytes));
    }
    verdicts
}

fn target(name: &str) -> &'static Target {
    let target = TARGETS.iter().find(|target| target.name == name);
    target.expect("a target of that name")
}

fn said(verdicts: &[Verdict], kind: &str) -> bool {
    verdicts
        .iter()
        .any(|verdict| verdict.kinds.iter().any(|said| said == kind))
}

#[test]
fn modules_are_validated() {
    let verdicts = play(target("validate"));
    for kind in ["module: valid", "module: rejected, no module"] {
        assert!(said(&verdicts, kind), "no {kind}: {verdicts:?}");
    }
}

#[test]
fn modules_are_run() {
    let verdicts = play(target("run"));
    for kind in ["call: returned", "module: rejected, invalid"] {
        assert!(said(&verdicts, kind), "no {kind}: {verdicts:?}");
    }
}

/// A fuzzer that never collects and never switches finds nothing of either: most inputs must make
/// programs that do.
#[test]
fn programs_really_collect_and_really_switch() {
    let verdicts = play(target("program"));
    let does = |what: fn(&Verdict) -> u64| {
        let many = verdicts.iter().filter(|verdict| what(verdict) >= 3).count();
        many * 10 / verdicts.len()
    };
    let (collects, switches) = (does(|v| v.collections), does(|v| v.switches));
    assert!(
        collects >= 8 && switches >= 8,
        "{collects} and {switches} of ten"
    );
    let all: u64 = verdicts.iter().map(|verdict| verdict.switches).sum();
    assert!(all / verdicts.len() as u64 >= 10, "{all} switches");
}

#[test]
fn scripts_are_run() {
    let verdicts = play(target("script"));
    for kind in ["script: passed", "script: rejected"] {
        assert!(said(&verdicts, kind), "no {kind}: {verdicts:?}");
    }
}

#[test]
fn compiled_files_are_refused() {
    let verdicts = play(target("compiled"));
    assert!(said(&verdicts, "compiled: Checksum"), "{verdicts:?}");
}

#[test]
fn snapshots_are_read() {
    let verdicts = play(target("snapshot"));
    for kind in ["snapshot: read", "snapshot: rejected"] {
        assert!(said(&verdicts, kind), "no {kind}: {verdicts:?}");
    }
}
