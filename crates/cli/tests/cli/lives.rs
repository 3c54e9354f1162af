//! Continuations from outside: their limits, their report, and watching them.

use crate::common::{Ended, run, run_with};

/// `many n` suspends `n` in a table; `nest n` resumes `n` inside each other;
/// `spin n` suspends and resumes `n` times; `hang n` counts to `n`.
const PROGRAM: &str = r#"(module $lives
    (type $f (func (param i32))) (type $k (cont $f))
    (type $n (func)) (type $kn (cont $n))
    (tag $wait)
    (table $kept 200 (ref null $kn))
    (func $sleep (param i32) (suspend $wait))
    (func $nest (export "nest") (param $n i32)
        (if (local.get $n) (then
            (resume $k (i32.sub (local.get $n) (i32.const 1)) (cont.new $k (ref.func $nest))))))
    (elem declare func $sleep $nest)
    (func $one (result (ref $kn))
        (block $on (result (ref $kn))
            (resume $k (on $wait $on) (i32.const 0) (cont.new $k (ref.func $sleep)))
            (unreachable)))
    (func (export "many") (param $n i32)
        (loop $next
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (table.set $kept (local.get $n) (call $one))
            (br_if $next (local.get $n))))
    (func (export "spin") (param $n i32)
        (loop $next
            (resume $kn (call $one))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $next (local.get $n))))
    (func (export "hang") (param $n i64)
        (loop $next
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br_if $next (i64.ne (local.get $n) (i64.const 0))))))"#;

fn lives<const N: usize>(name: &str, arguments: [&str; N]) -> Ended {
    run(&format!("lives_{name}.wat"), PROGRAM, arguments)
}

