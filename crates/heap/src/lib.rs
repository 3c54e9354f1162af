//! The garbage-collected heap of one store: spaces, allocation, the
//! collection itself. It sees slots and headers, never a stack.
//!
//! ```text
//!  base          reserved for the limit; references are 32-bit offsets into it
//!  ├─ page ─┬───────────── space A ─────────────┬─ page ─┬───── space B ─────┤
//!  │ never  │ survivors │ new objects │ window ┆ │ never  │ empty until the   │
//!  │ mapped │           ▲ live_end    ▲ next   ▲ │ mapped │ next collection   │
//!                                        window_end
//! ```
//!
//! Compiled code allocates by moving [`StoreContext::alloc_next`] up to
//! [`StoreContext::alloc_limit`]; beyond that it asks [`Heap::reserve`]. A
//! collection copies what the roots reach into the other space and leaves the
//! rest behind (`collect`). How much may be allocated until the next one is
//! decided in `alloc`; `space` owns the address range; `verify` checks
//! every object; `starts` notes where they are; `marks` finds the reachable ones and moves none; `access` reads and
//! writes them for the runtime.
//!
//! [`StoreContext::alloc_next`]: mangrove_abi::StoreContext::alloc_next
//! [`StoreContext::alloc_limit`]: mangrove_abi::StoreContext::alloc_limit

mod access;
mod alloc;
mod collect;
mod marks;
mod space;
mod starts;
mod verify;
mod violation;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use alloc::Reserve;
pub use collect::{Collection, CollectionStats};
pub use marks::{Field, Marks, Onlooker};
pub use starts::{ObjectNumbers, Starts};
pub use violation::HeapViolation;

use mangrove_abi::Refusal;
use mangrove_abi::object::{OBJECT_ALIGN, TypeDescriptor};
use space::{Reservation, Space};

/// The channel of the heap's events.
const TRACE: &str = "mangrove::gc";

/// Largest value of [`HeapConfig::max_bytes`].
///
/// # Examples
/// ```
/// assert!(mangrove_heap::largest_heap() < 2 << 30);
/// ```
pub fn largest_heap() -> u64 {
    space::largest_space()
}

/// Bytes of address space that a heap with this limit reserves, for both of its
/// spaces. As much memory is the most that it takes: both are full in a collection
/// in which everything is live.
///
/// # Examples
/// ```
/// let bytes = mangrove_heap::reserved_bytes(64 << 20);
/// assert!((128 << 20..129 << 20).contains(&bytes));
/// ```
pub fn reserved_bytes(max_bytes: u64) -> u64 {
    space::reserved_bytes(max_bytes.min(largest_heap()))
}

/// Limits and modes of a heap.
#[derive(Clone, Copy, Debug)]
pub struct HeapConfig {
    /// Bytes objects may take, garbage that is not collected yet included.
    /// At most [`largest_heap`]; rounded down to a multiple of 8.
    pub max_bytes: u64,
    /// Least number of bytes allocated between two collections (less only
    /// where `max_bytes` leaves less).
    pub initial_window: u64,
    /// Fill the vacated space with `0xdd` after each collection and protect it
    /// until it is used again, so that a stale reference faults.
    pub poison: bool,
    /// Whether objects may hold continuations. If not, nobody looks for any in them.
    pub continuations: bool,
    /// Whether the system counts memory as used once it is writable (strict
    /// overcommit). What a space no longer needs is then made inaccessible.
    pub strict_commit: bool,
    /// What to refuse on purpose, so that tests can see what becomes of the heap
    /// then; nothing, as a rule.
    pub refusal: Option<Refusal>,
}

impl Default for HeapConfig {
    /// 1 GiB, no poison, and a window of 1 MiB: the two spaces a program with
    /// little live data alternates between then fit a 2 MiB second-level cache.
    fn default() -> Self {
        Self {
            max_bytes: if cfg!(miri) { 64 << 20 } else { 1 << 30 },
            initial_window: 1 << 20,
            poison: false,
            continuations: false,
            strict_commit: false,
            refusal: None,
        }
    }
}

