//! A program as WebAssembly text.

use super::ast::{
    Block, CONTINUATIONS, DIGEST_DEPTH, GLOBALS, INTEGERS, NULL_DIGEST, OBJECTS, Operation, Pair,
    Program, RETURNED, SLOTS, SUSPENDED, Statement, TAGS, WAS_EMPTY,
};
use super::control::ast::STONE;
use super::control::emit::Around;
use super::control::types;
use super::heap::ast::Heap;
use super::heap::{emit as heap_emit, helpers};
use crate::programs;
use std::fmt::Write;

const RUNTIME: &str = include_str!("../../programs/random.wat");

/// Counts the objects that are made.
const COUNT: &str = "(global.set $number (i64.add (global.get $number) (i64.const 1)))";

/// What is resumed in place of a continuation: by turns it, when a clone was made of it and
/// forgotten, and a clone, when it is forgotten itself. That must make no difference.
const CLONE: &str = "(local $clone (ref $task))
    (local.set $clone (call $clone (local.get $k)))
    (global.set $turn (i32.eqz (global.get $turn)))
    (select (result (ref null $task)) (local.get $k) (local.get $clone) (global.get $turn))";

/// What there is in a module beside the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    /// What is resumed is a clone, or has been cloned.
    pub clones: bool,
    /// Objects have numbers, in the order in which they are made, from 1; and `gc` is
    /// imported from `oracle`.
    pub numbers: bool,
}

/// The module. At its end at most `reachable` continuations may be alive.
pub fn module(program: &Program, reachable: usize, form: Form) -> String {
    let clones = form.clones;
    let resumed = if clones { CLONE } else { "(local.get $k)" };
    let number_field = if form.numbers {
        "(field $number i64)"
    } else {
        ""
    };
    let mut text = RUNTIME
        .replace("RESUMED", resumed)
        .replace("NUMBER_FIELD", number_field)
        .replace("STONE", &stone(form.numbers))
        .replace("SLOTS", &SLOTS.to_string())
        .replace("FUEL", &program.fuel.to_string())
        .replace("NULL_DIGEST", &NULL_DIGEST.to_string());
    for global in 0..GLOBALS {
        // Every second one is loose: reading it is a cast.
        let ty = if global % 2 == 0 {
            "(ref null $node)"
        } else {
            "anyref"
        };
        let null = if global % 2 == 0 { "$node" } else { "none" };
        line(
            &mut text,
            &format!("(global $g{global} (mut {ty}) (ref.null {null}))"),
        );
    }
    text.push_str(&helpers::fields(program.functions.len(), form.numbers));
    if let Some(control) = &program.control {
        line(
            &mut text,
            &types::declarations(control, program.functions.len()),
        );
    }
    for (index, body) in program.functions.iter().enumerate() {
        if index > 0 {
            line(&mut text, &format!("(elem declare func $f{index})"));
        }
        text.push_str(&function(index, body, program));
    }
    text.push_str(&end(reachable));
    // A continuation on its way is in a local for a moment. How many live at the end is known for
    // those that the program holds, and a function whose values are in homes holds whatever
    // its locals do. (What locals hold is what the suite of roots compares.)
    let moved = match form.numbers {
        true => "(local.get $it)",
        false => "(local.get $it) (local.set $it (ref.null $task))",
    };
    let text = text.replace("MOVED", moved);
    let (count, number) = match form.numbers {
        true => (COUNT, "(global.get $number)"),
        false => ("", ""),
    };
    let mut text = text.replace("COUNT", count).replace("NUMBER", number);
    if form.numbers {
        // Two are there before the program runs.
        line(&mut text, "(global $number (mut i64) (i64.const 2))");
        let module = in_module(text, clones);
        let ours = "(import \"oracle\" \"gc\"";
        return module.replacen("(import \"mangrove\" \"gc\"", ours, 1);
    }
    in_module(text, clones)
}

fn in_module(mut text: String, clones: bool) -> String {
    if !clones {
        return programs::module(0, &text);
    }
    line(&mut text, "(global $turn (mut i32) (i32.const 0))");
    let import = "(import \"mangrove\" \"clone_cont\"
    (func $clone (param (ref null $task)) (result (ref $task))))";
    // Imports come before everything else but types.
    programs::module(0, &text).replacen("(module\n", &format!("(module\n  {import}\n"), 1)
}

pub(super) fn line(text: &mut String, code: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {code}");
}

