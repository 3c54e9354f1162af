//! What an engine is made with.
//!
//! Everything here is chosen before the first module is compiled: zeal decides
//! which hooks compiled code carries (`code`), limits decide what is reserved (`limits`).

mod code;
mod limits;

use crate::stop::HookPlace;
#[cfg(feature = "planted-defects")]
use mangrove_abi::Defect;
use mangrove_abi::Refusal;
use mangrove_compile::{Hooks, Interruption, OptLevel};
use mangrove_runtime::{Error, Settings, SignalPolicy, Zeal};
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

    /// Whether each continuation starts on a stack whose memory is new, instead
    /// of one that was used before (off by default). Slow: for tests of what
    /// should not be left on a stack, or looked for there.
    pub fn fresh_stacks(&mut self, fresh: bool) -> &mut Self {
        self.settings.fresh_stacks = fresh;
        self
    }

    /// Whether to walk and check the heap after each collection (on with any zeal).
    pub fn verify_heap(&mut self, verify: bool) -> &mut Self {
        self.settings.verify_heap = verify;
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

    /// Makes the system refuse something to the engine and its stores, for tests.
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
        let zeal = self.settings.zeal;
        Hooks {
            calls: self.hooks.calls || zeal.call || zeal.random.is_some(),
            switches: self.hooks.switches
                || zeal.switch
                || zeal.moving
                || zeal.random.is_some()
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
