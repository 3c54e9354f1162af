//! Why an arena gives no stack.

use super::GuardKind;
use std::io;

/// Why there is no further stack.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The configured limit.
    #[error("the limit of {limit} stacks is reached")]
    Limit {
        /// [`super::ArenaConfig::max_stacks`].
        limit: usize,
    },
    /// The kernel gives no address space.
    #[error("cannot reserve {bytes} bytes of address space for stacks: {source}")]
    Reserve {
        /// How much was asked for.
        bytes: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel gives no guard.
    #[error("cannot guard stack {number} ({kind:?} guard): {source}")]
    Guard {
        /// The kind of guard that was tried last.
        kind: GuardKind,
        /// How many stacks the arena has already.
        number: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel counts writable memory, and gives no more of it.
    #[error("cannot commit {bytes} bytes for stack {number}: {source}")]
    Commit {
        /// How much was asked for.
        bytes: usize,
        /// How many stacks the arena has.
        number: usize,
        /// What the kernel said.
        source: io::Error,
    },
}
