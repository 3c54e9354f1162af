//! Slots, guards, reuse, trimming, limits.

use super::*;
use mangrove_abi::Refusal;
use std::ptr;

fn arena(guard: GuardKind, max_stacks: usize) -> StackArena {
    StackArena::new(ArenaConfig {
        stack_size: 10_000,
        guard,
        max_stacks,
        ..ArenaConfig::default()
    })
}

fn touch(stack: Stack, value: u8) {
    for address in [stack.limit, stack.top - 1] {
        // SAFETY: both ends of a stack that is ours.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(address as usize).write(value) };
    }
}

fn lowest_and_highest(stack: Stack) -> [u8; 2] {
    // SAFETY: both ends of a stack that is ours.
    [stack.limit, stack.top - 1]
        .map(|at| unsafe { ptr::with_exposed_provenance::<u8>(at as usize).read() })
}

fn release(arena: &mut StackArena, stack: Stack) {
    // SAFETY: tests need nothing of what they release.
    unsafe { arena.release(stack) };
}

#[test]
fn stacks_are_apart_aligned_and_large_enough() {
    let mut arena = arena(GuardKind::Auto, usize::MAX);
    let mut all: Vec<_> = (0..1000).map(|_| arena.allocate().unwrap()).collect();
    for stack in &all {
        assert!(stack.top.is_multiple_of(16));
        assert!(stack.limit.is_multiple_of(arena.page as u64));
        assert!(stack.top - stack.limit >= 12_288);
        touch(*stack, 1);
    }
    all.sort_by_key(|stack| stack.top);
    for pair in all.windows(2) {
        assert!(pair[0].top + GUARD_SIZE as u64 <= pair[1].limit);
    }
    let stats = arena.stats();
    assert_eq!(
        (stats.stacks, stats.idle, stats.stack_size),
        (1000, 0, 12_288)
    );
    assert_ne!(stats.guard, GuardKind::Auto, "decided by now");
}

#[test]
fn a_guard_is_known_from_anything_else() {
    for guard in [GuardKind::Auto, GuardKind::Mprotect] {
        let mut arena = arena(guard, usize::MAX);
        let stacks: Vec<_> = (0..200).map(|_| arena.allocate().unwrap()).collect();
        for stack in &stacks {
            let guard = stack.limit - GUARD_SIZE as u64..stack.limit;
            assert!(arena.guard_contains(guard.start));
            assert!(arena.guard_contains(guard.end - 1));
            assert!(!arena.guard_contains(stack.limit));
            assert!(!arena.guard_contains(stack.top - 1));
        }
        let next = stacks[199].limit + arena.slot_size() as u64 - 1;
        assert!(!arena.guard_contains(next), "not handed out yet");
        assert!(!arena.guard_contains(0));
        assert!(!arena.guard_contains(u64::MAX));
    }
}

#[test]
fn the_last_released_is_the_first_reused() {
    let mut arena = arena(GuardKind::Auto, usize::MAX);
    let all: Vec<_> = (0..10).map(|_| arena.allocate().unwrap()).collect();
    all.iter().for_each(|&stack| release(&mut arena, stack));
    assert_eq!(arena.stats().idle, 10);
    for &stack in all.iter().rev() {
        assert_eq!(arena.allocate().unwrap(), stack);
    }
    assert_eq!(arena.stats().stacks, 10);
}

#[test]
fn trimming_empties_the_coldest_and_keeps_guards() {
    let mut arena = arena(GuardKind::Auto, usize::MAX);
    let all: Vec<_> = (0..10).map(|_| arena.allocate().unwrap()).collect();
    all.iter().for_each(|&stack| touch(stack, 1));
    all.iter().for_each(|&stack| release(&mut arena, stack));
    arena.trim(3);
    for (index, &stack) in all.iter().enumerate() {
        let expected = if index < 7 { [0, 0] } else { [1, 1] };
        assert_eq!(lowest_and_highest(stack), expected, "{index}");
        assert!(arena.guard_contains(stack.limit - 1));
    }
    // What was given back and used again is given back again.
    for &stack in all.iter().rev() {
        assert_eq!(arena.allocate().unwrap(), stack);
        touch(stack, 2);
    }
    all.iter().for_each(|&stack| release(&mut arena, stack));
    arena.trim(9);
    assert_eq!(lowest_and_highest(all[0]), [0, 0]);
    assert_eq!(lowest_and_highest(all[1]), [2, 2]);
    arena.trim(0);
    arena.trim(20);
    assert!(all.iter().all(|&stack| lowest_and_highest(stack) == [0, 0]));
}

#[test]
fn the_limit_is_named_and_not_final() {
    let mut arena = arena(GuardKind::Auto, 3);
    let all: Vec<_> = (0..3).map(|_| arena.allocate().unwrap()).collect();
    let error = arena.allocate().unwrap_err();
    assert_eq!(error.to_string(), "the limit of 3 stacks is reached");
    release(&mut arena, all[1]);
    assert_eq!(arena.allocate().unwrap(), all[1]);
    assert!(arena.stats().reserved <= 3 * arena.slot_size());
}

