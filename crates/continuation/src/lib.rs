//! Continuations: which there are, where each stands in its life, what ends it.
//!
//! ```text
//!  Registry   (registry)   takes, makes fresh, releases; owns records and stacks
//!  Slab       (slab)       records at addresses that never change or are reused
//!  states     (states)     the one table of verbs and states
//!  Bound      (bound)      arguments bound before the continuation runs
//!  marking    (marking)    the collector's side: mark, sweep
//!  parking                 continuations without a stack
//!  pressure                when they alone are reason to collect
//!  report, verify, limits
//! ```
//!
//! Compiled code takes records off the free list, switches between them and
//! puts them back by itself, writing as little as it can. So this crate keeps
//! no second truth: states follow from the chain of parents, counts from the
//! counters in the store's context and the few kept here.

mod bound;
mod hurry;
mod initial;
mod limits;
mod marking;
mod memory;
mod parking;
mod pressure;
mod registry;
mod report;
mod shrinking;
mod slab;
mod states;
mod verify;

#[cfg(test)]
mod hurry_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

/// What events of this crate are about.
const TRACE: &str = "mangrove::cont";

pub use bound::Bound;
pub use limits::{LimitError, RegistryConfig};
pub use marking::Worklist;
pub use parking::ParkPolicy;
pub use pressure::kept_bytes;
pub use registry::Registry;
pub use report::{Ends, RegistryReport};
pub use states::{End, Role, State, TRANSITIONS, Transition, Verb, next_state};
pub use verify::RegistryViolation;
