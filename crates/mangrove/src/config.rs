//! What an engine is made with.
//!
//! Everything here is chosen before the first module is compiled: zeal decides
//! which hooks compiled code carries, limits decide what is reserved.

use crate::stop::HookPlace;
#[cfg(feature = "planted-defects")]
use mangrove_abi::Defect;
use mangrove_abi::Refusal;
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_compile::Interruption;
use mangrove_compile::{Hooks, OptLevel};
use mangrove_continuation::ParkPolicy;
use mangrove_runtime::{Error, MemoryChecks, MemoryLimit, Settings, SignalPolicy, Zeal};
use mangrove_stack::GuardKind;
use std::fmt;

/// Most threads to compile with: each is started, and takes a stack.
const MOST_THREADS: usize = 1024;

/// Settings of an engine. The default is fit for production: fast code, no
/// zeal, a 1 GiB heap, a million continuations with 256 KiB of stack each, calls of
/// them with 1 MiB.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, GuardKind, Hooks, MemoryChecks, OptLevel, ParkPolicy, SignalPolicy};
///
/// let mut config = Config::new();
/// // What stores may take; what code is made; what finds faults, and takes time.
/// config.heap_max(64 << 20).young_min(1 << 20).young_max(16 << 20).memory_max(1 << 30);
/// config.stack_size(64 << 10).initial_stack_size(1 << 20).stack_bytes_max(1 << 30);
/// config.continuations_max(10_000).nesting_max(1_000).activations_max(100);
/// config.table_max(1 << 20).instances_max(100).park(ParkPolicy::NEVER);
/// config.opt_level(OptLevel::Speed).hooks(Hooks::default()).canonical_nans(true);
/// config.stack_switching(true).memory_checks(MemoryChecks::Auto).guard(GuardKind::Auto);
/// config.threads(2).weak_references(true).signals(SignalPolicy::Refuse);
/// config.zeal("alloc:100".parse()?).fresh_stacks(true).verify_heap(true).verify_clif(true);
/// let _engine = Engine::new(&config)?;
/// # Ok::<(), mangrove::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    pub(crate) settings: Settings,
    pub(crate) opt_level: OptLevel,
    pub(crate) hooks: Hooks,
    pub(crate) hook_places: Vec<HookPlace>,
    pub(crate) canonical_nans: bool,
    pub(crate) debug_info: bool,
    pub(crate) stack_switching: bool,
    pub(crate) threads: Option<usize>,
    pub(crate) verify_clif: bool,
    pub(crate) signals: SignalPolicy,
    pub(crate) weak_references: bool,
}

