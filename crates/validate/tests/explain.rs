//! What is said of a fault in a function: which one, which instruction, and the types
//! in full.

mod common;

use common::parse;
use mangrove_validate::{FaultyFunction, ValidateError};

#[track_caller]
fn refused(text: &str) -> (ValidateError, FaultyFunction) {
    let error = parse(text).expect_err("not valid");
    let function = error.function.clone().expect("it is in a function");
    (error, function)
}

#[test]
fn the_function_is_named() {
    let (error, function) = refused(
        "(module (import \"a\" \"f\" (func)) (func)
           (func $broken (nop) (nop) (drop)))",
    );
    assert_eq!((function.index.as_u32(), function.body), (2, 1));
    assert_eq!(function.name.as_deref(), Some("$broken"));
    assert_eq!(function.instruction, Some(2));
    assert!(
        error
            .to_string()
            .starts_with("func 2 $broken: type mismatch"),
        "{error}"
    );
    let (error, function) = refused("(module (func (export \"a\\nb\") (nop) (drop)))");
    assert_eq!(function.name.as_deref(), Some("(export \"a\\nb\")"));
    assert!(
        error.to_string().starts_with("func 0 (export \"a\\nb\"): "),
        "{error}"
    );
    let (_, function) = refused("(module (func (drop)))");
    assert_eq!(function.name, None);
}

#[test]
fn a_fault_outside_of_functions_has_none() {
    for text in [
        "(module (func) (export \"a\" (func 3)))",
        "(module (global i32 (i64.const 1)) (func (nop)))",
    ] {
        assert_eq!(parse(text).expect_err("not valid").function, None, "{text}");
    }
}

#[test]
fn types_that_look_alike_are_told_apart() {
    let (error, function) = refused(
        "(module
           (type $a (struct (field i32)))
           (type $b (sub (struct (field (mut i64)) (field i8))))
           (func $f (param (ref $a)) (result (ref null $b)) (local.get 0)))",
    );
    assert_eq!(
        error.message,
        "type mismatch: expected (ref null $b), found (ref $a); \
         type 1 $b is (sub (struct (field (mut i64)) (field i8))); \
         type 0 $a is (struct (field i32))"
    );
    assert_eq!(function.instruction, Some(1), "the end");
}

#[test]
fn types_of_one_structure_differ_by_their_groups() {
    let (error, _) = refused(
        "(module
           (rec (type $f (func (param i32) (result i32))) (type $k (cont $f)))
           (func $body (param i32) (result i32) (local.get 0))
           (elem declare func $body)
           (func (result i32)
             (resume $k (i32.const 1) (cont.new $k (ref.func $body)))))",
    );
    assert_eq!(
        error.message,
        "type mismatch: expected (ref null $f), found (ref 2); \
         type 0 $f is (func (param i32) (result i32)), in a recursion group of 2; \
         type 2 is (func (param i32) (result i32))"
    );
}

#[test]
fn types_of_one_name_have_their_numbers() {
    // The text format gives a name once; a binary need not.
    let error = parse(
        "(module
           (type $s (struct (field i32)))
           (type (@name \"s\") (struct (field i64)))
           (func (param (ref 0)) (result (ref 1)) (local.get 0)))",
    )
    .expect_err("not valid");
    assert!(
        error
            .message
            .starts_with("type mismatch: expected (ref 1), found (ref 0); type 1 $s is"),
        "{error}"
    );
}

#[test]
fn numbers_and_references() {
    let (error, _) = refused(
        "(module (type $s (struct))
           (func (result i32) (struct.new $s)))",
    );
    assert!(
        error
            .message
            .starts_with("type mismatch: expected i32, found (ref $s); type 0"),
        "{error}"
    );
    let (error, _) = refused("(module (func (result i32) (i64.const 1)))");
    assert_eq!(error.message, "type mismatch: expected i32, found i64");
}

#[test]
fn a_missing_operand_is_named() {
    // Alone, below others, and one of many.
    let types = "(type $a (struct)) (type $b (struct (field i32)))";
    for (body, wanted) in [
        ("(param (ref $a)) (local.set 0)", "(ref $a)"),
        (
            "(drop (call $g (struct.new $b (i32.const 1)) (i32.const 2)))",
            "(ref null $a)",
        ),
        ("(result (ref $b))", "(ref $b)"),
    ] {
        let (error, _) = refused(&format!(
            "(module {types}
               (func $g (param f64 (ref null $a) (ref $b) i32) (result i32) (i32.const 1))
               (func {body}))"
        ));
        let start = format!("type mismatch: expected {wanted}, but nothing is on the stack; type ");
        assert!(error.message.starts_with(&start), "{error}");
    }
}

#[test]
fn handlers_and_bindings() {
    let (error, _) = refused(
        "(module (type $f (func)) (type $k (cont $f))
           (type $a (struct)) (type $b (struct (field i32)))
           (tag $t (param (ref $a)))
           (func (param (ref $k))
             (block $h (result (ref $b) (ref $k))
               (resume $k (on $t $h) (local.get 0)) (unreachable))
             (unreachable)))",
    );
    assert!(
        error.message.starts_with(
            "type mismatch between tag type and label type: (ref $a) does not match (ref $b); type"
        ),
        "{error}"
    );
}

#[test]
fn wide_types_are_cut() {
    let fields = "(field i32)".repeat(5000);
    let (error, _) = refused(&format!(
        "(module (type $wide (struct {fields})) (func (result i32) (struct.new_default $wide)))"
    ));
    assert!(error.message.len() < 1000, "{} bytes", error.message.len());
    assert!(error.message.contains('…'));
}

#[test]
fn locals_have_no_instruction() {
    // A local of type 7, of which there is none.
    let (_, function) = refused("(module (func $f (local (ref null 7))))");
    assert_eq!((function.index.as_u32(), function.instruction), (0, None));
}
