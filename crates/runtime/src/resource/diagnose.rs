//! Which limits a refused request exceeds.

use crate::resource::cause::Cause;
use crate::resource::facts::Facts;
use crate::resource::need::Need;
use rustix::io::Errno;

/// Bytes below which user space ends on x86-64 with page tables of four levels.
const ADDRESSES: u64 = 1 << 47;
/// All but one of so many parts of the mappings are nearly all.
const NEARLY_ALL: u64 = 64;
/// A group this close to its memory limit had nothing to give.
const NEARLY_FULL: u64 = 1 << 20;
/// What the allocator asks the system for, for the least of requests: some of it
/// for later ones.
const ALLOCATOR_STEP: u64 = 1 << 20;
/// A request may make two mappings of one, or three.
const SPLIT: u64 = 2;

/// The limits that a request of this many bytes exceeds, if it failed with this
/// error.
pub(super) fn causes(need: Need, bytes: u64, errno: Option<i32>, facts: &Facts) -> Vec<Cause> {
    use Need::{Allocate, Commit, Map, Reserve, Thread};
    if bytes >= ADDRESSES {
        return vec![Cause::TooLarge];
    }
    let mut causes = Vec::new();
    let bytes = match need {
        Allocate => bytes + ALLOCATOR_STEP,
        _ => bytes,
    };
    let again = errno == Some(Errno::AGAIN.raw_os_error());
    let maps_new = matches!(need, Reserve | Map | Allocate | Thread);
    let writable = matches!(need, Map | Commit | Allocate | Thread);
    if let Some(limit) = facts.address_limit
        && maps_new
        && facts.address_used.saturating_add(bytes) > limit
    {
        let used = facts.address_used;
        causes.push(Cause::AddressSpace { limit, used });
    }
    if let Some(limit) = facts.data_limit
        && writable
        && facts.data_used.saturating_add(bytes) > limit
    {
        let used = facts.data_used;
        causes.push(Cause::Data { limit, used });
    }
    let (limit, committed) = (facts.commit_limit, facts.committed);
    if writable && facts.overcommit == Some(2) && committed.saturating_add(bytes) > limit {
        causes.push(Cause::Overcommit { limit, committed });
    }
    if need == Allocate && facts.overcommit == Some(0) && bytes > facts.total {
        causes.push(Cause::Heuristic { total: facts.total });
    }
    if let Some(limit) = facts.map_limit
        && facts.maps + SPLIT > limit
    {
        let used = facts.maps;
        causes.push(Cause::Mappings { limit, used });
    }
    if again && need == Thread {
        threads(facts, &mut causes);
    } else if again && let Some(limit) = facts.lock_limit {
        causes.push(Cause::Locked { limit });
    }
    // Other threads may have given some back since.
    if causes.is_empty()
        && need != Thread
        && let Some(limit) = facts.map_limit
        && facts.maps > limit - limit / NEARLY_ALL
    {
        let used = facts.maps;
        causes.push(Cause::Mappings { limit, used });
    }
    // The last to be suspected: a full group reclaims before it refuses.
    if causes.is_empty()
        && let Some((limit, used)) = facts.cgroup_memory
        && used + NEARLY_FULL > limit
    {
        causes.push(Cause::CgroupMemory { limit, used });
    }
    causes
}

