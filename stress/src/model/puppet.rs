//! The Wasm side: a command loop, and a function for each operation.
//!
//! ```text
//!  $loop  asks `next` for an operation's number and three operands ─┐
//!    ▲                                                              ▼
//!    └── call, resume, … ◀── operation: does it, tells `event` what came of it
//! ```
//!
//! The operands are two slots and a number, `$base`: boxes an operation makes
//! are numbered from it. Continuations and exceptions lie in tables, which the
//! module of [`shared`] owns, so that several puppets can play together. Where objects
//! hold continuations, arrays of structs stand for the tables of those.

use super::event::Event;
use super::operations::operation;
use super::vocabulary::{EXCEPTIONS, Kind, RETURN, SLOTS, TAIL, Tag, Throws, Ty, ops};
use std::fmt::Write;

/// What is added to the base for the box an operation holds meanwhile.
pub const KEPT: i64 = 7;
/// … for the box that a called command loop holds.
pub const LIVE: i64 = 3;
/// … for the number in a payload.
pub const NUMBER: i64 = 2;
/// … for the number and the boxes that [`Op::Wide`] keeps.
pub const WIDE: i64 = 8;
/// What is told of in place of a box's number when there is none …
pub const NO_BOX: i64 = -1;
/// … and when it is not whole.
pub const BROKEN_BOX: i64 = -2;
/// What a box holds besides its number, divided by that.
const CHECK: i64 = 7919;

/// What a box with this number holds besides.
pub fn check(number: i64) -> i64 {
    number.wrapping_mul(CHECK)
}

/// From one base to the next.
pub const STRIDE: i64 = 16;

pub const OBJECT: &str = "(ref null $box)";

/// What both modules begin with.
fn types(objects: bool) -> String {
    let mut text = String::from(
        "(type $box (struct (field i64) (field i64)))
         (type $op (func (param $slot i32) (param $arg i32) (param $base i64)))\n",
    );
    // A type comes after those its parameters name; `Ks` names itself.
    for kind in Kind::ALL {
        let name = kind.name();
        let params = list(kind.params());
        let _ = writeln!(
            text,
            "(rec (type $f{name} (func (param {params}) (result {OBJECT} {OBJECT})))
                  (type ${name} (cont $f{name})))"
        );
        if objects {
            let _ = writeln!(
                text,
                "(type $held_{name} (struct (field (mut (ref null ${name})))))
                 (type $all_{name} (array (mut (ref null $held_{name}))))"
            );
        }
    }
    text
}

pub fn list(types: &[Ty]) -> String {
    let names: Vec<String> = types.iter().map(|&ty| spelled(ty)).collect();
    names.join(" ")
}

fn spelled(ty: Ty) -> String {
    match ty {
        Ty::Number => "i64".to_owned(),
        Ty::Object => OBJECT.to_owned(),
        Ty::Cont(kind) => format!("(ref null ${})", kind.name()),
    }
}

/// Tags and tables: `start` begins each definition of one, either exports or imports.
fn holdings(objects: bool, mut start: impl FnMut(&str, &str, &str) -> String) -> String {
    let mut text = String::new();
    for tag in (0..Tag::COUNT).map(Tag) {
        let (params, results) = (list(tag.params()), list(tag.suspended().params()));
        let name = format!("t{}", tag.0);
        text += &start(
            "tag",
            &name,
            &format!("(param {params}) (result {results})"),
        );
    }
    for tag in Throws::ALL {
        let name = format!("e{}", tag.0);
        let params = list(tag.params());
        text += &start("tag", &name, &format!("(param {params})"));
    }
    for kind in Kind::ALL {
        let name = kind.name();
        text += &match objects {
            false => start("table", name, &format!("{SLOTS} (ref null ${name})")),
            true => start("global", name, &format!("(ref $all_{name})")),
        };
    }
    text += &start("table", "exceptions", &format!("{EXCEPTIONS} exnref"));
    text += &start("table", "ops", &format!("{} funcref", 2 * ops().len()));
    text
}

/// The module that owns tags and tables.
pub fn shared(objects: bool) -> String {
    let fields = holdings(objects, |sort, name, ty| {
        let init = match sort {
            "global" => format!("(array.new_default $all_{name} (i32.const {SLOTS}))"),
            _ => String::new(),
        };
        format!("({sort} ${name} (export \"{name}\") {ty} {init})\n")
    });
    format!("(module $shared\n{}{fields})", types(objects))
}

