//! When continuations are parked, and what is known of those that may be.

use crate::rounds::Rounds;
use mangrove_abi::RecordId;
use mangrove_stack::arch::Unpark;

/// When continuations are parked without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParkPolicy {
    /// A collection parks those that nobody has resumed since this many
    /// collections before it; 0 parks all that do not run.
    pub after: u32,
    /// Fewer stacks in use than this, and collections park nothing.
    pub keep: usize,
    /// With this many in use, a further one parks an eighth as many first,
    /// whatever their age. At least 8; a limit on the bytes of stacks that is
    /// reached earlier takes its place. Exceeded for as long as it is not worth
    /// looking again for someone to park, since the last time few were found.
    pub most: usize,
}

impl ParkPolicy {
    /// Nothing is parked unless someone asks.
    pub const NEVER: Self = Self {
        after: u32::MAX,
        keep: usize::MAX,
        most: usize::MAX,
    };
    /// Programs with up to 16 Ki continuations are left alone: 64 MiB of pages.
    /// Beyond, what two collections in a row found untouched is parked; 32 Ki
    /// stacks, 128 MiB, are exceeded only as far as hardly anything can be parked.
    pub const DEFAULT: Self = Self {
        after: 2,
        keep: 16 << 10,
        most: 32 << 10,
    };
}

impl Default for ParkPolicy {
    /// [`ParkPolicy::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the registry knows for parking.
#[derive(Debug)]
pub(crate) struct Parking {
    pub(crate) policy: ParkPolicy,
    pub(crate) unpark: Unpark,
    /// Records that have got a stack, by id, whether or not they still have it;
    /// some perhaps twice. Collections look at these only, and tidy up.
    pub(crate) stacked: Vec<RecordId>,
    /// Where in `stacked` the next idle stack is looked for.
    pub(crate) shrink_at: usize,
    /// By id: a revision, and the collection that first found it.
    pub(crate) found: Vec<(u64, u32)>,
    /// When it is worth to look for someone to park because a stack is wanted.
    pub(crate) rounds: Rounds,
    /// How many are parked.
    pub(crate) parked: usize,
    /// Bytes of the frames in their buffers.
    pub(crate) parked_bytes: u64,
}

impl Parking {
    /// How long `stacked` may be before it is sorted out, where so many stacks are in use.
    pub(crate) fn stacked_at_most(stacks: usize) -> usize {
        2 * stacks + 64
    }
}
