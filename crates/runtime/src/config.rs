//! What an engine is made with.
//!
//! Everything here is chosen before the first module is compiled: zeal decides
//! which hooks compiled code carries, limits decide what is reserved.

use crate::error::Error;
use crate::handlers::SignalPolicy;
use mangrove_abi::Refusal;
pub use mangrove_compile::{Hooks, OptLevel};
use mangrove_continuation::ParkPolicy;
use mangrove_heap::{HeapConfig, largest_heap};
pub use mangrove_stack::GuardKind;
use mangrove_stack::{DEFAULT_INITIAL_STACK_SIZE, DEFAULT_STACK_SIZE};
use std::fmt;
use std::str::FromStr;

/// Most threads to compile with: each is started, and takes a stack.
const MOST_THREADS: usize = 1024;

/// How often to collect beyond need. Every mode but none also poisons what a
/// collection vacates and verifies the heap after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Zeal {
    /// Collect at every this many allocations.
    pub alloc: Option<u64>,
    /// Collect at every `resume`, `suspend` and `switch`.
    pub switch: bool,
    /// Collect at the entry of every function.
    pub call: bool,
    /// Move every stack that was suspended, before anything else is resumed or
    /// suspended, and overwrite its old place.
    pub moving: bool,
}

impl Zeal {
    /// No collection beyond need.
    pub const NONE: Self = Self {
        alloc: None,
        switch: false,
        call: false,
        moving: false,
    };

    /// Whether any mode is on.
    pub fn is_on(self) -> bool {
        self != Self::NONE
    }
}

impl FromStr for Zeal {
    type Err = Error;

    /// Reads `none`, or one or more of `alloc`, `alloc:N`, `switch`, `call`
    /// and `move`, joined with commas. `N` is at least 1; `alloc` is `alloc:1`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut zeal = Self::NONE;
        for word in text.split(',') {
            match word {
                "none" if text == "none" => {}
                "alloc" => zeal.alloc = Some(1),
                "switch" => zeal.switch = true,
                "call" => zeal.call = true,
                "move" => zeal.moving = true,
                _ => {
                    let every = word.strip_prefix("alloc:").and_then(|n| n.parse().ok());
                    zeal.alloc = Some(every.filter(|&n| n > 0).ok_or_else(|| {
                        Error::Usage(format!(
                            "zeal {word:?} is none of none, alloc, alloc:N, switch, call, move"
                        ))
                    })?);
                }
            }
        }
        Ok(zeal)
    }
}

impl fmt::Display for Zeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alloc = match self.alloc {
            None => String::new(),
            Some(1) => "alloc".into(),
            Some(every) => format!("alloc:{every}"),
        };
        let words = [
            alloc.as_str(),
            if self.switch { "switch" } else { "" },
            if self.call { "call" } else { "" },
            if self.moving { "move" } else { "" },
        ];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        f.write_str(if words.is_empty() { "none" } else { "" })?;
        f.write_str(&words.join(","))
    }
}

/// How accesses to a 32-bit memory are kept inside it. Those to a 64-bit memory
/// always compare with its size.
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

/// A bound on the memory that an engine takes: see [`Config::memory_limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryLimit {
    /// So many bytes.
    Bytes(u64),
    /// Seven eighths of what the process's control group may have, less what the
    /// process has already; none where the group has no limit.
    Cgroup,
}

/// A defect of the collector, so that tests can show that they would find it.
#[doc(hidden)]
#[cfg_attr(not(feature = "planted-defects"), expect(dead_code))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// It overlooks the frames of suspended continuations.
    SkipSuspended,
    /// It overlooks this slot, counted per call site from 0, in each of them.
    DropSlot(usize),
}

