//! `run --timeline`: a file in either form, whatever becomes of the run.

use crate::common::{Ended, file, mangrove, run_with};
use std::path::PathBuf;

const PROGRAM: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "gc" (func $gc))
    (import "mangrove" "exit" (func $exit (param i32)))
    (tag $yield)
    (func $gen (loop $again (suspend $yield) (br $again)))
    (elem declare func $gen)
    (func $turns (param $n i32) (result i32) (local $k (ref null $k))
        (local.set $k (cont.new $k (ref.func $gen)))
        (loop $again
            (local.set $k (block $on (result (ref $k))
                (resume $k (on $yield $on) (local.get $k)) (unreachable)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (call $gc)
        (i32.const 7))
    (export "turns" (func $turns))
    (func (export "traps") (drop (call $turns (i32.const 3))) (unreachable))
    (func (export "exits") (drop (call $turns (i32.const 3))) (call $exit (i32.const 5)))
    (func (export "forever") (loop $l (drop (call $turns (i32.const 3))) (br $l))))"#;

/// Runs it, with a timeline in a file of this name.
fn recorded(name: &str, function: &str, arguments: &[&str]) -> (Ended, PathBuf) {
    let path = file(name, "old contents");
    let mut all = vec!["--timeline", path.to_str().unwrap(), "--invoke", function];
    all.extend(arguments);
    (run_with(&format!("{name}.wat"), PROGRAM, &all), path)
}

/// The phases of events of the thread called so, and the counters' last values.
fn read(path: &PathBuf) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).expect("whole JSON")
}

fn phases(json: &serde_json::Value) -> String {
    let events = json["traceEvents"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["ph"].as_str().unwrap())
        .collect()
}

#[test]
fn scripts_have_a_timeline_each() {
    let script = |n: u32| {
        format!(
            "(module $m (type $f (func)) (type $k (cont $f)) (tag $yield)
                (func $gen (suspend $yield)) (elem declare func $gen)
                (func (export \"main\")
                    (block $on (result (ref $k))
                        (resume $k (on $yield $on) (cont.new $k (ref.func $gen))) (return))
                    (drop)))
            {}(assert_return (invoke \"main\"))",
            "(assert_return (invoke \"main\"))".repeat(n as usize)
        )
    };
    let scripts = [1, 2].map(|n| file(&format!("timeline-{n}.wast"), script(n)));
    let to = file("scripts.json", "");
    let [one, two] = [0, 1].map(|n| scripts[n].to_str().unwrap());
    let ended = mangrove(["wast", one, two, "--timeline", to.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let suspended = |path: &str| {
        let text = std::fs::read_to_string(to.with_file_name(path)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).expect("whole JSON");
        assert!(json["traceEvents"].is_array());
        text.matches("\"suspend $yield\"").count()
    };
    assert_eq!(std::fs::read(&to).unwrap(), b"", "each has its own");
    assert_eq!(
        (suspended("scripts-1.json"), suspended("scripts-2.json")),
        (2, 3)
    );
    // One script has the file that was named.
    let ended = mangrove(["wast", one, "--timeline", to.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(suspended("scripts.json"), 2);
    // What cannot be written is said, and the script's outcome too.
    let ended = mangrove(["wast", one, "--timeline", "/dev/full"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.contains("3 passed"), "{ended:?}");
    assert!(ended.stderr.contains("/dev/full"), "{ended:?}");
}

#[test]
fn every_way_to_end_leaves_a_whole_file() {
    for (function, arguments, code) in [
        ("turns", &["3"][..], 0),
        ("traps", &[], 134),
        ("exits", &[], 5),
        ("forever", &["--timeout", "0.3"], 134),
        ("forever", &["--fuel", "10000"], 134),
    ] {
        let name = format!("ends_{function}_{}.json", arguments.len());
        let (ended, path) = recorded(&name, function, arguments);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        let json = read(&path);
        let phases = phases(&json);
        let count = |phase| phases.matches(phase).count();
        assert!(count("B") >= 8 && count("B") == count("E"), "{function}");
        assert!(
            count("s") > 0 && count("f") > 0 && count("C") > 0,
            "{function}"
        );
    }
}

#[test]
fn the_form_goes_by_the_name_unless_it_is_said() {
    let (ended, path) = recorded("form.pftrace", "turns", &["3"]);
    ended.prints("7\n");
    let bytes = std::fs::read(path).unwrap();
    // The first packet: field 1 of the file, with the sequence.
    assert_eq!(bytes[0], 0x0a);
    assert!(bytes.windows(4).any(|part| part == b"$gen"));
    let (ended, path) = recorded("form.txt", "turns", &["3", "--timeline-format", "chrome"]);
    ended.prints("7\n");
    read(&path);
}

#[test]
fn a_limit_is_kept_and_said() {
    let (ended, path) = recorded(
        "limit.json",
        "turns",
        &["20000", "--timeline-limit", "100K"],
    );
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "7\n"));
    ended.says([
        "note: ",
        "the timeline ends before the run",
        "--timeline-limit is 102400 bytes",
    ]);
    assert!(std::fs::metadata(&path).unwrap().len() < 110_000);
    read(&path);
}

#[test]
fn a_file_that_cannot_be_written_is_one_line() {
    let path = "/nonexistent/folder/t.json";
    let arguments = ["--timeline", path, "--invoke", "turns", "3"];
    let ended = run_with("unwritable.wat", PROGRAM, &arguments);
    assert_ne!(ended.code, Some(0));
    ended.says([path]);
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    if std::path::Path::new("/dev/full").exists() {
        let arguments = ["--timeline", "/dev/full", "--invoke", "turns", "3"];
        let ended = run_with("full.wat", PROGRAM, &arguments);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        ended.says(["/dev/full"]);
        let arguments = ["--timeline", "/dev/full", "--invoke", "traps"];
        let ended = run_with("full_traps.wat", PROGRAM, &arguments);
        assert_eq!(ended.code, Some(134), "{ended:?}");
        ended.says(["note: /dev/full", "trap: unreachable"]);
    }
    for option in [
        "--timeline-limit=1K",
        "--timeline-tracks=3",
        "--timeline-format=chrome",
    ] {
        let ended = run_with("alone.wat", PROGRAM, &[option, "--invoke", "turns", "3"]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
}
