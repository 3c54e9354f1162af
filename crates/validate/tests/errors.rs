//! What is not a module, and where it says so.

mod common;

use common::{binary, parse};
use mangrove_validate::{Language, ParsedModule, ValidateError};

/// The error these bytes give.
fn fault(bytes: Vec<u8>) -> ValidateError {
    ParsedModule::parse(bytes).expect_err("not a module")
}

/// Checks that some text is refused, with a message that holds `part`.
#[track_caller]
fn refused(text: &str, part: &str) {
    let error = parse(text).expect_err("not valid");
    assert!(error.message.contains(part), "{error}");
}

#[test]
fn the_header() {
    assert_eq!(fault(vec![]).offset, 0);
    assert_eq!(fault(b"\0as".to_vec()).offset, 0);
    assert!(fault(b"\0asn\x01\0\0\0".to_vec()).message.contains("magic"));
    let error = fault(b"\0asm\x02\0\0\0".to_vec());
    assert_eq!(error.offset, 4);
    assert!(error.message.contains("unknown binary version"), "{error}");
    // A component.
    let error = fault(b"\0asm\x0d\0\x01\0".to_vec());
    assert!(
        error.message.contains("wasm-tools component unbundle"),
        "{error}"
    );
}

#[test]
fn it_says_what_and_where() {
    let error = fault(binary(&[(0, b"\x01a"), (99, b"")]));
    assert_eq!(error.message, "malformed section id: 99");
    assert_eq!(error.offset, 14, "that of its contents");
    assert_eq!(
        error.to_string(),
        "malformed section id: 99 (at offset 0xe)"
    );
}

#[test]
fn sections_twice_out_of_order_too_long_or_too_short() {
    let types: (u8, &[u8]) = (1, b"\x01\x60\0\0");
    let functions: (u8, &[u8]) = (3, b"\x01\0");
    assert!(ParsedModule::parse(binary(&[types])).is_ok());
    assert!(
        fault(binary(&[types, types]))
            .message
            .contains("out of order")
    );
    assert!(
        fault(binary(&[functions, types]))
            .message
            .contains("unknown type")
    );
    let memories: (u8, &[u8]) = (5, b"\x01\0\0");
    let error = fault(binary(&[memories, types]));
    assert!(error.message.contains("out of order"), "{error}");
    let error = fault(binary(&[(1, b"\x01\x60\0\0\0")]));
    assert!(error.message.contains("size mismatch"), "{error}");
    let error = fault(binary(&[(1, b"\x02\x60\0\0")]));
    assert!(error.message.contains("unexpected end"), "{error}");
    let mut cut = binary(&[types]);
    cut.pop();
    assert!(fault(cut).message.contains("unexpected end"));
    // A function without a body.
    let error = fault(binary(&[types, functions]));
    assert!(error.message.contains("code section is absent"), "{error}");
}

#[test]
fn custom_sections_have_a_name() {
    let error = fault(binary(&[(0, b"\x01\xff")]));
    assert!(error.message.contains("UTF-8"), "{error}");
    assert!(
        fault(binary(&[(0, b"\x02a")]))
            .message
            .contains("unexpected end")
    );
}

#[test]
fn data_segments_are_counted() {
    let count: (u8, &[u8]) = (12, b"\x02");
    let data: (u8, &[u8]) = (11, b"\x01\x01\0");
    assert!(ParsedModule::parse(binary(&[(12, b"\x01"), data])).is_ok());
    assert!(
        fault(binary(&[count, data]))
            .message
            .contains("data count and data section")
    );
    let error = fault(binary(&[count]));
    assert!(error.message.contains("data section is absent"), "{error}");
}

#[test]
fn types() {
    refused("(module (type (struct (field (ref 7)))))", "unknown type");
    refused(
        "(module (type (sub (func))) (type (sub 0 (struct))))",
        "must match super type",
    );
    refused(
        "(module (type (func)) (type (sub 0 (func))))",
        "final super type",
    );
    refused("(module (type (struct)) (type (cont 0)))", "non-function");
}

#[test]
fn indices_out_of_range() {
    refused("(module (func (type 3)))", "unknown type");
    refused("(module (export \"a\" (func 3)))", "unknown function");
    refused("(module (start 3))", "unknown function");
    refused("(module (elem (i32.const 0) 3))", "unknown table");
    refused("(module (data (i32.const 0) \"\"))", "unknown memory");
    refused("(module (global i32 (global.get 0)) )", "unknown global");
    refused("(module (tag (type 3)))", "unknown type");
}

