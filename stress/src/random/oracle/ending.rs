//! How a program ends.

/// Why a program ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    Unreachable,
    NullContinuation,
    NullFunction,
    NullException,
    NullStruct,
    NullReference,
    ContinuationConsumed,
    UnhandledTag,
    UndefinedElement,
    UninitializedElement,
    IndirectCallMismatch,
    CastFailure,
    MemoryOutOfBounds,
    TableOutOfBounds,
    ArrayOutOfBounds,
    NullArray,
    NullI31,
    AllocationTooLarge,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It returns.
    #[default]
    Returned,
    /// An instruction traps.
    Trapped(Trap),
    /// Nobody catches an exception.
    Thrown,
}

impl Trap {
    /// What is said of it begins so.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NullContinuation => "null continuation reference",
            Self::NullFunction => "null function reference",
            Self::NullException => "null exception reference",
            Self::NullStruct => "null structure reference",
            Self::NullReference => "null reference",
            Self::ContinuationConsumed => "continuation already consumed",
            Self::UnhandledTag => "unhandled tag",
            Self::UndefinedElement => "undefined element",
            Self::UninitializedElement => "uninitialized element",
            Self::IndirectCallMismatch => "indirect call type mismatch",
            Self::CastFailure => "cast failure",
            Self::MemoryOutOfBounds => "out of bounds memory access",
            Self::TableOutOfBounds => "out of bounds table access",
            Self::ArrayOutOfBounds => "out of bounds array access",
            Self::NullArray => "null array reference",
            Self::NullI31 => "null i31 reference",
            Self::AllocationTooLarge => "allocation size too large",
        }
    }
}