/// Why the heap could not do what was asked.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum HeapError {
    /// The configured limit is beyond what a heap can have.
    #[error("a heap limit of {asked} bytes is not within 1 to {largest} bytes")]
    Limit {
        /// What was asked for.
        asked: u64,
        /// The largest possible.
        largest: u64,
    },
    /// Address space could not be reserved.
    #[error("cannot reserve {bytes} bytes of address space for a heap")]
    Reserve {
        /// How many bytes.
        bytes: u64,
        /// The system's answer.
        #[source]
        source: rustix::io::Errno,
    },
    /// The system gave no memory.
    #[error("cannot commit {bytes} bytes of heap memory: {source}")]
    Commit {
        /// How many bytes.
        bytes: u64,
        /// The system's answer.
        #[source]
        source: rustix::io::Errno,
    },
    /// An earlier collection failed half way.
    #[error("the heap is unusable: an earlier collection failed half way")]
    Broken,
}

/// A heap. All offsets are from [`Heap::base`].
#[derive(Debug)]
pub struct Heap {
    reservation: Reservation,
    spaces: [Space; 2],
    /// Index of the space objects are in.
    current: usize,
    descriptors: *const TypeDescriptor,
    /// How many entries of `descriptors` can be read.
    types: u32,
    /// Most bytes that may be in use.
    limit: u64,
    initial_window: u64,
    poison: bool,
    holds_continuations: bool,
    /// Where the survivors of the last collection end.
    live_end: u64,
    /// Where the next collection is due.
    window_end: u64,
    /// Whether `reserve` requested the coming collection.
    collection_requested: bool,
    /// Whether everything in use is live: `reserve` requested the last collection
    /// and was not called since.
    everything_live: bool,
    /// How many collections in a row were requested and freed next to nothing.
    fruitless: u32,
    /// Why `reserve` had no room, where the system gave none.
    refused: Option<HeapError>,
    /// A collection has begun and not ended well.
    broken: bool,
    collections: u64,
}

// SAFETY: the heap owns its address range, and `new`'s contract makes the
// descriptors readable from any thread for as long as the heap lives.
unsafe impl Send for Heap {}

impl Heap {
    /// Reserves a heap. No memory is committed until something is allocated.
    ///
    /// # Errors
    /// [`HeapError::Limit`] or [`HeapError::Reserve`].
    ///
    /// # Safety
    /// `descriptors` must point to `types` entries that stay readable, at that
    /// place, as long as the heap lives; entries not in use must have kind
    /// `Unused` (all bytes zero will do), that of host objects must be theirs, and
    /// those of other heap objects must be valid in all their parts from before their
    /// first object is made for as long as the heap has one.
    pub unsafe fn new(
        config: HeapConfig,
        descriptors: *const TypeDescriptor,
        types: u32,
    ) -> Result<Self, HeapError> {
        let limit = config.max_bytes & !(OBJECT_ALIGN - 1);
        if limit == 0 || limit > largest_heap() {
            return Err(HeapError::Limit {
                asked: config.max_bytes,
                largest: largest_heap(),
            });
        }
        let reservation = Reservation::new(&config)?;
        let spaces = reservation.spaces();
        let start = spaces[0].start();
        let mut heap = Self {
            reservation,
            spaces,
            current: 0,
            descriptors,
            types,
            limit,
            // A multiple below the limit, which is one.
            initial_window: config
                .initial_window
                .min(limit)
                .next_multiple_of(OBJECT_ALIGN),
            poison: config.poison,
            holds_continuations: config.continuations,
            live_end: start,
            window_end: start,
            collection_requested: false,
            everything_live: false,
            fruitless: 0,
            refused: None,
            broken: false,
            collections: 0,
        };
        heap.open_window(start, 0);
        Ok(heap)
    }

    /// First byte of the reservation.
    pub fn base(&self) -> *mut u8 {
        self.reservation.base()
    }

    /// Most bytes that may be in use.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Whether objects may hold continuations.
    pub fn holds_continuations(&self) -> bool {
        self.holds_continuations
    }

    /// What the system said, if the last [`Heap::reserve`] found no room for that
    /// reason.
    pub fn refused(&self) -> Option<HeapError> {
        self.refused
    }

    /// How many collections have finished.
    pub fn collections(&self) -> u64 {
        self.collections
    }

    /// Bytes that survived the last collection.
    pub fn live_bytes(&self) -> u64 {
        self.live_end - self.space().start()
    }

    fn space(&self) -> &Space {
        &self.spaces[self.current]
    }
}
