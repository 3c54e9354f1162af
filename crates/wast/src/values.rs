//! Values of scripts as values of the embedding API, and values as text.

use crate::report::FailureKind;
use crate::runner::Problem;
use mangrove::{AsStore, ExternRef, HeapHandle, Store, Val};
use wast::WastArg;
use wast::core::{AbstractHeapType, HeapType, WastArgCore};
use wast::parser::{self, ParseBuffer};
use wast::token::{F32, F64};

/// Bytes after which the text of a value ends.
const MOST_SHOWN: usize = 1 << 10;

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

/// A value as people read it, objects with what they hold, but not what that holds.
pub(crate) fn display(store: &impl AsStore, value: &Val) -> String {
    let number = |handle| host_number(store, handle);
    match value {
        Val::Any(Some(handle)) if let Some(number) = number(handle) => format!("(host {number})"),
        Val::Extern(Some(handle)) if let Some(number) = number(handle) => {
            format!("(extern {number})")
        }
        _ => value.display(store).depth(1).bytes(MOST_SHOWN).to_string(),
    }
}

/// Several values, numbers with their types, separated by spaces; `nothing` if there are
/// none.
pub(crate) fn display_all(store: &Store<()>, values: &[Val]) -> String {
    list(values.iter().map(|value| {
        let shown = display(store, value);
        match value {
            Val::I32(_) => format!("(i32 {shown})"),
            Val::I64(_) => format!("(i64 {shown})"),
            Val::F32(_) => format!("(f32 {shown})"),
            Val::F64(_) => format!("(f64 {shown})"),
            Val::V128(_) => format!("(v128 {shown})"),
            _ => shown,
        }
    }))
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

/// The bits of a float that is written as in the text format: in decimal, in hexadecimal,
/// `inf`, `nan` or `nan:0x…`, with a sign or not.
///
/// # Examples
/// ```
/// use mangrove_wast::parse_float32;
///
/// assert_eq!(parse_float32("0x1.8p1"), Some(3.0f32.to_bits()));
/// assert_eq!(parse_float32("-nan:0x1"), Some(0xff80_0001));
/// assert_eq!(parse_float32("one"), None);
/// ```
pub fn parse_float32(text: &str) -> Option<u32> {
    let buffer = ParseBuffer::new(text).ok()?;
    parser::parse::<F32>(&buffer).ok().map(|value| value.bits)
}

/// As [`parse_float32`], of 64 bits.
///
/// # Examples
/// ```
/// use mangrove_wast::parse_float64;
///
/// assert_eq!(parse_float64("-inf"), Some(f64::NEG_INFINITY.to_bits()));
/// assert_eq!(parse_float64("nan"), Some(0x7ff8_0000_0000_0000));
/// assert_eq!(parse_float64("1e400"), None, "out of range");
/// ```
pub fn parse_float64(text: &str) -> Option<u64> {
    let buffer = ParseBuffer::new(text).ok()?;
    parser::parse::<F64>(&buffer).ok().map(|value| value.bits)
}
