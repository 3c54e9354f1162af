//! Does a result look the way a script says it should?
//!
//! A pattern is a value, a kind of NaN, a kind of reference, or several
//! alternatives. Numbers are compared as bits, so that -0.0 is not 0.0.

use crate::report::FailureKind;
use crate::runner::Problem;
use crate::values;
use mangrove::{HandleKind, HeapHandle, Store, Val};
use mangrove_validate::number::{float32 as float32_text, float64 as float64_text};
use std::mem::discriminant;
use wast::WastRet;
use wast::core::{HeapType, NanPattern, V128Pattern, WastRetCore};
use wast::token::{F32, F64};

/// Whether all results look as expected.
///
/// # Errors
/// If a pattern is of a form Mangrove does not know.
pub(crate) fn all_match(
    store: &Store<()>,
    results: &[Val],
    patterns: &[WastRet<'_>],
) -> Result<bool, Problem> {
    if results.len() != patterns.len() {
        return Ok(false);
    }
    for (result, pattern) in results.iter().zip(patterns) {
        let WastRet::Core(pattern) = pattern else {
            return Err(unsupported("a component value"));
        };
        if !matches(store, result, pattern)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn matches(store: &Store<()>, value: &Val, pattern: &WastRetCore<'_>) -> Result<bool, Problem> {
    Ok(match (pattern, value) {
        (WastRetCore::Either(patterns), value) => {
            for pattern in patterns {
                if matches(store, value, pattern)? {
                    return Ok(true);
                }
            }
            false
        }
        (WastRetCore::I32(expected), Val::I32(actual)) => expected == actual,
        (WastRetCore::I64(expected), Val::I64(actual)) => expected == actual,
        (WastRetCore::F32(expected), Val::F32(actual)) => float32(*expected, *actual),
        (WastRetCore::F64(expected), Val::F64(actual)) => float64(*expected, *actual),
        (WastRetCore::V128(expected), Val::V128(actual)) => vector(expected, *actual),
        (WastRetCore::RefNull(heap), value) => null(heap.as_ref(), value)?,
        (WastRetCore::RefExtern(None), Val::Extern(handle)) => handle.is_some(),
        (WastRetCore::RefExtern(Some(number)), Val::Extern(Some(handle)))
        | (WastRetCore::RefHost(number), Val::Any(Some(handle))) => {
            values::host_number(store, handle) == Some(*number)
        }
        (WastRetCore::RefFunc(None), Val::Func(func)) => func.is_some(),
        (WastRetCore::RefFunc(Some(_)), _) => {
            return Err(unsupported(
                "ref.func of an index that only its module knows",
            ));
        }
        (WastRetCore::RefI31Shared, _) => return Err(unsupported("shared references")),
        (WastRetCore::RefAny, Val::Any(handle)) => handle.is_some(),
        (WastRetCore::RefEq, Val::Any(Some(handle))) => {
            !matches!(kind(store, handle)?, HandleKind::Host | HandleKind::Exn)
        }
        (WastRetCore::RefI31, Val::Any(Some(handle))) => handle.as_i31().is_some(),
        (WastRetCore::RefStruct, Val::Any(Some(handle))) => {
            matches!(kind(store, handle)?, HandleKind::Struct(_))
        }
        (WastRetCore::RefArray, Val::Any(Some(handle))) => {
            matches!(kind(store, handle)?, HandleKind::Array(_))
        }
        _ => false,
    })
}

/// The patterns as people read them.
pub(crate) fn display(patterns: &[WastRet<'_>]) -> String {
    values::list(patterns.iter().map(|pattern| match pattern {
        WastRet::Core(pattern) => display_one(pattern),
        other => format!("{other:?}"),
    }))
}

fn display_one(pattern: &WastRetCore<'_>) -> String {
    let reference = |number: &Option<u32>| number.map_or(String::new(), |n| format!(" {n}"));
    match pattern {
        WastRetCore::I32(value) => format!("(i32 {value})"),
        WastRetCore::I64(value) => format!("(i64 {value})"),
        WastRetCore::F32(NanPattern::Value(value)) => {
            format!("(f32 {})", float32_text(value.bits))
        }
        WastRetCore::F64(NanPattern::Value(value)) => {
            format!("(f64 {})", float64_text(value.bits))
        }
        WastRetCore::F32(pattern) => format!("(f32 {pattern:?})"),
        WastRetCore::F64(pattern) => format!("(f64 {pattern:?})"),
        WastRetCore::V128(lanes) => format!("(v128 {lanes:?})"),
        WastRetCore::RefNull(_) => "(ref null)".to_owned(),
        WastRetCore::RefExtern(number) => format!("(ref extern{})", reference(number)),
        WastRetCore::RefHost(number) => format!("(ref host {number})"),
        WastRetCore::RefFunc(_) => "(ref func)".to_owned(),
        WastRetCore::RefAny => "(ref any)".to_owned(),
        WastRetCore::RefEq => "(ref eq)".to_owned(),
        WastRetCore::RefArray => "(ref array)".to_owned(),
        WastRetCore::RefStruct => "(ref struct)".to_owned(),
        WastRetCore::RefI31 | WastRetCore::RefI31Shared => "(ref i31)".to_owned(),
        WastRetCore::Either(patterns) => {
            format!(
                "(either {})",
                values::list(patterns.iter().map(display_one))
            )
        }
    }
}

fn unsupported(what: &str) -> Problem {
    Problem::new(FailureKind::Unsupported, format!("unknown pattern: {what}"))
}

fn null(heap: Option<&HeapType<'_>>, value: &Val) -> Result<bool, Problem> {
    let is_null = matches!(
        value,
        Val::Func(None) | Val::Any(None) | Val::Extern(None) | Val::Exn(None) | Val::Cont(None)
    );
    Ok(match heap {
        None => is_null,
        Some(heap) => is_null && discriminant(&values::null(heap)?) == discriminant(value),
    })
}

fn kind(store: &Store<()>, handle: &HeapHandle) -> Result<HandleKind, Problem> {
    handle
        .kind(store)
        .map_err(|error| Problem::new(FailureKind::Assertion, error.to_string()))
}

/// Canonical: only the highest bit of the payload is set. Arithmetic: that bit
/// is set, others may be. The sign is free in both.
fn float32(pattern: NanPattern<F32>, actual: u32) -> bool {
    const QUIET: u32 = 0x7fc0_0000;
    match pattern {
        NanPattern::CanonicalNan => actual & 0x7fff_ffff == QUIET,
        NanPattern::ArithmeticNan => actual & QUIET == QUIET,
        NanPattern::Value(expected) => expected.bits == actual,
    }
}

fn float64(pattern: NanPattern<F64>, actual: u64) -> bool {
    const QUIET: u64 = 0x7ff8_0000_0000_0000;
    match pattern {
        NanPattern::CanonicalNan => actual & 0x7fff_ffff_ffff_ffff == QUIET,
        NanPattern::ArithmeticNan => actual & QUIET == QUIET,
        NanPattern::Value(expected) => expected.bits == actual,
    }
}

fn vector(pattern: &V128Pattern, actual: u128) -> bool {
    let bytes = actual.to_le_bytes();
    fn lanes<const N: usize, T>(bytes: &[u8; 16], read: fn([u8; N]) -> T) -> Vec<T> {
        bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|&chunk| read(chunk))
            .collect()
    }
    match pattern {
        V128Pattern::I8x16(expected) => lanes(&bytes, i8::from_le_bytes) == expected,
        V128Pattern::I16x8(expected) => lanes(&bytes, i16::from_le_bytes) == expected,
        V128Pattern::I32x4(expected) => lanes(&bytes, i32::from_le_bytes) == expected,
        V128Pattern::I64x2(expected) => lanes(&bytes, i64::from_le_bytes) == expected,
        V128Pattern::F32x4(expected) => {
            let actual = lanes(&bytes, u32::from_le_bytes);
            expected
                .iter()
                .zip(actual)
                .all(|(&pattern, lane)| float32(pattern, lane))
        }
        V128Pattern::F64x2(expected) => {
            let actual = lanes(&bytes, u64::from_le_bytes);
            expected
                .iter()
                .zip(actual)
                .all(|(&pattern, lane)| float64(pattern, lane))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_patterns() {
        assert!(float32(NanPattern::CanonicalNan, 0x7fc0_0000));
        assert!(float32(NanPattern::CanonicalNan, 0xffc0_0000));
        assert!(!float32(NanPattern::CanonicalNan, 0x7fc0_0001));
        assert!(float32(NanPattern::ArithmeticNan, 0x7fc0_0001));
        assert!(!float32(NanPattern::ArithmeticNan, 0x7f80_0001));
        assert!(!float32(NanPattern::ArithmeticNan, 0x7f80_0000));
        assert!(float64(NanPattern::CanonicalNan, 0xfff8_0000_0000_0000));
        assert!(!float64(NanPattern::CanonicalNan, 0x7ff8_0000_0000_0001));
        assert!(float64(NanPattern::ArithmeticNan, 0x7ff8_0000_0000_0001));
        assert!(!float64(NanPattern::ArithmeticNan, 0x7ff0_0000_0000_0001));
    }

    #[test]
    fn zeros_differ_in_sign() {
        let zero = F32 { bits: 0 };
        assert!(float32(NanPattern::Value(zero), 0));
        assert!(!float32(NanPattern::Value(zero), 0x8000_0000));
    }

    #[test]
    fn vectors_lane_by_lane() {
        let actual = u128::from_le_bytes(std::array::from_fn(|n| n as u8));
        let bytes = std::array::from_fn(|n| n as i8);
        assert!(vector(&V128Pattern::I8x16(bytes), actual));
        assert!(vector(
            &V128Pattern::I64x2([0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]),
            actual
        ));
        assert!(!vector(
            &V128Pattern::I64x2([0x0706_0504_0302_0100, 0]),
            actual
        ));
        let nan = NanPattern::CanonicalNan;
        let one = NanPattern::Value(F64 {
            bits: 1.0f64.to_bits(),
        });
        let actual = u128::from(1.0f64.to_bits()) | 0x7ff8_0000_0000_0000 << 64;
        assert!(vector(&V128Pattern::F64x2([one, nan]), actual));
        assert!(!vector(&V128Pattern::F64x2([nan, one]), actual));
    }
}
