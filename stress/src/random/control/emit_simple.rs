//! Statements of control that know of nothing around them, as WebAssembly text.

use super::ast::{Control, SHELVES};
use super::emit::{burning, give_pair, give_payload, take_pair};

/// Statements that know of nothing around them.
pub fn code(control: &Control) -> String {
    match control {
        Control::SpawnPeer { slot, function } => burning(&format!(
            "(table.set $peers (i32.const {slot}) (cont.new $peer (ref.func $f{function})))"
        )),
        Control::StashPeer { slot, variable } => format!(
            "(i32.const {slot}) (local.get $s{variable}) \
             (local.set $s{variable} (table.get $peers (i32.const {slot}))) table.set $peers"
        ),
        Control::CopyTask { slot, variable } => {
            format!("(local.set $k{variable} (table.get $slots (i32.const {slot})))")
        }
        Control::Yield { take } => format!("(suspend $tag2) {}", take_pair(*take)),
        Control::Switch { peer, give, take } => format!(
            "(if (i32.eqz (ref.is_null (local.get $s{peer}))) (then \
             {} (local.get $s{peer}) (local.set $s{peer} (ref.null $peer)) switch $peer $tag2 \
             (local.set $s{peer}) {}))",
            give_pair(*give),
            take_pair(*take)
        ),
        Control::Throw { tag, give } => format!("(throw $x{tag} {})", give_payload(give)),
        Control::ThrowRef { variable } => format!(
            "(if (i32.eqz (ref.is_null (local.get $e{variable}))) \
             (then (throw_ref (local.get $e{variable}))))"
        ),
        Control::Shelve {
            variable,
            place,
            store,
        } => match (*place < SHELVES, store) {
            (true, true) => {
                format!("(table.set $shelves (i32.const {place}) (local.get $e{variable}))")
            }
            (true, false) => {
                format!("(local.set $e{variable} (table.get $shelves (i32.const {place})))")
            }
            (false, true) => format!("(global.set $shelf (local.get $e{variable}))"),
            (false, false) => format!("(local.set $e{variable} (global.get $shelf))"),
        },
        Control::Function { to, function } => format!("(local.set $p{to} (ref.func $f{function}))"),
        Control::CallVariable {
            variable,
            give,
            take,
        } => {
            let call = format!(
                "(call_ref $body {} (local.get $p{variable})) {}",
                give_pair(*give),
                take_pair(*take)
            );
            let burning = burning(&call);
            format!("(if (i32.eqz (ref.is_null (local.get $p{variable}))) (then {burning}))")
        }
        other => unreachable!("{other:?} has a way of its own"),
    }
}
