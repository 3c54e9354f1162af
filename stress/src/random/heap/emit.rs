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

use super::ast::{
    Bare, Branch, DATA, ELEMENTS, Filling, Global, Heap, LEAVES, MANY, Via, variable,
};
use super::classes::{Class, Kind, Row, Storage, Target};
use crate::random::ast::{Block, Pair};
use crate::random::emit::{At, block, give, line, take};

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

fn field(heap: &Heap) -> String {
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

/// Elements of arrays, one or many.
fn elements(heap: &Heap) -> String {
    let place = |any, at| {
        let place = format!("(call $place {} {})", thing(any), integer(at));
        format!("(local.set $n {place})")
    };
    let span = |any, count, most: &str| {
        let (any, count) = (thing(any), integer(count));
        format!("(local.set $m (call $span {any} (local.get $n) {count} {most}))")
    };
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
        Heap::Len { to, thing } => when(
            &test(thing, Target::Array),
            &set_i32(
                to,
                &format!("(array.len {})", cast(thing, Target::Array, false)),
            ),
        ),
        ref other => unreachable!("{other:?} is about no array"),
    }
}

/// Something with the element at `$n`, if the thing is such an array and has any.
fn element(any: u8, row: Row, at: u8, then: &str) -> String {
    let place = format!("(local.tee $n (call $at {} {}))", thing(any), integer(at));
    let inner = when(&format!("(i32.ge_s {place} (i32.const 0))"), then);
    when(&test(any, Target::Row(row)), &inner)
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

/// Globals and tables.
fn places(heap: &Heap) -> String {
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

fn functions(heap: &Heap) -> String {
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

fn bare_access(bare: Bare, any: u8, with: u32) -> String {
    let (it, at) = (thing(any), format!("(i32.const {with})"));
    let null = |target: &str| format!("(ref.cast (ref null {target}) {it})");
    let (things, bytes) = (things_row().name(), bytes_row().name());
    let function = get(Kind::Function, with as u8);
    match bare {
        Bare::Unreachable => "unreachable".to_owned(),
        Bare::StructGet => format!("(drop (struct.get $base $a {}))", null("$base")),
        Bare::StructSet => format!("(struct.set $mid $link {} {it})", null("$mid")),
        Bare::HugeGet => format!("(drop (struct.get $huge $last {}))", null("$huge")),
        Bare::ArrayGet => format!("(drop (array.get {things} {} {at}))", null(&things)),
        Bare::ArraySet => format!("(array.set {things} {} {at} {it})", null(&things)),
        Bare::ArrayLen => format!("(drop (array.len {}))", null("array")),
        Bare::ArrayFill => format!("(array.fill {things} {} {at} {it} {at})", null(&things)),
        Bare::ArrayCopy => format!(
            "(array.copy {things} {things} {0} {at} {0} (i32.const 0) {at})",
            null(&things)
        ),
        Bare::ArrayInitData => format!(
            "(array.init_data {bytes} $d0 {} (i32.const 0) {at} (i32.const 1))",
            null(&bytes)
        ),
        Bare::ArrayInitElem => format!(
            "(array.init_elem {things} $e0 {} (i32.const 0) {at} (i32.const 1))",
            null(&things)
        ),
        Bare::ArrayNewData => {
            let len = DATA[0] + 1;
            format!("(drop (array.new_data {bytes} $d0 {at} (i32.const {len})))")
        }
        Bare::ArrayNewElem => {
            let len = ELEMENTS[0] + 1;
            format!("(drop (array.new_elem {things} $e0 {at} (i32.const {len})))")
        }
        Bare::TooLarge => {
            let row = Row::ALL[6].name();
            format!("(drop (array.new_default {row} (i32.const 0x3fffffff)))")
        }
        Bare::I31Get => format!("(drop (i31.get_s {}))", null("i31")),
        Bare::AsNonNull => format!("(drop (ref.as_non_null {it}))"),
        Bare::Cast => format!("(drop (ref.cast (ref $leaf) {it}))"),
        Bare::CastNull => format!("(drop {})", null(&bytes)),
        Bare::CallRef => format!(
            "(drop (call_ref $sig (i64.const {with}) (ref.cast (ref null $sig) {function})))"
        ),
        Bare::CallIndirect => {
            format!("(drop (call_indirect $t2 (type $sig) (i64.const {with}) {at}))")
        }
        Bare::TableGet => format!("(drop (table.get $t0 {at}))"),
        Bare::TableSet => format!("(table.set $t0 {at} {it})"),
        Bare::TableFill => format!("(table.fill $t0 {at} {it} (i32.const 2))"),
        Bare::TableCopy => format!("(table.copy $t0 $t0 {at} (i32.const 0) (i32.const 2))"),
        Bare::TableInit => format!("(table.init $t0 $e0 {at} (i32.const 0) (i32.const 2))"),
    }
}

/// The array type of things that bare accesses are about.
pub fn things_row() -> Row {
    Row::ALL[7]
}

/// The array type of bytes that bare accesses are about.
pub fn bytes_row() -> Row {
    Row::ALL[0]
}
