//! Messages on modules that cannot be run, and on runs that end early, name what they
//! are about.

use crate::common::{file, mangrove, run};

#[test]
fn a_type_error_has_a_line_a_function_and_both_types() {
    let module = "(module
  (rec (type $f (func (param i32) (result i32))) (type $k (cont $f)))
  (func $body (param i32) (result i32) (local.get 0))
  (elem declare func $body)
  (func $helper (export \"main\") (result i32)
    (resume $k (i32.const 1)
      (cont.new $k (ref.func $body)))))";
    run("type_error.wat", module, []).is_one_line(
        2,
        [
            "type_error.wat:7:8: invalid module at offset 0x",
            "in func 1 $helper: type mismatch: expected (ref null $f), found (ref 2); ",
            "type 0 $f is (func (param i32) (result i32)), in a recursion group of 2; ",
            "type 2 is (func (param i32) (result i32))",
        ],
    );
    let end = "(module\n  (func (export \"f\") (result i32)\n    (nop)\n    (i64.const 1)))";
    run("end_error.wat", end, []).is_one_line(
        2,
        [
            "end_error.wat:4:6: ",
            "in func 0 (export \"f\"): type mismatch",
        ],
    );
}

#[test]
fn a_module_in_a_script_has_lines_of_the_script() {
    let script = file("lines.wast", "(module)\n(module\n  (func $f\n    (drop)))");
    let ended = mangrove(["wast", script.to_str().unwrap()]);
    let line = "lines.wast:2:2: module failed (module): invalid module at offset 0x";
    assert!(ended.stdout.contains(line), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("line 4, column 6, in func 0 $f: type mismatch"),
        "{ended:?}"
    );
}

#[test]
fn proposals_promise_no_option() {
    for (body, part) in [
        ("try catch_all end", "wasm-opt --translate-to-exnref"),
        ("(drop (i32.atomic.load (i32.const 0)))", "single-threaded"),
    ] {
        run("proposal.wat", format!("(module (func {body}))"), []).is_one_line(
            2,
            [
                part,
                "Mangrove has Wasm 3.0 without threads, stack switching, wide arithmetic, compact",
            ],
        );
    }
    run("component.wat", "(component)", []).is_one_line(2, ["a component, and not a core module"]);
    let suspend = "(module (tag $t) (func (suspend $t)))";
    run("switched_off.wat", suspend, ["--no-stack-switching"])
        .is_one_line(2, ["stack switching", "the engine was made without it"]);
}

#[test]
fn what_is_no_module() {
    run("garbage.wasm", "\u{7f}ELF", []).is_one_line(2, ["garbage.wasm: no module: a binary"]);
    run("words.txt", "to be or not", []).is_one_line(2, ["words.txt: no module"]);
    run("comment.wat", ";; nothing else\n(module)", []).prints("");
    let script = "(module)\n(assert_return (invoke \"f\"))";
    run("script.wast", script, []).is_one_line(2, ["script.wast: a script", "mangrove wast"]);
}

