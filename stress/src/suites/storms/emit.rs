//! A storm as modules, one for each instance.

use super::{Action, Level, Storm, TAGS};
use std::fmt::Write;

/// The module of an instance. Levels find each other in a table of the first one's.
pub fn program(storm: &Storm, instance: usize) -> String {
    let mut text = String::from("(module\n");
    text.push_str(FIRST_TYPES);
    let levels = storm.levels.len();
    if instance > 0 {
        writeln!(
            text,
            r#"  (import "i0" "levels" (table $levels {levels} (ref null $f)))"#
        )
        .unwrap();
    }
    let mut own = String::new();
    for (number, tag) in storm.tags[instance].iter().enumerate() {
        // Whoever had it first.
        let known = storm.tags[..instance].iter().enumerate();
        let first = known
            .filter_map(|(at, tags)| Some((at, tags.iter().position(|known| known == tag)?)))
            .next();
        let ty = "(param i64 (ref $box)) (result i64)";
        match first {
            Some((at, theirs)) => {
                writeln!(
                    text,
                    r#"  (tag $t{number} (export "t{number}") (import "i{at}" "t{theirs}") {ty})"#
                )
            }
            None => writeln!(own, r#"  (tag $t{number} (export "t{number}") {ty})"#),
        }
        .unwrap();
    }
    let common = include_str!("../../../programs/common.wat")
        .replace("SALT", &storm.salt.to_string())
        .replace("  (type $box (struct (field $value i64)))\n", "");
    text.push_str(&common);
    text.push_str(&own);
    if instance == 0 {
        writeln!(
            text,
            r#"  (table $levels (export "levels") {levels} (ref null $f))"#
        )
        .unwrap();
    }
    let home = instance + 1;
    let every = (storm.laps as usize * storm.steps.len() / 30).max(1);
    write!(
        text,
        r#"
  (memory 1) (data (i32.const 0) "\{home:02x}")
  (global $home i64 (i64.const {home}))
  (global $ticks (mut i32) (i32.const 0))
  ;; Each instance has a memory and a global of its own: whoever goes on must find those.
  (func $at_home
    (call $same (i64.const -7) (i64.extend_i32_u (i32.load (i32.const 0))) (i64.const {home}))
    (call $same (i64.const -8) (global.get $home) (i64.const {home}))
    (global.set $ticks (i32.add (global.get $ticks) (i32.const 1)))
    (if (i32.eqz (i32.rem_u (global.get $ticks) (i32.const {every})))
      (then (call $litter (i32.const 20)) (call $gc))))
"#
    )
    .unwrap();
    for (at, level) in storm.levels.iter().enumerate() {
        if level.instance == instance {
            emit_level(&mut text, at, level, at + 1 == levels, storm);
        }
    }
    if instance == 0 {
        text.push_str(RUN);
    }
    text.push_str(")\n");
    text
}

/// Types come first, so that imports can name them, and are the same in all modules.
const FIRST_TYPES: &str = "  (type $box (struct (field $value i64)))
  (type $f (func (param i64) (result i64))) (type $k (cont $f))
";

const RUN: &str = r#"
  (func (export "run") (result i64)
    ;; A collection before anything, and some at the end.
    (call $gc)
    (resume $k (i64.const 0)
      (cont.new $k (ref.as_non_null (table.get $levels (i32.const 0)))))
    (loop $more
      (call $gc)
      (br_if $more (i64.lt_u (call $collections) (i64.const 10)))))
"#;

fn emit_level(text: &mut String, at: usize, level: &Level, is_last: bool, storm: &Storm) {
    let mine = (at as i64) << 40;
    write!(
        text,
        "
  (elem (table $levels) (i32.const {at}) (ref null $f) (ref.func $level{at}))
  (func $level{at} (type $f) (param $answer i64) (result i64)
    (local $k (ref null $k)) (local $box (ref null $box)) (local $number i64) (local $mine (ref $box))
    (local $sum i64) (local $lap i64)
    (local.set $mine (call $new_box (i64.const {mine})))
"
    )
    .unwrap();
    if is_last {
        emit_steps(text, storm);
    } else {
        emit_clauses(text, at, level);
    }
    writeln!(
        text,
        "    (call $fold (local.get $sum) (call $check_box (local.get $mine) (i64.const {mine}))))"
    )
    .unwrap();
}

/// The innermost level: all suspensions, lap by lap.
fn emit_steps(text: &mut String, storm: &Storm) {
    text.push_str("    (loop $laps\n");
    for (step, tag) in storm.steps.iter().enumerate() {
        writeln!(
            text,
            "      (local.set $number
        (i64.add (i64.shl (local.get $lap) (i64.const 8)) (i64.const {step})))
      (local.set $sum (call $fold (local.get $sum)
        (suspend $t{tag} (local.get $number) (call $new_box (local.get $number)))))
      (call $at_home)"
        )
        .unwrap();
    }
    writeln!(
        text,
        "      (local.set $lap (i64.add (local.get $lap) (i64.const 1)))
      (br_if $laps (i64.lt_u (local.get $lap) (i64.const {}))))",
        storm.laps
    )
    .unwrap();
}

/// Another level: resumes the next one until that returns, and does what its clauses do.
fn emit_clauses(text: &mut String, at: usize, level: &Level) {
    writeln!(
        text,
        "    (local.set $k (cont.new $k (ref.as_non_null (table.get $levels (i32.const {})))))
    (block $returned (loop $again",
        at + 1
    )
    .unwrap();
    let clauses = &level.clauses;
    for clause in 0..clauses.len() {
        writeln!(
            text,
            "      (block $c{clause} (result i64 (ref $box) (ref $k))"
        )
        .unwrap();
    }
    text.push_str("        (local.set $sum (resume $k");
    for (clause, &(tag, _)) in clauses.iter().enumerate() {
        debug_assert!(tag < TAGS);
        write!(text, " (on $t{tag} $c{clause})").unwrap();
    }
    text.push_str("\n          (local.get $answer) (local.get $k)))\n        (br $returned)\n");
    for (clause, &(_, action)) in clauses.iter().enumerate().rev() {
        text.push_str(
            ")
      (local.set $k) (local.set $box) (local.set $number)
      (call $at_home)
      (drop (call $check_box (local.get $box) (local.get $number)))
",
        );
        match action {
            Action::Answer => writeln!(
                text,
                "      (local.set $answer (call $fold
        (call $check_box (local.get $box) (local.get $number)) (i64.const {})))",
                64 * at + clause
            ),
            Action::Forward(to) => writeln!(
                text,
                "      (local.set $answer (call $fold
        (suspend $t{to} (local.get $number) (ref.as_non_null (local.get $box)))
        (i64.const {at})))
      (call $at_home)"
            ),
        }
        .unwrap();
        text.push_str("      (br $again)\n");
    }
    // Every clause has gone back; the last of these ends the loop's block.
    text.push_str("    ))\n");
}