/// Settings of an engine. The default is fit for production: fast code, no
/// zeal, a 1 GiB heap, a million continuations with 256 KiB of stack each, calls of
/// them with 1 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) zeal: Zeal,
    /// None: not set, and decided by the bounds.
    pub(crate) heap_max: Option<u64>,
    pub(crate) heap_window: u64,
    pub(crate) stack_size: usize,
    pub(crate) initial_stack_size: usize,
    pub(crate) continuations_max: usize,
    pub(crate) stack_bytes_max: u64,
    pub(crate) nesting_max: Option<usize>,
    pub(crate) activations_max: usize,
    pub(crate) memory_max: u64,
    pub(crate) memory_checks: MemoryChecks,
    pub(crate) address_space: Option<u64>,
    pub(crate) memory_limit: Option<MemoryLimit>,
    pub(crate) table_max: u64,
    pub(crate) instances_max: usize,
    pub(crate) opt_level: OptLevel,
    pub(crate) guard: GuardKind,
    pub(crate) hooks: Hooks,
    pub(crate) canonical_nans: bool,
    pub(crate) stack_switching: bool,
    pub(crate) fresh_stacks: bool,
    pub(crate) threads: Option<usize>,
    pub(crate) verify_heap: bool,
    pub(crate) verify_clif: bool,
    pub(crate) refusal: Option<Refusal>,
    /// Always none without the feature `planted-defects`.
    pub(crate) defect: Option<Defect>,
    pub(crate) parking: ParkPolicy,
    pub(crate) signals: SignalPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            zeal: Zeal::NONE,
            heap_max: None,
            heap_window: HeapConfig::default().initial_window,
            stack_size: DEFAULT_STACK_SIZE,
            initial_stack_size: DEFAULT_INITIAL_STACK_SIZE,
            continuations_max: 1 << 20,
            stack_bytes_max: u64::MAX,
            nesting_max: None,
            activations_max: 200,
            memory_max: 16 << 30,
            memory_checks: MemoryChecks::default(),
            address_space: None,
            memory_limit: None,
            table_max: 10_000_000,
            instances_max: 10_000,
            opt_level: OptLevel::default(),
            guard: GuardKind::default(),
            hooks: Hooks::default(),
            canonical_nans: false,
            stack_switching: true,
            fresh_stacks: false,
            threads: None,
            verify_heap: false,
            verify_clif: cfg!(debug_assertions),
            refusal: None,
            defect: None,
            parking: ParkPolicy::default(),
            signals: SignalPolicy::default(),
        }
    }
}

impl Config {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// When to collect beyond need.
    pub fn zeal(&mut self, zeal: Zeal) -> &mut Self {
        self.zeal = zeal;
        self
    }

    /// Most bytes the objects of a store may take; from 64 KiB up to just under
    /// 2 GiB. If it is not set: 1 GiB, or what [`Config::address_space`] and
    /// [`Config::memory_limit`] have room for.
    ///
    /// A collection copies what is live from one space to another of the same
    /// size, so the heap reserves twice as much address space, and takes up to
    /// twice as much memory while everything is live.
    pub fn heap_max(&mut self, bytes: u64) -> &mut Self {
        self.heap_max = Some(bytes);
        self
    }

    /// Least bytes allocated between two collections, as far as
    /// [`Config::heap_max`] has them.
    pub fn heap_window(&mut self, bytes: u64) -> &mut Self {
        self.heap_window = bytes;
        self
    }

    /// Usable bytes of every stack, from 4 KiB up to 1 GiB, rounded up to pages.
    /// By default 256 KiB for continuations and 1 MiB for the stacks that calls
    /// from the host begin on.
    pub fn stack_size(&mut self, bytes: usize) -> &mut Self {
        self.stack_size = bytes;
        self.initial_stack_size(bytes)
    }