#[test]
fn unknown_imports_are_listed_with_their_types() {
    let one = "(module (type $s (struct)) (import \"env\" \"f\" (func (param i32 (ref $s)))))";
    run("one_import.wat", one, []).is_one_line(
        2,
        [
            "unknown import \"env\" \"f\" (func (param i32 (ref $s)));",
            "--stub-imports",
        ],
    );
    let many = "(module
      (import \"env\" \"f\" (func (param i32) (result f64)))
      (import \"spectest\" \"print\" (func))
      (import \"env\" \"m\" (memory 1 2)) (import \"env\" \"t\" (table i64 3 funcref))
      (import \"env\" \"g\" (global (mut i32))) (import \"env\" \"e\" (tag (param i64)))
      (import \"env\" \"f\" (func (param i32) (result f64))))";
    let ended = run("imports.wat", many, []);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let lines: Vec<_> = ended.stderr.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  \"env\" \"f\" (func (param i32) (result f64))",
            "  \"env\" \"m\" (memory 1 2)",
            "  \"env\" \"t\" (table i64 3 (ref null func))",
            "  \"env\" \"g\" (global (mut i32))",
            "  \"env\" \"e\" (tag (param i64))",
        ],
        "{ended:?}"
    );
    ended.says(["imports.wat: 5 unknown imports"]);
}

#[test]
fn stubs_trap_when_they_are_called() {
    let module = "(module (import \"env\" \"f\" (func $f (result i32)))
      (func (export \"fine\") (result i32) (i32.const 5))
      (func (export \"bad\") (result i32) (call $f)))";
    run("stub.wat", module, ["--stub-imports", "--invoke", "fine"]).prints("5\n");
    let ended = run("stub2.wat", module, ["--stub-imports", "--invoke", "bad"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says([
        "unknown import \"env\" \"f\" was called",
        "func 2 (export \"bad\") at 0x",
    ]);
    let twice =
        "(module (import \"env\" \"f\" (func)) (import \"env\" \"f\" (func $f (result i32)))
      (func (export \"fine\") (result i32) (i32.const 5)))";
    run("stub4.wat", twice, ["--stub-imports", "--invoke", "fine"]).prints("5\n");
    let memory = "(module (import \"env\" \"m\" (memory 1)))";
    run("stub3.wat", memory, ["--stub-imports"]).says(["no functions", "\"env\" \"m\" (memory 1)"]);
}

#[test]
fn imports_of_other_types_show_both() {
    let module = "(module (import \"spectest\" \"print_i32\" (func (param f64))))";
    run("import_types.wat", module, []).is_one_line(
        2,
        [
            "\"spectest\" \"print_i32\"",
            "(func (param f64)) is wanted, (func (param i32)) is given",
        ],
    );
}

#[test]
fn a_near_name_is_asked_after() {
    let module = "(module (func (export \"fibonacci\")) (func (export \"main\")))";
    run("near.wat", module, ["--invoke", "fibonaci"])
        .is_one_line(2, ["no export \"fibonaci\" (did you mean \"fibonacci\"?)"]);
    let ended = run("far.wat", module, ["--invoke", "sort"]);
    ended.is_one_line(2, ["no export \"sort\"; functions: fibonacci, main"]);
    let many: String = (0..50)
        .map(|n| format!("(func (export \"f{n}\"))"))
        .collect();
    run("many.wat", format!("(module {many})"), ["--invoke", "zero"])
        .is_one_line(2, ["f19 and 30 more"]);
}

#[test]
fn tags_have_names_and_types() {
    let module = "(module (type $s (struct (field i32)))
      (tag $ask (param i32 (ref null $s)) (result i64)) (tag (export \"oops\") (param f32))
      (tag) (type $f (func)) (type $k (cont $f))
      (func $inner (drop (suspend $ask (i32.const 1) (ref.null $s))))
      (elem declare func $inner)
      (func (export \"suspend\") (resume $k (cont.new $k (ref.func $inner))))
      (func (export \"throw\") (throw 1 (f32.const 1.5)))
      (func (export \"plain\") (throw 2)))";
    let ends = |function, part| {
        let ended = run("tags.wat", module, ["--invoke", function]);
        assert_eq!(ended.code, Some(134), "{ended:?}");
        ended.says([part]);
    };
    ends(
        "suspend",
        "trap: unhandled tag $ask (param i32 (ref null $s)) (result i64)\n",
    );
    ends("suspend", "func 1 (export \"suspend\") at 0x");
    ends(
        "throw",
        "uncaught exception of tag (export \"oops\"): (f32 1.5)\n",
    );
    ends("plain", "uncaught exception of tag 2\n");
}

#[test]
fn validation_alone() {
    let good = file("valid.wat", "(module (func (export \"f\") (unreachable)))");
    let bad = file("invalid1.wat", "(module\n (func (drop)))");
    let holder = file(
        "holder.wat",
        "(module (type $f (func)) (type $k (cont $f)) (type $s (struct (field (ref $k)))))",
    );
    let [good, bad, holder] = [&good, &bad, &holder].map(|path| path.to_str().unwrap());
    mangrove(["validate", good]).prints(&format!("{good}: valid\n"));
    let ended = mangrove(["validate", bad, good, "no/such.wat"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.stdout, format!("{good}: valid\n"));
    assert_eq!(ended.stderr.lines().count(), 2, "{ended:?}");
    ended.says([
        "invalid1.wat:2:9: invalid module at offset 0x",
        "error: no/such.wat: ",
    ]);
    mangrove(["validate", holder]).is_one_line(2, ["not admitted"]);
    let option = "--continuations-in-objects=trace";
    mangrove(["validate", holder, option]).prints(&format!("{holder}: valid\n"));
    assert_eq!(mangrove(["validate"]).code, Some(2));
}

#[test]
fn scripts_are_told_of_exhaustion() {
    let script = file(
        "exhaustion.wast",
        "(module (func $f (export \"f\") (call $f) (call $f)))
         (assert_trap (invoke \"f\") \"call stack exhausted\")
         (assert_exhaustion (invoke \"f\") \"call stack exhausted\")",
    );
    let ended = mangrove(["wast", script.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("say `assert_exhaustion`"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("2 passed, 1 failed"), "{ended:?}");
}

#[test]
fn assertions_on_instances_and_empty_scripts() {
    let script = file(
        "instances.wast",
        "(module definition $m (import \"env\" \"f\" (func)))
         (assert_unlinkable (module instance $i $m) \"unknown import\")
         (module definition $t (func $start (unreachable)) (start $start))
         (assert_trap (module instance $t) \"unreachable\")
         (assert_unlinkable (module instance $j $t) \"unknown import\")
         (assert_unlinkable (module instance $i $none) \"unknown import\")",
    );
    let ended = mangrove(["wast", script.to_str().unwrap()]);
    for part in [
        "4 passed, 2 failed",
        "instances.wast:5:11: assert_unlinkable failed (assertion): expected a failure to link",
        "instances.wast:6:11: assert_unlinkable failed (missing): there is no module $none",
    ] {
        assert!(ended.stdout.contains(part), "no {part:?} in {ended:?}");
    }
    let empty = file("empty.wast", ";; nothing\n");
    let empty = empty.to_str().unwrap();
    mangrove(["wast", empty]).prints(&format!("{empty}: 0 passed, 0 failed\n"));
}

#[test]
fn a_run_that_calls_nothing_says_so() {
    let ended = run("nothing.wat", "(module (func (export \"main\")))", []);
    ended.prints("");
    assert_eq!(
        ended.stderr,
        "note: nothing was called; --invoke calls one of: main\n"
    );
    for text in [
        "(module)",
        "(module (func (export \"_start\")))",
        "(module (func $f (export \"f\")) (start $f))",
    ] {
        let ended = run("something.wat", text, []);
        ended.prints("");
        assert_eq!(ended.stderr, "", "{text}");
    }
}
