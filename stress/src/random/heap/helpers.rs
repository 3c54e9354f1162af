//! What the statements need in a module: types, globals, tables, segments, and functions
//! that measure and digest.

use super::ast::{DATA, Global, MANY, TABLES};
use super::classes::{Class, Row, Storage, Target, types};
use super::emit::{read, sign};
use super::oracle::data_byte;
use super::values::{EXTERNS, FUNCTIONS, THINGS};
use crate::random::ast::NULL_DIGEST;
use std::fmt::Write;

const FUNCTIONS_TEXT: &str = include_str!("../../../programs/random_heap.wat");

/// The locals of a function.
pub fn locals() -> String {
    let mut text = String::new();
    let mut declare = |letter: char, count: u8, ty: &str| {
        for index in 0..count {
            let _ = write!(text, " (local ${letter}{index} {ty})");
        }
    };
    declare('h', THINGS, "anyref");
    declare('w', EXTERNS, "externref");
    declare('u', FUNCTIONS, "funcref");
    text + " (local $n i32) (local $m i32) (local $l i32)"
}

/// The fields of the module, for a program of so many functions.
pub fn fields(functions: usize, numbers: bool) -> String {
    let (number_field, tag) = match numbers {
        true => (
            "(field $number (mut i64))",
            "(struct.set $base $number (ref.cast (ref $base) (local.get $it)) \
             (global.get $number))",
        ),
        false => ("", ""),
    };
    let first = if numbers { "(i64.const 2)" } else { "" };
    let mut text = types().replace("NUMBER_MUTABLE", number_field);
    let common = FUNCTIONS_TEXT.replace("TAG", tag).replace("FIRST", first);
    text.push_str(&common.replace("NULL_DIGEST", &NULL_DIGEST.to_string()));
    for global in Global::ALL {
        let (ty, null) = match global {
            Global::Any => ("anyref", "none"),
            Global::Eq => ("eqref", "none"),
            Global::I31 => ("i31ref", "none"),
            Global::Struct => ("structref", "none"),
            Global::Array => ("arrayref", "none"),
            Global::Mid => ("(ref null $mid)", "none"),
            Global::None => ("nullref", "none"),
            Global::Extern => ("externref", "noextern"),
            Global::Func => ("funcref", "nofunc"),
            Global::Sig => ("(ref null $sig)", "nofunc"),
        };
        let _ = writeln!(
            text,
            "  (global $g_{global:?} (mut {ty}) (ref.null {null}))"
        );
    }
    for (index, ((least, most), ty)) in TABLES
        .iter()
        .zip(["anyref", "externref", "funcref"])
        .enumerate()
    {
        let _ = writeln!(text, "  (table $t{index} {least} {most} {ty})");
        let _ = writeln!(
            text,
            "  (global $elem_dropped{index} (mut i32) (i32.const 0))"
        );
    }
    for (segment, bytes) in DATA.into_iter().enumerate() {
        let _ = write!(text, "  (data $d{segment} \"");
        for at in 0..bytes {
            let _ = write!(text, "\\{:02x}", data_byte(at));
        }
        let _ = writeln!(text, "\")");
        let _ = writeln!(
            text,
            "  (global $data_dropped{segment} (mut i32) (i32.const 0))"
        );
    }
    let all: String = (0..functions).map(|index| format!(" $f{index}")).collect();
    let _ = writeln!(text, "  (table $bodies {functions} {functions} funcref)");
    let _ = writeln!(text, "  (elem (table $bodies) (i32.const 0) func{all})");
    text + &pass() + &digests()
}

/// The function that many things are passed to: it returns the last ones, backwards.
fn pass() -> String {
    let (given, returned) = MANY;
    let results: String = (0..returned)
        .map(|index| format!(" (local.get {})", given - 1 - index))
        .collect();
    let params = " anyref".repeat(usize::from(given));
    let types = " anyref".repeat(usize::from(returned));
    format!("  (func $pass (param{params}) (result{types}){results})\n")
}

/// The digest of a value of a type, which an expression gives.
fn digest(storage: Storage, value: &str) -> String {
    let depth = "(local.get $depth)";
    match storage {
        Storage::Any => format!("(call $digest_any {value} {depth})"),
        Storage::Node => format!("(call $digest {value} {depth})"),
        Storage::Extern => format!("(call $digest_any (any.convert_extern {value}) {depth})"),
        Storage::Func => format!("(call $digest_func {value})"),
        _ => read(storage, value),
    }
}

/// `$digest_any` and the functions it calls, one for each type.
fn digests() -> String {
    let mut text = String::new();
    let mut choices = String::new();
    let mut choose = |target: Target, function: &str| {
        let (test, cast) = (target.reference(false), target.reference(false));
        let _ = writeln!(
            choices,
            "    (if (ref.test {test} (local.get $it)) (then (return (call {function} \
             (ref.cast {cast} (local.get $it)) (local.get $depth)))))"
        );
    };
    for (number, class) in Class::ALL.into_iter().enumerate() {
        let name = class.name();
        let function = format!("$digest_{}", &name[1..]);
        let mut sum = format!("(i64.const {number})");
        for field in class.fields() {
            let sign = sign(field.storage, false);
            let value = format!("(struct.get{sign} {name} ${} (local.get $it))", field.name);
            sum = format!(
                "(call $fold {sum}\n      {})",
                digest(field.storage, &value)
            );
        }
        let _ = writeln!(
            text,
            "  (func {function} (param $it (ref {name})) (param $depth i32) (result i64)\n    {sum})"
        );
        choose(Target::Class(class), &function);
    }
    for row in Row::ALL {
        let (name, index, sign) = (row.name(), row.index(), sign(row.storage, false));
        let function = format!("$digest_row{index}");
        let value = format!("(array.get{sign} {name} (local.get $it) (local.get $at))");
        let value = digest(row.storage, &value);
        let _ = writeln!(
            text,
            "  (func {function} (param $it (ref {name})) (param $depth i32) (result i64)
    (local $at i32) (local $sum i64) (local $len i32)
    (local.set $len (array.len (local.get $it)))
    (local.set $sum (call $fold (i64.const {}) (i64.extend_i32_u (local.get $len))))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $at) (local.get $len)))
      (local.set $sum (call $fold (local.get $sum) {value}))
      (local.set $at (i32.add (local.get $at)
        (i32.add (i32.div_u (local.get $len) (i32.const 16)) (i32.const 1))))
      (br $each)))
    (local.get $sum))",
            100 + index
        );
        choose(Target::Row(row), &function);
    }
    let _ = writeln!(
        text,
        "  (func $digest_any (param $it anyref) (param $depth i32) (result i64)
    (if (ref.is_null (local.get $it)) (then (return (i64.const {NULL_DIGEST}))))
    (if (ref.test (ref i31) (local.get $it))
      (then (return (i64.extend_i32_s (i31.get_s (ref.cast (ref i31) (local.get $it)))))))
    (if (i32.eqz (local.get $depth)) (then (return (i64.const 0))))
    (if (ref.test (ref $node) (local.get $it))
      (then (return (call $digest (ref.cast (ref $node) (local.get $it)) (local.get $depth)))))
    (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
{choices}    (i64.const -5))"
    );
    text
}
