//! When a collection is due, and when the heap is exhausted.

use super::MIB;
use crate::testing::*;
use crate::{CollectionKind, Heap, HeapConfig, HeapError, Reserve, largest_heap};
use mangrove_abi::object::{HeapRef, MAX_OBJECT};
use std::ptr;

#[test]
fn impossible_limits_are_refused() {
    for max_bytes in [0, 7, largest_heap() + 8, u64::MAX] {
        let config = HeapConfig {
            max_bytes,
            ..HeapConfig::default()
        };
        // SAFETY: a table without entries.
        let heap = unsafe { Heap::new(config, ptr::null(), 0) };
        assert!(matches!(heap, Err(HeapError::Limit { asked, .. }) if asked == max_bytes));
    }
}

#[test]
fn exhaustion_is_an_answer_and_the_heap_goes_on() {
    let mut world = World::small(64 << 10, 4 << 10);
    for _ in 0..3 {
        let mut count = 0;
        world.roots = vec![HeapRef::NULL];
        while let Some(node) = world.allocate(NODE, 16) {
            world.write(node, LEFT, world.roots[0].0);
            world.roots[0] = node;
            count += 1;
        }
        assert_eq!(count, (64 << 10) / 16, "the limit is used to the last byte");
    }
}

#[test]
fn what_can_never_fit_needs_no_collection() {
    let mut world = World::small(MIB, MIB);
    assert_eq!(
        world.heap.reserve(&mut world.ctx, MIB + 1),
        Reserve::Impossible
    );
    assert_eq!(
        world.heap.reserve(&mut world.ctx, MAX_OBJECT + 1),
        Reserve::Impossible
    );
    assert_eq!(
        world.heap.reserve(&mut world.ctx, u64::MAX),
        Reserve::Impossible
    );
    // SAFETY: nothing is made.
    let none = unsafe { world.heap.allocate(&mut world.ctx, BYTES, u64::MAX) };
    assert_eq!(none, None);
    assert_eq!(world.heap.reserve(&mut world.ctx, MIB), Reserve::Ready);
    world.node(1, HeapRef::NULL, HeapRef::NULL);
    assert_eq!(
        world.heap.reserve(&mut world.ctx, MIB),
        Reserve::Collect(CollectionKind::Full)
    );
    world.collect();
    assert_eq!(world.heap.reserve(&mut world.ctx, MIB), Reserve::Ready);
}

#[test]
fn living_at_the_edge_ends() {
    let limit = MIB;
    let mut world = World::small(limit, 64 << 10);
    let keep = world.array(BYTES, 1, limit as u32 - 8 - 256);
    world.roots = vec![keep];
    let mut garbage = 0;
    while world.allocate(NODE, 16).is_some() {
        garbage += 1;
        assert!(garbage < 1000, "collecting for ever");
    }
    assert!(world.heap.collections() >= 8);
    // That was said once; with room again the heap serves on.
    world.roots.clear();
    for _ in 0..100_000 {
        assert!(world.allocate(NODE, 16).is_some());
    }
}

#[test]
fn few_survivors_mean_many_minor_collections() {
    let mut world = World::small(64 * MIB, MIB);
    for _ in 0..10 * MIB / 16 {
        world.node(0, HeapRef::NULL, HeapRef::NULL);
    }
    assert_eq!(world.heap.collections_of(CollectionKind::Minor), 9);
    assert_eq!(world.heap.collections(), 9);
}

#[test]
fn the_growth_follows_live_bytes_and_roots() {
    let mut world = World::small(64 * MIB, MIB);
    let array = world.array(BYTES, 1, 10 * MIB as u32);
    world.roots = vec![array];
    let stats = world.collect();
    assert_eq!((stats.budget, stats.growth), (MIB, stats.live));
    // Never beyond the limit.
    let more = world.array(BYTES, 1, 35 * MIB as u32);
    world.roots.push(more);
    let stats = world.collect();
    assert_eq!(stats.growth, 64 * MIB - stats.live);

    let mut world = World::small(64 * MIB, MIB);
    world.roots = vec![HeapRef::NULL; MIB as usize];
    assert_eq!(world.collect().growth, 32 * MIB);
}

#[test]
fn a_large_object_leaves_the_window_to_small_ones() {
    let mut world = World::small(64 * MIB, MIB);
    world.array(BYTES, 1, 8 * MIB as u32);
    for _ in 0..MIB / 16 - 1 {
        world.node(0, HeapRef::NULL, HeapRef::NULL);
    }
    assert_eq!(world.heap.collections(), 0);
}

#[test]
fn a_lowered_limit_is_raised_again() {
    let mut world = World::small(64 * MIB, MIB);
    world.node(0, HeapRef::NULL, HeapRef::NULL);
    let limit = world.ctx.alloc_limit;
    world.ctx.alloc_limit = world.ctx.alloc_next;
    assert_eq!(world.heap.reserve(&mut world.ctx, 16), Reserve::Ready);
    assert_eq!(world.ctx.alloc_limit, limit);
}

#[test]
fn roots_that_went_after_a_collection_make_room() {
    let mut world = World::small(MIB, MIB);
    let keep = world.array(BYTES, 1, 900_000);
    world.roots = vec![keep];
    // Nobody asked for this one, so it answers no request.
    world.collect();
    world.roots.clear();
    assert_eq!(
        world.heap.reserve(&mut world.ctx, 800_000),
        Reserve::Collect(CollectionKind::Full)
    );
    world.collect();
    assert_eq!(world.heap.reserve(&mut world.ctx, 800_000), Reserve::Ready);
}