#[test]
fn impossible_sizes_are_errors() {
    for stack_size in [usize::MAX, usize::MAX - GUARD_SIZE - 4096, 1 << 47] {
        let config = ArenaConfig {
            stack_size,
            ..ArenaConfig::default()
        };
        let mut arena = StackArena::new(config);
        let error = arena.allocate().unwrap_err();
        assert!(matches!(error, StackError::Reserve { .. }), "{error}");
        assert!(error.to_string().contains("allocate memory"), "{error}");
    }
    let config = ArenaConfig {
        stack_size: 0,
        ..ArenaConfig::default()
    };
    let stack = StackArena::new(config).allocate().unwrap();
    assert!(stack.top - stack.limit >= 4096);
}

#[test]
fn a_reservation_shrinks_to_what_there_is_room_for() {
    // 64 stacks of 4 TiB exceed the address space, a few do not.
    let config = ArenaConfig {
        stack_size: 4 << 40,
        ..ArenaConfig::default()
    };
    let mut arena = StackArena::new(config);
    let stack = arena.allocate().unwrap();
    touch(stack, 1);
    assert_eq!(lowest_and_highest(stack), [1, 1]);
}

#[test]
#[should_panic(expected = "is not of this arena")]
fn a_foreign_stack_is_refused() {
    let stack = arena(GuardKind::Auto, 1).allocate().unwrap();
    release(&mut arena(GuardKind::Auto, 1), stack);
}

#[test]
fn a_refused_request_is_an_error_that_names_it_and_leaves_all_as_it_was() {
    for (request, guard, words) in [
        (Request::Reserve, GuardKind::Auto, "cannot reserve"),
        (
            Request::LightweightGuard,
            GuardKind::Lightweight,
            "cannot guard stack 3 (Lightweight",
        ),
        (
            Request::MprotectGuard,
            GuardKind::Mprotect,
            "cannot guard stack 3 (Mprotect",
        ),
    ] {
        let after = if request == Request::Reserve { 0 } else { 3 };
        let mut arena = StackArena::new(ArenaConfig {
            guard,
            requests: Requests::new(Some(Refusal::Of {
                request,
                after,
                times: 20,
            })),
            ..ArenaConfig::default()
        });
        let mut stacks: Vec<_> = (0..after).map(|_| arena.allocate().unwrap()).collect();
        let before = arena.stats();
        let error = arena.allocate().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            error.to_string().contains("Cannot allocate memory"),
            "{error}"
        );
        assert_eq!(arena.stats(), before);
        let next = (0..20).find_map(|_| arena.allocate().ok());
        stacks.push(next.expect("granted again"));
        for stack in stacks {
            touch(stack, 1);
            release(&mut arena, stack);
        }
    }
}

#[test]
fn memory_that_cannot_be_given_back_stays_until_the_next_time() {
    let mut arena = StackArena::new(ArenaConfig {
        requests: Requests::new(Some(Refusal::Of {
            request: Request::Discard,
            after: 2,
            times: 1,
        })),
        ..ArenaConfig::default()
    });
    // Every other one, so that each is a request of its own.
    let all: Vec<_> = (0..9).map(|_| arena.allocate().unwrap()).collect();
    let stacks: Vec<_> = all.into_iter().step_by(2).collect();
    for &stack in &stacks {
        touch(stack, 1);
        release(&mut arena, stack);
    }
    // Each has touched two pages.
    assert_eq!(arena.resident(), 5 * 2 * arena.page);
    arena.trim(0);
    assert_eq!(arena.resident(), 3 * 2 * arena.page);
    arena.trim(1);
    assert_eq!(arena.resident(), 2 * arena.page);
    assert_eq!(arena.requests().made(Request::Discard), 5);
    let kept: Vec<_> = (0..5).map(|_| arena.allocate().unwrap()).collect();
    assert_eq!(kept[0], stacks[4]);
}

#[test]
fn slots_side_by_side_are_given_back_in_one_request() {
    let mut arena = arena(GuardKind::Auto, usize::MAX);
    let all: Vec<_> = (0..20).map(|_| arena.allocate().unwrap()).collect();
    // All but one, in no order.
    for index in (0..20).map(|n| n * 7 % 20).filter(|&index| index != 12) {
        touch(all[index], 1);
        release(&mut arena, all[index]);
    }
    touch(all[12], 2);
    arena.trim(0);
    assert_eq!(arena.requests().made(Request::Discard), 2);
    for (index, &stack) in all.iter().enumerate() {
        let left = if index == 12 { 2 } else { 0 };
        assert_eq!(lowest_and_highest(stack), [left; 2], "{index}");
        assert!(arena.guard_contains(stack.limit - 1));
    }
}

