//! Accesses to fields and elements.

use super::{cast, integer, read, set, set_i32, sign, stored, test, thing, unless_dropped, when};
use crate::random::heap::ast::{DATA, ELEMENTS, Heap};
use crate::random::heap::classes::{Row, Target};

pub(super) fn field(heap: &Heap) -> String {
    match *heap {
        Heap::GetField {
            to,
            thing,
            class,
            field,
            signed,
        } => {
            let field = class.fields()[usize::from(field)];
            let (storage, object) = (field.storage, cast(thing, Target::Class(class), false));
            let (sign, name) = (sign(storage, signed), class.name());
            let value = format!("(struct.get{sign} {name} ${} {object})", field.name);
            when(
                &test(thing, Target::Class(class)),
                &set(storage.kind(), to, &read(storage, &value)),
            )
        }
        Heap::SetField {
            thing,
            class,
            field,
            from,
        } => {
            let field = class.fields()[usize::from(field)];
            let object = cast(thing, Target::Class(class), false);
            let (name, value) = (class.name(), stored(field.storage, from));
            when(
                &test(thing, Target::Class(class)),
                &format!("(struct.set {name} ${} {object} {value})", field.name),
            )
        }
        ref other => unreachable!("{other:?} is about no field"),
    }
}

/// Single elements of arrays, and their length.
pub(super) fn elements(heap: &Heap) -> String {
    match *heap {
        Heap::GetElement {
            to,
            thing: from,
            row,
            at,
            signed,
        } => {
            let (storage, array) = (row.storage, cast(from, Target::Row(row), false));
            let (sign, name) = (sign(storage, signed), row.name());
            let value = format!("(array.get{sign} {name} {array} (local.get $n))");
            element(
                from,
                row,
                at,
                &set(storage.kind(), to, &read(storage, &value)),
            )
        }
        Heap::SetElement {
            thing: to,
            row,
            at,
            from,
        } => {
            let (name, array) = (row.name(), cast(to, Target::Row(row), false));
            let value = stored(row.storage, from);
            let set = format!("(array.set {name} {array} (local.get $n) {value})");
            element(to, row, at, &set)
        }
        Heap::Len { to, thing } => when(
            &test(thing, Target::Array),
            &set_i32(
                to,
                &format!("(array.len {})", cast(thing, Target::Array, false)),
            ),
        ),
        ref other => many_elements(other),
    }
}

/// Many elements at once.
fn many_elements(heap: &Heap) -> String {
    let place = |any, at| {
        let place = format!("(call $place {} {})", thing(any), integer(at));
        format!("(local.set $n {place})")
    };
    let span = |any, count, most: &str| {
        let (any, count) = (thing(any), integer(count));
        format!("(local.set $m (call $span {any} (local.get $n) {count} {most}))")
    };
    match *heap {
        Heap::Fill {
            thing: to,
            row,
            at,
            count,
            from,
        } => {
            let (name, array) = (row.name(), cast(to, Target::Row(row), false));
            let value = stored(row.storage, from);
            let (place, span) = (place(to, at), span(to, count, "(i32.const -1)"));
            let fill = format!("(array.fill {name} {array} (local.get $n) {value} (local.get $m))");
            when(
                &test(to, Target::Row(row)),
                &format!("{place} {span} {fill}"),
            )
        }
        Heap::CopyElements {
            to,
            to_row,
            to_at,
            from,
            from_row,
            from_at,
            count,
        } => {
            let tests = (
                test(to, Target::Row(to_row)),
                test(from, Target::Row(from_row)),
            );
            let start = format!("(call $place {} {})", thing(from), integer(from_at));
            let left = format!("(call $left {} (local.get $l))", thing(from));
            let (place, span) = (place(to, to_at), span(to, count, &left));
            let (target, source) = (
                cast(to, Target::Row(to_row), false),
                cast(from, Target::Row(from_row), false),
            );
            let copy = format!(
                "(array.copy {} {} {target} (local.get $n) {source} (local.get $l) (local.get $m))",
                to_row.name(),
                from_row.name()
            );
            when(
                &format!("(i32.and {} {})", tests.0, tests.1),
                &format!("(local.set $l {start}) {place} {span} {copy}"),
            )
        }
        Heap::Init {
            thing: to,
            row,
            at,
            segment,
            from,
            count,
        } => {
            let bytes = row.storage.bytes();
            let (what, kind, letter, most) = match bytes {
                0 => (
                    "elem",
                    "elem",
                    'e',
                    ELEMENTS[usize::from(segment)] - usize::from(from),
                ),
                _ => {
                    let left = DATA[usize::from(segment)] - usize::from(from);
                    ("data", "data", 'd', left / bytes)
                }
            };
            let most = unless_dropped(kind, segment, most);
            let (place, span) = (place(to, at), span(to, count, &most));
            let start = unless_dropped(kind, segment, usize::from(from));
            let (name, array) = (row.name(), cast(to, Target::Row(row), false));
            let init = format!(
                "(array.init_{what} {name} ${letter}{segment} {array} (local.get $n) {start} \
                 (local.get $m))"
            );
            when(
                &test(to, Target::Row(row)),
                &format!("{place} {span} {init}"),
            )
        }
        ref other => unreachable!("{other:?} is about no array"),
    }
}

/// Something with the element at `$n`, if the thing is such an array and has any.
fn element(any: u8, row: Row, at: u8, then: &str) -> String {
    let place = format!("(local.tee $n (call $at {} {}))", thing(any), integer(at));
    let inner = when(&format!("(i32.ge_s {place} (i32.const 0))"), then);
    when(&test(any, Target::Row(row)), &inner)
}