/// An object that every program has, and nothing lets go of.
fn stone(numbers: bool) -> String {
    let number = if numbers { "(i64.const 1)" } else { "" };
    let null = "(ref.null $node)";
    format!("(struct.new $node (i64.const {STONE}) {null} {null} {number})")
}

fn function(index: usize, body: &Block, program: &Program) -> String {
    let around = program.control.as_ref().map(|declarations| Around {
        declarations,
        functions: program.functions.len(),
    });
    let (head, control_locals, moves) = match around {
        Some(around) => around.function(index),
        None => Default::default(),
    };
    let ty = around.map_or("$body".to_owned(), |around| around.type_of(index));
    let (first, last) = head;
    let mut text = format!("\n  (func $f{index} (type {ty}) {first}(param $o0 (ref null $node))");
    text += &format!(" (param $i0 i64) {last}(result (ref null $node) i64)\n");
    let mut locals = control_locals;
    locals.extend((1..OBJECTS).map(|object| format!("(local $o{object} (ref null $node))")));
    locals.extend((1..INTEGERS).map(|integer| format!("(local $i{integer} i64)")));
    locals.extend((0..CONTINUATIONS).map(|task| format!("(local $k{task} (ref null $task))")));
    locals.push("(local $it (ref null $task))".to_owned());
    locals.extend((0..repeats(body)).map(|depth| format!("(local $times{depth} i32)")));
    let mut code = String::new();
    block(&mut code, body, At { depth: 0, around });
    if let Some(around) = around {
        locals.extend(around.passing_locals(&code));
    }
    for local in locals {
        // A parameter may be one of them already.
        let name = local.split(' ').nth(1).expect("a local has a name");
        if !first.contains(&format!("{name} ")) && !last.contains(&format!("{name} ")) {
            line(&mut text, &local);
        }
    }
    line(&mut text, &helpers::locals());
    line(&mut text, &moves);
    text + &code + "  local.get $o0 local.get $i0)\n"
}

/// Where a statement is: how many `Repeat`s are around it, and what its program declares.
#[derive(Clone, Copy)]
pub(super) struct At<'p> {
    pub(super) depth: u32,
    around: Option<Around<'p>>,
}

impl At<'_> {
    pub(super) fn deeper(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }
}

/// How deep `Repeat` nests: each needs a counter.
fn repeats(block: &Block) -> u32 {
    let of = |statement: &Statement| {
        let own = u32::from(matches!(
            statement,
            Statement::Repeat { .. } | Statement::Heap(Heap::Carry { .. })
        ));
        own + statement
            .blocks()
            .into_iter()
            .map(repeats)
            .max()
            .unwrap_or(0)
    };
    block.iter().map(of).max().unwrap_or(0)
}

/// Calls the main function, reads the globals, collects, counts.
fn end(reachable: usize) -> String {
    let mut text = String::from(
        "\n  (func (export \"run\") (result i64)\n    (local $before i64)\n    \
         (local.set $before (call $continuations))\n    \
         (call $f0 (ref.null $node) (i64.const 0))\n    drop drop\n",
    );
    for global in 0..GLOBALS {
        let fetched = fetch(global);
        line(
            &mut text,
            &format!("(call $note (call $digest {fetched} (i32.const {DIGEST_DEPTH})))"),
        );
    }
    text + &format!(
        "    (call $gc)\n    (call $at_most (local.get $before) (i64.const {reachable}))\n    \
         (global.get $sum))\n"
    )
}

fn fetch(global: u8) -> String {
    if global.is_multiple_of(2) {
        format!("(global.get $g{global})")
    } else {
        format!("(ref.cast (ref null $node) (global.get $g{global}))")
    }
}

pub(super) fn block(text: &mut String, block: &[Statement], at: At<'_>) {
    for one in block {
        statement(text, one, at);
    }
}

pub(super) fn give(pair: Pair) -> String {
    format!(
        "(local.get $o{}) (local.get $i{})",
        pair.object, pair.integer
    )
}

pub(super) fn take(pair: Pair) -> String {
    format!(
        "(local.set $i{}) (local.set $o{})",
        pair.integer, pair.object
    )
}