#[test]
fn the_deep_end_is_given_back_and_the_top_stays() {
    let mut arena = StackArena::new(ArenaConfig::default());
    let stack = arena.allocate().unwrap();
    touch(stack, 1);
    let deep = arena.resident();
    // SAFETY: nobody needs what is on it.
    unsafe { arena.shrink(stack) };
    assert_eq!(lowest_and_highest(stack), [0, 1]);
    assert!(arena.guard_contains(stack.limit - 1));
    assert_eq!(
        (deep, arena.requests().made(Request::Discard)),
        (2 * arena.page, 1)
    );
    // Reading has mapped a page of zeros.
    // SAFETY: as above.
    unsafe { arena.shrink(stack) };
    assert_eq!(arena.resident(), arena.page);

    let mut small = StackArena::new(ArenaConfig {
        stack_size: 8192,
        ..ArenaConfig::default()
    });
    let stack = small.allocate().unwrap();
    touch(stack, 1);
    // SAFETY: as above.
    unsafe { small.shrink(stack) };
    assert_eq!(lowest_and_highest(stack), [1, 1]);
}

/// Bytes of the arena's mappings that the kernel counts (flag `ac`), and how many
/// of them can be written to.
fn counted(arena: &StackArena) -> (usize, usize) {
    let all = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let (mut bytes, mut writable) = (0, 0);
    let mut current = None;
    for line in all.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or("");
        let range = first.split_once('-').and_then(|(start, end)| {
            let parse = |text| usize::from_str_radix(text, 16).ok();
            Some((parse(start)?, parse(end)?))
        });
        if let Some((start, end)) = range {
            let ours = arena
                .reservations
                .iter()
                .any(|one| start < one.base + one.slots * arena.slot_size() && end > one.base);
            current = ours.then_some(end - start);
            if ours && words.next().unwrap().starts_with("rw") {
                writable += end - start;
            }
        } else if let (Some(len), "VmFlags:") = (current, first) {
            bytes += if words.any(|flag| flag == "ac") {
                len
            } else {
                0
            };
        }
    }
    (bytes, writable)
}

#[test]
fn under_strict_overcommit_only_stacks_in_use_are_counted() {
    for guard in [GuardKind::Auto, GuardKind::Mprotect, GuardKind::Lightweight] {
        let mut arena = StackArena::new(ArenaConfig {
            stack_size: 64 << 10,
            guard,
            strict_commit: true,
            ..ArenaConfig::default()
        });
        let all: Vec<_> = (0..20).map(|_| arena.allocate().unwrap()).collect();
        let one = match guard {
            GuardKind::Lightweight => arena.slot_size(),
            _ => arena.slot_size() - GUARD_SIZE,
        };
        assert_eq!(counted(&arena), (20 * one, 20 * one), "{guard:?}");
        for &stack in &all {
            touch(stack, 1);
            assert!(arena.guard_contains(stack.limit - 1));
            release(&mut arena, stack);
        }
        arena.trim(5);
        let (bytes, _) = counted(&arena);
        // Lightweight guards at the low end of what was given back stay.
        assert!(
            (5 * one..=5 * one + GUARD_SIZE).contains(&bytes),
            "{bytes} {guard:?}"
        );
        let again: Vec<_> = (0..20).map(|_| arena.allocate().unwrap()).collect();
        for (number, &stack) in again.iter().enumerate() {
            let left = if number < 5 { 1 } else { 0 };
            assert_eq!(lowest_and_highest(stack), [left; 2], "{number} {guard:?}");
            touch(stack, 2);
            assert!(!readable(stack.limit - 1), "{number} {guard:?}");
        }
        assert_eq!(counted(&arena), (20 * one, 20 * one), "{guard:?}");
    }
}

/// Whether the kernel can read the byte.
fn readable(address: u64) -> bool {
    let (_pipe, into) = std::io::pipe().unwrap();
    let from = ptr::with_exposed_provenance(address as usize);
    // SAFETY: the kernel checks the address; nobody reads the pipe.
    unsafe { libc::write(std::os::fd::AsRawFd::as_raw_fd(&into), from, 1) == 1 }
}

#[test]
fn a_stack_that_cannot_be_committed_is_an_error_and_wanted_again_later() {
    for after in [0, 2, 3] {
        let mut arena = StackArena::new(ArenaConfig {
            strict_commit: true,
            requests: Requests::new(Some(Refusal::Of {
                request: Request::Commit,
                after,
                times: 2,
            })),
            ..ArenaConfig::default()
        });
        let mut refused = 0;
        let mut next = |arena: &mut StackArena| loop {
            match arena.allocate() {
                Ok(stack) => return stack,
                Err(error) => {
                    assert!(error.to_string().contains("cannot commit"), "{error}");
                    refused += 1;
                }
            }
        };
        let stacks: Vec<_> = (0..2).map(|_| next(&mut arena)).collect();
        for &stack in &stacks {
            touch(stack, 1);
            release(&mut arena, stack);
        }
        arena.trim(0);
        let again: Vec<_> = (0..2).map(|_| next(&mut arena)).collect();
        assert_eq!(again, [stacks[1], stacks[0]]);
        for stack in again {
            assert_eq!(lowest_and_highest(stack), [0; 2]);
            touch(stack, 1);
        }
        assert_eq!((refused, arena.stats().stacks), (2, 2));
    }
}
