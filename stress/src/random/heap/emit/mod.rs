//! The statements as WebAssembly text.
//!
//! A branch has a value below its operand, which goes along or is left:
//!
//! ```text
//!  (block $hit (result anyref (ref T))       on the stack: under, thing
//!    … br_on_cast $hit anyref (ref T)
//!    drop                                    to = under           outcome = 0
//!    …)
//!  …                                         to = thing, also = under, outcome = 1
//! ```

mod accesses;
mod bare;
mod places;

use super::ast::{Branch, Filling, Heap, variable};
use super::classes::{Class, Kind, Row, Storage, Target};
use crate::random::ast::Block;
use crate::random::emit::{At, block, line};
use accesses::{elements, field};
use bare::bare_access;
use places::{functions, places};

pub use bare::{bytes_row, things_row};
pub use places::table_kind;

/// A variable's name.
fn local(kind: Kind, any: u8) -> String {
    let letter = match kind {
        Kind::Integer => 'i',
        Kind::Object => 'o',
        Kind::Thing => 'h',
        Kind::Extern => 'w',
        Kind::Function => 'u',
    };
    format!("${letter}{}", variable(kind, any))
}

fn get(kind: Kind, any: u8) -> String {
    format!("(local.get {})", local(kind, any))
}

fn thing(any: u8) -> String {
    get(Kind::Thing, any)
}

fn integer(any: u8) -> String {
    get(Kind::Integer, any)
}

fn set(kind: Kind, any: u8, value: &str) -> String {
    format!("(local.set {} {value})", local(kind, any))
}

/// An integer from an `i32`.
fn set_i32(any: u8, value: &str) -> String {
    set(Kind::Integer, any, &format!("(i64.extend_i32_u {value})"))
}

/// What is stored for a variable.
pub fn stored(storage: Storage, any: u8) -> String {
    let value = get(storage.kind(), any);
    match storage {
        Storage::I8 | Storage::I16 | Storage::I32 => format!("(i32.wrap_i64 {value})"),
        Storage::F32 => format!("(f32.reinterpret_i32 (i32.wrap_i64 {value}))"),
        Storage::F64 => format!("(f64.reinterpret_i64 {value})"),
        Storage::V128 => format!("(i64x2.splat {value})"),
        _ => value,
    }
}

/// What a variable gets of a value.
pub fn read(storage: Storage, value: &str) -> String {
    match storage {
        Storage::I8 | Storage::I16 | Storage::I32 => format!("(i64.extend_i32_s {value})"),
        Storage::F32 => format!("(i64.extend_i32_s (i32.reinterpret_f32 {value}))"),
        Storage::F64 => format!("(i64.reinterpret_f64 {value})"),
        Storage::V128 => format!("(i64x2.extract_lane 1 {value})"),
        _ => value.to_owned(),
    }
}

/// The end of the name of `struct.get` and `array.get`.
pub fn sign(storage: Storage, signed: bool) -> &'static str {
    match (storage.is_packed(), signed) {
        (true, true) => "_s",
        (true, false) => "_u",
        (false, _) => "",
    }
}

fn test(any: u8, target: Target) -> String {
    format!("(ref.test {} {})", target.reference(false), thing(any))
}

fn cast(any: u8, target: Target, nullable: bool) -> String {
    format!("(ref.cast {} {})", target.reference(nullable), thing(any))
}

fn when(condition: &str, then: &str) -> String {
    format!("(if {condition} (then {then}))")
}

/// Nothing of a segment that was dropped, else so many.
fn unless_dropped(kind: &str, segment: u8, count: usize) -> String {
    format!("(select (i32.const 0) (i32.const {count}) (global.get ${kind}_dropped{segment}))")
}

/// One statement.
pub fn statement(text: &mut String, heap: &Heap, at: At<'_>) {
    let depth = at.depth;
    match heap {
        Heap::Hold {
            things,
            externs,
            body,
        } => hold(text, things, externs, body, at),
        Heap::Carry {
            times,
            into,
            from,
            body,
        } => {
            line(
                text,
                &format!("(local.set $times{depth} (i32.const {times}))"),
            );
            line(text, &thing(*from));
            line(text, &format!("(loop $again{depth} (param anyref)"));
            block(text, body, at.deeper());
            line(text, &format!("(local.set {})", local(Kind::Thing, *into)));
            line(text, &thing(*from));
            let left = format!("(i32.sub (local.get $times{depth}) (i32.const 1))");
            line(
                text,
                &format!("(br_if $again{depth} (local.tee $times{depth} {left})) drop)"),
            );
        }
        simple => line(text, &code(simple)),
    }
}