impl fmt::Debug for Config {
    /// One list: who reads it need not know which settings are whose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every field is named, so that a new one is not forgotten here.
        let Self {
            settings,
            opt_level,
            hooks,
            hook_places,
            canonical_nans,
            debug_info,
            stack_switching,
            threads,
            verify_clif,
            signals,
            weak_references,
        } = self;
        let Settings {
            zeal,
            continuations_in_objects,
            continuation_clone,
            heap_max,
            young_min,
            young_max,
            stack_size,
            initial_stack_size,
            continuations_max,
            stack_bytes_max,
            nesting_max,
            epoch_interruption,
            consume_fuel,
            activations_max,
            memory_max,
            memory_checks,
            address_space,
            memory_limit,
            table_max,
            instances_max,
            guard,
            fresh_stacks,
            verify_heap,
            refusal,
            defect,
            parking,
        } = settings;
        f.debug_struct("Config")
            .field("zeal", zeal)
            .field("continuations_in_objects", continuations_in_objects)
            .field("continuation_clone", continuation_clone)
            .field("heap_max", heap_max)
            .field("young_min", young_min)
            .field("young_max", young_max)
            .field("stack_size", stack_size)
            .field("initial_stack_size", initial_stack_size)
            .field("continuations_max", continuations_max)
            .field("stack_bytes_max", stack_bytes_max)
            .field("nesting_max", nesting_max)
            .field("epoch_interruption", epoch_interruption)
            .field("consume_fuel", consume_fuel)
            .field("activations_max", activations_max)
            .field("memory_max", memory_max)
            .field("memory_checks", memory_checks)
            .field("address_space", address_space)
            .field("memory_limit", memory_limit)
            .field("table_max", table_max)
            .field("instances_max", instances_max)
            .field("opt_level", opt_level)
            .field("guard", guard)
            .field("hooks", hooks)
            .field("hook_places", hook_places)
            .field("canonical_nans", canonical_nans)
            .field("debug_info", debug_info)
            .field("stack_switching", stack_switching)
            .field("fresh_stacks", fresh_stacks)
            .field("threads", threads)
            .field("verify_heap", verify_heap)
            .field("verify_clif", verify_clif)
            .field("refusal", refusal)
            .field("defect", defect)
            .field("parking", parking)
            .field("signals", signals)
            .field("weak_references", weak_references)
            .finish()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            opt_level: OptLevel::default(),
            hooks: Hooks::default(),
            hook_places: Vec::new(),
            canonical_nans: false,
            debug_info: false,
            stack_switching: true,
            threads: None,
            verify_clif: cfg!(debug_assertions),
            signals: SignalPolicy::default(),
            weak_references: false,
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
        self.settings.zeal = zeal;
        self
    }

    /// Whether heap objects may hold continuations: fields of structs, elements of
    /// arrays, payloads of exceptions. By default they may not, and a module in which
    /// one could is an [`Error::Admission`].
    ///
    /// If they may, collections follow continuations out of objects, and reclaim rings of
    /// both that nothing else refers to. Modules without such fields run as before; a
    /// report on continuations, and verification, look at all objects then.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, ContinuationsInObjects, Engine, Error, Module};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let boxed = "(module (type $f (func)) (type $k (cont $f))
    ///                (type $box (struct (field (mut (ref null $k))))))";
    /// let refused = Module::new(&Engine::new(&Config::new())?, boxed.as_bytes());
    /// assert!(matches!(refused, Err(Error::Admission(_))));
    /// let mut config = Config::new();
    /// config.continuations_in_objects(ContinuationsInObjects::Trace);
    /// Module::new(&Engine::new(&config)?, boxed.as_bytes())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn continuations_in_objects(&mut self, policy: ContinuationsInObjects) -> &mut Self {
        self.settings.continuations_in_objects = policy;
        self
    }

    /// Whether continuations may be cloned, which no proposal has: off by default. If they
    /// may, [`crate::ContHandle::clone_suspended`] makes a second continuation that goes on
    /// where the first is suspended, and modules can import that as `clone_cont` of the
    /// module `mangrove`, with any type from a continuation to one of the same type.
    ///
    /// Code is the same with and without.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker, Module, Store, Val};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let text = br#"(module
    ///     (type $f (func (param i32) (result i32))) (type $k (cont $f))
    ///     (import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref $k))))
    ///     (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
    ///     (elem declare func $double)
    ///     (func (export "twice") (param i32) (result i32)
    ///         (local $k (ref null $k))
    ///         (local.set $k (cont.new $k (ref.func $double)))
    ///         (i32.add
    ///             (resume $k (local.get 0) (call $clone (local.get $k)))
    ///             (resume $k (local.get 0) (local.get $k)))))"#;
    /// let engine = Engine::new(Config::new().continuation_clone(true))?;
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let mut linker = Linker::new(&engine);
    /// let instance = linker.define_mangrove().instantiate(&mut store, &module)?;
    /// let twice = instance.func(&store, "twice").expect("it is exported");
    /// assert_eq!(twice.call(&mut store, &[Val::I32(3)])?, [Val::I32(12)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn continuation_clone(&mut self, allowed: bool) -> &mut Self {
        self.settings.continuation_clone = allowed;
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

    /// Whether code looks at the engine's epoch, at the entry of every function and at the
    /// head of every loop (off by default). Stores of such an engine have a deadline, which
    /// is the epoch that the engine begins with: it has to be set before anything runs, with
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline).
    ///
    /// What this and [`Config::consume_fuel`] cost is in `docs/BENCHMARKS.md`. A thread that
    /// raises the epoch every so often gives all stores a clock for the price of two
    /// loads and a comparison; fuel is exact, and the same on every machine.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Store};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.set_epoch_deadline(3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn epoch_interruption(&mut self, on: bool) -> &mut Self {
        self.settings.epoch_interruption = on;
        self
    }

    /// Whether code counts the instructions it executes, as fuel of its store (off by
    /// default). Each is one unit, but `nop`, `drop`, `block`, `loop`, `else`, `end`,
    /// `return` and `unreachable`, which are none. Each call of a function is one more. An operation on many bytes or
    /// elements costs a unit more for each byte of a memory, or each element, whether it can
    /// be done or not.
    ///
    /// A store has none until it gets some ([`Store::set_fuel`](crate::Store::set_fuel)).
    /// Whether there is some left is looked at at the entry of every function, at the
    /// head of every loop and before operations on many: a program uses a little more than
    /// there is before it ends.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let text = b"(module (func (export \"f\") (drop (i32.add (i32.const 1) (i32.const 2)))))";
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.set_fuel(10)?;
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// instance.func(&store, "f").expect("it is exported").call(&mut store, &[])?;
    /// assert_eq!(store.get_fuel()?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn consume_fuel(&mut self, on: bool) -> &mut Self {
        self.settings.consume_fuel = on;
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

    /// How hard to work on the code.
    pub fn opt_level(&mut self, level: OptLevel) -> &mut Self {
        self.opt_level = level;
        self
    }

    /// How to guard stacks.
    pub fn guard(&mut self, guard: GuardKind) -> &mut Self {
        self.settings.guard = guard;
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

    /// Whether what a debugger asks is kept beside the code (off by default): which locals and
    /// operands the slots of frames hold, and the lines of modules in text
    /// ([`Module::source_line`](crate::Module::source_line)). The machine code is the same;
    /// compiling takes longer.
    pub fn debug_info(&mut self, kept: bool) -> &mut Self {
        self.debug_info = kept;
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
        self.settings.fresh_stacks = fresh;
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
        self.settings.verify_heap = verify;
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
        self.settings.parking = policy;
        self
    }

    /// Whether programs can have references that keep nothing, and be told what died
    /// (off by default): [`crate::Linker::define_mangrove`] defines functions for it then.
    /// It changes nothing of how code is compiled and collected.
    pub fn weak_references(&mut self, allowed: bool) -> &mut Self {
        self.weak_references = allowed;
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
        self.settings.defect = Some(defect);
        self
    }

    /// Makes the system refuse something to each store, for tests.
    #[doc(hidden)]
    pub fn refuse(&mut self, refusal: Refusal) -> &mut Self {
        self.settings.refusal = Some(refusal);
        self
    }

    /// Whether continuations may be cloned.
    pub(crate) fn continuation_cloning(&self) -> bool {
        self.settings.continuation_clone
    }

    /// Places compiled code must call the runtime from.
    pub(crate) fn needed_hooks(&self) -> Hooks {
        Hooks {
            calls: self.hooks.calls || self.settings.zeal.call,
            switches: self.hooks.switches
                || self.settings.zeal.switch
                || self.settings.zeal.moving
                || self.settings.fresh_stacks
                || self.settings.nesting_max.is_some(),
        }
    }

    /// What compiled code must look at to be interrupted.
    pub(crate) fn needed_interruption(&self) -> Interruption {
        Interruption {
            epochs: self.settings.epoch_interruption || self.settings.zeal.interrupt,
            fuel: self.settings.consume_fuel,
        }
    }

    /// Refuses what cannot work.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.settings.check()?;
        if let Some(threads) = self.threads
            && !(1..=MOST_THREADS).contains(&threads)
        {
            return Err(Error::usage(format!(
                "{threads} threads to compile with are not between 1 and {MOST_THREADS}"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
