//! Faults planted in a heap are found: by verification, and by a collection.

use super::MIB;
use crate::testing::*;
use crate::{Collection, CollectionKind, HeapError, HeapViolation, Reserve};
use mangrove_abi::object::{ARRAY_LENGTH, FORWARDED, HeapRef};

/// Two nodes, the second referring to the first, and an array of both.
fn world() -> (World, [HeapRef; 3]) {
    let mut world = World::small(MIB, MIB);
    let a = world.node(1, HeapRef::NULL, HeapRef::NULL);
    let b = world.node(2, a, HeapRef::NULL);
    let array = world.array(REFS, 4, 2);
    world.set_item(array, 0, a);
    world.set_item(array, 1, b);
    world.roots = vec![array];
    world.heap.verify(&world.ctx).expect("sound so far");
    (world, [a, b, array])
}

#[test]
fn headers_that_describe_nothing() {
    for header in [0, 5, FUNC.as_u32(), END, 1 << 24, FORWARDED | 600] {
        let (mut world, [a, ..]) = world();
        world.write(a, 0, header);
        let fault = HeapViolation::UnknownType {
            offset: a.0,
            header,
        };
        assert_eq!(world.heap.verify(&world.ctx).unwrap_err(), fault);
    }
}

#[test]
fn references_to_no_object() {
    let (sound, [a, b, array]) = world();
    let end = sound.ctx.alloc_next as u32;
    for value in [a.0 + 8, b.0 + 4, 8, a.0 - 8, end, 0xffff_fff0, 1 << 31] {
        let (mut world, _) = world();
        world.write(b, RIGHT, value);
        let fault = HeapViolation::BadReference {
            holder: b.0,
            type_id: NODE,
            field: RIGHT,
            value,
        };
        assert_eq!(world.heap.verify(&world.ctx).unwrap_err(), fault);
        let mut marks = world.heap.marks(&world.ctx).expect("headers are sound");
        marks.mark(b).unwrap();
        // SAFETY: the marks are this heap's, as it is.
        let looked = unsafe { marks.drain(&world.heap, &mut Found::default()) };
        assert_eq!(looked.unwrap_err(), fault);
        let stray = marks.mark(HeapRef(value));
        let unless_i31 = (value & 1 == 0).then_some(HeapViolation::Stray { value });
        assert_eq!(stray.err(), unless_i31);

        let (mut world, _) = self::world();
        world.set_item(array, 1, HeapRef(value));
        let fault = HeapViolation::BadReference {
            holder: array.0,
            type_id: REFS,
            field: 12,
            value,
        };
        assert_eq!(world.heap.verify(&world.ctx).unwrap_err(), fault);
    }
}

#[test]
fn an_array_longer_than_the_heap() {
    let (mut world, [.., array]) = world();
    world.write(array, ARRAY_LENGTH, 4);
    let size = 24;
    let end = world.ctx.alloc_next;
    let fault = HeapViolation::Overrun {
        offset: array.0,
        size,
        end,
    };
    assert_eq!(world.heap.verify(&world.ctx).unwrap_err(), fault);
    let fault = HeapViolation::UnknownType {
        offset: array.0,
        header: REFS.as_u32(),
    };
    assert_eq!(world.try_collect().unwrap_err(), fault);
}

#[test]
fn a_collection_stops_at_what_it_cannot_understand() {
    for value in [8, 0xffff_fff0, 1 << 31, 4096 + 4] {
        let (mut world, [a, ..]) = world();
        world.write(a, LEFT, value);
        assert_eq!(
            world.try_collect().unwrap_err(),
            HeapViolation::Stray { value }
        );
    }
    let (mut world, [a, ..]) = world();
    world.write(a, 0, 1 << 24);
    let fault = HeapViolation::UnknownType {
        offset: a.0,
        header: 1 << 24,
    };
    assert_eq!(world.try_collect().unwrap_err(), fault);
    let (mut world, [a, ..]) = self::world();
    world.write(a, 0, FUNC.as_u32());
    let fault = HeapViolation::UnknownType {
        offset: a.0,
        header: FUNC.as_u32(),
    };
    assert_eq!(world.try_collect().unwrap_err(), fault);
}

#[test]
fn a_root_left_behind_is_noticed_at_the_next_collection() {
    let (mut world, [a, b, _]) = world();
    world.collect();
    // `b` was not updated: it still points into the vacated space.
    world.roots.push(b);
    assert_eq!(
        world.try_collect().unwrap_err(),
        HeapViolation::Stray { value: b.0 }
    );
    drop(world);
    // And so is a slot that is visited twice.
    let (mut world, _) = self::world();
    let mut collection = world
        .heap
        .begin(&mut world.ctx, CollectionKind::Full)
        .unwrap();
    let mut slot = a.0;
    // SAFETY: a slot on this stack.
    unsafe {
        collection.visit_slot(&mut slot);
        collection.visit_slot(&mut slot);
    }
    let fault = HeapViolation::Stray { value: slot };
    assert_eq!(collection.finish(&mut world.ctx, 0).unwrap_err(), fault);
}

#[test]
fn after_a_failure_the_heap_serves_no_more() {
    let (mut failed, [a, ..]) = world();
    failed.write(a, 0, FUNC.as_u32());
    failed.try_collect().unwrap_err();
    let (mut dropped, _) = world();
    let _: Collection<'_> = dropped
        .heap
        .begin(&mut dropped.ctx, CollectionKind::Full)
        .unwrap();
    for mut world in [failed, dropped] {
        assert!(matches!(
            world.heap.begin(&mut world.ctx, CollectionKind::Full),
            Err(HeapError::Broken)
        ));
        assert_eq!(world.heap.reserve(&mut world.ctx, 16), Reserve::Impossible);
    }
}
