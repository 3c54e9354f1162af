//! What the registry keeps for who follows continuations, or listens to what becomes of them.

use crate::states::End;
use mangrove_abi::RecordId;

/// The serial numbers that were given.
#[derive(Debug, Default)]
pub(crate) struct Following {
    /// By record; what is there holds as long as the record is marked.
    pub serials: Vec<u64>,
    /// The last one that was given.
    pub last: u64,
}

/// Something that has happened to a continuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It ended, otherwise than by returning to compiled code.
    Ended {
        /// Its record.
        id: RecordId,
        /// How.
        end: End,
    },
    /// It gave up its stack.
    Parked {
        /// Its record.
        id: RecordId,
        /// Bytes that its frames take.
        bytes: u64,
    },
    /// It got a stack again.
    Unparked {
        /// Its record.
        id: RecordId,
        /// Bytes that its frames took.
        bytes: u64,
    },
}
