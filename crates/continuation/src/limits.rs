//! What a registry may use, and what it says when that is not enough.

use mangrove_stack::{ArenaConfig, DEFAULT_INITIAL_STACK_SIZE, StackError};

/// What a registry is to be.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// The stacks of continuations.
    pub stacks: ArenaConfig,
    /// Usable bytes of the stacks that calls from the host begin on, which are
    /// otherwise made as the others are.
    pub initial_stack_size: usize,
    /// How many of those there may be.
    pub max_initial_stacks: usize,
    /// How many continuations may live at a time. The initial one of each
    /// active call from the host counts too.
    pub max_continuations: usize,
    /// Most bytes of stacks that may be in use at a time, those of calls from the
    /// host left out. Parked continuations use none.
    pub max_stack_bytes: u64,
}

impl Default for RegistryConfig {
    /// As many continuations as there can be stacks, of as many bytes as they take.
    fn default() -> Self {
        let stacks = ArenaConfig::default();
        Self {
            initial_stack_size: DEFAULT_INITIAL_STACK_SIZE,
            max_initial_stacks: stacks.max_stacks,
            max_continuations: stacks.max_stacks,
            max_stack_bytes: u64::MAX,
            stacks,
        }
    }
}

/// Why there is no further continuation. The registry stays usable.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// As many continuations live as the configuration allows.
    #[error("the limit of {limit} live continuations is reached (continuations_max)")]
    Continuations {
        /// [`RegistryConfig::max_continuations`].
        limit: usize,
    },
    /// As many bytes of stacks are in use as the configuration allows.
    #[error(
        "the limit of {limit} bytes of stacks is reached, {stacks} are in use (stack_bytes_max)"
    )]
    StackBytes {
        /// [`RegistryConfig::max_stack_bytes`].
        limit: u64,
        /// How many stacks are in use.
        stacks: usize,
    },
    /// There is no memory for its record.
    #[error("no memory for the record of a further continuation, {live} are live")]
    Record {
        /// How many continuations live.
        live: usize,
    },
    /// There is no memory for the frames of a clone.
    #[error("no memory for the frames of a further continuation, {live} are live")]
    Buffer {
        /// How many continuations live.
        live: usize,
    },
    /// There is no memory for arguments that are to be bound.
    #[error("no memory for {arguments} bound arguments, {live} continuations are live")]
    Bound {
        /// How many arguments.
        arguments: usize,
        /// How many continuations live.
        live: usize,
    },
    /// A continuation to be cloned has grown into the last bytes of its stack, of which
    /// others have fewer.
    #[error("{bytes} bytes of a stack are in use, and a clone's may have {capacity} (stack_size)")]
    Frames {
        /// Bytes in use.
        bytes: u64,
        /// How many fit on any stack.
        capacity: u64,
    },
    /// There is no stack for it.
    #[error("no stack for a further continuation, {live} are live: {source}")]
    Stack {
        /// How many continuations live.
        live: usize,
        /// The arena's reason.
        source: StackError,
    },
}

impl LimitError {
    /// The limit's name and value, where a configured one was reached; none
    /// where the kernel refused.
    pub fn limit(&self) -> Option<(&'static str, u64)> {
        match *self {
            Self::Continuations { limit } => Some(("continuations", limit as u64)),
            Self::StackBytes { limit, .. } => Some(("stack bytes", limit)),
            Self::Stack {
                source: StackError::Limit { limit },
                ..
            } => Some(("stacks", limit as u64)),
            Self::Frames { capacity, .. } => Some(("stack size", capacity)),
            Self::Stack { .. } | Self::Record { .. } | Self::Buffer { .. } | Self::Bound { .. } => {
                None
            }
        }
    }
}