/// Values on the operand stack below all that the body does.
fn hold(text: &mut String, things: &[u8], externs: &[u8], body: &Block, at: At<'_>) {
    let null = |kind, any, null: &str| {
        let set = set(kind, any, &format!("(ref.null {null})"));
        format!("{} {set}", get(kind, any))
    };
    for &any in things {
        line(text, &null(Kind::Thing, any, "none"));
    }
    for &any in externs {
        line(text, &null(Kind::Extern, any, "noextern"));
    }
    block(text, body, at);
    for &any in externs.iter().rev() {
        line(text, &format!("(local.set {})", local(Kind::Extern, any)));
    }
    for &any in things.iter().rev() {
        line(text, &format!("(local.set {})", local(Kind::Thing, any)));
    }
}

/// Statements without blocks.
fn code(heap: &Heap) -> String {
    match *heap {
        Heap::MakeStruct { to, class, from } => make_struct(to, class, from),
        Heap::MakeArray {
            to,
            row,
            filling,
            len,
        } => {
            let made = make_array(row, filling, len);
            format!("COUNT {}", set(Kind::Thing, to, &made))
        }
        Heap::GetField { .. } | Heap::SetField { .. } => field(heap),
        Heap::MakeI31 { to, from } => {
            let made = format!("(ref.i31 (i32.wrap_i64 {}))", integer(from));
            set(Kind::Thing, to, &made)
        }
        Heap::GetI31 {
            to,
            thing: from,
            signed,
        } => {
            let sign = if signed { "s" } else { "u" };
            let value = format!("(i31.get_{sign} {})", cast(from, Target::I31, false));
            let value = format!("(i64.extend_i32_s {value})");
            when(&test(from, Target::I31), &set(Kind::Integer, to, &value))
        }
        Heap::GetElement { .. }
        | Heap::SetElement { .. }
        | Heap::Fill { .. }
        | Heap::CopyElements { .. }
        | Heap::Init { .. }
        | Heap::Len { .. } => elements(heap),
        Heap::DropData { segment } => {
            format!("(data.drop $d{segment}) (global.set $data_dropped{segment} (i32.const 1))")
        }
        Heap::DropElements { segment } => {
            format!("(elem.drop $e{segment}) (global.set $elem_dropped{segment} (i32.const 1))")
        }
        Heap::SetGlobal { .. }
        | Heap::GetGlobal { .. }
        | Heap::TableGet { .. }
        | Heap::TableSet { .. }
        | Heap::TableSize { .. }
        | Heap::TableGrow { .. }
        | Heap::TableFill { .. }
        | Heap::TableCopy { .. }
        | Heap::TableInit { .. } => places(heap),
        Heap::MakeFunction { .. }
        | Heap::TestFunction { .. }
        | Heap::PassMany { .. }
        | Heap::CallLeaf { .. }
        | Heap::CallFunction { .. } => functions(heap),
        Heap::Bare {
            bare,
            thing: any,
            with,
        } => bare_access(bare, any, with),
        ref other => references(other),
    }
}

/// What looks at references and passes them on.
fn references(heap: &Heap) -> String {
    match *heap {
        Heap::Test {
            to,
            thing: from,
            target,
            nullable,
        } => {
            let reference = target.reference(nullable);
            set_i32(to, &format!("(ref.test {reference} {})", thing(from)))
        }
        Heap::IsNull { to, kind, from } => {
            set_i32(to, &format!("(ref.is_null {})", get(kind, from)))
        }
        Heap::Cast {
            to,
            from,
            target,
            nullable,
        } => {
            let test = format!("(ref.test {} {})", target.reference(nullable), thing(from));
            when(&test, &set(Kind::Thing, to, &cast(from, target, nullable)))
        }
        Heap::AsNonNull { to, from } => {
            let condition = format!("(i32.eqz (ref.is_null {}))", thing(from));
            let value = format!("(ref.as_non_null {})", thing(from));
            when(&condition, &set(Kind::Thing, to, &value))
        }
        Heap::Branch {
            branch,
            thing: from,
            under,
            to,
            also,
            outcome,
        } => branches(branch, [from, under, to, also, outcome]),
        Heap::SameThings { to, one, other } => {
            let test = |any| format!("(ref.test (ref null eq) {})", thing(any));
            let (first, second) = (cast(one, Target::Eq, true), cast(other, Target::Eq, true));
            when(
                &format!("(i32.and {} {})", test(one), test(other)),
                &set_i32(to, &format!("(ref.eq {first} {second})")),
            )
        }
        Heap::Select {
            to,
            one,
            other,
            condition,
        } => {
            let condition = format!(
                "(i32.and (i32.wrap_i64 {}) (i32.const 1))",
                integer(condition)
            );
            let (one, other) = (thing(one), thing(other));
            let value = format!("(select (result anyref) {one} {other} {condition})");
            set(Kind::Thing, to, &value)
        }
        Heap::Nullify { to } => set(Kind::Thing, to, "(ref.null none)"),
        Heap::CopyThing { to, from } => set(Kind::Thing, to, &thing(from)),
        Heap::Externalize { to, from } => {
            let value = format!("(extern.convert_any {})", thing(from));
            set(Kind::Extern, to, &value)
        }
        Heap::Internalize { to, from } => {
            let value = format!("(any.convert_extern {})", get(Kind::Extern, from));
            set(Kind::Thing, to, &value)
        }
        Heap::FromObject { to, from } => set(Kind::Thing, to, &get(Kind::Object, from)),
        Heap::ToObject { to, from } => when(
            &test(from, Target::Node),
            &set(Kind::Object, to, &cast(from, Target::Node, false)),
        ),
        Heap::Note { from } => {
            let depth = super::ast::DIGEST_DEPTH;
            let digest = format!("(call $digest_any {} (i32.const {depth}))", thing(from));
            format!("(call $note {digest})")
        }
        ref other => unreachable!("{other:?} has text of its own"),
    }
}

