//! The reasons compiled code can trap for.

use crate::index::CodeOffset;
use serde::{Deserialize, Serialize};

/// Why a Wasm instruction trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TrapCode {
    /// `unreachable` was executed.
    Unreachable = 1,
    /// A memory access beyond the memory's size.
    MemoryOutOfBounds,
    /// A table access beyond the table's size.
    TableOutOfBounds,
    /// An array access beyond the array's length.
    ArrayOutOfBounds,
    /// `call_indirect` beyond the table's size.
    UndefinedElement,
    /// `call_indirect` through a null entry.
    UninitializedElement,
    /// `call_indirect` to a function of another type.
    IndirectCallMismatch,
    /// Integer division by zero.
    DivideByZero,
    /// Integer division or conversion out of range.
    IntegerOverflow,
    /// Conversion of NaN to an integer.
    InvalidConversion,
    /// A null reference where an object is needed.
    NullReference,
    /// A null function reference was called.
    NullFunction,
    /// A null structure reference.
    NullStruct,
    /// A null array reference.
    NullArray,
    /// A null `i31` reference.
    NullI31,
    /// A null continuation reference.
    NullContinuation,
    /// A null exception reference.
    NullException,
    /// `ref.cast` to a type the object does not have.
    CastFailure,
    /// A continuation reference that was used before.
    ContinuationConsumed,
    /// A `suspend` or `switch` whose tag no `resume` around it handles.
    UnhandledTag,
    /// The stack's guard was reached.
    StackOverflow,
    /// The requested object is larger than any heap can hold.
    AllocationTooLarge,
}

impl TrapCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 22] = [
        Self::Unreachable,
        Self::MemoryOutOfBounds,
        Self::TableOutOfBounds,
        Self::ArrayOutOfBounds,
        Self::UndefinedElement,
        Self::UninitializedElement,
        Self::IndirectCallMismatch,
        Self::DivideByZero,
        Self::IntegerOverflow,
        Self::InvalidConversion,
        Self::NullReference,
        Self::NullFunction,
        Self::NullStruct,
        Self::NullArray,
        Self::NullI31,
        Self::NullContinuation,
        Self::NullException,
        Self::CastFailure,
        Self::ContinuationConsumed,
        Self::UnhandledTag,
        Self::StackOverflow,
        Self::AllocationTooLarge,
    ];

    /// The code with that number, if there is one.
    #[doc(hidden)]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The message, in the specification's words where it has some.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::MemoryOutOfBounds => "out of bounds memory access",
            Self::TableOutOfBounds => "out of bounds table access",
            Self::ArrayOutOfBounds => "out of bounds array access",
            Self::UndefinedElement => "undefined element",
            Self::UninitializedElement => "uninitialized element",
            Self::IndirectCallMismatch => "indirect call type mismatch",
            Self::DivideByZero => "integer divide by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::InvalidConversion => "invalid conversion to integer",
            Self::NullReference => "null reference",
            Self::NullFunction => "null function reference",
            Self::NullStruct => "null structure reference",
            Self::NullArray => "null array reference",
            Self::NullI31 => "null i31 reference",
            Self::NullContinuation => "null continuation reference",
            Self::NullException => "null exception reference",
            Self::CastFailure => "cast failure",
            Self::ContinuationConsumed => "continuation already consumed",
            Self::UnhandledTag => "unhandled tag",
            Self::StackOverflow => "call stack exhausted",
            Self::AllocationTooLarge => "allocation size too large",
        }
    }
}

impl core::fmt::Display for TrapCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.message())
    }
}

/// An instruction that may trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapSite {
    /// The instruction.
    pub pc: CodeOffset,
    /// Why it traps.
    pub code: TrapCode,
}

#[cfg(test)]
mod tests {
    use super::TrapCode;

    #[test]
    fn numbers_and_codes_agree() {
        for (index, code) in TrapCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index + 1);
            assert_eq!(TrapCode::from_u8(code as u8), Some(code));
        }
        assert_eq!(TrapCode::from_u8(0), None);
        assert_eq!(TrapCode::from_u8(TrapCode::ALL.len() as u8 + 1), None);
    }
}