/// One statement.
fn statement(text: &mut String, statement: &Statement, at: At<'_>) {
    match statement {
        Statement::Resume {
            slot,
            give,
            take,
            outcome,
            handles,
        } => {
            line(text, &resume(*slot, *give, *take, *outcome, *handles));
        }
        Statement::Suspend {
            tag,
            give: given,
            take: taken,
        } => {
            line(
                text,
                &format!("(suspend $tag{tag} {}) {}", give(*given), take(*taken)),
            );
        }
        Statement::Call {
            function,
            give: given,
            take: taken,
        } => {
            let call = format!("(call $f{function} {}) {}", give(*given), take(*taken));
            line(text, &format!("(if (call $burn) (then {call}))"));
        }
        Statement::Spawn { slot, function } => {
            let fresh = format!("(cont.new $task (ref.func $f{function}))");
            let set = format!("(table.set $slots (i32.const {slot}) {fresh})");
            line(text, &format!("(if (call $burn) (then {set}))"));
        }
        Statement::Hold {
            objects,
            continuations,
            body,
        } => {
            hold(text, objects, continuations, body, at);
        }
        Statement::If { .. } | Statement::Repeat { .. } => control(text, statement, at),
        Statement::Heap(heap) => heap_emit::statement(text, heap, at),
        Statement::Control(control) => {
            let around = at.around.expect("who uses control declares it");
            let emitted = around.emit(control);
            line(text, &emitted.before);
            if let Some((body, after)) = emitted.body {
                block(text, body, at);
                line(text, &after);
            }
        }
        simple => line(text, &code(simple)),
    }
}

/// Blocks that run once, twice, or not at all.
fn control(text: &mut String, statement: &Statement, at: At<'_>) {
    let depth = at.depth;
    match statement {
        Statement::If {
            condition,
            then,
            otherwise,
        } => {
            line(
                text,
                &format!("(if (i32.wrap_i64 (i64.and (local.get $i{condition}) (i64.const 1)))"),
            );
            line(text, "(then");
            block(text, then, at);
            line(text, ") (else");
            block(text, otherwise, at);
            line(text, "))");
        }
        Statement::Repeat { times, body } => {
            line(
                text,
                &format!("(local.set $times{depth} (i32.const {times}))"),
            );
            let carried = carried(body);
            for object in carried {
                line(text, &lift(*object));
            }
            let nodes = "(ref null $node) ".repeat(carried.len());
            let ty = match carried {
                [] => String::new(),
                _ => format!("(param {nodes}) (result {nodes})"),
            };
            line(text, &format!("(loop $again{depth} {ty}"));
            match (body.split_first(), carried) {
                (Some((Statement::Hold { body: first, .. }, rest)), [_, ..]) => {
                    block(text, first, at.deeper());
                    drop_into(text, carried);
                    block(text, rest, at.deeper());
                    for object in carried {
                        line(text, &lift(*object));
                    }
                }
                _ => block(text, body, at.deeper()),
            }
            let left = format!("(i32.sub (local.get $times{depth}) (i32.const 1))");
            line(
                text,
                &format!("(br_if $again{depth} (local.tee $times{depth} {left})))"),
            );
            drop_into(text, carried);
        }
        other => unreachable!("{other:?} is no control"),
    }
}

/// The object variables that a loop hands from round to round as its parameters: those that
/// its body begins with holding.
fn carried(body: &Block) -> &[u8] {
    match body.first() {
        Some(Statement::Hold {
            objects,
            continuations,
            ..
        }) if continuations.is_empty() => objects,
        _ => &[],
    }
}

/// Moves what a variable holds to the operand stack.
fn lift(object: u8) -> String {
    format!("(local.get $o{object}) (local.set $o{object} (ref.null $node))")
}

/// Moves what was lifted back.
fn drop_into(text: &mut String, objects: &[u8]) {
    for object in objects.iter().rev() {
        line(text, &format!("(local.set $o{object})"));
    }
}

/// Values on the operand stack below all that the body does.
fn hold(text: &mut String, objects: &[u8], continuations: &[u8], body: &Block, at: At<'_>) {
    for object in objects {
        line(text, &lift(*object));
    }
    for variable in continuations {
        line(
            text,
            &format!("(local.get $k{variable}) (local.set $k{variable} (ref.null $task))"),
        );
    }
    block(text, body, at);
    for variable in continuations.iter().rev() {
        line(text, &format!("(local.set $k{variable})"));
    }
    drop_into(text, objects);
}