#[test]
fn definitions_of_the_wrong_kind() {
    refused("(module (table 2 1 funcref))", "size minimum");
    refused("(module (memory 2 1))", "size minimum");
    refused("(module (memory 65537))", "memory size");
    refused("(module (table 1 (ref func)))", "type mismatch");
    refused("(module (global i32 (i64.const 1)))", "type mismatch");
    refused("(module (global i32 (nop) (i32.const 1)))", "constant");
    refused(
        "(module (func $f (param i32)) (start $f))",
        "start function",
    );
    refused(
        "(module (func $f) (export \"a\" (func $f)) (export \"a\" (func $f)))",
        "duplicate export",
    );
    refused("(module (tag $t (result i32)) (func (throw $t)))", "tag");
}

#[test]
fn proposals_that_are_not_on() {
    refused("(module (memory 1 2 shared))", "threads");
    refused(
        "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
        "threads",
    );
    refused("(module (type (shared (func))))", "shared");
    refused("(module (memory 1 (pagesize 2)))", "custom page size");
    refused("(module (func try catch_all end))", "legacy_exceptions");
    refused("(component)", "component");
}

#[test]
fn what_helps_is_said() {
    for (text, help) in [
        (
            "(module (func try catch_all end))",
            "wasm-opt --translate-to-exnref",
        ),
        ("(module (memory 1 2 shared))", "single-threaded"),
        (
            "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
            "single-threaded",
        ),
        ("(component)", "wasm-tools component unbundle"),
    ] {
        refused(text, help);
    }
}

#[test]
fn without_stack_switching_it_is_the_standard() {
    let sum = "(module (func (drop (drop (i64.add128
        (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))))))";
    // One import, in the encoding that names its module once for several.
    let compact = binary(&[(1, b"\x01\x60\0\0"), (2, b"\x01\x01m\x00\x7f\x01\x01a\0\0")]);
    for (bytes, what) in [
        (wat::parse_str(sum).unwrap(), "wide arithmetic"),
        (compact, "compact imports"),
        (
            wat::parse_str("(module (memory 1 (pagesize 1)))").unwrap(),
            "custom page sizes",
        ),
    ] {
        ParsedModule::parse(bytes.clone()).unwrap();
        let error = ParsedModule::parse_as(bytes, Language::Wasm3).unwrap_err();
        assert!(error.message.contains(what), "{error}");
    }
}

#[test]
fn proposals_that_are_on() {
    for text in [
        "(module (memory 1) (memory i64 1))",
        "(module (func (param v128) (result v128)
           (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))",
        "(module (func $f (return_call $f)))",
        "(module (type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0))))",
        "(module (func (param exnref) (throw_ref (local.get 0))))",
        "(module (type $f (func)) (type $c (cont $f))
           (func (param (ref $c)) (resume $c (local.get 0))))",
        "(module (func (param anyref) (result i32) (ref.test i31ref (local.get 0))))",
        "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
        "(module (tag (result i32)))",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn instructions() {
    refused("(module (func (result i32)))", "type mismatch");
    refused("(module (func (drop)))", "type mismatch");
    refused("(module (func (local.get 0) drop))", "unknown local");
    refused(
        "(module (func $f) (func (drop (ref.func $f))))",
        "undeclared function reference",
    );
    // Locals that end in the middle; an instruction nobody knows; no `end`.
    let types: (u8, &[u8]) = (1, b"\x01\x60\0\0");
    let functions: (u8, &[u8]) = (3, b"\x01\0");
    for body in [
        b"\x01\x02\x01\x01".as_slice(),
        b"\x01\x03\0\xff\x0b",
        b"\x01\x02\0\x01",
    ] {
        let error = fault(binary(&[types, functions, (10, body)]));
        assert!((22..=25).contains(&error.offset), "{error}");
    }
}

/// Four hundred functions, of which those in `bad` are not valid.
fn many_bodies(bad: &[usize], rest: &str) -> String {
    let body = |n| {
        if bad.contains(&n) {
            "(func (result i32) (nop) (i64.const 5))"
        } else {
            "(func (result i32) (nop) (i32.const 5))"
        }
    };
    let bodies: String = (0..400).map(body).collect();
    format!("(module {bodies} {rest})")
}

#[test]
fn the_fault_with_the_smallest_offset_is_reported() {
    let alone = parse(&many_bodies(&[17], "")).unwrap_err();
    for _ in 0..20 {
        assert_eq!(
            parse(&many_bodies(&[17, 18, 200, 399], "")).unwrap_err(),
            alone
        );
    }
    let later = parse(&many_bodies(&[18, 200, 399], "")).unwrap_err();
    assert!(later.offset > alone.offset);
    // A body comes before a data segment, and after everything else.
    let data = "(data (i32.const 0) \"\")";
    assert_eq!(parse(&many_bodies(&[17], data)).unwrap_err(), alone);
    let error = parse(&many_bodies(&[], data)).unwrap_err();
    assert!(error.message.contains("unknown memory"));
    let error = parse(&many_bodies(&[17], "(export \"a\" (memory 0))")).unwrap_err();
    assert!(error.message.contains("unknown memory") && error.offset < alone.offset);
}
