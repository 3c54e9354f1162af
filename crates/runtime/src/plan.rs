//! Who gets how much of an engine's bounds.
//!
//! | part | of a bound |
//! |-|-|
//! | type table, once | 1/32 of the address space |
//! | code, for the process | as needed |
//! | heap of a store, all its spaces | what `heap_max` needs; 3/8 of what is left if it is not set |
//! | stacks of a store | half of what is left then, an eighth of it for calls |
//! | a memory | at most half of what is left then, and its minimum at least |
//!
//! Without a bound each gets what its own limits allow. Where a limit of the
//! process or its group is the bound, a part of it is not the engine's: the
//! program, its threads, the allocator's and the compiler's memory.

use crate::bound::{Bound, BoundSource};
use crate::error::Error;
use crate::ledger::{Ledger, Share};
use crate::resource::facts::{Facts, cgroup_memory, strict_commit};
use crate::settings::{MemoryChecks, MemoryLimit, SMALLEST_HEAP, Settings};
use mangrove_abi::object::{TYPE_END, TYPE_FIRST};
use mangrove_abi::{Requests, TypeDescriptor};
use mangrove_heap::{HeapConfig, largest_heap, reserved_bytes};
use mangrove_stack::{GUARD_SIZE, slot_size};

/// Bytes of objects in a heap if nobody has said, and no bound says less.
const DEFAULT_HEAP: u64 = 1 << 30;
/// With at least this much address space, every 32-bit memory may reserve all
/// that its instructions can address, 8 GiB and a guard.
const ROOMY: u64 = 64 << 30;
/// Address space of a compiler's thread: its stack, and the part of the
/// allocator that each thread reserves for itself.
const THREAD: u64 = 160 << 20;
/// What it can write to, likewise: its stack, and what it works on.
const THREAD_DATA: u64 = 8 << 20;
/// Types there is always room for.
const FEWEST_TYPES: u32 = 1 << 12;

/// How an engine divides what it may take.
#[derive(Debug)]
pub struct Plan {
    /// Of address space.
    pub(crate) addresses: Ledger,
    /// Of memory.
    pub(crate) memory: Ledger,
    /// Whether accesses to 32-bit memories compare with the memory's size.
    pub checked_memories: bool,
    /// One more than the highest type number.
    pub(crate) type_end: u32,
    /// How many threads there is address space for.
    pub threads: Option<usize>,
    /// Whether what can be written to counts, touched or not: under strict
    /// overcommit, and for `RLIMIT_DATA`.
    pub(crate) strict_commit: bool,
    /// Who counts the engine's requests, those of its stores included.
    pub requests: Requests,
}

/// What a store's heap may take.
#[derive(Debug)]
pub(crate) struct HeapRoom {
    /// Bytes of objects.
    pub(crate) max: u64,
    /// What decided that, if not the embedder or the default.
    pub(crate) bound: Option<Bound>,
    pub(crate) shares: [Share; 2],
}

/// What a store's stacks may take.
#[derive(Debug)]
pub(crate) struct StackRoom {
    /// Stacks of continuations, one for moving included.
    pub(crate) stacks: usize,
    /// Stacks of calls from the host.
    pub(crate) initial: usize,
    /// Most bytes in use, as [`Settings::stack_bytes_max`].
    pub(crate) bytes_max: u64,
    /// What the numbers are by, if not by the embedder's limits.
    pub(crate) bound: Option<Bound>,
    pub(crate) shares: [Share; 2],
}

impl Plan {
    /// A plan for these settings and the limits of the process as they are now.
    pub fn new(settings: &Settings) -> Self {
        let facts = Facts::of_process();
        let addresses = address_bound(settings, &facts);
        let memory = memory_bound(settings, &facts);
        let requests = Requests::new(settings.refusal);
        Self {
            checked_memories: match settings.memory_checks {
                MemoryChecks::Auto => addresses.is_some_and(|bound| bound.bytes < ROOMY),
                MemoryChecks::Reservation => false,
                MemoryChecks::Explicit => true,
            },
            type_end: type_end(addresses),
            threads: threads(&facts),
            strict_commit: facts.data_limit.is_some() || strict_commit(),
            addresses: Ledger::new(addresses, requests.clone()),
            memory: Ledger::new(memory, requests.clone()),
            requests,
        }
    }

    /// Takes the shares of a store's heap.
    pub(crate) fn heap(&self, settings: &Settings) -> Result<HeapRoom, Error> {
        let ledgers = [&self.addresses, &self.memory].into_iter();
        let lefts = ledgers.filter_map(|ledger| Some((ledger.left()?, ledger.bound())));
        let (left, bound) = match lefts.min_by_key(|&(left, _)| left) {
            Some((left, bound)) => (Some(left), bound),
            None => (None, None),
        };
        let default = default_heap(left);
        let max = settings.heap_max.unwrap_or(default);
        let what = format!("have all spaces of a heap of {max} bytes (heap_max)");
        let bytes = reserved_bytes(&heap_config(settings, max));
        Ok(HeapRoom {
            max,
            bound: bound.filter(|_| settings.heap_max.is_none() && default < DEFAULT_HEAP),
            shares: [
                self.addresses.take(&what, bytes)?,
                self.memory.take(&what, bytes)?,
            ],
        })
    }

