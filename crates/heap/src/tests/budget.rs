//! Limits that grow when somebody says so, room without the collection that is due, and
//! heaps that are reset.

use super::MIB;
use crate::testing::*;
use crate::{CollectionKind, FieldValue, HeapConfig, HeapSpace, Reserve};
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef, LARGE_OBJECT};

/// Bytes of the heaps: fewer where each instruction is interpreted.
const LIMIT: u64 = if cfg!(miri) { 64 << 10 } else { MIB };

/// Bytes up to which a limit is raised.
const RAISED: u64 = if cfg!(miri) { 2 << 10 } else { 32 << 10 };

/// Makes a list of nodes in the first root, without ever collecting. How many.
fn extend(world: &mut World, most: u32) -> u32 {
    for number in 0..most {
        // SAFETY: a node's size.
        let node = unsafe { world.heap.allocate(&mut world.ctx, NODE, 16) };
        let node = match node {
            Some(node) => node,
            None if world.heap.extend(&mut world.ctx, 16) => {
                // SAFETY: as above.
                let node = unsafe { world.heap.allocate(&mut world.ctx, NODE, 16) };
                node.expect("room was made")
            }
            None => return number,
        };
        world.write(node, NODE_ID, number);
        world.write(node, LEFT, world.roots[0].0);
        world.write(node, RIGHT, 0);
        world.roots[0] = node;
    }
    most
}

#[test]
fn a_limit_is_held_and_raised() {
    let mut world = World::small(MIB, 64 << 10);
    world.heap.hold_limit(&mut world.ctx);
    assert_eq!((world.heap.limit(), world.heap.most()), (0, MIB));
    assert_eq!(world.allocate(NODE, 16), None);
    let wanted = world
        .heap
        .wanted_limit(&world.ctx, 16)
        .expect("it is in the way");
    // Four young spaces, and one.
    assert_eq!(wanted, 5 * (64 << 10));
    assert_eq!(world.heap.needed_limit(&world.ctx, 16), Some(16));
    world.heap.raise_limit(RAISED);
    let mut count = 0;
    world.roots = vec![HeapRef::NULL];
    while let Some(node) = world.allocate(NODE, 16) {
        world.write(node, LEFT, world.roots[0].0);
        world.write(node, RIGHT, 0);
        world.roots[0] = node;
        count += 1;
    }
    assert_eq!(count, RAISED / 16, "to the last byte");
    assert_eq!(world.heap.needed_limit(&world.ctx, 16), Some(RAISED + 16));
    assert_eq!(world.heap.needed_limit(&world.ctx, MIB), None, "never");
    world.heap.raise_limit(u64::MAX);
    assert_eq!(world.heap.limit(), MIB);
    assert_eq!(world.heap.wanted_limit(&world.ctx, 16), None);
    world.node(1, HeapRef::NULL, HeapRef::NULL);
    world.heap.hold_limit(&mut world.ctx);
    assert_eq!(world.heap.limit(), world.heap.used(&world.ctx));
    world.collect();
}

#[test]
fn room_without_collections_is_found_up_to_the_limit() {
    let mut world = World::small(LIMIT, 16 << 10);
    world.roots = vec![HeapRef::NULL];
    let made = extend(&mut world, u32::MAX);
    assert_eq!(u64::from(made), LIMIT / 16, "to the last byte");
    assert_eq!(world.heap.collections(), 0);
    assert_eq!(world.heap.allocated(&world.ctx), LIMIT);
    // All is there, wherever it was born, and what refers where is noted.
    world.minor();
    assert_eq!(world.collect().live, LIMIT);
    let mut at = world.roots[0];
    for number in (0..made).rev() {
        assert_eq!(world.read(at, NODE_ID), number);
        at = world.read_ref(at, LEFT);
    }
    assert!(!world.heap.extend(&mut world.ctx, 16));
    // The heap does not take for exhausted what was never collected.
    world.roots = vec![HeapRef::NULL];
    world.collect();
    assert_eq!(extend(&mut world, 3000), 3000);
    world.roots = vec![HeapRef::NULL];
    assert!(world.allocate(NODE, 16).is_some());
}

#[test]
fn objects_born_old_for_want_of_room_may_refer_to_young_ones() {
    let mut world = World::small(LIMIT, 16 << 10);
    world.roots = vec![HeapRef::NULL];
    extend(&mut world, 2048);
    let old = world.roots[0];
    assert!(!world.ctx.is_young(old));
    world.roots.push(HeapRef::NULL);
    // The window is in the old space: close it, and make something young.
    world.minor();
    let young = world.node(7, HeapRef::NULL, HeapRef::NULL);
    assert!(world.ctx.is_young(young));
    world.assign(world.roots[0], RIGHT, young);
    world.minor();
    let right = world.read_ref(world.roots[0], RIGHT);
    assert_eq!(world.read(right, NODE_ID), 7);
}

