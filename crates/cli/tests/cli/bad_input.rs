//! Bad input of any kind ends in one clear message and an exit code.

use crate::common::{file, mangrove, run};

const ADD: &str = "(module (func (export \"add\") (param i32 i64) (result i64)
    (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1))) (memory (export \"memory\") 1))";

#[test]
fn missing_file() {
    mangrove(["run", "no/such/file.wat"]).is_one_line(2, ["no/such/file.wat", "No such file"]);
    mangrove(["wast", "no/such.wast"]).is_one_line(2, ["no/such.wast", "No such file"]);
    mangrove(["roots", "no/such.wat"]).is_one_line(2, ["no/such.wat", "No such file"]);
}

#[test]
fn folder_in_place_of_a_file() {
    mangrove(["run", env!("CARGO_TARGET_TMPDIR")]).is_one_line(2, ["directory"]);
}

#[test]
fn truncated_module() {
    run("truncated.wasm", b"\0asm\x01\0\0\0\x01\x07\x01\x60", [])
        .is_one_line(2, ["truncated.wasm", "offset 0x"]);
    run("header.wasm", b"\0as", []).is_one_line(2, ["header.wasm", "offset 0x"]);
}

#[test]
fn unknown_section() {
    run("section.wasm", b"\0asm\x01\0\0\0\x7f\x01\0", [])
        .is_one_line(2, ["section.wasm", "offset 0x"]);
}

#[test]
fn component_in_place_of_a_module() {
    run("component.wasm", b"\0asm\x0d\0\x01\0", []).is_one_line(2, ["component.wasm", "offset 0x"]);
}

#[test]
fn invalid_module() {
    run(
        "invalid.wat",
        "(module (func (result i32) i64.const 1))",
        [],
    )
    .is_one_line(2, ["invalid.wat", "offset 0x", "type mismatch"]);
}

#[test]
fn text_syntax_error() {
    run("syntax.wat", "(module\n  (func (i32.conts 1)))", [])
        .is_one_line(2, ["syntax.wat:2:10", "byte 0x"]);
    run("open.wat", "(module (func", []).is_one_line(2, ["open.wat:1:", "byte 0x"]);
    run("bytes.wat", b"(module)\xff", []).is_one_line(2, ["bytes.wat", "UTF-8", "byte 0x8"]);
}

#[test]
fn script_syntax_error() {
    let path = file("syntax.wast", "(module)\n(assert_retrun)");
    mangrove(["wast", path.to_str().unwrap()]).is_one_line(2, ["syntax.wast:2:2", "byte 0x"]);
}

#[test]
fn wrong_argument_count() {
    run("count.wat", ADD, ["--invoke", "add", "1"])
        .is_one_line(2, ["count.wat", "takes 2 arguments, 1 was given"]);
}

#[test]
fn wrong_argument_type() {
    run("type.wat", ADD, ["--invoke", "add", "1", "2.5"])
        .is_one_line(2, ["type.wat", "argument 2", "\"2.5\"", "i64"]);
    run("range.wat", ADD, ["--invoke", "add", "4294967296", "2"])
        .is_one_line(2, ["argument 1", "\"4294967296\"", "i32"]);
}

#[test]
fn unknown_export() {
    run("export.wat", ADD, ["--invoke", "sub"])
        .is_one_line(2, ["export.wat", "no export \"sub\"", "functions: add"]);
    run("kind.wat", ADD, ["--invoke", "memory"]).is_one_line(2, ["\"memory\" is not a function"]);
}

#[test]
fn missing_import() {
    run("import.wat", "(module (import \"env\" \"f\" (func)))", [])
        .is_one_line(2, ["import.wat", "\"env\" \"f\""]);
    run(
        "import_type.wat",
        "(module (import \"spectest\" \"print_i32\" (func (param i64))))",
        [],
    )
    .is_one_line(2, ["import_type.wat", "\"spectest\" \"print_i32\""]);
}

#[test]
fn not_admitted() {
    let module =
        "(module (type $f (func)) (type $k (cont $f)) (type $s (struct (field (ref $k)))))";
    run("admission.wat", module, [])
        .is_one_line(2, ["admission.wat", "offset 0x", "type 2", "$s", "field 0"]);
}

#[test]
fn trap() {
    let module = "(module (func $f (unreachable)) (func (export \"f\") (call $f)))";
    let ended = run("trap.wat", module, ["--invoke", "f"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["trap.wat: trap: unreachable", "func 0 $f at 0x", "func 1"]);
}

#[test]
fn trap_in_the_start_function() {
    let module = "(module (start $f) (func $f (unreachable)))";
    let ended = run("start.wat", module, []);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["trap: unreachable", "func 0 $f"]);
}

#[test]
fn trap_in_a_continuation() {
    let module = "(module (type $f (func)) (type $k (cont $f)) (func $inner (unreachable))
        (elem declare func $inner)
        (func $outer (export \"f\") (resume $k (cont.new $k (ref.func $inner)))))";
    let ended = run("cont_trap.wat", module, ["--invoke", "f"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["$inner", "resumed by", "$outer"]);
}

#[test]
fn uncaught_exception() {
    let module = "(module (tag $t (param i32)) (func (export \"f\") (throw $t (i32.const 7))))";
    let ended = run("exception.wat", module, ["--invoke", "f"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["uncaught exception", "7"]);
}

#[test]
fn stack_overflow_is_no_signal() {
    let module = "(module (func $f (export \"f\") (call $f) (call $f)))";
    let ended = run("overflow.wat", module, ["--invoke", "f"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["call stack exhausted"]);
}

#[test]
fn limits_name_themselves() {
    let memory = "(module (memory (export \"m\") 3))";
    run("memory_max.wat", memory, ["--memory-max", "128K"])
        .is_one_line(2, ["memory_max.wat", "limit of 131072 (memory_max)"]);
    let table = "(module (table 3 funcref))";
    run("table_max.wat", table, ["--table-max", "2"])
        .is_one_line(2, ["table_max.wat", "limit of 2 (table_max)"]);
    let recursion = "(module (func $f (export \"f\") (call $f) (call $f)))";
    let ended = run(
        "stack_size.wat",
        recursion,
        ["--invoke", "f", "--stack-size", "16K"],
    );
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["call stack exhausted", "16384 bytes of stack"]);
}

#[test]
fn bad_settings() {
    let path = file("settings.wat", "(module)");
    let path = path.to_str().unwrap();
    for (option, value) in [
        ("--zeal", "sometimes"),
        ("--heap-max", "64X"),
        ("--heap-max", "1"),
        ("--stack-size", "1"),
        ("--continuations-max", "0"),
        ("--instances-max", "0"),
        ("--memory-max", "many"),
        ("--opt-level", "9"),
        ("--trace", "everything"),
        ("--report", "weather"),
    ] {
        let ended = mangrove(["run", path, option, value]);
        assert_eq!(ended.code, Some(2), "{option} {value}: {ended:?}");
        ended.says(["error: "]);
    }
}

#[test]
fn bad_usage() {
    assert_eq!(mangrove([]).code, Some(2));
    assert_eq!(mangrove(["fly"]).code, Some(2));
    assert_eq!(mangrove(["run"]).code, Some(2));
    assert_eq!(mangrove(["run", "a.wat", "1", "2"]).code, Some(2));
    assert_eq!(mangrove(["roots", "a.wat", "--at", "noon"]).code, Some(2));
    mangrove(["stress", "no-such-suite"]).is_one_line(2, ["no-such-suite"]);
}