/// Reads and writes what stands for the tables of continuations.
fn access() -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        let name = kind.name();
        let _ = writeln!(
            text,
            "(func $get_{name} (param i32) (result (ref null ${name}))
                (local $held (ref null $held_{name}))
                (local.set $held (array.get $all_{name} (global.get ${name}) (local.get 0)))
                (if (ref.is_null (local.get $held)) (then (return (ref.null ${name}))))
                (struct.get $held_{name} 0 (local.get $held)))
            (func $set_{name} (param i32 (ref null ${name}))
                (local $held (ref null $held_{name}))
                (local.set $held (array.get $all_{name} (global.get ${name}) (local.get 0)))
                (if (ref.is_null (local.get $held))
                    (then (array.set $all_{name} (global.get ${name}) (local.get 0)
                        (struct.new $held_{name} (local.get 1))))
                    (else (struct.set $held_{name} 0 (local.get $held) (local.get 1)))))"
        );
    }
    text
}

/// The same text with these in place of the tables.
fn with_access(mut text: String) -> String {
    for kind in Kind::ALL {
        let name = kind.name();
        for way in ["get", "set"] {
            let table = format!("(table.{way} ${name} ");
            text = text.replace(&table, &format!("(call ${way}_{name} "));
        }
    }
    text
}