    /// Usable bytes of the stacks that calls from the host begin on, likewise;
    /// to be set after [`Config::stack_size`], which sets it as well.
    pub fn initial_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.initial_stack_size = bytes;
        self
    }

    /// Most continuations a store may have at a time, calls from the host included.
    pub fn continuations_max(&mut self, count: usize) -> &mut Self {
        self.continuations_max = count;
        self
    }

    /// Most bytes of stacks a store may use at a time, those of calls from the
    /// host left out; no limit by default. Each
    /// continuation that is not parked uses [`Config::stack_size`], whether it has
    /// filled it or not. A policy that parks in a hurry ([`ParkPolicy::most`])
    /// does so before the limit is reached.
    pub fn stack_bytes_max(&mut self, bytes: u64) -> &mut Self {
        self.stack_bytes_max = bytes;
        self
    }

    /// Most continuations that may have resumed each other, the initial one of a
    /// call from the host included; no limit by default. With a limit, code calls
    /// the runtime before each `resume`, which looks along the chain. A `switch`
    /// is not looked at: what it brings in counts from the next `resume` on.
    pub fn nesting_max(&mut self, count: usize) -> &mut Self {
        self.nesting_max = Some(count);
        self
    }

    /// Most calls from the host into Wasm that may be active inside each other
    /// in a store. They nest on the host's own stack.
    pub fn activations_max(&mut self, count: usize) -> &mut Self {
        self.activations_max = count;
        self
    }

    /// Most bytes a linear memory may grow to. For a 64-bit memory this much
    /// address space is reserved, or as much as its type's maximum asks for.
    pub fn memory_max(&mut self, bytes: u64) -> &mut Self {
        self.memory_max = bytes;
        self
    }

    /// How accesses to 32-bit memories are kept inside them.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, MemoryChecks};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(Config::new().memory_checks(MemoryChecks::Explicit))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_checks(&mut self, checks: MemoryChecks) -> &mut Self {
        self.memory_checks = checks;
        self
    }

    /// Most bytes of address space that the engine and its stores may reserve, all
    /// together: for heaps, stacks, memories, the type table and code. What was
    /// not set otherwise is made to fit; what was set and does not fit is an
    /// [`Error::Resource`]. Where it is not set and the process has a limit
    /// (`RLIMIT_AS`), it is three quarters of what that leaves.
    ///
    /// With less than 64 GiB, 32-bit memories are checked explicitly, unless
    /// [`Config::memory_checks`] says otherwise. A memory may then find no room to
    /// grow before its maximum.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(Config::new().address_space(256 << 20))?;
    /// let store = Store::new(&engine, ())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn address_space(&mut self, bytes: u64) -> &mut Self {
        self.address_space = Some(bytes);
        self
    }

    /// Most bytes of memory that the heaps (both spaces of each), stacks, memories
    /// and tables of the engine's stores may take, all together; no bound by
    /// default. They are counted as if each stack were used to its end: what stays
    /// is enough whatever the program does. Compiled code, the compiler, and what the runtime
    /// notes about continuations come on top. Where the process has a limit on what
    /// it can write to (`RLIMIT_DATA`), three quarters of what that leaves bound the
    /// same.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, MemoryLimit, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(Config::new().memory_limit(MemoryLimit::Bytes(64 << 20)))?;
    /// let store = Store::new(&engine, ())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_limit(&mut self, limit: MemoryLimit) -> &mut Self {
        self.memory_limit = Some(limit);
        self
    }

    /// Most elements a table may grow to.
    pub fn table_max(&mut self, elements: u64) -> &mut Self {
        self.table_max = elements;
        self
    }

    /// Most instances a store may hold. They live as long as the store.
    pub fn instances_max(&mut self, count: usize) -> &mut Self {
        self.instances_max = count;
        self
    }

    /// How hard to work on the code.
    pub fn opt_level(&mut self, level: OptLevel) -> &mut Self {
        self.opt_level = level;
        self
    }

    /// How to guard stacks.
    pub fn guard(&mut self, guard: GuardKind) -> &mut Self {
        self.guard = guard;
        self
    }

    /// Where compiled code calls the runtime beyond need.
    pub fn hooks(&mut self, hooks: Hooks) -> &mut Self {
        self.hooks = hooks;
        self
    }

    /// Whether arithmetic gives the canonical NaN wherever it gives one, so that
    /// a program computes the same bits on every machine. Costs a comparison for
    /// each such instruction.
    pub fn canonical_nans(&mut self, canonical: bool) -> &mut Self {
        self.canonical_nans = canonical;
        self
    }

    /// Whether modules may use stack switching (on by default). Without it the
    /// language is Wasm 3.0: a module that uses more is not valid.
    pub fn stack_switching(&mut self, allowed: bool) -> &mut Self {
        self.stack_switching = allowed;
        self
    }

    /// Whether each continuation starts on a stack whose memory is new, instead
    /// of one that was used before (off by default). Slow: for tests of what
    /// should not be left on a stack, or looked for there.
    pub fn fresh_stacks(&mut self, fresh: bool) -> &mut Self {
        self.fresh_stacks = fresh;
        self
    }

    /// How many threads validate and compile, up to 1,024; all of the machine's by
    /// default.
    pub fn threads(&mut self, threads: usize) -> &mut Self {
        self.threads = Some(threads);
        self
    }

    /// Whether to walk and check the heap after each collection (on with any zeal).
    pub fn verify_heap(&mut self, verify: bool) -> &mut Self {
        self.verify_heap = verify;
        self
    }

    /// Whether Cranelift checks what it is given (on in debug builds).
    pub fn verify_clif(&mut self, verify: bool) -> &mut Self {
        self.verify_clif = verify;
        self
    }

    /// When continuations that do not run give up their stacks and keep a copy
    /// of the bytes in use: a stack costs a page at least, the copy 200 or 300
    /// bytes as a rule. Who is parked is looked for in collections, which look
    /// at every continuation anyway, and when a stack more is wanted than
    /// [`ParkPolicy::most`]; never in a switch. A parked one gets a stack when it
    /// is resumed; resuming the others costs nothing more.
    pub fn park(&mut self, policy: ParkPolicy) -> &mut Self {
        self.parking = policy;
        self
    }

    /// What to do if the process has signal handlers that Wasm cannot be run beside
    /// (see [`crate::Engine`]): to warn, as by default, or to make no engine.
    pub fn signals(&mut self, policy: SignalPolicy) -> &mut Self {
        self.signals = policy;
        self
    }

    /// Gives the collector a defect. Stale references are left behind, and compiled
    /// code follows them: what happens then is undefined, in any store of the engine.
    /// For tests in a process of their own.
    #[cfg(feature = "planted-defects")]
    #[doc(hidden)]
    pub fn plant_defect(&mut self, defect: Defect) -> &mut Self {
        self.defect = Some(defect);
        self
    }

    /// Makes the system refuse something to each store, for tests.
    #[doc(hidden)]
    pub fn refuse(&mut self, refusal: Refusal) -> &mut Self {
        self.refusal = Some(refusal);
        self
    }

    /// Places compiled code must call the runtime from.
    pub(crate) fn needed_hooks(&self) -> Hooks {
        Hooks {
            calls: self.hooks.calls || self.zeal.call,
            switches: self.hooks.switches
                || self.zeal.switch
                || self.zeal.moving
                || self.fresh_stacks
                || self.nesting_max.is_some(),
        }
    }

    /// Refuses what cannot work.
    pub(crate) fn check(&self) -> Result<(), Error> {
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
        if let Some(threads) = self.threads
            && !(1..=MOST_THREADS).contains(&threads)
        {
            return usage(format!(
                "{threads} threads to compile with are not between 1 and {MOST_THREADS}"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeal_reads_back_what_it_prints() {
        for text in [
            "none",
            "alloc",
            "alloc:7",
            "switch",
            "alloc,switch,call",
            "alloc:2,move",
        ] {
            assert_eq!(text.parse::<Zeal>().unwrap().to_string(), text);
        }
        for text in ["", "none,alloc", "alloc:0", "alloc:x", "gc", "alloc,,call"] {
            assert!(text.parse::<Zeal>().is_err(), "{text}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        assert!(Config::new().check().is_ok());
        assert!(Config::new().heap_max(1).check().is_err());
        assert!(Config::new().stack_size(1 << 40).check().is_err());
        assert!(Config::new().threads(0).check().is_err());
        assert!(Config::new().nesting_max(0).check().is_err());
        assert!(Config::new().stack_bytes_max(600_000).check().is_ok());
        assert!(Config::new().stack_bytes_max(200_000).check().is_err());
    }
}

/// The least a heap can be limited to.
pub(crate) const SMALLEST_HEAP: u64 = 64 << 10;
