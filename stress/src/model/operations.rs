//! The puppet's operations: the text of each one's body.

use super::event::{Event, Site};
use super::handlers::{AROUND_SUSPEND, Catch, Clause, GUARDS, SETS};
use super::puppet::{KEPT, LIVE, OBJECT, WIDE, ask, list, numbered, push, put, take, tell};
use super::vocabulary::{Kind, Mishap, Op, Tag, Throws, Ty, Verb, throws_a_continuation};
use std::fmt::Write;

fn keep() -> String {
    format!("(local.set $mine {})", numbered(KEPT))
}

fn kept() -> String {
    tell(Event::Kept, &["(call $id (local.get $mine))"])
}

/// The body of an operation's function; `objects` says whether objects hold
/// continuations.
pub fn operation(op: Op, objects: bool) -> String {
    if !objects && throws_a_continuation(op) {
        // Never told to do.
        return "(unreachable)".to_owned();
    }
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
