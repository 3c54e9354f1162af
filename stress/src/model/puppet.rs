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
//! module of [`shared`] owns, so that several puppets can play together.

use super::vocabulary::{
    AROUND_SUSPEND, Catch, Clause, EXCEPTIONS, Event, GUARDS, Kind, Mishap, Op, RETURN, SETS,
    SLOTS, Site, TAIL, Tag, Throws, Ty, Verb, ops,
};
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

const OBJECT: &str = "(ref null $box)";

/// What both modules begin with.
fn types() -> String {
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
    }
    text
}

fn list(types: &[Ty]) -> String {
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
fn holdings(mut start: impl FnMut(&str, &str, &str) -> String) -> String {
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
        text += &start("table", name, &format!("{SLOTS} (ref null ${name})"));
    }
    text += &start("table", "exceptions", &format!("{EXCEPTIONS} exnref"));
    text += &start("table", "ops", &format!("{} funcref", 2 * ops().len()));
    text
}

/// The module that owns tags and tables.
pub fn shared() -> String {
    let fields = holdings(|sort, name, ty| format!("({sort} ${name} (export \"{name}\") {ty})\n"));
    format!("(module $shared\n{}{fields})", types())
}

/// The module that does what it is told.
pub fn puppet() -> String {
    let ops = ops();
    let mut text = format!("(module $puppet\n{}", types());
    text += &holdings(|sort, name, ty| {
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
        let body = operation(*op);
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
    text + "))"
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
    let call = if kind as usize % 2 == 0 {
        "return_call"
    } else {
        "call"
    };
    let _ = writeln!(text, "({call} $loop (call $box (local.get $n))))");
    text
}

/// A box numbered from the base.
fn numbered(add: i64) -> String {
    format!("(call $box (i64.add (local.get $base) (i64.const {add})))")
}

/// A payload of these types.
fn push(types: &[Ty]) -> String {
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
fn tell(event: Event, values: &[&str]) -> String {
    format!("(drop {})", ask(event, values))
}

fn ask(event: Event, values: &[&str]) -> String {
    let mut values = values.to_vec();
    values.resize(3, "(i64.const 0)");
    let code = event.code();
    format!("(call $event (i32.const {code}) {})", values.join(" "))
}

/// Takes a payload off the operand stack, and a continuation after it, and
/// tells of all of it. The answer stays in `$n` if it is wanted.
fn take(types: &[Ty], suspended: Option<Kind>, event: Event, answer: bool) -> String {
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
fn put(prefix: &str, kind: Kind) -> String {
    let name = kind.name();
    let local = format!("(local.get ${prefix}_{name})");
    let null = format!("(i64.extend_i32_u (ref.is_null {local}))");
    format!(
        "(table.set ${name} (i32.wrap_i64 {}) {local})\n",
        ask(Event::Cont, &[&null])
    )
}

fn keep() -> String {
    format!("(local.set $mine {})", numbered(KEPT))
}

fn kept() -> String {
    tell(Event::Kept, &["(call $id (local.get $mine))"])
}

fn operation(op: Op) -> String {
    match op {
        Op::New(kind) => {
            let name = kind.name();
            format!(
                "(table.set ${name} (local.get $slot) (cont.new ${name} (ref.func $enter_{name})))"
            )
        }
        Op::Drop(kind) => {
            let name = kind.name();
            format!("(table.set ${name} (local.get $slot) (ref.null ${name}))")
        }
        Op::Forget => "(table.set $exceptions (local.get $slot) (ref.null exn))".to_owned(),
        Op::Copy(kind) => {
            let name = kind.name();
            format!("(table.set ${name} (local.get $arg) (table.get ${name} (local.get $slot)))")
        }
        Op::Bind(kind, count) => {
            let bound = kind.bound(count).expect("an operation that exists");
            let (name, to) = (kind.name(), bound.name());
            format!(
                "{} (table.get ${name} (local.get $slot)) (cont.bind ${name} ${to})
                (local.set $s_{to}) {}",
                push(&kind.params()[..count]),
                put("s", bound)
            )
        }
        Op::Resume(kind, set, verb) => resume(kind, set, verb),
        Op::Suspend(tag, guarded) => suspend(tag, guarded),
        Op::Switch(kind, tag) => switch(kind, tag),
        Op::Throw(tag) => format!("{} (throw $e{})", push(tag.params()), tag.0),
        Op::ThrowRef => "(throw_ref (table.get $exceptions (local.get $slot)))".to_owned(),
        Op::Call => format!("(call $loop {}) {}", numbered(LIVE), returned()),
        Op::Wide => wide(),
        Op::Guard(guard) => guarded(guard),
        Op::Hold(kind) => {
            let name = kind.name();
            format!(
                "(local.set $s_{name} (table.get ${name} (local.get $slot)))
                (call $loop {}) {} {}",
                numbered(LIVE),
                returned(),
                put("s", kind)
            )
        }
        Op::Trap(Mishap::Unreachable) => "(unreachable)".to_owned(),
        Op::Trap(Mishap::Division) => "(drop (i32.div_u (i32.const 1) (i32.const 0)))".to_owned(),
        Op::Trap(Mishap::Null) => "(drop (struct.get $box 0 (ref.null $box)))".to_owned(),
        Op::Host => format!(
            "{} (call $call_host (local.get $base)) {} {}",
            keep(),
            tell(Event::HostReturned, &[]),
            kept()
        ),
    }
}

fn returned() -> String {
    take(&[Ty::Object; 2], None, Event::Returned, false)
}

fn wide() -> String {
    let mut text = format!(
        "(local $w i64) (local $w0 {OBJECT}) (local $w1 {OBJECT}) (local $w2 {OBJECT})
         (local $w3 {OBJECT}) (local $w4 {OBJECT})
         (local.set $w (i64.add (local.get $base) (i64.const {WIDE})))"
    );
    for number in 0..5 {
        let _ = write!(text, "(local.set $w{number} {})", numbered(WIDE + number));
    }
    let _ = write!(text, "(call $loop {}) {}", numbered(LIVE), returned());
    let id = |number: usize| format!("(call $id (local.get $w{number}))");
    text += &tell(Event::Wide(0), &["(local.get $w)", &id(0), &id(1)]);
    text + &tell(Event::Wide(1), &[&id(2), &id(3), &id(4)])
}

fn switch(kind: Kind, tag: Tag) -> String {
    let name = kind.name();
    let back = kind.back().expect("an operation that exists");
    let (_, params) = kind.params().split_last().expect("it has a last one");
    format!(
        "{} {} (table.get ${name} (local.get $slot)) (switch ${name} $t{}) {} {}",
        keep(),
        push(params),
        tag.0,
        take(back.params(), None, Event::Switched(kind), false),
        kept()
    )
}

fn suspend(tag: Tag, guarded: bool) -> String {
    let suspend = format!("{} (suspend $t{})", push(tag.params()), tag.0);
    let results = tag.suspended().params();
    let resumed = take(results, None, Event::Resumed(tag), false);
    let body = match guarded {
        false => format!("{suspend} {resumed}"),
        true => caught(Site::Suspend, AROUND_SUSPEND, results, &suspend, &resumed),
    };
    format!("{} {body} {}", keep(), kept())
}

fn guarded(guard: usize) -> String {
    let call = format!("(call $loop {})", numbered(LIVE));
    format!(
        "{} {} {}",
        keep(),
        caught(
            Site::Guard(guard),
            GUARDS[guard],
            &[Ty::Object; 2],
            &call,
            &returned()
        ),
        kept()
    )
}

/// `body` in a `try_table`, then `after`; or what catches do.
fn caught(site: Site, catches: &[Catch], results: &[Ty], body: &str, after: &str) -> String {
    let mut text = String::from("(block $done ");
    for (index, catch) in catches.iter().enumerate() {
        let exnref = if catch.by_ref { "exnref" } else { "" };
        let params = catch.tag.map_or(String::new(), |tag| list(tag.params()));
        let _ = write!(text, "(block $h{index} (result {params} {exnref}) ");
    }
    let _ = write!(text, "(try_table (result {}) ", list(results));
    for (index, catch) in catches.iter().enumerate() {
        let by_ref = if catch.by_ref { "_ref" } else { "" };
        let _ = match catch.tag {
            Some(tag) => write!(text, "(catch{by_ref} $e{} $h{index}) ", tag.0),
            None => write!(text, "(catch_all{by_ref} $h{index}) "),
        };
    }
    let _ = write!(text, "{body}) {after} (br $done)");
    for (index, catch) in catches.iter().enumerate().rev() {
        text += ") ";
        if catch.by_ref {
            text += "(local.set $exn) ";
        }
        let params = catch.tag.map_or(&[] as &[Ty], |tag| tag.params());
        text += &take(params, None, Event::Caught(site, index), false);
        if catch.by_ref {
            let slot = ask(Event::Exception, &[]);
            let _ = write!(
                text,
                "(table.set $exceptions (i32.wrap_i64 {slot}) (local.get $exn)) "
            );
        }
        text += "(br $done) ";
    }
    text + ")"
}

fn resume(kind: Kind, number: usize, verb: Verb) -> String {
    let (name, set) = (kind.name(), SETS[number]);
    let mut on = String::new();
    let mut blocks = String::new();
    let mut arrivals = String::new();
    for (index, &clause) in set.clauses.iter().enumerate() {
        let tag = match clause {
            Clause::Switch(tag) => {
                let _ = write!(on, "(on $t{} switch) ", tag.0);
                continue;
            }
            Clause::Label(tag) => tag,
        };
        let _ = write!(on, "(on $t{} $c{index}) ", tag.0);
        let (params, suspended) = (list(tag.params()), tag.suspended());
        let _ = write!(
            blocks,
            "(block $c{index} (result {params} (ref null ${})) ",
            suspended.name()
        );
        // The blocks close in the other order.
        arrivals = format!(
            ") {} (br $end) {arrivals}",
            take(
                tag.params(),
                Some(suspended),
                Event::Clause(number, index),
                false
            )
        );
    }
    let target = format!("(table.get ${name} (local.get $slot))");
    let body = match verb {
        Verb::Resume => format!("{} {target} (resume ${name} {on})", push(kind.params())),
        Verb::Throw(tag) => format!(
            "{} {target} (resume_throw ${name} $e{tag} {on})",
            push(Throws(tag).params())
        ),
        Verb::ThrowRef => format!(
            "(table.get $exceptions (local.get $arg)) {target} (resume_throw_ref ${name} {on})"
        ),
    };
    let results = [Ty::Object; 2];
    let done = take(&results, None, Event::Done(number), false);
    let body = match set.catches {
        [] => format!("{body} {done}"),
        catches => caught(Site::Resume(number), catches, &results, &body, &done),
    };
    format!(
        "{} (block $end {blocks} {body} (br $end) {arrivals}) {}",
        keep(),
        kept()
    )
}
