//! What the commands print when nothing is wrong.

use crate::common::{file, mangrove, run};

const GENERATOR: &str = r#"(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $body
    (local $s (ref $s))
    (local.set $s (struct.new $s (i32.const 1)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $s))))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (block $paused (result (ref $k))
      (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (call $gc)
    (resume $k (local.get $k))
    (i32.const 5)))"#;

#[test]
fn results_one_to_a_line() {
    let module = r#"(module (func (export "f") (param i32 i64 f32 f64 externref)
        (result i32 i64 f32 f64 externref)
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))"#;
    run(
        "results.wat",
        module,
        [
            "--invoke",
            "f",
            "-0x10",
            "0xffffffffffffffff",
            "-inf",
            "1.5",
            "null",
        ],
    )
    .prints("-16\n-1\n-inf\n1.5\nnull\n");
}

#[test]
fn the_language_can_be_wasm_3() {
    let options = ["--invoke", "run", "--no-stack-switching"];
    let ended = run("language.wat", GENERATOR, options);
    ended.is_one_line(2, ["language.wat", "stack switching"]);
    let plain = "(module (func (export \"run\") (result i32) (i32.const 5)))";
    run("plain.wat", plain, options).prints("5\n");
}

#[test]
fn stacks_can_be_guarded_in_either_way_and_be_new() {
    for option in ["--guard=auto", "--fresh-stacks"] {
        run("guard.wat", GENERATOR, ["--invoke", "run", option]).prints("5\n");
    }
    let options = [
        "--invoke",
        "run",
        "--guard=mprotect",
        "--report",
        "continuations",
    ];
    let ended = run("mprotect.wat", GENERATOR, options);
    assert!(ended.stdout.contains("mprotect"), "{ended:?}");
}

#[test]
fn options_may_follow_arguments() {
    let module = "(module (func (export \"f\") (param i32) (result i32) (local.get 0)))";
    run(
        "follow.wat",
        module,
        ["--invoke", "f", "-5", "--zeal", "alloc,switch"],
    )
    .prints("-5\n");
}

#[test]
fn binary_modules() {
    // (module (func (export "f") (result i32) (i32.const 42)))
    let module = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41\x2a\x0b";
    run("binary.wasm", module, ["--invoke", "f"]).prints("42\n");
}

#[test]
fn without_a_name_start_is_called() {
    let print = r#"(import "spectest" "print_i32" (func $print (param i32)))"#;
    let start = format!("(module {print} (func (export \"_start\") (call $print (i32.const 3))))");
    run("start1.wat", start, []).prints("3\n");
    let start = format!("(module {print} (start $f) (func $f (call $print (i32.const 4))))");
    run("start2.wat", start, []).prints("4\n");
    run("start3.wat", "(module)", []).prints("");
}

#[test]
fn report_on_continuations() {
    let ended = run(
        "report.wat",
        GENERATOR,
        ["--invoke", "run", "--report", "continuations"],
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let created = ended
        .stdout
        .lines()
        .find(|line| line.starts_with("continuations created"));
    assert!(created.unwrap().ends_with(" 1"), "{ended:?}");
    let json = ["--invoke", "run", "--report", "continuations", "--json"];
    let ended = run("report_json.wat", GENERATOR, json);
    let report = ended.stdout.split_once('\n').unwrap().1;
    let report: serde_json::Value = serde_json::from_str(report).unwrap();
    assert_eq!(report["created"], 1);
    assert_eq!(report["ended"]["returned"], 1);
}

#[test]
fn scripts() {
    let good = file(
        "good.wast",
        "(module (func (export \"f\")))\n(assert_return (invoke \"f\"))",
    );
    let bad = file(
        "bad.wast",
        "(module (func (export \"f\") (result i32) (i32.const 1)))
         (assert_return (invoke \"f\") (i32.const 2))
         (assert_return (invoke \"f\") (i32.const 1))
         (assert_trap (invoke \"f\") \"unreachable\")
         (assert_return (invoke \"g\"))
         (thread $t)",
    );
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    mangrove(["wast", good]).prints(&format!("{good}: 2 passed, 0 failed\n"));
    let ended = mangrove(["wast", good, bad]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for line in [
        "bad.wast:2:11: assert_return failed (assertion): expected (i32 2), got (i32 1)",
        "bad.wast:4:11: assert_trap failed (assertion): expected a trap \"unreachable\", it returned (i32 1)",
        "bad.wast:5:11: assert_return failed (missing): there is no export \"g\"",
        "bad.wast:6:11: thread failed (unsupported): Mangrove has no threads",
        "bad.wast: 2 passed, 4 failed",
        "total: 4 passed, 4 failed",
    ] {
        assert!(ended.stdout.contains(line), "no {line:?} in {ended:?}");
    }
    let ended = mangrove(["wast", "--json", good, bad]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let outcome: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&outcome["passed"], &outcome["failed"]),
        (&4.into(), &4.into())
    );
    assert_eq!(outcome["files"][1]["failures"][0]["line"], 2);
    assert_eq!(outcome["files"][1]["failures"][3]["kind"], "unsupported");
}

#[test]
fn a_module_that_failed_leaves_a_hole() {
    let script = file(
        "hole.wast",
        "(module $m (func (export \"f\")))
         (module $m (func (export \"f\")) (start 1) (func (unreachable)))
         (assert_return (invoke \"f\"))
         (assert_return (invoke $m \"f\"))
         (register \"m\" $m)
         (module (func (export \"f\")))
         (assert_return (invoke \"f\"))",
    );
    let ended = mangrove(["wast", script.to_str().unwrap()]);
    for line in [
        "hole.wast:2:11: module failed (module): unreachable",
        "hole.wast:3:11: assert_return failed (missing)",
        "hole.wast:4:11: assert_return failed (missing)",
        "hole.wast:5:11: register failed (missing)",
        "3 passed, 4 failed",
    ] {
        assert!(ended.stdout.contains(line), "no {line:?} in {ended:?}");
    }
}

#[test]
fn traces_go_to_standard_error() {
    let ended = run(
        "trace.wat",
        GENERATOR,
        ["--invoke", "run", "--trace", "gc,cont"],
    );
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "5\n"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("mangrove::gc"), "{ended:?}");
}

/// From wherever in the program, under whatever handlers, and without a word.
#[test]
fn a_program_chooses_its_exit_code() {
    let module = "(module (type $f (func (param i32))) (type $k (cont $f))
        (import \"mangrove\" \"exit\" (func $exit (type $f)))
        (func $in (type $f)
            (block $out (try_table (catch_all $out) (call $exit (local.get 0)))))
        (func (export \"main\") (type $f) (resume $k (local.get 0) (cont.new $k (ref.func $in))))
        (elem declare func $in))";
    for (said, code) in [("0", 0), ("3", 3), ("-1", 255), ("258", 2)] {
        let ended = run("exit.wat", module, ["--invoke", "main", said]);
        assert_eq!(
            (ended.code, &*ended.stdout, &*ended.stderr),
            (Some(code), "", "")
        );
    }
}
