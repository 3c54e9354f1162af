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

#[test]
fn constant_expressions() {
    let types = "(type $a (struct (field i32))) (type $b (struct (field (ref $a))))";
    for (text, start) in [
        (
            "(global i32 (i32.const 1)) (func)
             (global $g (ref $b) (struct.new $a (i32.const 1)))",
            "global 1: type mismatch: expected (ref $b), found (ref $a); type 1 $b is",
        ),
        (
            "(import \"m\" \"g\" (global (ref null $a))) (func)
             (global (ref $b) (struct.new $b (global.get 0)))",
            "global 1: type mismatch: expected (ref $a), found (ref null $a); type 0 $a is",
        ),
        (
            "(func) (global (ref $b) (struct.new $b))",
            "global 0: type mismatch: expected (ref $a), but nothing is on the stack; type 0 $a",
        ),
        (
            "(func) (table 1 (ref $b) (struct.new $a (i32.const 1)))",
            "table 0: type mismatch: expected (ref $b), found (ref $a); ",
        ),
        (
            "(type $f (func (param i32))) (func $x)
             (elem (ref null $f) (ref.null $f) (ref.func $x))",
            "element segment 0: type mismatch: expected (ref null $f), found (ref 3); ",
        ),
        (
            "(func) (table 1 funcref) (elem (i64.const 0) func 0)",
            "element segment 0: type mismatch: expected i32, found i64",
        ),
        // Without a function nobody knows more.
        (
            "(global $g (ref $b) (struct.new $a (i32.const 1)))",
            "type mismatch: expected (ref $type), found (ref $type)",
        ),
    ] {
        let error = parse(&format!("(module {types} {text})")).expect_err("not valid");
        assert!(error.message.starts_with(start), "{text}: {error}");
        assert_eq!(error.function, None);
    }
}

/// Every family of instructions that takes references of defined types.
const VARIED: &str = r#"(module
  (rec (type $s (sub (struct (field $v (mut i32)) (field (mut (ref null $s)))))))
  (type $t (sub $s (struct (field (mut i32)) (field (mut (ref null $s))) (field f64))))
  (type $a (array (mut (ref null $s)))) (type $bytes (array (mut i8)))
  (type $f (func (param (ref null $s) i32) (result (ref null $a)))) (type $k (cont $f))
  (type $f1 (func (param i32) (result (ref null $a)))) (type $k1 (cont $f1))
  (type $rest (func (param (ref null $a)) (result (ref null $a)))) (type $kr (cont $rest))
  (rec (type $sf (func (param (ref null $sk)))) (type $sk (cont $sf)))
  (tag $ask (param (ref null $s)) (result (ref null $a))) (tag $e (param (ref null $s) i64))
  (tag $sw)
  (table $tab 3 (ref null $s)) (global $g (mut (ref null $t)) (ref.null $t))
  (func $callee (type $f) (array.new_default $a (local.get 1)))
  (elem declare func $callee)
  (elem $items (ref null $s) (ref.null $s))
  (data $data "abc")
  (func (param $x (ref null $s)) (param $k (ref null $k)) (result (ref null $a))
    (local $y (ref null $t)) (local $z (ref null $a))
    (local.set $y (struct.new $t (i32.const 1) (local.get $x) (f64.const 2)))
    (struct.set $s 1 (local.get $y) (struct.get $s 1 (local.get $x)))
    (local.set $z (array.new $a (local.get $x) (i32.const 3)))
    (local.set $z (array.new_fixed $a 2 (local.get $x) (local.get $y)))
    (local.set $z (array.new_elem $a $items (i32.const 0) (i32.const 1)))
    (array.set $a (local.get $z) (i32.const 0) (local.get $y))
    (drop (array.get $a (local.get $z) (i32.const 0)))
    (array.copy $a $a (local.get $z) (i32.const 0) (local.get $z) (i32.const 0) (i32.const 1))
    (array.fill $a (local.get $z) (i32.const 0) (local.get $y) (i32.const 1))
    (drop (array.new_data $bytes $data (i32.const 0) (i32.const 1)))
    (table.set $tab (i32.const 0) (local.get $x))
    (drop (table.grow $tab (local.get $y) (i32.const 1)))
    (global.set $g (ref.cast (ref null $t) (local.get $x)))
    (local.set $z (call $callee (local.get $x) (i32.const 1)))
    (local.set $z (call_ref $f (local.get $x) (i32.const 1) (ref.func $callee)))
    (block $b (result (ref null $s))
      (drop (br_on_cast $b (ref null $s) (ref $t) (local.get $x)))
      (br_if $b (local.get $x) (i32.const 0)) (drop)
      (br_on_non_null $b (local.get $y))
      (select (result (ref null $s)) (local.get $x) (local.get $y) (i32.const 1)))
    (drop)
    (block $c (result (ref null $s) i64)
      (try_table (catch $e $c) (throw $e (local.get $y) (i64.const 1))) (unreachable))
    (drop) (drop)
    (local.set $z (suspend $ask (local.get $x)))
    (drop (resume $k1 (i32.const 1) (cont.bind $k $k1 (local.get $x) (local.get $k))))
    (block $h (result (ref null $s) (ref $kr))
      (return (resume $k (on $ask $h) (local.get $x) (i32.const 1) (cont.new $k (ref.func $callee)))))
    (drop) (drop)
    (if (result (ref null $a)) (ref.eq (local.get $x) (local.get $y))
      (then (local.get $z)) (else (return_call $callee (local.get $x) (i32.const 1)))))
)"#;

#[test]
fn whichever_instruction_is_taken_away_there_is_a_message() {
    let bytes = wat::parse_str(VARIED).unwrap();
    let module = mangrove_validate::ParsedModule::parse(bytes.clone()).unwrap();
    let body = module.bodies[1].range.clone();
    let reader = wasmparser::BinaryReader::new(&bytes[body.clone()], body.start as u64);
    let body = wasmparser::FunctionBody::new(reader);
    let mut starts: Vec<usize> = Vec::new();
    for operator in body
        .get_operators_reader()
        .unwrap()
        .into_iter_with_offsets()
    {
        starts.push(operator.unwrap().1 as usize);
    }
    let mut full = 0;
    for instruction in starts.windows(2) {
        // One alone, and with the one before: `nop` takes a byte.
        for taken in [1, 2] {
            let first = starts
                .iter()
                .position(|&start| start == instruction[0])
                .unwrap();
            let from = starts[first.saturating_sub(taken - 1)];
            let mut without = bytes.clone();
            without[from..instruction[1]].fill(1);
            let Err(error) = mangrove_validate::ParsedModule::parse(without) else {
                continue;
            };
            let place = error.function.as_ref().expect("it is in the function");
            assert!(place.instruction.is_some(), "{error}");
            assert!(!error.message.contains("$type"), "{error}");
            full += usize::from(error.message.contains("; type "));
        }
    }
    assert!(full > 40, "{full} of {}", starts.len());
}