    /// Takes the shares of a store's stacks.
    pub(crate) fn stacks(&self, settings: &Settings) -> Result<StackRoom, Error> {
        // One more, to move the last one to.
        let most = settings.continuations_max.saturating_add(1);
        let (stack, initial) = (
            costs(settings.stack_size),
            costs(settings.initial_stack_size),
        );
        let by_address = room(&self.addresses, stack.1, initial.1);
        let by_memory = room(&self.memory, stack.0, initial.0);
        let rooms = [(by_address, &self.addresses), (by_memory, &self.memory)];
        let rooms = rooms
            .into_iter()
            .filter_map(|(room, ledger)| Some((room?, ledger)));
        let mut stacks = most as u64;
        let mut initials = stacks;
        let mut bytes_max = settings.stack_bytes_max;
        let mut bound = None;
        for ((room, initial_room), ledger) in rooms {
            initials = initials
                .min(initial_room)
                .min(settings.activations_max as u64);
            if room < stacks {
                stacks = room;
                // As the registry counts: whole pages.
                let each = settings
                    .stack_size
                    .next_multiple_of(rustix::param::page_size());
                bytes_max = bytes_max.min((room - 1).saturating_mul(each as u64));
                bound = ledger.bound();
            }
        }
        let what = format!("have {stacks} stacks and {initials} for calls");
        let sum = |stack: u64, initial: u64| {
            let all = stacks.saturating_mul(stack);
            all.saturating_add(initials.saturating_mul(initial))
        };
        Ok(StackRoom {
            stacks: usize::try_from(stacks).unwrap_or(usize::MAX),
            initial: usize::try_from(initials).unwrap_or(usize::MAX),
            bytes_max,
            bound,
            shares: [
                self.addresses.take(&what, sum(stack.1, initial.1))?,
                self.memory.take(&what, sum(stack.0, initial.0))?,
            ],
        })
    }
}

/// What a stack takes of memory, when it is used to its end, and of address space.
fn costs(size: usize) -> (u64, u64) {
    let slot = slot_size(size).map_or(u64::MAX, |slot| slot as u64);
    (slot - GUARD_SIZE as u64, slot)
}

/// How many stacks, and stacks for calls, fit into half of what is left of a
/// bound: two and one at least, whether they do or not.
fn room(ledger: &Ledger, stack: u64, initial: u64) -> Option<(u64, u64)> {
    let half = ledger.left()? / 2;
    let initials = (half / 8 / initial).max(1);
    let rest = half.saturating_sub(initials.saturating_mul(initial));
    Some(((rest / stack).max(2), initials))
}

/// How many threads fit into the quarter that is not the engine's.
fn threads(facts: &Facts) -> Option<usize> {
    let fit = |limit: u64, used, one| limit.saturating_sub(used) / 4 / one;
    let by_address = facts
        .address_limit
        .map(|l| fit(l, facts.address_used, THREAD));
    let by_data = facts
        .data_limit
        .map(|l| fit(l, facts.data_used, THREAD_DATA));
    let most = by_address.into_iter().chain(by_data).min()?;
    Some(usize::try_from(most).unwrap_or(usize::MAX))
}

fn address_bound(settings: &Settings, facts: &Facts) -> Option<Bound> {
    if let Some(bytes) = settings.address_space {
        let source = BoundSource::AddressSpace;
        return Some(Bound { bytes, source });
    }
    let limit = facts.address_limit?;
    Some(Bound {
        bytes: most_of(limit, facts.address_used),
        source: BoundSource::AddressLimit { limit },
    })
}

/// Three quarters of what is left of a limit.
fn most_of(limit: u64, used: u64) -> u64 {
    let free = limit.saturating_sub(used);
    free - free / 4
}

/// What was asked for, and what the process can write to: the lesser of both.
fn memory_bound(settings: &Settings, facts: &Facts) -> Option<Bound> {
    let asked = match settings.memory_limit {
        None => None,
        Some(MemoryLimit::Bytes(bytes)) => Some(Bound {
            bytes,
            source: BoundSource::MemoryLimit,
        }),
        Some(MemoryLimit::Cgroup) => cgroup_memory().map(|(limit, _)| Bound {
            bytes: (limit - limit / 8).saturating_sub(facts.resident),
            source: BoundSource::Cgroup { limit },
        }),
    };
    let data = facts.data_limit.map(|limit| Bound {
        bytes: most_of(limit, facts.data_used),
        source: BoundSource::DataLimit { limit },
    });
    asked
        .into_iter()
        .chain(data)
        .min_by_key(|bound| bound.bytes)
}

