//! Instructions that move a thousand values for a few bytes.

use crate::shapes::{Shape, each, module, shape};

const MANY: usize = 1000;

/// All of them: `n` such instructions each.
pub const SHAPES: &[Shape] = &[
    shape("calls of 1,000 values", 20, 60, |n| {
        moving("(func $f (type $t) (unreachable))", &"call $f ".repeat(n))
    }),
    shape("calls of 28 values", 3_000, 3_000, |n| {
        let types = " i64".repeat(28);
        module(&format!(
            "(func $f (param{types}) (result{types}) (unreachable))
             (func {} {} {})",
            "(i64.const 1)".repeat(28),
            "call $f ".repeat(n),
            "drop ".repeat(28)
        ))
    }),
    shape("calls of 1,000 values through a table", 20, 60, |n| {
        let one = "(call_indirect (type $t) (i32.const 0))";
        moving("(table 1 funcref)", &one.repeat(n))
    }),
    shape("tail calls of 1,000 values", 20, 60, |n| {
        moving(
            "(func $f (type $t) (unreachable))",
            &maybe("return_call $f").repeat(n),
        )
    }),
    shape("returns of 1,000 values", 20, 60, |n| {
        moving("", &maybe("return").repeat(n))
    }),
    shape("suspensions with 1,000 values", 20, 60, |n| {
        moving("(tag $e (type $t))", &"suspend $e ".repeat(n))
    }),
    shape("resumptions with 1,000 values", 20, 60, |n| {
        let one = "(ref.null $k) (resume $k) ";
        moving("(type $k (cont $t))", &one.repeat(n))
    }),
    shape("throws of 1,000 values", 20, 60, |n| {
        let types = " i64".repeat(MANY);
        moving(
            &format!("(tag $e (param{types}))"),
            &maybe("throw $e").repeat(n),
        )
    }),
    shape("clauses of a resume with 500 values", 20, 60, |n| {
        let types = " i64".repeat(500);
        let block = format!("block (result{types} (ref $k)) ");
        module(&format!(
            "(type $f (func)) (type $k (cont $f)) (tag $e (param{types}))
             (func {} ref.null $k resume $k {} unreachable {} end {})",
            block.repeat(n),
            each(n, |i| format!("(on $e {i})")),
            "end br 0 ".repeat(n - 1),
            "drop ".repeat(501)
        ))
    }),
    shape("clauses of a try_table with 1,000 values", 20, 60, |n| {
        let types = " i64".repeat(MANY);
        module(&format!(
            "{} (func $f) (func {} (try_table {} (call $f)) return {} end {})",
            each(n, |i| format!("(tag $e{i} (param{types}))")),
            format!("block (result{types}) ").repeat(n),
            each(n, |i| format!("(catch $e{i} {i})")),
            "end br 0 ".repeat(n - 1),
            "drop ".repeat(MANY)
        ))
    }),
    shape("branches that move 1,000 values", 20, 60, |n| {
        let types = " i64".repeat(MANY);
        module(&format!(
            "(memory 1) (func (param i32) (result{types})
                (block (result{types}) (i32.const 7) {} {} unreachable))",
            loads(),
            "(br_if 0 (local.get 0))".repeat(n)
        ))
    }),
    shape("structs of 1,000 fields", 20, 60, |n| {
        let ty = format!("(type $s (struct {}))", "(field i64)".repeat(MANY));
        moving(&ty, &maybe("struct.new $s drop unreachable").repeat(n))
    }),
    shape("arrays of 1,000 elements", 20, 60, |n| {
        let one = format!("array.new_fixed $a {MANY} drop unreachable");
        moving("(type $a (array i64))", &maybe(&one).repeat(n))
    }),
];

/// A function with a thousand operands that instructions take and give back.
fn moving(fields: &str, instructions: &str) -> Vec<u8> {
    let types = " i64".repeat(MANY);
    module(&format!(
        "(type $t (func (param{types}) (result{types}))) {fields} (memory 1)
         (func (param i32) (result{types}) {} {instructions})",
        loads()
    ))
}

/// Something that is done or not: the operands stay if not.
fn maybe(instructions: &str) -> String {
    format!("(local.get 0) (if (type $t) (then {instructions}) (else)) ")
}

fn loads() -> String {
    each(MANY, |i| format!("(i64.load offset={i} (local.get 0))"))
}
