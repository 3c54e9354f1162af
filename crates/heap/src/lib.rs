//! The garbage-collected heap of one store: spaces, allocation, the
//! collection itself. It sees slots and headers, never a stack.
//!
//! ```text
//!  base       reserved for the limit; references are 32-bit offsets into it
//!  ├ page ┬──── young ────┬ page ┬─────── old A ───────┬ page ┬── old B ──┤
//!  │ never│ new │ window ┆ │      │ survivors │ large ┆ │      │ empty     │
//!  │mapped│     ▲ next   ▲ │      │                   ▲ old_end
//!                    window_end                      ┆ full_due
//! ```
//!
//! Compiled code allocates by moving [`StoreContext::alloc_next`] up to
//! [`StoreContext::alloc_limit`]; beyond that it asks [`Heap::reserve`]. Objects begin
//! in the young space, large ones at the end of the old one. A **minor** collection
//! copies what the young space has that something refers to behind the old objects; a
//! **full** one copies all that the roots reach into the other old space (`collect`).
//! After either, the young space is empty.
//!
//! | file | what |
//! |-|-|
//! | `space` | the address range |
//! | `alloc`, `large` | the window, and which collection is due when; the old space as a window |
//! | `budget` | a limit that grows when somebody allows it; room without the collection that is due |
//! | `reset` | a heap as a new one |
//! | `collect`, `scan`, `survivors` | a collection; what an object refers to; what became of one |
//! | `remember` | the log and the cards: where the old refers to the young |
//! | `access` | reading and writing objects for the runtime |
//! | `verify`, `starts`, `marks`, `objects` | every object is checked; where each starts; the reachable ones are found and none is moved; what each is |
//!
//! [`StoreContext::alloc_next`]: mangrove_abi::StoreContext::alloc_next
//! [`StoreContext::alloc_limit`]: mangrove_abi::StoreContext::alloc_limit

mod access;
mod alloc;
mod budget;
mod collect;
mod large;
mod marks;
mod objects;
mod remember;
mod reset;
mod scan;
mod space;
mod starts;
mod survivors;
mod verify;
mod violation;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use alloc::Reserve;
pub use collect::{Collection, CollectionKind, CollectionStats};
pub use marks::{Field, Marks, Onlooker};
pub use objects::{FieldValue, HeapFigures, HeapSpace, ObjectInfo};
pub use starts::{ObjectNumbers, Starts};
pub use violation::HeapViolation;

use large::Window;
use mangrove_abi::Requests;
use mangrove_abi::object::{OBJECT_ALIGN, TypeDescriptor};
use space::{Reservation, Space};
use std::ops::Range;

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

/// Bytes of address space that a heap with these settings reserves, for all of its
/// spaces. As much memory is the most that it takes: both old ones are full in a
/// collection in which everything is live.
///
/// # Examples
/// ```
/// use mangrove_heap::{HeapConfig, reserved_bytes};
///
/// let config = HeapConfig { max_bytes: 64 << 20, ..HeapConfig::default() };
/// assert!((144 << 20..154 << 20).contains(&reserved_bytes(&config)));
/// ```
pub fn reserved_bytes(config: &HeapConfig) -> u64 {
    space::reserved_bytes(&HeapConfig {
        max_bytes: config.max_bytes.min(largest_heap()),
        ..config.clone()
    })
}

/// Limits and modes of a heap.
#[derive(Clone, Debug)]
pub struct HeapConfig {
    /// Bytes objects may take, garbage that is not collected yet included.
    /// At most [`largest_heap`]; rounded down to a multiple of 8.
    pub max_bytes: u64,
    /// Bytes of the young space at first, and at least: what is allocated between two
    /// minor collections (less only where `max_bytes` leaves less).
    pub young_min: u64,
    /// Bytes it can grow to where much of it survives, `young_min` at least; 64 MiB at
    /// most, and a quarter of `max_bytes`.
    pub young_max: u64,
    /// Fill the vacated space with `0xdd` after each collection and protect it
    /// until it is used again, so that a stale reference faults.
    pub poison: bool,
    /// Whether objects may hold continuations. If not, nobody looks for any in them.
    pub continuations: bool,
    /// Whether the system counts memory as used once it is writable (strict
    /// overcommit). What a space no longer needs is then made inaccessible.
    pub strict_commit: bool,
    /// Who counts requests, and refuses some on purpose.
    pub requests: Requests,
}

