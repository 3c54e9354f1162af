//! Globals, tables, and references to functions.

use super::{cast, get, integer, local, set, set_i32, thing, unless_dropped, when};
use crate::random::ast::Pair;
use crate::random::emit::{give, take};
use crate::random::heap::ast::{ELEMENTS, Global, Heap, LEAVES, MANY, Via};
use crate::random::heap::classes::Kind;

/// Globals and tables.
pub(super) fn places(heap: &Heap) -> String {
    let size = |table: u8| format!("(table.size $t{table})");
    let index = |table: u8, at| {
        let at = format!("(i32.wrap_i64 {})", integer(at));
        format!("(i32.rem_u {at} {})", size(table))
    };
    let left = |table: u8, local: &str| format!("(i32.sub {} (local.get {local}))", size(table));
    let among = |count, most: &str| format!("(call $among {} {most})", integer(count));
    match *heap {
        Heap::SetGlobal { global, from } => set_global(global, from),
        Heap::GetGlobal { global, to } => {
            set(global.kind(), to, &format!("(global.get $g_{global:?})"))
        }
        Heap::TableGet { table, to, at } => {
            let value = format!("(table.get $t{table} {})", index(table, at));
            set(table_kind(table), to, &value)
        }
        Heap::TableSet { table, at, from } => {
            let value = get(table_kind(table), from);
            format!("(table.set $t{table} {} {value})", index(table, at))
        }
        Heap::TableSize { table, to } => set_i32(to, &size(table)),
        Heap::TableGrow {
            table,
            to,
            by,
            from,
        } => {
            let value = get(table_kind(table), from);
            let grow = format!("(table.grow $t{table} {value} (i32.const {by}))");
            set(Kind::Integer, to, &format!("(i64.extend_i32_s {grow})"))
        }
        Heap::TableFill {
            table,
            at,
            count,
            from,
        } => format!(
            "(local.set $n {}) (table.fill $t{table} (local.get $n) {} {})",
            index(table, at),
            get(table_kind(table), from),
            among(count, &left(table, "$n"))
        ),
        Heap::TableCopy {
            table,
            to_at,
            from_at,
            count,
        } => {
            let least = format!("(call $least {} {})", left(table, "$n"), left(table, "$l"));
            format!(
                "(local.set $n {}) (local.set $l {}) \
                 (table.copy $t{table} $t{table} (local.get $n) (local.get $l) {})",
                index(table, to_at),
                index(table, from_at),
                among(count, &least)
            )
        }
        Heap::TableInit {
            table,
            at,
            from,
            count,
        } => {
            let most = ELEMENTS[usize::from(table)] - usize::from(from);
            let most = unless_dropped("elem", table, most);
            let least = format!("(call $least {} {most})", left(table, "$n"));
            format!(
                "(local.set $n {}) (table.init $t{table} $e{table} (local.get $n) {} {})",
                index(table, at),
                unless_dropped("elem", table, usize::from(from)),
                among(count, &least)
            )
        }
        ref other => unreachable!("{other:?} is about no global or table"),
    }
}

/// The variables that a table exchanges values with.
pub fn table_kind(table: u8) -> Kind {
    [Kind::Thing, Kind::Extern, Kind::Function][usize::from(table)]
}

fn set_global(global: Global, from: u8) -> String {
    let set = |value: &str| format!("(global.set $g_{global:?} {value})");
    match global {
        Global::Any | Global::Extern | Global::Func => set(&get(global.kind(), from)),
        Global::Sig => {
            let function = get(Kind::Function, from);
            when(
                &format!("(ref.test (ref null $sig) {function})"),
                &set(&format!("(ref.cast (ref null $sig) {function})")),
            )
        }
        _ => {
            let target = global.target();
            let test = format!("(ref.test {} {})", target.reference(true), thing(from));
            when(&test, &set(&cast(from, target, true)))
        }
    }
}

pub(super) fn functions(heap: &Heap) -> String {
    match *heap {
        Heap::MakeFunction { to, leaf } => {
            let value = leaf.map_or("(ref.null nofunc)".to_owned(), |leaf| {
                // The last one is imported.
                match leaf + 1 == LEAVES {
                    true => "(ref.func $gc)".to_owned(),
                    false => format!("(ref.func $leaf{leaf})"),
                }
            });
            set(Kind::Function, to, &value)
        }
        Heap::TestFunction { to, from, narrow } => {
            let ty = if narrow { "$narrow" } else { "$sig" };
            let function = get(Kind::Function, from);
            set_i32(to, &format!("(ref.test (ref {ty}) {function})"))
        }
        Heap::PassMany { to, from } => {
            let (given, returned) = MANY;
            let values = (0..given).map(|index| thing(from.wrapping_add(index)));
            let values: String = values.collect();
            let rest = "drop ".repeat(usize::from(returned) - 1);
            let to = local(Kind::Thing, to);
            format!("(call $pass {values}) {rest}(local.set {to})")
        }
        Heap::CallLeaf {
            via,
            from,
            give,
            to,
        } => {
            let argument = integer(give);
            let (before, function, call) = match via {
                Via::Reference => {
                    let function = get(Kind::Function, from);
                    let call =
                        format!("(call_ref $sig {argument} (ref.cast (ref $sig) {function}))");
                    (String::new(), function, call)
                }
                Via::Table => {
                    let at = format!("(i32.wrap_i64 {})", integer(from));
                    (
                        format!("(local.set $n (i32.rem_u {at} (table.size $t2))) "),
                        "(table.get $t2 (local.get $n))".to_owned(),
                        format!("(call_indirect $t2 (type $sig) {argument} (local.get $n))"),
                    )
                }
            };
            let then = when(
                &format!("(ref.test (ref $sig) {function})"),
                &set(Kind::Thing, to, &call),
            );
            before + &then
        }
        Heap::CallFunction {
            via,
            function,
            give: given,
            take: taken,
        } => call_function(via, function, given, taken),
        ref other => unreachable!("{other:?} is about no function"),
    }
}

fn call_function(via: Via, function: usize, given: Pair, taken: Pair) -> String {
    let given = give(given);
    let call = match via {
        Via::Reference => format!("(call_ref $body {given} (ref.func $f{function}))"),
        Via::Table => {
            format!("(call_indirect $bodies (type $body) {given} (i32.const {function}))")
        }
    };
    when("(call $burn)", &format!("{call} {}", take(taken)))
}