fn threads(facts: &Facts, causes: &mut Vec<Cause>) {
    if let Some((limit, used)) = facts.cgroup_pids
        && used >= limit
    {
        causes.push(Cause::CgroupPids { limit, used });
    }
    // How many the user has in all is not known: the kernel's last reason.
    if causes.is_empty()
        && let Some(limit) = facts.process_limit
    {
        causes.push(Cause::Processes { limit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process with 100 bytes of everything in use, and no limit.
    fn free() -> Facts {
        Facts {
            address_used: 100,
            data_used: 100,
            overcommit: Some(1),
            committed: 100,
            total: 1000,
            map_limit: Some(65530),
            maps: 100,
            ..Facts::default()
        }
    }

    fn of(need: Need, bytes: u64, facts: &Facts) -> Vec<Cause> {
        causes(need, bytes, Some(Errno::NOMEM.raw_os_error()), facts)
    }

    const ALL: [Need; 6] = [
        Need::Reserve,
        Need::Map,
        Need::Commit,
        Need::Protect,
        Need::Allocate,
        Need::Thread,
    ];

    #[test]
    fn without_a_limit_nothing_is_blamed() {
        for need in ALL {
            assert_eq!(of(need, 1 << 40, &free()), []);
            assert_eq!(of(need, 1 << 47, &free()), [Cause::TooLarge]);
        }
    }

    #[test]
    fn only_what_is_exceeded_is_named() {
        let (limit, used) = (1000, 100);
        let address = Facts {
            address_limit: Some(limit),
            ..free()
        };
        let data = Facts {
            data_limit: Some(limit),
            ..free()
        };
        let strict = Facts {
            overcommit: Some(2),
            commit_limit: limit,
            ..free()
        };
        let loose = Facts {
            overcommit: Some(0),
            ..free()
        };
        let maps = Facts {
            maps: 65529,
            ..free()
        };
        for need in ALL {
            let expected = (need == Need::Allocate).then_some(Cause::Heuristic { total: 1000 });
            assert_eq!(of(need, 1001, &loose), Vec::from_iter(expected));
            let (limit, used) = (65530, 65529);
            assert_eq!(of(need, 1, &maps), [Cause::Mappings { limit, used }]);
        }
        for need in ALL.into_iter().filter(|&need| need != Need::Allocate) {
            for facts in [&address, &data, &strict] {
                assert_eq!(of(need, 900, facts), [], "{need:?}");
            }
            let new = !matches!(need, Need::Commit | Need::Protect);
            let expected = new.then_some(Cause::AddressSpace { limit, used });
            assert_eq!(of(need, 901, &address), Vec::from_iter(expected));
            let writable = !matches!(need, Need::Reserve | Need::Protect);
            let expected = writable.then_some(Cause::Data { limit, used });
            assert_eq!(of(need, 901, &data), Vec::from_iter(expected));
            let committed = used;
            let expected = writable.then_some(Cause::Overcommit { limit, committed });
            assert_eq!(of(need, 901, &strict), Vec::from_iter(expected));
        }
        // The allocator asks for more than it was asked for.
        let near = Facts {
            address_limit: Some(100 + ALLOCATOR_STEP),
            data_limit: Some(100 + ALLOCATOR_STEP + 1),
            ..free()
        };
        assert_eq!(of(Need::Allocate, 0, &near), []);
        let found = of(Need::Allocate, 1, &near);
        assert!(
            matches!(found[..], [Cause::AddressSpace { .. }]),
            "{found:?}"
        );
    }

    #[test]
    fn threads_and_locked_memory_are_told_by_the_answer() {
        let again = Some(Errno::AGAIN.raw_os_error());
        let (limit, used) = (7, 7);
        let facts = Facts {
            process_limit: Some(50),
            cgroup_pids: Some((limit, used)),
            lock_limit: Some(64),
            ..free()
        };
        assert_eq!(
            causes(Need::Thread, 0, again, &facts),
            [Cause::CgroupPids { limit, used }]
        );
        let roomy = Facts {
            cgroup_pids: Some((8, 7)),
            ..facts.clone()
        };
        assert_eq!(
            causes(Need::Thread, 0, again, &roomy),
            [Cause::Processes { limit: 50 }]
        );
        assert_eq!(
            causes(Need::Reserve, 1, again, &facts),
            [Cause::Locked { limit: 64 }]
        );
        assert_eq!(of(Need::Reserve, 1, &facts), []);
    }

    #[test]
    fn a_full_group_is_named_when_nothing_else_is() {
        let (limit, used) = (64 << 20, 64 << 20);
        let facts = Facts {
            cgroup_memory: Some((limit, used)),
            ..free()
        };
        let full = [Cause::CgroupMemory { limit, used }];
        assert_eq!(of(Need::Commit, 1, &facts), full);
        let facts = Facts {
            maps: 65530,
            ..facts
        };
        assert!(matches!(
            of(Need::Commit, 1, &facts)[..],
            [Cause::Mappings { .. }]
        ));
    }
}
