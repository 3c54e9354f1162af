//! Accesses that nothing guards.

use super::{get, thing};
use crate::random::heap::ast::{Bare, DATA, ELEMENTS};
use crate::random::heap::classes::{Kind, Row};

pub(super) fn bare_access(bare: Bare, any: u8, with: u32) -> String {
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