#[test]
fn a_heap_that_was_reset_is_as_a_new_one() {
    for poison in [false, true] {
        let config = HeapConfig {
            max_bytes: 4 * MIB,
            young_min: 64 << 10,
            young_max: 256 << 10,
            poison,
            ..HeapConfig::default()
        };
        let mut world = World::new(config).expect("memory");
        let mut ends = Vec::new();
        for round in 0..6 {
            assert_eq!(world.heap.used(&world.ctx), 0);
            assert_eq!(world.heap.allocated(&world.ctx), 0);
            assert_eq!(world.heap.collections(), 0);
            world.roots = vec![HeapRef::NULL];
            for id in 0..if cfg!(miri) { 300 } else { 20_000 } {
                let node = world.node(id, HeapRef::NULL, HeapRef::NULL);
                world.write(node, LEFT, world.roots[0].0);
                world.roots[0] = node;
            }
            let large = world.array(REFS, 4, if cfg!(miri) { 2_000 } else { 50_000 });
            world.roots.push(large);
            let young = world.node(round, HeapRef::NULL, HeapRef::NULL);
            world.assign(world.roots[1], ARRAY_ELEMENTS + 4 * 1_999, young);
            if round % 2 == 0 {
                world.minor();
            }
            ends.push((world.heap.used(&world.ctx), world.heap.collections()));
            world.roots.clear();
            world.heap.reset(&mut world.ctx).expect("a sound heap");
            assert!(world.heap.verify(&world.ctx).expect("a sound heap").count() == 0);
            world
                .heap
                .verify_log(&world.ctx)
                .expect("nothing is logged");
        }
        assert_eq!(ends[0], ends[2], "the same program, the same heap");
        assert_eq!(ends[1], ends[5]);
    }
}

#[test]
fn a_heap_is_reset_with_its_window_anywhere() {
    let mut world = World::small(4 * MIB, 64 << 10);
    let size = LARGE_OBJECT + 8;
    assert_eq!(world.heap.reserve(&mut world.ctx, size), Reserve::Ready);
    world.heap.reset(&mut world.ctx).expect("a sound heap");
    world.node(1, HeapRef::NULL, HeapRef::NULL);
    world.heap.hold_limit(&mut world.ctx);
    world.heap.reset(&mut world.ctx).expect("a sound heap");
    assert_eq!(world.heap.limit(), 4 * MIB);
    let _ = world.heap.begin(&mut world.ctx, CollectionKind::Full);
    world
        .heap
        .reset(&mut world.ctx)
        .expect_err("a collection was left");
}

#[test]
fn objects_say_what_they_are() {
    let mut world = World::small(4 * MIB, 64 << 10);
    let old = world.node(1, HeapRef::NULL, HeapRef::from_i31(5));
    world.roots = vec![old];
    world.minor();
    let young = world.node(2, world.roots[0], HeapRef::NULL);
    world.roots.push(young);
    world.roots.push(HeapRef::NULL);
    world.roots[2] = world.array(BYTES, 1, 100_000);
    let mut marks = world.heap.marks(&world.ctx).expect("a sound heap");
    for &root in &world.roots {
        marks.mark(root).expect("an object");
    }
    let found = &mut Found::default();
    // SAFETY: the marks are this heap's, as it is.
    while unsafe { marks.drain(&world.heap, found) }.expect("a sound heap") {}
    let (mut infos, mut next) = (Vec::new(), marks.next(HeapRef::NULL));
    while let Some(object) = next {
        // SAFETY: marking has found it.
        let info = unsafe { world.heap.object_info(&world.ctx, object) };
        infos.push((info.type_id, info.bytes, info.space, info.new));
        next = marks.next(HeapRef(object.0 + info.bytes as u32));
    }
    assert_eq!(
        infos,
        [
            (NODE, 16, HeapSpace::Young, true),
            (NODE, 16, HeapSpace::Old, false),
            (BYTES, 100_008, HeapSpace::Large, true),
        ]
    );
    // SAFETY: an object.
    let fields: Vec<_> = unsafe { world.heap.fields(world.roots[1]) }.collect();
    let expected = [(LEFT, world.roots[0]), (RIGHT, HeapRef::NULL)];
    assert_eq!(
        fields,
        expected.map(|(at, value)| (at, FieldValue::Ref(value)))
    );
    let mut new = 0;
    let each = world.heap.each_new(&world.ctx, |_, _, bytes| new += bytes);
    each.expect("a sound heap");
    assert_eq!(new, 16 + 100_008);
}