impl Default for HeapConfig {
    /// 1 GiB, no poison, and a young space of 1 to 16 MiB: where little survives, it
    /// stays in a second-level cache of 2 MiB.
    fn default() -> Self {
        Self {
            max_bytes: if cfg!(miri) { 64 << 20 } else { 1 << 30 },
            young_min: 1 << 20,
            young_max: 16 << 20,
            poison: false,
            continuations: false,
            strict_commit: false,
            requests: Requests::default(),
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
    /// The allocator gave no memory for a list that a collection needs. None began.
    #[error("no memory for a list of {entries} entries, which a collection needs")]
    List {
        /// How many entries.
        entries: usize,
    },
    /// An earlier collection failed half way.
    #[error("the heap is unusable: an earlier collection failed half way")]
    Broken,
}

/// A heap. All offsets are from [`Heap::base`].
#[derive(Debug)]
pub struct Heap {
    reservation: Reservation,
    young: Space,
    /// With poison: the young space that was used before.
    spare: Option<Space>,
    old: [Space; 2],
    /// Index of the old space objects are in.
    current: usize,
    descriptors: *const TypeDescriptor,
    /// How many entries of `descriptors` can be read.
    types: u32,
    /// Most bytes that may be in use now.
    limit: u64,
    /// Most bytes that it may ever become: the two are one unless somebody is asked.
    most: u64,
    /// Least and most bytes of the young space.
    young_bounds: Range<u64>,
    /// Bytes of it that are used now.
    young_size: u64,
    poison: bool,
    holds_continuations: bool,
    /// Where objects of the old space end, but for those in an open window.
    old_end: u64,
    /// Where in the old space a full collection is due.
    full_due: u64,
    /// Where it would be due if `limit` were not below `most`.
    full_wanted: u64,
    /// Bytes that survived the last full collection.
    live: u64,
    /// Where compiled code allocates.
    window: Window,
    /// Large objects made since the last collection: where in the old space.
    born: Vec<Range<u64>>,
    /// Whether `reserve` requested the coming full collection.
    collection_requested: bool,
    /// Whether everything in use is live: `reserve` requested the last collection, a
    /// full one, and was not called since.
    everything_live: bool,
    /// How many full collections in a row were requested and freed next to nothing.
    fruitless: u32,
    /// Why `reserve` had no room, where the system gave none.
    refused: Option<HeapError>,
    /// A collection has begun and not ended well.
    broken: bool,
    /// How many collections have finished, minor and full.
    finished: [u64; 2],
    /// Bytes that were allocated up to the last collection, and in use right after it.
    allocated: (u64, u64),
}

// SAFETY: the heap owns its address range, and `new`'s contract makes the
// descriptors readable from any thread for as long as the heap lives.
unsafe impl Send for Heap {}

impl Heap {
    /// Reserves a heap. Nothing is committed before something is allocated, but for the
    /// log.
    ///
    /// # Errors
    /// [`HeapError::Limit`], [`HeapError::Reserve`] or [`HeapError::Commit`].
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
        let (young, spare, old) = reservation.spaces();
        let most = space::largest_young(&config);
        let least = config.young_min.min(most) & !(OBJECT_ALIGN - 1);
        let least = least.max(OBJECT_ALIGN);
        let start = old[0].start();
        let mut heap = Self {
            reservation,
            young,
            spare,
            old,
            current: 0,
            descriptors,
            types,
            limit,
            most: limit,
            young_bounds: least..most,
            young_size: least,
            poison: config.poison,
            holds_continuations: config.continuations,
            old_end: start,
            full_due: start,
            full_wanted: start,
            live: 0,
            window: Window::Young,
            born: Vec::new(),
            collection_requested: false,
            everything_live: false,
            fruitless: 0,
            refused: None,
            broken: false,
            finished: [0; 2],
            allocated: (0, 0),
        };
        heap.next_full(0);
        Ok(heap)
    }

    /// First byte that references are offsets from.
    pub fn base(&self) -> *mut u8 {
        self.reservation.base()
    }

    /// Who counts its requests.
    pub(crate) fn requests(&self) -> &Requests {
        self.reservation.requests()
    }

    /// Most bytes that may be in use now: see [`Heap::most`].
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

    /// How many collections have finished, of both kinds.
    pub fn collections(&self) -> u64 {
        self.finished.iter().sum()
    }

    /// How many of a kind have.
    pub fn collections_of(&self, kind: CollectionKind) -> u64 {
        self.finished[kind as usize]
    }

    /// Bytes that survived the last full collection.
    pub fn live_bytes(&self) -> u64 {
        self.live
    }

    fn old(&self) -> &Space {
        &self.old[self.current]
    }
}
