//! Arguments of a call, from text.

use mangrove::{Engine, FuncType, Val, ValType};
use std::ffi::OsString;

/// Stands for the minus sign of a value while the command line is taken apart,
/// which would take `-0x10` or `-inf` for options. No option starts like this.
const MINUS: char = '\u{2212}';

/// Hides the minus sign of a value that looks like an option.
pub fn hide_minus(argument: OsString) -> OsString {
    match argument.to_str().and_then(|text| text.strip_prefix('-')) {
        Some(rest)
            if ["0x", "inf", "nan"]
                .iter()
                .any(|start| rest.starts_with(start)) =>
        {
            format!("{MINUS}{rest}").into()
        }
        _ => argument,
    }
}

/// Reads the arguments of a function of this type.
///
/// # Errors
/// A message, if their number is wrong or one is no value of its type.
pub fn parse_all(engine: &Engine, ty: &FuncType, texts: &[String]) -> Result<Vec<Val>, String> {
    if ty.params.len() != texts.len() {
        let (wanted, given) = (ty.params.len(), texts.len());
        return Err(format!(
            "the function takes {wanted} arguments, {given} were given"
        ));
    }
    let parsed = ty
        .params
        .iter()
        .zip(texts)
        .enumerate()
        .map(|(index, (&param, text))| {
            let text = text.replace(MINUS, "-");
            parse(engine, param, &text).ok_or_else(|| {
                format!(
                    "argument {}: {text:?} is not {}",
                    index + 1,
                    description(param)
                )
            })
        });
    parsed.collect()
}

fn parse(engine: &Engine, ty: ValType, text: &str) -> Option<Val> {
    Some(match ty {
        ValType::I32 => Val::I32(integer(text, 32)? as i32),
        ValType::I64 => Val::I64(integer(text, 64)? as i64),
        ValType::F32 => Val::F32(text.parse::<f32>().ok()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().ok()?.to_bits()),
        ValType::V128 => Val::V128(u128::from_str_radix(text.strip_prefix("0x")?, 16).ok()?),
        ValType::Ref(_) if text == "null" => engine.default_value(ty)?,
        ValType::Ref(_) => return None,
    })
}

/// An integer, decimal or hexadecimal, signed or unsigned, that fits `bits`.
fn integer(text: &str, bits: u32) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    // A second sign would be accepted below.
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let magnitude = match digits.strip_prefix("0x") {
        Some(hex) if !hex.starts_with(|c: char| c.is_ascii_hexdigit()) => return None,
        Some(hex) => i128::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    let value = if negative { -magnitude } else { magnitude };
    (-(1i128 << (bits - 1))..1i128 << bits)
        .contains(&value)
        .then_some(value)
}

fn description(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "an i32",
        ValType::I64 => "an i64",
        ValType::F32 => "an f32",
        ValType::F64 => "an f64",
        ValType::V128 => "a v128 (0x and up to 32 hexadecimal digits)",
        ValType::Ref(reference) if reference.nullable => {
            "`null`, the only reference there is a text for"
        }
        ValType::Ref(_) => "a reference: its type has no null, and nothing else has a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        assert_eq!(integer("12", 32), Some(12));
        assert_eq!(integer("-0x10", 32), Some(-16));
        assert_eq!(integer("+7", 32), Some(7));
        assert_eq!(integer("4294967295", 32), Some(0xffff_ffff));
        assert_eq!(integer("4294967296", 32), None);
        assert_eq!(integer("-2147483648", 32), Some(-0x8000_0000));
        assert_eq!(integer("-2147483649", 32), None);
        assert_eq!(
            integer("0xffffffffffffffff", 64),
            Some(0xffff_ffff_ffff_ffff)
        );
        for text in ["", "-", "--1", "+-1", "0x", "0x-1", "0x+1", "1.0", "one"] {
            assert_eq!(integer(text, 64), None, "{text}");
        }
    }

    #[test]
    fn only_values_lose_their_minus() {
        for text in ["-0x10", "-inf", "-nan"] {
            assert!(
                hide_minus(text.into()).to_str().unwrap().starts_with(MINUS),
                "{text}"
            );
        }
        for text in ["--invoke", "-h", "-1", "name", "-"] {
            assert_eq!(hide_minus(text.into()), text);
        }
    }
}
