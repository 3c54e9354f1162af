//! What the oracle has in variables, fields, tables and globals.

use super::classes::{Class, Row, Storage};

/// Variables of a function: things, externs, functions.
pub const THINGS: u8 = 4;
pub const EXTERNS: u8 = 2;
pub const FUNCTIONS: u8 = 2;

/// A reference below `any`, or one that was made an `externref`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Any {
    #[default]
    Null,
    /// 31 bits, sign-extended.
    I31(i32),
    /// By place in the list of all.
    Object(usize),
}

impl Any {
    /// The `i31` of an integer.
    pub fn i31(value: i64) -> Self {
        Self::I31((value as i32) << 1 >> 1)
    }

    /// The object, if it is one.
    pub fn object(self) -> Option<usize> {
        match self {
            Self::Object(at) => Some(at),
            Self::Null | Self::I31(_) => None,
        }
    }
}

impl From<Option<usize>> for Any {
    fn from(object: Option<usize>) -> Self {
        object.map_or(Self::Null, Self::Object)
    }
}

/// A function that programs have references to, by number; none is null.
pub type Func = Option<u8>;

/// What a field, an element or a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A number of any type: its bits, those above its size are 0.
    Bits(u128),
    Ref(Any),
    Func(Func),
}

impl Cell {
    /// The default of a field.
    pub fn default_of(storage: Storage) -> Self {
        match storage {
            Storage::Any | Storage::Node | Storage::Extern => Self::Ref(Any::Null),
            Storage::Func => Self::Func(None),
            _ => Self::Bits(0),
        }
    }

    /// What is stored for an integer.
    pub fn of_integer(storage: Storage, value: i64) -> Self {
        let low = u128::from(value as u64);
        Self::Bits(match storage {
            Storage::I8 => low & 0xff,
            Storage::I16 => low & 0xffff,
            Storage::I32 | Storage::F32 => low & 0xffff_ffff,
            Storage::V128 => low << 64 | low,
            _ => low,
        })
    }

    /// What is read of it: packed ones as they are asked for, others sign-extended.
    ///
    /// # Panics
    /// If it is a reference.
    pub fn integer(self, storage: Storage, signed: bool) -> i64 {
        let Self::Bits(bits) = self else {
            panic!("{self:?} is no number");
        };
        match (storage, signed) {
            (Storage::I8, true) => i64::from(bits as u8 as i8),
            (Storage::I16, true) => i64::from(bits as u16 as i16),
            (Storage::I8 | Storage::I16, false) => bits as i64,
            (Storage::I32 | Storage::F32, _) => i64::from(bits as u32 as i32),
            (Storage::V128, _) => (bits >> 64) as i64,
            _ => bits as i64,
        }
    }

    /// The reference in it.
    pub fn any(self) -> Any {
        match self {
            Self::Ref(any) => any,
            Self::Bits(_) | Self::Func(_) => Any::Null,
        }
    }
}

/// What an object is, if it is none of the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Its fields that have names.
    Struct(Class, Vec<Cell>),
    Array(Row, Vec<Cell>),
}

impl Body {
    /// Its fields or elements.
    pub fn cells(&self) -> &[Cell] {
        match self {
            Self::Struct(_, cells) | Self::Array(_, cells) => cells,
        }
    }

    /// The objects it refers to.
    pub fn objects(&self) -> impl Iterator<Item = usize> + '_ {
        self.cells().iter().filter_map(|cell| cell.any().object())
    }
}

/// The variables of a frame.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    pub things: [Any; THINGS as usize],
    pub externs: [Any; EXTERNS as usize],
    pub functions: [Func; FUNCTIONS as usize],
}

/// The name of an array: what is in it, since no place in it is free for a number. The
/// oracle and whoever asks the engine name it so, by its length, some of its numbers, and the
/// names of the objects it refers to, with their places.
pub fn array_name(
    len: usize,
    numbers: impl Iterator<Item = i64>,
    objects: impl Iterator<Item = (usize, u64)>,
) -> u64 {
    let fold = |sum: u64, value: u64| (sum ^ value).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    let sum = numbers.fold(fold(0xcbf2, len as u64), |sum, number| {
        fold(sum, number as u64)
    });
    let sum = objects.fold(sum, |sum, (at, name)| fold(fold(sum, at as u64), name));
    // No number is as large.
    sum | 1 << 63
}

/// Which numbers of an array count for its name, and for digests.
pub fn samples(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(len / 16 + 1)
}
