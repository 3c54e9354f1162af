//! Values as the embedder sees them.

use crate::handle::{ContHandle, Func, HeapHandle};
use std::fmt;

/// A Wasm value.
///
/// References of the `any` hierarchy are [`Val::Any`], `i31` among them, those
/// of the `extern` hierarchy [`Val::Extern`]; null is `None` in either.
///
/// `==` needs no store. Floats are equal by their bits, functions and
/// continuations by identity, and heap references as their handles are: see
/// [`HeapHandle::same_object`] for the identity of objects.
///
/// # Examples
/// ```
/// use mangrove::{Val};
///
/// let [a, b, c, d] = [Val::from(1_i32), Val::from(2_i64), Val::from(0.5_f32), Val::from(2.5_f64)];
/// assert_eq!((a.as_i32(), a.as_i64()), (Some(1), None));
/// assert_eq!((b.as_i64(), c.as_f32(), d.as_f64()), (Some(2), Some(0.5), Some(2.5)));
/// assert!(Val::Any(None).is_null() && !a.is_null());
/// assert_eq!(d.to_string(), "2.5");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32-bit float, as bits.
    F32(u32),
    /// 64-bit float, as bits.
    F64(u64),
    /// Vector.
    V128(u128),
    /// Function reference.
    Func(Option<Func>),
    /// Reference of the internal hierarchy.
    Any(Option<HeapHandle>),
    /// External reference.
    Extern(Option<HeapHandle>),
    /// Exception reference.
    Exn(Option<HeapHandle>),
    /// Continuation reference.
    Cont(Option<ContHandle>),
}

impl Val {
    /// Whether this is a null reference.
    pub fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Func(None)
                | Self::Any(None)
                | Self::Extern(None)
                | Self::Exn(None)
                | Self::Cont(None)
        )
    }

    /// The value of an [`Val::I32`].
    pub fn as_i32(&self) -> Option<i32> {
        if let Self::I32(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The value of an [`Val::I64`].
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::I64(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The value of an [`Val::F32`].
    pub fn as_f32(&self) -> Option<f32> {
        if let Self::F32(bits) = self {
            Some(f32::from_bits(*bits))
        } else {
            None
        }
    }

    /// The value of an [`Val::F64`].
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::F64(bits) = self {
            Some(f64::from_bits(*bits))
        } else {
            None
        }
    }
}

macro_rules! unwraps {
    ($($name:ident $as:ident $ty:ident $what:literal;)*) => {
        /// For those who know what a function returns.
        impl Val {
            $(
                #[doc = concat!("The value of ", $what, ".")]
                ///
                /// # Panics
                /// If it is something else.
                ///
                /// # Examples
                /// ```
                #[doc = concat!("let value = mangrove::Val::from(7 as ", stringify!($ty), ");")]
                #[doc = concat!("assert_eq!(value.", stringify!($name), "(), 7 as ", stringify!($ty), ");")]
                /// ```
                #[track_caller]
                pub fn $name(&self) -> $ty {
                    match self.$as() {
                        Some(value) => value,
                        None => panic!(concat!("expected ", $what, ", found {:?}"), self),
                    }
                }
            )*
        }
    };
}

unwraps! {
    unwrap_i32 as_i32 i32 "an `i32`";
    unwrap_i64 as_i64 i64 "an `i64`";
    unwrap_f32 as_f32 f32 "an `f32`";
    unwrap_f64 as_f64 f64 "an `f64`";
}

macro_rules! val_from {
    ($($from:ty => $make:expr,)*) => {
        $(impl From<$from> for Val {
            fn from(value: $from) -> Self {
                $make(value)
            }
        })*
    };
}

val_from! {
    i32 => Val::I32,
    i64 => Val::I64,
    f32 => |value: f32| Val::F32(value.to_bits()),
    f64 => |value: f64| Val::F64(value.to_bits()),
    u128 => Val::V128,
    Func => |func| Val::Func(Some(func)),
}

impl fmt::Display for Val {
    /// Numbers as themselves, vectors in hexadecimal, references by kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(value) => write!(f, "{value}"),
            Self::I64(value) => write!(f, "{value}"),
            Self::F32(bits) => write!(f, "{}", f32::from_bits(*bits)),
            Self::F64(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::V128(value) => write!(f, "{value:#034x}"),
            Self::Func(Some(_)) => f.write_str("ref.func"),
            Self::Any(Some(handle)) => match handle.as_i31() {
                Some(value) => write!(f, "ref.i31 {value}"),
                None => f.write_str("ref.any"),
            },
            Self::Extern(Some(_)) => f.write_str("ref.extern"),
            Self::Exn(Some(_)) => f.write_str("ref.exn"),
            Self::Cont(Some(_)) => f.write_str("ref.cont"),
            _ => f.write_str("ref.null"),
        }
    }
}
