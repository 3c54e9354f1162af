//! What stores, heaps, stacks and memories are made with.
//!
//! `mangrove::Config` sets these, and says what each means to the embedder; what the
//! compiler alone is told stays there.

use crate::error::Error;
use crate::zeal::Zeal;
use mangrove_abi::{Defect, Refusal};
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_continuation::ParkPolicy;
use mangrove_heap::{HeapConfig, largest_heap};
use mangrove_stack::{DEFAULT_INITIAL_STACK_SIZE, DEFAULT_STACK_SIZE, GuardKind};

/// The least a heap can be limited to.
pub const SMALLEST_HEAP: u64 = 64 << 10;

/// How accesses to a 32-bit memory are kept inside it. Those to a 64-bit memory
/// always compare with its size.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, MemoryChecks};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // For a process that has little address space.
/// let engine = Engine::new(Config::new().memory_checks(MemoryChecks::Explicit))?;
/// # let _ = engine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MemoryChecks {
    /// By reservation, unless the engine has less than 64 GiB of address space.
    #[default]
    Auto,
    /// Each memory reserves all that an access can address, 8 GiB and a guard: an
    /// access needs no check, and one beyond the memory faults.
    Reservation,
    /// Code compares with the memory's size, and a memory reserves no more than it
    /// may grow to.
    Explicit,
}

/// A bound on the memory that an engine takes: see `Config::memory_limit`.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, MemoryLimit};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::new(Config::new().memory_limit(MemoryLimit::Bytes(1 << 30)))?;
/// # let _ = engine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryLimit {
    /// So many bytes.
    Bytes(u64),
    /// Seven eighths of what the process's control group may have, less what the
    /// process has already; none where the group has no limit.
    Cgroup,
}

/// The settings of an engine that are not the compiler's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// When to collect beyond need.
    pub zeal: Zeal,
    /// Whether heap objects may hold continuations.
    pub continuations_in_objects: ContinuationsInObjects,
    /// Whether continuations may be cloned.
    pub continuation_clone: bool,
    /// Most bytes of objects; none if the bounds decide.
    pub heap_max: Option<u64>,
    /// Bytes of the young space, at first and at least,
    pub young_min: u64,
    /// and at most.
    pub young_max: u64,
    /// Usable bytes of a stack.
    pub stack_size: usize,
    /// The same of those that calls from the host begin on.
    pub initial_stack_size: usize,
    /// Most continuations of a store.
    pub continuations_max: usize,
    /// Most bytes of stacks of a store.
    pub stack_bytes_max: u64,
    /// Most continuations on a chain.
    pub nesting_max: Option<usize>,
    /// Whether code looks at the engine's epoch.
    pub epoch_interruption: bool,
    /// Whether code counts fuel.
    pub consume_fuel: bool,
    /// Most calls from the host inside each other.
    pub activations_max: usize,
    /// Most bytes of a memory.
    pub memory_max: u64,
    /// How accesses are kept inside a 32-bit memory.
    pub memory_checks: MemoryChecks,
    /// A bound on address space.
    pub address_space: Option<u64>,
    /// A bound on memory.
    pub memory_limit: Option<MemoryLimit>,
    /// Most elements of a table.
    pub table_max: u64,
    /// Most instances of a store.
    pub instances_max: usize,
    /// How to guard stacks.
    pub guard: GuardKind,
    /// Whether each continuation starts on new memory.
    pub fresh_stacks: bool,
    /// Whether to walk the heap after each collection.
    pub verify_heap: bool,
    /// What the system is to refuse, for tests.
    pub refusal: Option<Refusal>,
    /// A defect of the collector, for tests.
    pub defect: Option<Defect>,
    /// When to park.
    pub parking: ParkPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zeal: Zeal::NONE,
            continuations_in_objects: ContinuationsInObjects::default(),
            continuation_clone: false,
            heap_max: None,
            young_min: HeapConfig::default().young_min,
            young_max: HeapConfig::default().young_max,
            stack_size: DEFAULT_STACK_SIZE,
            initial_stack_size: DEFAULT_INITIAL_STACK_SIZE,
            continuations_max: 1 << 20,
            stack_bytes_max: u64::MAX,
            nesting_max: None,
            epoch_interruption: false,
            consume_fuel: false,
            activations_max: 200,
            memory_max: 16 << 30,
            memory_checks: MemoryChecks::default(),
            address_space: None,
            memory_limit: None,
            table_max: 10_000_000,
            instances_max: 10_000,
            guard: GuardKind::default(),
            fresh_stacks: false,
            verify_heap: false,
            refusal: None,
            defect: None,
            parking: ParkPolicy::default(),
        }
    }
}

impl Settings {
    /// Refuses what cannot work.
    ///
    /// # Errors
    /// [`Error::Usage`], with the reason.
    pub fn check(&self) -> Result<(), Error> {
        let usage = |message: String| Err(Error::Usage(message));
        if self.zeal.alloc == Some(0) {
            return usage("zeal alloc:0: the count starts at 1".into());
        }
        if let Some(bytes) = self.heap_max
            && !(SMALLEST_HEAP..=largest_heap()).contains(&bytes)
        {
            return usage(format!(
                "a heap limit of {bytes} bytes is not between {SMALLEST_HEAP} and {} (heap_max): \
                 references are offsets of 32 bits, and a heap is two spaces",
                largest_heap()
            ));
        }
        for size in [self.stack_size, self.initial_stack_size] {
            if !(4 << 10..=1 << 30).contains(&size) {
                return usage(format!(
                    "stack size of {size} bytes is not between 4 KiB and 1 GiB"
                ));
            }
        }
        if self.continuations_max == 0 || self.activations_max == 0 || self.instances_max == 0 {
            return usage(
                "a limit of 0 continuations, activations or instances runs nothing".into(),
            );
        }
        if self.stack_bytes_max < self.stack_size.next_multiple_of(4 << 10) as u64 {
            return usage(format!(
                "a limit of {} bytes of stacks leaves no room for one of {}",
                self.stack_bytes_max, self.stack_size
            ));
        }
        if self.nesting_max == Some(0) {
            return usage("a limit of 0 continuations inside each other runs nothing".into());
        }
        Ok(())
    }
}