/// The settings of a heap with this limit, as far as its size depends on them.
pub(crate) fn heap_config(settings: &Settings, max_bytes: u64) -> HeapConfig {
    HeapConfig {
        max_bytes,
        young_min: settings.young_min,
        young_max: settings.young_max,
        poison: settings.zeal.is_on(),
        ..HeapConfig::default()
    }
}

/// The limit of a heap whose spaces take three eighths of a bound: two of the limit,
/// two young ones of a quarter at most, log and cards.
fn default_heap(bound: Option<u64>) -> u64 {
    let part = bound.map_or(DEFAULT_HEAP, |bytes| bytes / 8);
    part.clamp(SMALLEST_HEAP, DEFAULT_HEAP.min(largest_heap()))
}

fn type_end(bound: Option<Bound>) -> u32 {
    let Some(bound) = bound else { return TYPE_END };
    let types = bound.bytes / 32 / size_of::<TypeDescriptor>() as u64;
    let types = u32::try_from(types).unwrap_or(TYPE_END);
    types.clamp(TYPE_FIRST.as_u32() + FEWEST_TYPES, TYPE_END)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zeal::Zeal;

    fn plan(settings: &Settings, limit: Option<u64>) -> (Option<Bound>, u64) {
        let facts = Facts {
            address_limit: limit,
            address_used: 100 << 20,
            ..Facts::default()
        };
        let bound = address_bound(settings, &facts);
        (bound, default_heap(bound.map(|bound| bound.bytes)))
    }

    #[test]
    fn without_a_bound_nothing_is_divided() {
        let settings = Settings::default();
        assert_eq!(plan(&settings, None), (None, 1 << 30));
        assert_eq!(type_end(None), TYPE_END);
    }

    #[test]
    fn a_limit_of_the_process_leaves_it_a_part() {
        let (bound, heap) = plan(&Settings::default(), Some(2100 << 20));
        let bytes = bound.unwrap().bytes;
        assert_eq!(bytes, 1500 << 20);
        let zeal = Zeal {
            call: true,
            ..Zeal::NONE
        };
        for zeal in [Zeal::NONE, zeal] {
            let settings = Settings {
                zeal,
                young_max: u64::MAX,
                ..Settings::default()
            };
            let reserved = reserved_bytes(&heap_config(&settings, heap));
            assert!(reserved <= bytes / 8 * 3, "{reserved} of {bytes}");
        }
        let (bound, heap) = plan(&Settings::default(), Some(1 << 20));
        assert_eq!((bound.unwrap().bytes, heap), (0, SMALLEST_HEAP));
        let bounded = Settings {
            address_space: Some(1 << 40),
            ..Settings::default()
        };
        let (bound, heap) = plan(&bounded, Some(1 << 30));
        assert_eq!((bound.unwrap().bytes, heap), (1 << 40, 1 << 30));
    }

    #[test]
    fn threads_are_as_many_as_there_is_room_for() {
        let facts = |address_limit, data_limit| Facts {
            address_limit,
            data_limit,
            ..Facts::default()
        };
        assert_eq!(threads(&facts(None, None)), None);
        assert_eq!(threads(&facts(Some(4 * THREAD - 1), None)), Some(0));
        assert_eq!(threads(&facts(Some(8 * THREAD), None)), Some(2));
        assert_eq!(
            threads(&facts(Some(8 * THREAD), Some(4 * THREAD_DATA))),
            Some(1)
        );
    }

    /// Whatever the bound: what is taken stays below it, and is refused where
    /// there is too little for the least.
    #[test]
    fn shares_fit_or_are_refused() {
        for shift in 12..45 {
            for memory in [false, true] {
                let mut settings = Settings::default();
                match memory {
                    true => settings.memory_limit = Some(MemoryLimit::Bytes(1 << shift)),
                    false => settings.address_space = Some(1 << shift),
                };
                let plan = Plan::new(&settings);
                let ledger = if memory {
                    &plan.memory
                } else {
                    &plan.addresses
                };
                let Ok(_heap) = plan.heap(&settings) else {
                    assert!(shift < 20, "{shift}");
                    continue;
                };
                let before = ledger.left().unwrap();
                let Ok(stacks) = plan.stacks(&settings) else {
                    assert!(shift < 24, "{shift}");
                    continue;
                };
                assert!(ledger.left().unwrap() >= before / 4, "{shift}");
                assert!(stacks.stacks >= 2 && stacks.initial >= 1);
                assert!(stacks.bytes_max >= 256 << 10, "{stacks:?}");
                // So odd a size has room for one as well.
                settings.stack_size = 10_000;
                settings.initial_stack_size = 10_000;
                if let Ok(small) = Plan::new(&settings).stacks(&settings) {
                    assert!(small.bytes_max >= 12_288, "{small:?}");
                }
                settings.stack_size = 256 << 10;
                settings.initial_stack_size = 256 << 10;
                let all = settings.continuations_max + 1;
                assert_eq!(stacks.bound.is_some(), stacks.stacks < all);
            }
        }
    }
}