fn make_struct(to: u8, class: Class, from: Option<u8>) -> String {
    let name = class.name();
    let Some(from) = from else {
        let made = set(Kind::Thing, to, &format!("(struct.new_default {name})"));
        return format!("COUNT {made} (call $tag {})", thing(to));
    };
    let mut fields = String::new();
    for (index, field) in (0..).zip(class.fields()) {
        // The number comes behind what all have.
        if index == 3 {
            fields += " NUMBER";
        }
        fields += &format!(" {}", stored(field.storage, from.wrapping_add(index)));
    }
    if class.fields().len() == 3 {
        fields += " NUMBER";
    }
    let made = set(Kind::Thing, to, &format!("(struct.new {name}{fields})"));
    format!("COUNT {made}")
}

fn make_array(row: Row, filling: Filling, len: u32) -> String {
    let (name, storage) = (row.name(), row.storage);
    match filling {
        Filling::Value(from) => {
            format!(
                "(array.new {name} {} (i32.const {len}))",
                stored(storage, from)
            )
        }
        Filling::Default => format!("(array.new_default {name} (i32.const {len}))"),
        Filling::Fixed(from) => {
            let values: String = (0..len)
                .map(|at| format!(" {}", stored(storage, from.wrapping_add(at as u8))))
                .collect();
            format!("(array.new_fixed {name} {len}{values})")
        }
        Filling::Data { segment, from } => {
            let at = unless_dropped("data", segment, usize::from(from));
            let len = unless_dropped("data", segment, len as usize);
            format!("(array.new_data {name} $d{segment} {at} {len})")
        }
        Filling::Elements { segment, from } => {
            let at = unless_dropped("elem", segment, usize::from(from));
            let len = unless_dropped("elem", segment, len as usize);
            format!("(array.new_elem {name} $e{segment} {at} {len})")
        }
    }
}

fn branches(branch: Branch, [from, under, to, also, outcome]: [u8; 5]) -> String {
    let operands = format!("{} {}", thing(under), thing(from));
    let outcome = |value: u8| set(Kind::Integer, outcome, &format!("(i64.const {value})"));
    let (to, also) = (local(Kind::Thing, to), local(Kind::Thing, also));
    let hit = format!("(local.set {to}) (local.set {also}) {}", outcome(1));
    let miss = format!("(local.set {to}) {}", outcome(0));
    match branch {
        Branch::Cast { target, nullable } => {
            let target = target.reference(nullable);
            format!(
                "(block $done (block $hit (result anyref {target}) {operands} \
                 br_on_cast $hit anyref {target} drop {miss} br $done) {hit})"
            )
        }
        Branch::CastFail { target, nullable } => {
            let target = target.reference(nullable);
            format!(
                "(block $done (block $miss (result anyref anyref) {operands} \
                 br_on_cast_fail $miss anyref {target} {hit} br $done) drop {miss})"
            )
        }
        Branch::Null => format!(
            "(block $done (block $null (result anyref) {operands} \
             br_on_null $null {hit} br $done) {miss})"
        ),
        Branch::NonNull => format!(
            "(block $done (block $some (result anyref (ref any)) {operands} \
             br_on_non_null $some {miss} br $done) {hit})"
        ),
    }
}