/// A block for each tag that is handled, the `resume` in the innermost.
fn resume(
    slot: u8,
    given: Pair,
    taken: Pair,
    outcome: u8,
    handles: [bool; TAGS as usize],
) -> String {
    let tags: Vec<usize> = (0..handles.len()).filter(|&tag| handles[tag]).collect();
    let take = take(taken);
    let done = |result: i64| format!("(local.set $i{outcome} (i64.const {result})) (br $done)");
    let open: String = tags
        .iter()
        .rev()
        .map(|tag| format!("(block $on{tag} (result (ref null $node) i64 (ref $task)) "))
        .collect();
    let clauses: String = tags
        .iter()
        .map(|tag| format!(" (on $tag{tag} $on{tag})"))
        .collect();
    let close: String = tags
        .iter()
        .map(|&tag| {
            let done = done(SUSPENDED + tag as i64);
            format!(
                ") (local.set $it) {take} \
                 (table.set $slots (i32.const {slot}) MOVED) {done}"
            )
        })
        .collect();
    format!(
        "(local.set $it (table.get $slots (i32.const {slot})))\n  \
         (if (ref.is_null (local.get $it)) (then (local.set $i{outcome} (i64.const {WAS_EMPTY}))) (else\n  \
         (table.set $slots (i32.const {slot}) (ref.null $task))\n  \
         (block $done {open}\n  \
         (resume $task{clauses} {} (call $resumed MOVED)) {take} {}\n  \
         {close})))",
        give(given),
        done(RETURNED),
    )
}

/// Statements that are one instruction or a few.
fn code(statement: &Statement) -> String {
    let not_null = |object: &u8, then: String| {
        format!("(if (i32.eqz (ref.is_null (local.get $o{object}))) (then {then}))")
    };
    let side = |right: &bool| if *right { "$right" } else { "$left" };
    match statement {
        Statement::New {
            to,
            value,
            left,
            right,
        } => format!(
            "COUNT (local.set $o{to} (struct.new $node (local.get $i{value}) \
             (local.get $o{left}) (local.get $o{right}) NUMBER))"
        ),
        Statement::Copy { to, from } => format!("(local.set $o{to} (local.get $o{from}))"),
        Statement::Follow { to, from, right } => {
            let get = format!("(struct.get $node {} (local.get $o{from}))", side(right));
            not_null(from, format!("(local.set $o{to} {get})"))
        }
        Statement::Attach { to, what, right } => {
            let operands = format!("(local.get $o{to}) (local.get $o{what})");
            not_null(to, format!("(struct.set $node {} {operands})", side(right)))
        }
        Statement::Read { to, from } => {
            let get = format!("(struct.get $node $value (local.get $o{from}))");
            not_null(from, format!("(local.set $i{to} {get})"))
        }
        Statement::Write { to, from } => {
            let operands = format!("(local.get $o{to}) (local.get $i{from})");
            not_null(to, format!("(struct.set $node $value {operands})"))
        }
        Statement::Same { to, one, other } => format!(
            "(local.set $i{to} (i64.extend_i32_u (ref.eq (local.get $o{one}) (local.get $o{other}))))"
        ),
        Statement::Compute {
            to,
            operation,
            one,
            other,
        } => {
            let name = match operation {
                Operation::Add => "add",
                Operation::Multiply => "mul",
                Operation::Xor => "xor",
            };
            format!("(local.set $i{to} (i64.{name} (local.get $i{one}) (local.get $i{other})))")
        }
        Statement::Constant { to, value } => format!("(local.set $i{to} (i64.const {value}))"),
        Statement::Publish { global, from } => {
            format!("(global.set $g{global} (local.get $o{from}))")
        }
        Statement::Fetch { to, global } => format!("(local.set $o{to} {})", fetch(*global)),
        Statement::Note { from } => format!("(call $note (local.get $i{from}))"),
        Statement::NoteObject { from } => {
            format!("(call $note (call $digest (local.get $o{from}) (i32.const {DIGEST_DEPTH})))")
        }
        Statement::Collect => "(call $gc)".to_owned(),
        Statement::Litter { count } => format!("(call $litter (i32.const {count}))"),
        other => shuffle(other),
    }
}

/// Statements that move continuations between slots and variables.
fn shuffle(statement: &Statement) -> String {
    match statement {
        Statement::Exchange { one, other } => format!(
            "(local.set $it (table.get $slots (i32.const {one})))\n  \
             (table.set $slots (i32.const {one}) (table.get $slots (i32.const {other})))\n  \
             (table.set $slots (i32.const {other}) MOVED)"
        ),
        Statement::Stash { slot, variable } => format!(
            "(local.set $it (table.get $slots (i32.const {slot})))\n  \
             (table.set $slots (i32.const {slot}) (local.get $k{variable}))\n  \
             (local.set $k{variable} MOVED)"
        ),
        Statement::Forget { slot } => {
            format!("(table.set $slots (i32.const {slot}) (ref.null $task))")
        }
        other => unreachable!("{other:?} is not simple"),
    }
}