/// The module that does what it is told.
pub fn puppet(objects: bool) -> String {
    let ops = ops();
    let mut text = format!("(module $puppet\n{}", types(objects));
    text += &holdings(objects, |sort, name, ty| {
        format!("(import \"shared\" \"{name}\" ({sort} ${name} {ty}))\n")
    });
    text += "(import \"host\" \"offset\" (global $offset i32))
        (import \"host\" \"next\" (func $next (result i32 i32 i32 i64)))
        (import \"host\" \"event\" (func $event (param i32 i64 i64 i64) (result i64)))
        (import \"host\" \"call\" (func $call_host (param i64)))\n";
    text += &common();
    for kind in Kind::ALL {
        text += &entry(kind);
    }
    for (number, op) in ops.iter().enumerate() {
        let body = operation(*op, objects);
        let _ = writeln!(
            text,
            "(func $op{number} (type $op) (param $slot i32) (param $arg i32) (param $base i64)
            {}{body})",
            locals()
        );
    }
    text += "(elem (table $ops) (offset (global.get $offset)) func";
    for number in 0..ops.len() {
        let _ = write!(text, " $op{number}");
    }
    text += ")\n(elem declare func";
    for kind in Kind::ALL {
        let _ = write!(text, " $enter_{}", kind.name());
    }
    text += ")";
    if objects {
        text = with_access(text) + &access();
    }
    text + ")"
}

/// Where values that arrive are put before they are told of.
fn locals() -> String {
    let mut text = format!(
        "(local $n i64) (local $exn exnref) (local $mine {OBJECT})
         (local $o0 {OBJECT}) (local $o1 {OBJECT})\n"
    );
    for kind in Kind::ALL {
        let name = kind.name();
        let _ = writeln!(
            text,
            "(local $p_{name} (ref null ${name})) (local $s_{name} (ref null ${name}))"
        );
    }
    text
}

fn common() -> String {
    let finished = take(&[Ty::Object; 2], None, Event::Finished, false);
    let live = tell(Event::Live, &["(call $id (local.get $live))"]);
    format!(
        "(func $box (param $n i64) (result {OBJECT})
            (struct.new $box (local.get $n) (i64.mul (local.get $n) (i64.const {CHECK}))))
        (func $id (param $o {OBJECT}) (result i64)
            (if (ref.is_null (local.get $o)) (then (return (i64.const {NO_BOX}))))
            (if (i64.ne (i64.mul (struct.get $box 0 (local.get $o)) (i64.const {CHECK}))
                        (struct.get $box 1 (local.get $o)))
                (then (return (i64.const {BROKEN_BOX}))))
            (struct.get $box 0 (local.get $o)))
        (func $loop (type $fk1) (param $live {OBJECT}) (result {OBJECT} {OBJECT})
            (local $op i32) (local $slot i32) (local $arg i32) (local $base i64)
            (loop $again (result {OBJECT} {OBJECT})
                (call $next)
                (local.set $base) (local.set $arg) (local.set $slot) (local.set $op)
                (if (i32.eq (local.get $op) (i32.const {RETURN}))
                    (then {live} {boxes} (return)))
                (if (i32.eq (local.get $op) (i32.const {TAIL}))
                    (then {live} (return_call $loop {callee})))
                (call_indirect $ops (type $op)
                    (local.get $slot) (local.get $arg) (local.get $base) (local.get $op))
                (br $again)))
        (func (export \"run\") (param $base i64) {locals}
            (call $loop {callee}) {finished})\n",
        boxes = push(&[Ty::Object; 2]),
        callee = numbered(LIVE),
        locals = locals(),
    )
}

/// The function of a fresh continuation.
fn entry(kind: Kind) -> String {
    let name = kind.name();
    let mut text = format!("(func $enter_{name} (type $f{name}) {}", locals());
    for index in 0..kind.params().len() {
        let _ = write!(text, "(local.get {index}) ");
    }
    text += &take(kind.params(), None, Event::Enter(kind), true);
    // Half of them are the outermost frame, half are replaced by the loop.
    let call = if (kind as usize).is_multiple_of(2) {
        "return_call"
    } else {
        "call"
    };
    let _ = writeln!(text, "({call} $loop (call $box (local.get $n))))");
    text
}

/// A box numbered from the base.
pub fn numbered(add: i64) -> String {
    format!("(call $box (i64.add (local.get $base) (i64.const {add})))")
}

/// A payload of these types.
pub fn push(types: &[Ty]) -> String {
    let mut objects = 0..;
    let mut text = String::new();
    for &ty in types {
        text += &match ty {
            Ty::Number => format!("(i64.add (local.get $base) (i64.const {NUMBER}))"),
            Ty::Object => numbered(objects.next().unwrap_or_default()),
            Ty::Cont(kind) => format!("(table.get ${} (local.get $arg))", kind.name()),
        };
    }
    text
}

/// Tells an event with these values. Its answer is dropped.
pub fn tell(event: Event, values: &[&str]) -> String {
    format!("(drop {})", ask(event, values))
}

pub fn ask(event: Event, values: &[&str]) -> String {
    let mut values = values.to_vec();
    values.resize(3, "(i64.const 0)");
    let code = event.code();
    format!("(call $event (i32.const {code}) {})", values.join(" "))
}

/// Takes a payload off the operand stack, and a continuation after it, and
/// tells of all of it. The answer stays in `$n` if it is wanted.
pub fn take(types: &[Ty], suspended: Option<Kind>, event: Event, answer: bool) -> String {
    let mut text = String::new();
    if let Some(kind) = suspended {
        let _ = write!(text, "(local.set $s_{}) ", kind.name());
    }
    let objects = types.iter().filter(|ty| matches!(ty, Ty::Object)).count();
    let mut object = objects;
    for ty in types.iter().rev() {
        text += &match ty {
            Ty::Number => "(local.set $n) ".to_owned(),
            Ty::Object => {
                object -= 1;
                format!("(local.set $o{object}) ")
            }
            Ty::Cont(kind) => format!("(local.set $p_{}) ", kind.name()),
        };
    }
    let mut values = Vec::new();
    let mut numbers = 0..objects;
    for ty in types {
        match ty {
            Ty::Number => values.push("(local.get $n)".to_owned()),
            Ty::Object => {
                let number = numbers.next().unwrap_or_default();
                values.push(format!("(call $id (local.get $o{number}))"));
            }
            Ty::Cont(_) => {}
        }
    }
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    text += &match answer {
        true => format!("(local.set $n {})", ask(event, &values)),
        false => tell(event, &values),
    };
    for ty in types {
        if let Ty::Cont(kind) = ty {
            text += &put("p", *kind);
        }
    }
    suspended.map_or(text.clone(), |kind| text + &put("s", kind))
}

/// Puts a continuation where the host says.
pub fn put(prefix: &str, kind: Kind) -> String {
    let name = kind.name();
    let local = format!("(local.get ${prefix}_{name})");
    let null = format!("(i64.extend_i32_u (ref.is_null {local}))");
    format!(
        "(table.set ${name} (i32.wrap_i64 {}) {local})\n",
        ask(Event::Cont, &[&null])
    )
}
