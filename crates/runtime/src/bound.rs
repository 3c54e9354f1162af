//! A bound on what an engine may take, and where it is from.

use std::fmt;

/// A bound on what an engine may take.
///
/// # Examples
/// See [`crate::ResourceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How many bytes.
    pub bytes: u64,
    /// Where that is from.
    pub source: BoundSource,
}

/// Where a bound is from.
///
/// # Examples
/// See [`crate::ResourceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundSource {
    /// `Config::address_space`.
    AddressSpace,
    /// A part of what `RLIMIT_AS` left when the engine was made.
    AddressLimit {
        /// The limit.
        limit: u64,
    },
    /// A part of what `RLIMIT_DATA` left when the engine was made.
    DataLimit {
        /// The limit.
        limit: u64,
    },
    /// `Config::memory_limit`.
    MemoryLimit,
    /// A part of what the process's control group has, as
    /// `Config::memory_limit` asked for.
    Cgroup {
        /// `memory.max` of the group.
        limit: u64,
    },
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes;
        match self.source {
            BoundSource::AddressSpace => {
                write!(
                    f,
                    "{bytes} bytes of address space may be reserved (address_space)"
                )
            }
            BoundSource::AddressLimit { limit } => write!(
                f,
                "{bytes} bytes of address space may be reserved, for RLIMIT_AS (ulimit -v) is \
                 {limit} bytes (address_space sets another bound)"
            ),
            BoundSource::DataLimit { limit } => write!(
                f,
                "{bytes} bytes of memory may be taken, for RLIMIT_DATA (ulimit -d) is {limit} \
                 bytes"
            ),
            BoundSource::MemoryLimit => {
                write!(f, "{bytes} bytes of memory may be taken (memory_limit)")
            }
            BoundSource::Cgroup { limit } => write!(
                f,
                "{bytes} bytes of memory may be taken, for memory.max of the control group is \
                 {limit} (memory_limit)"
            ),
        }
    }
}
