//! Arguments of a call, from text.

use mangrove::{
    AbstractHeap, Engine, ExternRef, FuncType, HeapHandle, HeapType, RefType, Store, TypeId, Val,
    ValType, printable,
};
use mangrove_wast::{parse_float32, parse_float64};
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

/// Reads the arguments of calls.
pub struct ArgumentReader<'a> {
    /// Where what is read will live.
    pub store: &'a mut Store<()>,
    /// The store's engine.
    pub engine: &'a Engine,
    /// What types are called in messages.
    pub called: &'a dyn Fn(TypeId) -> String,
}

impl ArgumentReader<'_> {
    /// The arguments of a function of this type, whose parameters have these names.
    ///
    /// # Errors
    /// A message, if their number is wrong or one is no value of its type: like
    /// `argument 2 ($x i32): "a" is no integer`.
    pub fn read(
        self,
        ty: &FuncType,
        names: &[Option<String>],
        texts: &[String],
    ) -> Result<Vec<Val>, String> {
        if ty.params.len() != texts.len() {
            let arguments = match ty.params.len() {
                1 => "1 argument".to_owned(),
                wanted => format!("{wanted} arguments"),
            };
            let given = match texts.len() {
                1 => "1 was given".to_owned(),
                given => format!("{given} were given"),
            };
            let of = ty.text(self.called);
            return Err(format!("the function takes {arguments}, {given}: {of}"));
        }
        let mut values = Vec::with_capacity(texts.len());
        for (index, (&ty, text)) in ty.params.iter().zip(texts).enumerate() {
            let text = text.replace(MINUS, "-");
            let value = match ty {
                ValType::Ref(ty) => reference(self.store, self.engine, ty, text.trim()),
                number => self::number(number, text.trim()),
            };
            values.push(value.map_err(|why| {
                let name = names.get(index).and_then(Option::as_deref);
                let name = name.map(|name| format!("${} ", printable(name)));
                let (name, ty) = (name.unwrap_or_default(), ty.text(self.called));
                format!("argument {} ({name}{ty}): {text:?} {why}", index + 1)
            })?);
        }
        Ok(values)
    }
}

/// A number or a vector.
fn number(ty: ValType, text: &str) -> Result<Val, String> {
    let float = "is no float: decimal, hexadecimal, inf, nan or nan:0x…";
    Ok(match ty {
        ValType::I32 => Val::I32(sized(text, 32)? as i32),
        ValType::I64 => Val::I64(sized(text, 64)? as i64),
        ValType::F32 => {
            let decimal = || text.parse::<f32>().ok().map(f32::to_bits);
            Val::F32(parse_float32(text).or_else(decimal).ok_or(float)?)
        }
        ValType::F64 => {
            let decimal = || text.parse::<f64>().ok().map(f64::to_bits);
            Val::F64(parse_float64(text).or_else(decimal).ok_or(float)?)
        }
        ValType::V128 => {
            let digits = text
                .strip_prefix("0x")
                .filter(|digits| !digits.starts_with('+'));
            let bits = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
            Val::V128(bits.ok_or("is no vector: 0x and up to 32 hexadecimal digits")?)
        }
        ValType::Ref(_) => unreachable!("a reference is no number"),
    })
}

/// A reference: null, or one of those that have a text.
fn reference(
    store: &mut Store<()>,
    engine: &Engine,
    ty: RefType,
    text: &str,
) -> Result<Val, String> {
    use AbstractHeap as Heap;
    if text == "null" {
        let null = engine.default_value(ValType::Ref(ty));
        return null.ok_or_else(|| "is no value of a type without null".to_owned());
    }
    let abstract_heap = match ty.heap {
        HeapType::Abstract(heap) => Some(heap),
        HeapType::Concrete(_) => None,
    };
    let host = |word: &str| inside(text, word).and_then(|number| number.parse().ok());
    match abstract_heap {
        Some(Heap::I31 | Heap::Eq | Heap::Any) => {
            let digits = inside(text, "ref.i31").unwrap_or(text);
            if let Some(value) = integer(digits, 31) {
                return Ok(Val::Any(Some(HeapHandle::from_i31(value as u32))));
            }
            if let (Some(payload), Some(Heap::Any)) = (host("host"), abstract_heap) {
                return new_host(store, payload).map(|handle| Val::Any(Some(handle)));
            }
            let of_any = match abstract_heap {
                Some(Heap::Any) => ", or (host N)",
                _ => "",
            };
            let range = "-1073741824 to 2147483647";
            Err(format!(
                "is neither null nor an i31 ({range}), as 5 or (ref.i31 5){of_any}"
            ))
        }
        Some(Heap::Extern) => match host("extern") {
            Some(payload) => new_host(store, payload).map(|handle| Val::Extern(Some(handle))),
            None => Err("is neither null nor (extern N), a number for the host".to_owned()),
        },
        _ if ty.nullable => Err("is not null, the only value of this type with a text".to_owned()),
        _ => Err("is no value: none of this type has a text".to_owned()),
    }
}

fn new_host(store: &mut Store<()>, payload: u64) -> Result<HeapHandle, String> {
    ExternRef::new(store, payload)
        .map(HeapHandle::from)
        .map_err(|error| format!("cannot be made: {error}"))
}

/// What stands in `(word …)`.
fn inside<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.trim().strip_prefix(word)?.trim())
}

/// An integer that fits `bits`, or what is wrong with it.
fn sized(text: &str, bits: u32) -> Result<i128, String> {
    integer(text, bits).ok_or_else(|| match integer(text, 126) {
        Some(_) => {
            let (least, most) = (-(1i128 << (bits - 1)), (1i128 << bits) - 1);
            format!("is out of range: {least} to {most}")
        }
        None => "is no integer: decimal, or hexadecimal after 0x".to_owned(),
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
    fn numbers_are_read_as_they_are_printed() {
        let f32 = |text| number(ValType::F32, text);
        assert_eq!(f32("nan"), Ok(Val::F32(0x7fc0_0000)));
        assert_eq!(f32("-nan:0x1"), Ok(Val::F32(0xff80_0001)));
        assert_eq!(f32("-0x1.8p1"), Ok(Val::F32((-3.0f32).to_bits())));
        assert_eq!(f32("-inf"), Ok(Val::F32(f32::NEG_INFINITY.to_bits())));
        assert_eq!(f32(".5"), Ok(Val::F32(0.5f32.to_bits())));
        let why = f32("nan:0xffffff").unwrap_err();
        assert!(why.contains("is no float"), "{why}");
        let vector = number(ValType::V128, "0x000000000000000000000000000000ff");
        assert_eq!(vector, Ok(Val::V128(255)));
        assert!(number(ValType::V128, "0x+1").is_err());
        let why = number(ValType::I32, "-2147483649").unwrap_err();
        assert_eq!(why, "is out of range: -2147483648 to 4294967295");
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
