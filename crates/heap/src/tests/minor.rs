//! What a minor collection looks at, keeps and leaves alone.

use super::MIB;
use crate::testing::*;
use crate::{CollectionKind, HeapConfig, HeapViolation, Reserve};
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef, LARGE_OBJECT, LISTED, WATCHED};

/// An old node, and a young one.
fn two() -> (World, HeapRef, HeapRef) {
    let mut world = World::small(64 * MIB, MIB);
    let node = world.node(1, HeapRef::NULL, HeapRef::NULL);
    world.roots = vec![node];
    world.minor();
    let old = world.roots[0];
    let young = world.node(2, HeapRef::NULL, HeapRef::NULL);
    assert!(!world.ctx.is_young(old) && world.ctx.is_young(young));
    (world, old, young)
}

#[test]
fn the_old_stays_where_it_is_and_the_young_joins_it() {
    let (mut world, old, young) = two();
    world.node(3, young, old);
    world.roots.push(young);
    let stats = world.minor();
    assert_eq!((stats.objects, stats.copied), (1, 16));
    assert_eq!(world.roots[0], old);
    let promoted = world.roots[1];
    assert_eq!(world.read(promoted, NODE_ID), 2);
    assert!(!world.ctx.is_young(promoted));
    assert_eq!(world.minor().objects, 0);
    assert_eq!(world.heap.collections_of(CollectionKind::Minor), 3);
}

#[test]
fn what_only_an_old_object_refers_to_lives() {
    let (mut world, old, young) = two();
    world.assign(old, LEFT, young);
    assert_eq!(world.read(old, 0) & WATCHED, 0);
    // Once is enough.
    world.assign(old, RIGHT, young);
    assert_eq!(world.heap.logged(&world.ctx).unwrap().len(), 1);
    assert_eq!(world.minor().objects, 1);
    let left = world.read_ref(old, LEFT);
    assert_eq!(
        (world.read(left, NODE_ID), world.read_ref(old, RIGHT)),
        (2, left)
    );
    assert_ne!(world.read(old, 0) & WATCHED, 0);
    // Old references and none are not worth an entry.
    world.assign(old, LEFT, old);
    world.assign(old, RIGHT, HeapRef::NULL);
    world.assign(old, RIGHT, HeapRef::from_i31(7));
    assert!(world.heap.logged(&world.ctx).unwrap().is_empty());
}

#[test]
fn a_store_that_nobody_logged_is_found() {
    let (mut world, old, young) = two();
    world.write(old, RIGHT, young.0);
    let fault = HeapViolation::Unlogged {
        holder: old.0,
        type_id: NODE,
        field: RIGHT,
    };
    assert_eq!(world.heap.verify_log(&world.ctx), Err(fault));
    let (mut world, old, _) = two();
    let header = world.read(old, 0) & !WATCHED;
    world.write(old, 0, header);
    let offset = old.0;
    assert_eq!(
        world.heap.verify_log(&world.ctx),
        Err(HeapViolation::Log { offset, header })
    );
}

#[test]
fn of_a_large_array_only_the_cards_are_looked_at() {
    const LEN: u32 = 1_000_000;
    let mut world = World::small(64 * MIB, MIB);
    let array = world.array(REFS, 4, LEN);
    assert!(!world.ctx.is_young(array), "it began in the old space");
    let node = world.node(1, HeapRef::NULL, HeapRef::NULL);
    // New, so all of it is looked at.
    world.set_item(array, 500_000, node);
    world.roots = vec![array];
    assert_eq!(world.minor().objects, 1);
    let places = [0, 127, 128, LEN / 2, LEN - 1];
    for (id, &place) in (10..).zip(&places) {
        let node = world.node(id, HeapRef::NULL, HeapRef::NULL);
        world.assign(array, ARRAY_ELEMENTS + 4 * place, node);
    }
    assert_eq!(world.read(array, 0) & (WATCHED | LISTED), WATCHED | LISTED);
    let logged = world.heap.logged(&world.ctx).unwrap();
    assert_eq!(logged.len(), 1);
    world.heap.verify_log(&world.ctx).unwrap();
    assert_eq!(world.minor().objects, places.len() as u64);
    for (id, &place) in (10..).zip(&places) {
        assert_eq!(world.read(world.item(array, place), NODE_ID), id);
    }
    assert_eq!(world.read(array, 0) & LISTED, 0);
    // A card less, and it is found.
    let node = world.node(3, HeapRef::NULL, HeapRef::NULL);
    world.assign(array, ARRAY_ELEMENTS + 4 * 1000, node);
    world
        .heap
        .clear_cards(u64::from(array.0)..u64::from(array.0) + MIB);
    assert!(matches!(
        world.heap.verify_log(&world.ctx),
        Err(HeapViolation::Unlogged { .. })
    ));
}

#[test]
fn a_copy_between_arrays_is_logged_where_it_is_young() {
    let mut world = World::small(64 * MIB, MIB);
    let to = world.array(REFS, 4, 100);
    world.roots = vec![to];
    world.minor();
    let to = world.roots[0];
    let from = world.array(REFS, 4, 100);
    let copy = |world: &mut World| {
        // SAFETY: elements of both arrays.
        unsafe {
            let at = ARRAY_ELEMENTS + 40;
            world
                .heap
                .copy_elements(&mut world.ctx, (to, at), (from, at), 40);
        }
        world.heap.logged(&world.ctx).unwrap().len()
    };
    assert_eq!(copy(&mut world), 0, "nothing but null");
    let node = world.node(5, HeapRef::NULL, HeapRef::NULL);
    world.set_item(from, 19, node);
    assert_eq!(copy(&mut world), 1);
    world.minor();
    assert_eq!(world.read(world.item(to, 19), NODE_ID), 5);
}

