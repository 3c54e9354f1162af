//! Why Wasm is being left.

use crate::error::Error;
use crate::handle::HeapHandle;
use crate::trap::TrapReason;
use std::any::Any;
use std::fmt;

/// Why a libcall left Wasm.
pub enum Pending {
    /// A trap.
    Trap(TrapReason),
    /// An exception that nobody in the activation catches.
    Exception(HeapHandle),
    /// A host function's error that is more than a message.
    Error(Error),
    /// The embedder wants what runs to be suspended, and the host that resumed it may
    /// have that.
    Yield,
    /// A host function's panic, to be resumed at the other side.
    Panic(Box<dyn Any + Send>),
}

impl fmt::Display for Pending {
    /// As messages say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trap(reason) => reason.fmt(f),
            Self::Exception(_) => f.write_str("an exception that nobody catches"),
            Self::Error(error) => error.fmt(f),
            Self::Yield => f.write_str("interrupted"),
            Self::Panic(_) => f.write_str("a panic of the embedder's"),
        }
    }
}

impl From<TrapReason> for Pending {
    fn from(reason: TrapReason) -> Self {
        Self::Trap(reason)
    }
}

impl From<Error> for Pending {
    /// Errors that say no more than a trap's reason become one; those that
    /// know more travel as they are.
    fn from(error: Error) -> Self {
        match error {
            Error::Host(message) => Self::Trap(TrapReason::Host(message)),
            Error::Limit(message) => Self::Trap(TrapReason::Limit(message)),
            Error::Resource(error) => Self::Trap(TrapReason::Resource(error)),
            other => Self::Error(other),
        }
    }
}

/// An error of an operation that both libcalls and instantiation use: a trap's
/// reason comes out of its wrapping.
pub fn pending(error: Error) -> Pending {
    match error {
        Error::Trap(trap) if trap.backtrace.entries.is_empty() => Pending::Trap(trap.reason),
        other => Pending::from(other),
    }
}
