//! What stores may take: heaps, stacks, memories, tables, and all of them together.

use super::Config;
use mangrove_continuation::ParkPolicy;
#[cfg(doc)]
use mangrove_runtime::Error;
use mangrove_runtime::{MemoryChecks, MemoryLimit};
use mangrove_stack::GuardKind;

impl Config {
    /// Most bytes the objects of a store may take; from 64 KiB up to just under
    /// 2 GiB. If it is not set: 1 GiB, or what [`Config::address_space`] and
    /// [`Config::memory_limit`] have room for.
    ///
    /// A collection copies what is live from one space to another of the same
    /// size, so the heap reserves twice as much address space, and takes up to
    /// twice as much memory while everything is live.
    pub fn heap_max(&mut self, bytes: u64) -> &mut Self {
        self.settings.heap_max = Some(bytes);
        self
    }

    /// Bytes of the young space at first, and at least; 1 MiB if nothing is said. This
    /// much is allocated between two minor collections, as far as [`Config::heap_max`]
    /// has it. A young space that fits the processor's cache is fast; see
    /// [`Config::young_max`] for programs whose objects live longer.
    pub fn young_min(&mut self, bytes: u64) -> &mut Self {
        self.settings.young_min = bytes;
        self
    }

    /// Bytes that the young space may grow to where much of it survives; 16 MiB if
    /// nothing is said, 64 MiB and a quarter of the heap at most.
    pub fn young_max(&mut self, bytes: u64) -> &mut Self {
        self.settings.young_max = bytes;
        self
    }

    /// Usable bytes of every stack, from 4 KiB up to 1 GiB, rounded up to pages.
    /// By default 256 KiB for continuations and 1 MiB for the stacks that calls
    /// from the host begin on.
    pub fn stack_size(&mut self, bytes: usize) -> &mut Self {
        self.settings.stack_size = bytes;
        self.initial_stack_size(bytes)
    }

    /// Usable bytes of the stacks that calls from the host begin on, likewise;
    /// to be set after [`Config::stack_size`], which sets it as well.
    pub fn initial_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.settings.initial_stack_size = bytes;
        self
    }

    /// Most continuations a store may have at a time, calls from the host included.
    pub fn continuations_max(&mut self, count: usize) -> &mut Self {
        self.settings.continuations_max = count;
        self
    }

    /// Most bytes of stacks a store may use at a time, those of calls from the
    /// host left out; no limit by default. Each
    /// continuation that is not parked uses [`Config::stack_size`], whether it has
    /// filled it or not. A policy that parks in a hurry ([`ParkPolicy::most`])
    /// does so before the limit is reached.
    pub fn stack_bytes_max(&mut self, bytes: u64) -> &mut Self {
        self.settings.stack_bytes_max = bytes;
        self
    }

    /// Most continuations that may have resumed each other, the initial one of a
    /// call from the host included; no limit by default. With a limit, code calls
    /// the runtime before each `resume`, which looks along the chain. A `switch`
    /// is not looked at: what it brings in counts from the next `resume` on.
    pub fn nesting_max(&mut self, count: usize) -> &mut Self {
        self.settings.nesting_max = Some(count);
        self
    }

    /// Most calls from the host into Wasm that may be active inside each other
    /// in a store. They nest on the host's own stack.
    pub fn activations_max(&mut self, count: usize) -> &mut Self {
        self.settings.activations_max = count;
        self
    }

    /// Most bytes a linear memory may grow to. For a 64-bit memory this much
    /// address space is reserved, or as much as its type's maximum asks for.
    pub fn memory_max(&mut self, bytes: u64) -> &mut Self {
        self.settings.memory_max = bytes;
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
        self.settings.memory_checks = checks;
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
        self.settings.address_space = Some(bytes);
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
        self.settings.memory_limit = Some(limit);
        self
    }

    /// Most elements a table may grow to.
    pub fn table_max(&mut self, elements: u64) -> &mut Self {
        self.settings.table_max = elements;
        self
    }

    /// Most instances a store may hold. They live as long as the store.
    pub fn instances_max(&mut self, count: usize) -> &mut Self {
        self.settings.instances_max = count;
        self
    }

    /// How to guard stacks.
    pub fn guard(&mut self, guard: GuardKind) -> &mut Self {
        self.settings.guard = guard;
        self
    }

    /// When continuations that do not run give up their stacks and keep a copy
    /// of the bytes in use: a stack costs a page at least, the copy 200 or 300
    /// bytes as a rule. Who is parked is looked for in collections, which look
    /// at every continuation anyway, and when a stack more is wanted than
    /// [`ParkPolicy::most`]; never in a switch. A parked one gets a stack when it
    /// is resumed; resuming the others costs nothing more.
    pub fn park(&mut self, policy: ParkPolicy) -> &mut Self {
        self.settings.parking = policy;
        self
    }
}