#[test]
fn every_limit_is_a_trap_that_names_it() {
    for (name, invoke, below, beyond, flag, value, message) in [
        (
            "live",
            "many",
            "9",
            "10",
            "--continuations-max",
            "10",
            "the limit of 10 live continuations is reached (continuations_max)",
        ),
        (
            "bytes",
            "nest",
            "16",
            "17",
            "--stack-bytes-max",
            "4M",
            "the limit of 4194304 bytes of stacks is reached, 16 are in use (stack_bytes_max)",
        ),
        (
            "nesting",
            "nest",
            "4",
            "5",
            "--nesting-max",
            "5",
            "the limit of 5 continuations that have resumed each other is reached (nesting_max)",
        ),
    ] {
        lives(name, ["--invoke", invoke, below, flag, value]).prints("");
        let ended = lives(name, ["--invoke", invoke, beyond, flag, value]);
        assert_eq!(ended.code, Some(134), "{ended:?}");
        let first = ended.stderr.lines().next().unwrap();
        assert!(first.ends_with(&format!("trap: {message}")), "{ended:?}");
        ended.says(["func"]);
    }
    let ended = lives("deep", ["--invoke", "nest", "1", "--stack-bytes-max", "1K"]);
    ended.is_one_line(
        2,
        ["a limit of 1024 bytes of stacks leaves no room for one"],
    );
    let ended = lives("none", ["--invoke", "nest", "1", "--nesting-max", "0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[test]
fn parking_is_set_from_outside() {
    let parked = |name: &str, flags: &[&str]| -> u64 {
        let mut arguments = vec![
            "--invoke",
            "many",
            "100",
            "--report",
            "continuations",
            "--json",
        ];
        arguments.extend(flags);
        let ended = match arguments[..] {
            [a, b, c, d, e, f] => lives(name, [a, b, c, d, e, f]),
            [a, b, c, d, e, f, g] => lives(name, [a, b, c, d, e, f, g]),
            [a, b, c, d, e, f, g, h] => lives(name, [a, b, c, d, e, f, g, h]),
            ref other => panic!("{other:?}"),
        };
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        report["parked"].as_u64().unwrap()
    };
    assert_eq!(parked("park_default", &[]), 0);
    assert_eq!(parked("park_none", &["--no-park"]), 0);
    let most = parked("park_most", &["--park-most", "20"]);
    assert!((75..=95).contains(&most), "{most}");
    let ended = lives("park_both", ["--no-park", "--park-keep", "1"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[test]
fn the_report_tells_what_holds_whom() {
    let ended = lives(
        "report",
        [
            "--invoke",
            "many",
            "3",
            "--report",
            "continuations",
            "--top",
            "2",
            "--sort",
            "depth",
        ],
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for line in [
        "  suspended                          3",
        "guards",
        "  of one record                    128",
        "continuation ",
        ", suspended",
        "  of         lives func 0 $sleep, (cont (func (param i32)))",
        "  made at    lives func 2 $one at 0x",
        "  stopped at lives func 0 $sleep at 0x",
        "  alive by   table 0 $kept [",
        "and 1 more",
    ] {
        assert!(
            ended.stdout.contains(line),
            "no {line:?} in {}",
            ended.stdout
        );
    }
    let ended = lives("top", ["--invoke", "many", "3", "--top", "2"]);
    assert_eq!(
        ended.code,
        Some(2),
        "a report to bound is wanted: {ended:?}"
    );
}

#[test]
fn a_running_program_can_be_watched() {
    let watch = ["--report", "continuations", "--watch", "0.02"];
    let [a, b, c, d] = watch;
    let ended = lives("watch", ["--invoke", "spin", "3000000", a, b, c, d]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert!(!lines.is_empty() && ended.stdout.contains("continuations created"));
    assert!(
        lines
            .iter()
            .any(|line| line.contains("1 running, 1 parents")
                || line.contains("1 running, 0 parents")),
        "{ended:?}"
    );
    let ended = lives(
        "watch_json",
        ["--invoke", "spin", "3000000", a, b, c, d, "--json"],
    );
    for line in ended.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["seconds"].as_f64().unwrap() > 0.0);
        assert_eq!(line["safepoint"], line["created"].is_u64(), "{line}");
    }
}

/// At the head of its loop, although it calls nothing.
#[test]
fn who_only_counts_can_be_watched() {
    let flags = ["--report", "continuations", "--watch", "0.02"];
    let [a, b, c, d] = flags;
    let ended = lives("hang", ["--invoke", "hang", "500000000", a, b, c, d]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.says(["1 running, 0 parents"]);
    let ended = lives(
        "hang_json",
        ["--invoke", "hang", "500000000", a, b, c, d, "--json"],
    );
    ended.says(["\"safepoint\":true", "\"shapes\":["]);
}

#[test]
fn continuations_that_stand_alike_are_a_line_with_a_count() {
    let text = r#"(module
        (type $f (func)) (type $k (cont $f)) (tag $pause)
        (table $waiting 50 (ref null $k))
        (func $sleep (suspend $pause))
        (func $doze (suspend $pause))
        (elem declare func $sleep $doze)
        (func $run (param $at i32) (param $k (ref $k))
            (table.set $waiting (local.get $at)
                (block $on (result (ref $k))
                    (resume $k (on $pause $on) (local.get $k))
                    (unreachable))))
        (func (export "run") (local $at i32)
            (loop $each
                (call $run (local.get $at)
                    (if (result (ref $k)) (i32.lt_u (local.get $at) (i32.const 30))
                        (then (cont.new $k (ref.func $sleep)))
                        (else (cont.new $k (ref.func $doze)))))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $each (i32.lt_u (local.get $at) (i32.const 50))))))"#;
    let [a, b] = ["--report", "continuations"];
    let ended = lives_of("alike", text, &["--invoke", "run", a, b, "--top", "0"]);
    let line = |count: &str, name: &str| {
        let mut lines = ended.stdout.lines();
        lines.any(|line| line.trim_start().starts_with(count) && line.contains(name))
    };
    assert!(line("30 suspended", "$sleep at 0x"), "{ended:?}");
    assert!(line("20 suspended", "$doze at 0x"), "{ended:?}");
    let ended = lives_of(
        "alike",
        text,
        &["--invoke", "run", a, b, "--json", "--top", "2"],
    );
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["shapes"][0]["count"], 30);
    // What was there before is there still.
    assert_eq!(
        (&report["created"], &report["omitted"]),
        (&50.into(), &48.into())
    );
    assert_eq!(report["continuations"].as_array().unwrap().len(), 2);
}

fn lives_of(name: &str, text: &str, arguments: &[&str]) -> Ended {
    run_with(&format!("{name}.wat"), text, arguments)
}

/// Two continuations that only objects hold: in an array of boxes, and thrown.
const BOXES: &str = r#"(module $boxes
    (type $f (func)) (type $k (cont $f))
    (type $box (struct (field $next (ref null $box)) (field $held (ref null $k))))
    (type $boxes (array (ref null $box)))
    (tag $pause) (tag $e (param i32 (ref $k)))
    (global $kept (mut (ref null $boxes)) (ref.null $boxes))
    (global $thrown (mut exnref) (ref.null exn))
    (func $sleep (suspend $pause))
    (elem declare func $sleep)
    (func $asleep (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $pause $on) (cont.new $k (ref.func $sleep)))
            (unreachable)))
    (func (export "run")
        (global.set $kept (array.new_fixed $boxes 2 (ref.null $box)
            (struct.new $box (ref.null $box) (call $asleep))))
        (global.set $thrown
            (block $caught (result exnref)
                (try_table (catch_all_ref $caught) (throw $e (i32.const 1) (call $asleep)))
                (unreachable)))))"#;

#[test]
fn the_way_to_a_continuation_leads_through_objects() {
    let arguments = ["--invoke", "run", "--report", "continuations"];
    let refused = run("lives_boxes.wat", BOXES, arguments);
    let names = ["$box", "field 1", "$held", "continuations-in-objects trace"];
    refused.is_one_line(2, names);
    let [a, b, c, d] = arguments;
    let trace = "--continuations-in-objects";
    let told = run("lives_boxes.wat", BOXES, [a, b, c, d, trace, "trace"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    for way in [
        "alive by   global 0 $kept -> type 3 $boxes @0x",
        " -> [1] -> type 2 $box @0x",
        " -> field 1 $held -> 2",
        "alive by   global 1 $thrown -> exception @0x",
        " -> payload 1 -> 3",
    ] {
        assert!(told.stdout.contains(way), "{way}: {}", told.stdout);
    }
    let told = run(
        "lives_boxes.wat",
        BOXES,
        [a, b, c, d, "--json", trace, "trace"],
    );
    let json: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let links = &json["continuations"][0]["why"]["links"];
    assert_eq!(links[0]["by"]["owner"], "global");
    assert_eq!(links[1]["by"]["place"], "element");
    assert_eq!(links[1]["object"], links[2]["by"]["object"]);
    assert_eq!(links[2]["by"]["index"], 1);
    assert_eq!(links[2]["continuation"], 2);
    let unknown = run("lives_boxes.wat", BOXES, [trace, "follow"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}
