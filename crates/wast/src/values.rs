//! Values of scripts as values of the embedding API, and values as text.

use crate::report::FailureKind;
use crate::runner::Problem;
use mangrove::{AsStore, ExternRef, HandleKind, HeapHandle, Store, Val};
use wast::WastArg;
use wast::core::{AbstractHeapType, HeapType, WastArgCore};

/// The argument a script gives.
///
/// # Errors
/// If it is of a form Mangrove does not know, or the heap is full.
pub(crate) fn argument(store: &mut Store<()>, arg: &WastArg<'_>) -> Result<Val, Problem> {
    let WastArg::Core(arg) = arg else {
        return Err(Problem::new(FailureKind::Unsupported, "a component value"));
    };
    Ok(match arg {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes())),
        WastArgCore::RefNull(heap) => null(heap)?,
        WastArgCore::RefExtern(number) => Val::Extern(Some(host(store, *number)?)),
        WastArgCore::RefHost(number) => Val::Any(Some(host(store, *number)?)),
    })
}

/// The number that a script gives a value of the host.
struct HostNumber(u32);

fn host(store: &mut Store<()>, number: u32) -> Result<HeapHandle, Problem> {
    ExternRef::new(store, HostNumber(number))
        .map(HeapHandle::from)
        .map_err(|error| Problem::new(FailureKind::Assertion, error.to_string()))
}

/// The number of a value that a script gave; none for anything else.
pub(crate) fn host_number(store: &impl AsStore, handle: &HeapHandle) -> Option<u32> {
    let reference = ExternRef::convert_any(store, handle).ok()?;
    let HostNumber(number) = reference.data(store).ok()??.downcast_ref()?;
    Some(*number)
}

/// The null of a heap type's hierarchy.
pub(crate) fn null(heap: &HeapType<'_>) -> Result<Val, Problem> {
    use AbstractHeapType as Heap;
    let HeapType::Abstract { shared: false, ty } = heap else {
        return Err(Problem::new(
            FailureKind::Unsupported,
            "ref.null of a type that only its module knows",
        ));
    };
    Ok(match ty {
        Heap::Func | Heap::NoFunc => Val::Func(None),
        Heap::Extern | Heap::NoExtern => Val::Extern(None),
        Heap::Exn | Heap::NoExn => Val::Exn(None),
        Heap::Cont | Heap::NoCont => Val::Cont(None),
        Heap::Any | Heap::Eq | Heap::Struct | Heap::Array | Heap::I31 | Heap::None => {
            Val::Any(None)
        }
    })
}

/// A value as people read it: numbers in decimal, floats with the fewest
/// digits that tell them apart, vectors in hexadecimal, `null`, `i31 7`,
/// `struct`, `array`, `extern 3`, `func`, `cont`, `exn`.
pub fn display(store: &impl AsStore, value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => float32(*bits),
        Val::F64(bits) => float64(*bits),
        Val::V128(value) => format!("0x{value:032x}"),
        Val::Func(Some(_)) => "func".to_owned(),
        Val::Exn(Some(_)) => "exn".to_owned(),
        Val::Cont(Some(_)) => "cont".to_owned(),
        Val::Any(Some(handle)) => heap_reference(store, handle, "host"),
        Val::Extern(Some(handle)) => heap_reference(store, handle, "extern"),
        Val::Func(None) | Val::Any(None) | Val::Extern(None) | Val::Exn(None) | Val::Cont(None) => {
            "null".to_owned()
        }
    }
}

fn heap_reference(store: &impl AsStore, handle: &HeapHandle, host: &str) -> String {
    if let Some(value) = handle.as_i31() {
        return format!("i31 {value}");
    }
    if let Some(value) = host_number(store, handle) {
        return format!("{host} {value}");
    }
    match handle.kind(store) {
        Ok(HandleKind::I31) => "i31",
        Ok(HandleKind::Struct(_)) => "struct",
        Ok(HandleKind::Array(_)) => "array",
        Ok(HandleKind::Host) => host,
        Ok(HandleKind::Exn) => "exn",
        Err(_) => "of another store",
    }
    .to_owned()
}

/// Several values with their types, separated by spaces; `nothing` if there are none.
pub(crate) fn display_all(store: &Store<()>, values: &[Val]) -> String {
    let typed = values.iter().map(|value| {
        let ty = match value {
            Val::I32(_) => "i32 ",
            Val::I64(_) => "i64 ",
            Val::F32(_) => "f32 ",
            Val::F64(_) => "f64 ",
            Val::V128(_) => "v128 ",
            _ => "ref ",
        };
        format!("({ty}{})", display(store, value))
    });
    list(typed)
}

/// The texts with a space between them; `nothing` if there are none.
pub(crate) fn list(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<_> = texts.collect();
    if texts.is_empty() {
        "nothing".to_owned()
    } else {
        texts.join(" ")
    }
}

pub(crate) fn float32(bits: u32) -> String {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        return nan(bits >> 31 != 0, (bits & 0x7f_ffff).into(), 1 << 22);
    }
    format!("{value:?}")
}

pub(crate) fn float64(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        return nan(bits >> 63 != 0, bits & 0xf_ffff_ffff_ffff, 1 << 51);
    }
    format!("{value:?}")
}

fn nan(negative: bool, payload: u64, canonical: u64) -> String {
    let sign = if negative { "-" } else { "" };
    if payload == canonical {
        format!("{sign}nan")
    } else {
        format!("{sign}nan:0x{payload:x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_like_the_text_format() {
        assert_eq!(float32(1.0f32.to_bits()), "1.0");
        assert_eq!(float32(0x7fc0_0000), "nan");
        assert_eq!(float32(0xffc0_0000), "-nan");
        assert_eq!(float32(0x7f80_0001), "nan:0x1");
        assert_eq!(float64((-0.0f64).to_bits()), "-0.0");
        assert_eq!(float64(f64::INFINITY.to_bits()), "inf");
        assert_eq!(float64(0x7ff8_0000_0000_0000), "nan");
        assert_eq!(float64(0xfff8_0000_0000_0001), "-nan:0x8000000000001");
    }
}
