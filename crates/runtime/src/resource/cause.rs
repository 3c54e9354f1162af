//! The limits that a refused request can exceed, and what is said of them.

use crate::bound::Bound;
use std::fmt;

/// A limit that a refused request exceeds. Sizes in bytes.
///
/// # Examples
/// See [`crate::ResourceError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A bound on what the engine may take.
    Bound {
        /// Which.
        bound: Bound,
        /// What is left of it, where that matters.
        left: Option<u64>,
    },
    /// More than any process can address.
    TooLarge,
    /// `RLIMIT_AS`: all of the process's address space.
    AddressSpace {
        /// The limit.
        limit: u64,
        /// What the process has.
        used: u64,
    },
    /// `RLIMIT_DATA`: what the process can write to.
    Data {
        /// The limit.
        limit: u64,
        /// What the process has.
        used: u64,
    },
    /// `RLIMIT_MEMLOCK`, in a process that locks all of its memory.
    Locked {
        /// The limit.
        limit: u64,
    },
    /// Strict overcommit (mode 2): what the machine promises all processes.
    Overcommit {
        /// `CommitLimit`.
        limit: u64,
        /// `Committed_AS`.
        committed: u64,
    },
    /// Heuristic overcommit (mode 0): one request for more than the machine has.
    Heuristic {
        /// Memory and swap space of the machine.
        total: u64,
    },
    /// `vm.max_map_count`: mappings of the process.
    Mappings {
        /// The limit.
        limit: u64,
        /// How many it has.
        used: u64,
    },
    /// The memory of a control group.
    CgroupMemory {
        /// `memory.max`.
        limit: u64,
        /// `memory.current`.
        used: u64,
    },
    /// The processes and threads of a control group.
    CgroupPids {
        /// `pids.max`.
        limit: u64,
        /// `pids.current`.
        used: u64,
    },
    /// `RLIMIT_NPROC`: processes and threads of the user.
    Processes {
        /// The limit.
        limit: u64,
    },
    /// `RLIMIT_FSIZE`: a file that the process writes.
    FileSize {
        /// The limit.
        limit: u64,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { bound, left } => match left {
                Some(left) => write!(f, "{bound}, of which {left} are left"),
                None => write!(f, "{bound}"),
            },
            Self::TooLarge => f.write_str("no process can address as much"),
            Self::AddressSpace { limit, used } => write!(
                f,
                "RLIMIT_AS (ulimit -v) is {limit} bytes, {used} are in use: raise it, or have \
                 less reserved (address_space)"
            ),
            Self::Data { limit, used } => write!(
                f,
                "RLIMIT_DATA (ulimit -d) is {limit} bytes, {used} are in use"
            ),
            Self::Locked { limit } => write!(
                f,
                "all memory is locked, and RLIMIT_MEMLOCK (ulimit -l) is {limit} bytes"
            ),
            Self::Overcommit { limit, committed } => write!(
                f,
                "vm.overcommit_memory is 2: CommitLimit is {limit} bytes, Committed_AS \
                 {committed} (memory_limit makes the engine take less)"
            ),
            Self::Heuristic { total } => write!(
                f,
                "vm.overcommit_memory is 0, and the machine has {total} bytes of memory and swap"
            ),
            Self::Mappings { limit, used } => write!(
                f,
                "the process has {used} mappings, and vm.max_map_count is {limit}"
            ),
            Self::CgroupMemory { limit, used } => write!(
                f,
                "memory.max of the control group is {limit} bytes, {used} are in use \
                 (memory_limit makes the engine take less)"
            ),
            Self::CgroupPids { limit, used } => write!(
                f,
                "pids.max of the control group is {limit}, {used} are in use"
            ),
            Self::Processes { limit } => write!(f, "RLIMIT_NPROC (ulimit -u) is {limit}"),
            Self::FileSize { limit } => {
                write!(f, "RLIMIT_FSIZE (ulimit -f) is {limit} bytes")
            }
        }
    }
}
