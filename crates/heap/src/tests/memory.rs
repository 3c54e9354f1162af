//! What the system sees: protection, poison, memory given back.

use super::MIB;
use crate::testing::*;
use crate::{HeapConfig, reserved_bytes};
use mangrove_abi::object::HeapRef;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// Where the heap's range starts: with the log.
fn start(world: &World) -> u64 {
    world.heap.reservation.log().0 as u64
}

/// The mappings of the heap's range: start, end, access, kilobytes in memory.
fn mappings(world: &World) -> Vec<(u64, u64, String, u64)> {
    let base = world.heap.base() as u64;
    let range = start(world)..base + world.heap.reservation.end();
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut found: Vec<(u64, u64, String, u64)> = Vec::new();
    let mut inside = false;
    for line in smaps.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or("");
        let address = first.split_once('-').and_then(|(start, end)| {
            let parse = |text| u64::from_str_radix(text, 16).ok();
            Some((parse(start)?, parse(end)?))
        });
        if let Some((start, end)) = address {
            inside = start < range.end && end > range.start;
            if inside {
                found.push((start, end, words.next().unwrap().into(), 0));
            }
        } else if inside && first == "Rss:" {
            found.last_mut().unwrap().3 = words.next().unwrap().parse().unwrap();
        }
    }
    found
}

fn access(world: &World, offset: u32) -> String {
    let address = world.heap.base() as u64 + offset as u64;
    let found = mappings(world);
    let mapping = found
        .iter()
        .find(|&(start, end, ..)| (start..end).contains(&&address));
    mapping.expect("the whole range is reserved").2.clone()
}

fn resident(world: &World) -> u64 {
    mappings(world).iter().map(|mapping| mapping.3 << 10).sum()
}

#[test]
fn null_is_never_mapped() {
    let mut world = World::small(MIB, MIB);
    let node = world.node(1, HeapRef::NULL, HeapRef::NULL);
    for _ in 0..2 {
        assert_eq!(access(&world, 0), "---p");
        assert_eq!(access(&world, 4095), "---p");
        for space in &world.heap.old {
            assert_eq!(access(&world, space.start() as u32 - 1), "---p");
            assert_eq!(access(&world, space.start() as u32 - 4096), "---p");
        }
        world.collect();
    }
    assert_eq!(access(&world, node.0), "rw-p");
}

#[test]
fn vacated_space_is_poisoned_and_out_of_reach() {
    let config = HeapConfig {
        max_bytes: 16 * MIB,
        young_min: MIB,
        young_max: MIB,
        poison: true,
        ..HeapConfig::default()
    };
    let mut world = World::new(config).unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let node = world.node(1, HeapRef::NULL, HeapRef::from_i31(3));
    world.roots = vec![node];
    for _ in 0..5 {
        let old = world.roots[0];
        world.collect();
        assert_eq!(access(&world, old.0), "---p");
        let mut bytes = [0; 16];
        memory
            .read_exact_at(&mut bytes, world.heap.base() as u64 + old.0 as u64)
            .unwrap();
        assert_eq!(bytes, [0xdd; 16]);
        let new = world.roots[0];
        assert_eq!(access(&world, new.0), "rw-p");
        assert_eq!((world.read(new, NODE_ID), world.read(new, RIGHT)), (1, 7));
        world.node(2, new, new);
    }
}

#[test]
fn a_heap_takes_no_memory_before_it_is_used() {
    let world = World::small(1 << 30, MIB);
    assert_eq!(resident(&world), 0);
}

#[test]
fn memory_beyond_need_goes_back() {
    let mut world = World::small(1 << 30, MIB);
    let big = world.array(BYTES, 1, 64 * MIB as u32);
    world.roots = vec![big];
    world.collect();
    assert!(resident(&world) >= 128 * MIB);
    world.roots.clear();
    world.collect();
    world.collect();
    // As far as each old space may be used before the next full collection.
    assert!(resident(&world) <= 9 * MIB, "{} bytes", resident(&world));
}

#[test]
fn a_small_live_set_stays_in_warm_memory() {
    let mut world = World::small(1 << 30, MIB);
    for _ in 0..20 * MIB / 16 {
        world.node(0, HeapRef::NULL, HeapRef::NULL);
    }
    let warm = resident(&world);
    assert!((MIB - 8192..MIB + 65536).contains(&warm), "{warm} bytes");
}

#[test]
fn the_reservation_is_what_the_limit_needs() {
    for limit in [64 << 10, MIB, 64 * MIB, 1 << 30] {
        let world = World::small(limit, MIB);
        let reserved = reserved_bytes(&HeapConfig {
            max_bytes: limit,
            young_max: MIB,
            ..HeapConfig::default()
        });
        let (start, end) = (start(&world), start(&world) + reserved);
        // A neighbour may have become one mapping with it.
        let clipped = mappings(&world).into_iter();
        let mapped: u64 = clipped.map(|m| m.1.min(end) - m.0.max(start)).sum();
        assert_eq!(mapped, reserved);
        assert!(
            reserved <= 2 * limit + limit / 2 + 8 * 4096,
            "{reserved} for {limit}"
        );
    }
    let mut world = World::small(MIB, MIB);
    // Both spaces hold the whole limit.
    for _ in 0..2 {
        world.roots = vec![world.array(BYTES, 1, MIB as u32 - 8)];
        world.collect();
        world.roots.clear();
        world.collect();
        world.node(0, HeapRef::NULL, HeapRef::NULL);
        world.collect();
    }
}

#[test]
fn what_strict_overcommit_counts_goes_back_as_well() {
    let mut world = World::new(HeapConfig {
        max_bytes: 256 * MIB,
        strict_commit: true,
        ..HeapConfig::default()
    })
    .unwrap();
    let writable = |world: &World| -> u64 {
        let all = mappings(world).into_iter();
        all.filter(|m| m.2 == "rw-p").map(|m| m.1 - m.0).sum()
    };
    let big = world.array(BYTES, 1, 64 * MIB as u32);
    world.roots = vec![big];
    world.collect();
    assert!(writable(&world) >= 128 * MIB);
    world.roots.clear();
    world.collect();
    world.collect();
    // So far; a young space; and the front.
    let front = world.heap.base() as u64 - start(&world);
    assert!(
        writable(&world) <= 9 * MIB + front,
        "{} bytes",
        writable(&world)
    );
    // What was given back is there again when it is needed.
    for number in 1..4 {
        world.roots = vec![world.array(BYTES, 1, number * 16 * MIB as u32)];
        world.collect();
    }
}