#[test]
fn large_objects_are_born_old() {
    let mut world = World::small(64 * MIB, MIB);
    let young = world.node(1, HeapRef::NULL, HeapRef::NULL);
    let next = world.ctx.alloc_next;
    let large = world.array(REFS, 4, LARGE_OBJECT as u32);
    world.set_item(large, 9, young);
    assert!(!world.ctx.is_young(large));
    // The window is back where it was.
    let other = world.node(2, HeapRef::NULL, HeapRef::NULL);
    assert_eq!(u64::from(other.0), next);
    world.heap.verify(&world.ctx).unwrap();
    world.heap.verify_log(&world.ctx).unwrap();
    world.roots = vec![large];
    assert_eq!(world.minor().objects, 1);
    assert_eq!(world.read(world.item(large, 9), NODE_ID), 1);
    assert_eq!(world.roots, [large]);
}

/// Puts a node in front of the list that the first root refers to.
fn extend(world: &mut World, id: u32) {
    let node = world.node(id, HeapRef::NULL, HeapRef::NULL);
    // Making it may have moved the others.
    let list = world.roots[0];
    world.assign(node, LEFT, list);
    world.roots[0] = node;
}

#[test]
fn a_window_for_a_large_object_that_is_never_made() {
    let mut world = World::small(64 * MIB, MIB);
    world.node(1, HeapRef::NULL, HeapRef::NULL);
    assert_eq!(world.heap.reserve(&mut world.ctx, MIB), Reserve::Ready);
    // Small ones come there instead, until it is full.
    world.roots = vec![HeapRef::NULL];
    for id in 0..100_000 {
        extend(&mut world, id);
    }
    world.heap.verify(&world.ctx).unwrap();
    world.minor();
    assert_eq!(world.collect().objects, 100_000);
}

#[test]
fn a_log_that_is_full_asks_for_a_full_collection() {
    let mut world = World::small(64 * MIB, MIB);
    world.roots = vec![HeapRef::NULL];
    for id in 0..300_000 {
        extend(&mut world, id);
    }
    world.minor();
    let young = world.node(7, HeapRef::NULL, HeapRef::NULL);
    let mut at = world.roots[0];
    while at.is_object() {
        world.assign(at, RIGHT, young);
        at = world.read_ref(at, LEFT);
    }
    assert!(world.ctx.log_is_full());
    // Nothing is checked by a log that has lost entries, and all is well.
    world.heap.verify_log(&world.ctx).unwrap();
    let due = loop {
        // SAFETY: the size of a node, which is complete as it is.
        match unsafe { world.heap.allocate(&mut world.ctx, NODE, 16) } {
            Some(_) => {}
            None => break world.heap.reserve(&mut world.ctx, 16),
        }
    };
    assert_eq!(due, Reserve::Collect(CollectionKind::Full));
    assert_eq!(world.collect().objects, 300_001);
    assert!(!world.ctx.log_is_full());
    world.heap.verify_log(&world.ctx).unwrap();
}

#[test]
fn the_young_space_follows_what_survives() {
    let mut world = World::new(HeapConfig {
        max_bytes: 256 * MIB,
        young_min: MIB,
        young_max: 8 * MIB,
        ..HeapConfig::default()
    })
    .unwrap();
    world.roots = vec![HeapRef::NULL];
    for id in 0..(16 * MIB / 16) as u32 {
        extend(&mut world, id);
    }
    assert_eq!(world.heap.young_size, 8 * MIB);
    world.roots.clear();
    for _ in 0..40 * MIB / 16 {
        world.node(0, HeapRef::NULL, HeapRef::NULL);
    }
    assert_eq!(world.heap.young_size, MIB);
}

/// What became of an object can be asked once all that is kept was copied.
#[test]
fn survivors_are_told_from_the_dead() {
    let (mut world, old, young) = two();
    let lost = world.node(3, HeapRef::NULL, HeapRef::NULL);
    let ask = |world: &mut World, kind, objects: &[HeapRef]| {
        let World {
            heap, ctx, roots, ..
        } = world;
        let mut collection = heap.begin(ctx, kind).unwrap();
        for root in roots {
            // SAFETY: the world's roots, each an object of its heap.
            unsafe { collection.visit_slot(&raw mut root.0) };
        }
        while collection.drain(|_, _| {}) {}
        assert!(collection.is_sound() && collection.kind() == kind);
        // SAFETY: these were objects when the collection began, or are none.
        let found = |&object| unsafe { collection.survivor(object) };
        let found: Vec<_> = objects.iter().map(found).collect();
        collection.finish(ctx, 0).unwrap();
        found
    };
    world.roots.push(young);
    let i31 = HeapRef::from_i31(4);
    let objects = [old, young, lost, HeapRef::NULL, i31];
    let found = ask(&mut world, CollectionKind::Minor, &objects);
    let promoted = world.roots[1];
    let (here, null) = (Some(old), Some(HeapRef::NULL));
    assert_eq!(found, [here, Some(promoted), None, null, Some(i31)]);
    // Nothing keeps the old one now.
    world.roots.remove(0);
    let again = world.node(4, HeapRef::NULL, HeapRef::NULL);
    world.roots.push(again);
    let objects = [old, promoted, again];
    let found = ask(&mut world, CollectionKind::Full, &objects);
    assert_eq!(found, [None, Some(world.roots[0]), Some(world.roots[1])]);
}
