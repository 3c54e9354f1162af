//! What a program declares, as WebAssembly text: types, tags, tables; and values of each
//! kind, given and taken.

use super::ast::{Declarations, FIRST_SIGNAL, Item, Kind, PEER_SLOTS, SHELVES};

/// What two continuations that switch to each other are, and what stands for them where a
/// program has nothing better.
const PEERS: &str = "(rec
    (type $peer_body (func (param (ref null $node) i64 (ref null $peer)) (result (ref null $node) i64)))
    (type $peer (cont $peer_body)))
  (tag $tag2 (result (ref null $node) i64))";

/// What programs that end early need.
const FAULTS: &str = "(type $nothing (func))
  (type $ready_body (func (result (ref null $node) i64)))
  (type $ready (cont $ready_body))
  (tag $lost (result (ref null $node) i64))
  (tag $plain)
  (func $stub (type $body) (local.get 0) (local.get 1))
  (elem declare func $stub)";

/// For those in which something is switched to.
const PEER_STUB: &str = "(func $peer_stub (type $peer_body) (local.get 0) (local.get 1))
  (elem declare func $peer_stub)";

/// A kind's type.
fn ty(kind: Kind) -> &'static str {
    match kind {
        Kind::I32 => "i32",
        Kind::I64 => "i64",
        Kind::F32 => "f32",
        Kind::F64 => "f64",
        Kind::V128 => "v128",
        Kind::Object => "(ref null $node)",
        Kind::Solid => "(ref $node)",
        Kind::Any => "anyref",
        Kind::Extern => "externref",
        Kind::Function => "(ref null $body)",
        Kind::Exception => "exnref",
        Kind::Task => "(ref null $task)",
    }
}

/// Types in a row, and the pair's behind them.
pub fn with_pair(kinds: &[Kind]) -> String {
    let kinds = kinds.iter().map(|&kind| ty(kind));
    kinds
        .chain(["(ref null $node) i64"])
        .collect::<Vec<_>>()
        .join(" ")
}

/// The function type that takes a shape from its `from`th value on.
pub fn body_type(declarations: &Declarations, shape: usize, from: usize) -> String {
    match from == declarations.shapes[shape].len() {
        true => "$body".to_owned(),
        false => format!("$b{shape}_{from}"),
    }
}

/// The continuation type of that function type.
pub fn task_type(declarations: &Declarations, shape: usize, from: usize) -> String {
    match from == declarations.shapes[shape].len() {
        true => "$task".to_owned(),
        false => format!("$c{shape}_{from}"),
    }
}

/// All that a program declares for control; `functions` is how many it has.
pub fn declarations(of: &Declarations, functions: usize) -> String {
    let mut lines = vec![FAULTS.to_owned()];
    if of.switches {
        lines.push(PEERS.to_owned());
        lines.push(PEER_STUB.to_owned());
        lines.push(format!("(table $peers {PEER_SLOTS} (ref null $peer))"));
    } else {
        lines.push("(tag $tag2 (result (ref null $node) i64))".to_owned());
    }
    for (shape, kinds) in of.shapes.iter().enumerate() {
        for from in 0..kinds.len() {
            let params = with_pair(&kinds[from..]);
            lines.push(format!(
                "(type $b{shape}_{from} (func (param {params}) (result (ref null $node) i64)))"
            ));
            lines.push(format!("(type $c{shape}_{from} (cont $b{shape}_{from}))"));
        }
    }
    for signal in 0..of.signals.len() {
        let tag = signal + FIRST_SIGNAL;
        let params = with_pair(of.payload(tag));
        let results = with_pair(&of.shapes[of.results(tag)]);
        lines.push(format!(
            "(tag $tag{tag} (param {params}) (result {results}))"
        ));
    }
    for (tag, &shape) in of.exceptions.iter().enumerate() {
        let params = with_pair(&of.shapes[shape]);
        lines.push(format!("(tag $x{tag} (param {params}))"));
    }
    let named: String = (1..functions).map(|index| format!(" $f{index}")).collect();
    lines.push(format!("(table $functions {functions} funcref)"));
    lines.push(format!(
        "(elem (table $functions) (i32.const 1) func{named})"
    ));
    lines.push(format!("(table $shelves {SHELVES} exnref)"));
    lines.push("(global $shelf (mut exnref) (ref.null exn))".to_owned());
    lines.join("\n  ") + "\n"
}

/// Pushes a value made from a variable.
pub fn give(item: Item) -> String {
    let variable = item.variable;
    match item.kind {
        Kind::I32 => format!("(i32.wrap_i64 (local.get $i{variable}))"),
        Kind::I64 => format!("(local.get $i{variable})"),
        Kind::F32 => format!("(f32.reinterpret_i32 (i32.wrap_i64 (local.get $i{variable})))"),
        Kind::F64 => format!("(f64.reinterpret_i64 (local.get $i{variable}))"),
        Kind::V128 => format!("(i64x2.splat (local.get $i{variable}))"),
        Kind::Object | Kind::Any => format!("(local.get $o{variable})"),
        Kind::Solid => format!(
            "(block $solid (result (ref $node)) \
             (br_on_non_null $solid (local.get $o{variable})) (global.get $stone))"
        ),
        Kind::Extern => format!("(extern.convert_any (local.get $o{variable}))"),
        Kind::Function => format!("(local.get $p{variable})"),
        Kind::Exception => format!("(local.get $e{variable})"),
        Kind::Task => {
            format!("(local.get $k{variable}) (local.set $k{variable} (ref.null $task))")
        }
    }
}

/// Pushes values.
pub fn give_all(items: &[Item]) -> String {
    let each = items.iter().map(|&item| give(item));
    each.collect::<Vec<_>>().join(" ")
}

/// Pops a value into a variable.
pub fn take(item: Item) -> String {
    let variable = item.variable;
    match item.kind {
        Kind::I32 => format!("i64.extend_i32_s local.set $i{variable}"),
        Kind::I64 => format!("local.set $i{variable}"),
        Kind::F32 => format!("i32.reinterpret_f32 i64.extend_i32_s local.set $i{variable}"),
        Kind::F64 => format!("i64.reinterpret_f64 local.set $i{variable}"),
        Kind::V128 => format!("i64x2.extract_lane 1 local.set $i{variable}"),
        Kind::Object | Kind::Solid => format!("local.set $o{variable}"),
        Kind::Any => format!("ref.cast (ref null $node) local.set $o{variable}"),
        Kind::Extern => {
            format!("any.convert_extern ref.cast (ref null $node) local.set $o{variable}")
        }
        Kind::Function => format!("local.set $p{variable}"),
        Kind::Exception => format!("local.set $e{variable}"),
        Kind::Task => format!("local.set $k{variable}"),
    }
}

/// Pops values, the last one first.
pub fn take_all(items: &[Item]) -> String {
    let each = items.iter().rev().map(|&item| take(item));
    each.collect::<Vec<_>>().join(" ")
}

/// A parameter of a wide function: the variable it goes to, or one of its own.
pub fn param(index: usize, item: Item, direct: bool) -> String {
    let name = match item.kind {
        _ if !direct => format!("$x{index}"),
        Kind::Object => format!("$o{}", item.variable),
        Kind::Function => format!("$p{}", item.variable),
        Kind::Exception => format!("$e{}", item.variable),
        Kind::Task => format!("$k{}", item.variable),
        other => unreachable!("{other:?} is converted"),
    };
    format!("(param {name} {})", ty(item.kind))
}
