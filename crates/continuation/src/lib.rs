//! Continuations: which there are, where each stands in its life, what ends it.
//!
//! | file | what |
//! |-|-|
//! | `registry` | owns the records and their stacks: takes them, counts them, looks at them |
//! | `slab` | records at addresses that never change or are reused |
//! | `states`, `life` | the one table of states and verbs; how a continuation begins and ends |
//! | `initial`, `calls` | the continuations that calls from the host begin with |
//! | `bound`, `binding` | arguments bound before a continuation runs |
//! | `cloning` | a second continuation where one is stopped |
//! | `searching` | who handles a suspension by the host |
//! | `marking` | the collector's side: worklist, mark, sweep |
//! | `waking` | which stacks ran since the last collection |
//! | `parking_policy`, `parking` | continuations without a stack |
//! | `rounds`, `make_room` | parking because a stack is wanted, and when that is worth a look |
//! | `pressure`, `due` | when continuations alone are reason to collect |
//! | `shrinking` | idle stacks give back what they were once used to |
//! | `reset` | a registry as a new one; what it has taken so far |
//! | `verify`, `memo`, `violation` | what always holds, and the check of it |
//! | `following` | serial numbers, for who looks more than once |
//! | `report`, `limits` | what the registry says of itself, and when it refuses |
//!
//! Compiled code takes records off the free list, switches between them and
//! puts them back by itself, writing as little as it can. So this crate keeps
//! no second truth: states follow from the chain of parents, counts from the
//! counters in the store's context and the few kept here.

mod binding;
mod bound;
mod calls;
mod cloning;
mod due;
mod following;
mod initial;
mod life;
mod limits;
mod lives;
mod make_room;
mod marking;
mod memo;
mod noted;
mod parking;
mod parking_policy;
mod pressure;
mod registry;
mod report;
mod reset;
mod rounds;
mod searching;
mod shrinking;
mod slab;
mod states;
mod verify;
mod violation;
mod waking;

#[cfg(test)]
mod make_room_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

/// What events of this crate are about.
const TRACE: &str = "mangrove::cont";

pub use bound::BoundArguments;
pub use calls::CallRecords;
pub use limits::{LimitError, RegistryConfig};
pub use marking::Worklist;
pub use noted::Life;
pub use parking_policy::ParkPolicy;
pub use pressure::kept_bytes;
pub use registry::Registry;
pub use report::{Ends, RegistryReport};
pub use reset::Taken;
pub use searching::HandlerPlace;
pub use states::{End, Role, State, TRANSITIONS, Transition, Verb, next_state};
pub use violation::RegistryViolation;
pub use waking::{make_current, wake};
