//! The channels of events: what their targets are called. Those of the stacks, the
//! continuations and the heap are named there as well.

/// Code compiled and loaded.
pub const COMPILE: &str = "mangrove::compile";
/// Continuations made, ended, parked.
pub const CONTINUATIONS: &str = "mangrove::cont";
/// Collections.
pub const GC: &str = "mangrove::gc";
/// Linear memories, and address space.
pub const MEMORY: &str = "mangrove::memory";
/// What was refused while the runtime went on.
pub const RESOURCE: &str = "mangrove::resource";
/// The root set at a collection.
pub const ROOTS: &str = "mangrove::roots";
/// Signal handlers of others.
pub const SIGNALS: &str = "mangrove::signals";
/// Switches.
pub const SWITCHES: &str = "mangrove::switch";
