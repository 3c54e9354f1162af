//! What a collection keeps, drops and moves; when it is due; what is noticed.

mod budget;
mod continuations;
mod doors;
mod faults;
mod graphs;
mod limits;
mod memory;
mod minor;

use crate::testing::*;
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef};

const MIB: u64 = 1 << 20;

#[test]
fn a_list_survives_and_garbage_does_not() {
    let mut world = World::small(64 * MIB, MIB);
    let mut list = HeapRef::NULL;
    for id in 0..1000 {
        world.node(id + 5000, list, list);
        list = world.node(id, list, HeapRef::from_i31(id));
    }
    world.roots = vec![list, HeapRef::NULL, HeapRef::from_i31(7), list];
    let before = list;
    let stats = world.collect();
    assert_eq!(
        (stats.used, stats.live, stats.objects),
        (32000, 16000, 1000)
    );
    assert_eq!(world.roots[1..3], [HeapRef::NULL, HeapRef::from_i31(7)]);
    assert_eq!(world.roots[0], world.roots[3]);
    assert_ne!(world.roots[0], before);
    let mut at = world.roots[0];
    for id in (0..1000).rev() {
        assert_eq!(world.read(at, NODE_ID), id);
        assert_eq!(world.read_ref(at, RIGHT), HeapRef::from_i31(id));
        at = world.read_ref(at, LEFT);
    }
    assert_eq!(at, HeapRef::NULL);
}

#[test]
fn cycles_and_sharing_keep_their_shape() {
    let mut world = World::small(MIB, MIB);
    let a = world.node(1, HeapRef::NULL, HeapRef::NULL);
    let b = world.node(2, a, a);
    world.write(a, LEFT, b.0);
    world.write(a, RIGHT, a.0);
    world.roots = vec![b];
    for _ in 0..3 {
        assert_eq!(world.collect().objects, 2);
        let b = world.roots[0];
        let a = world.read_ref(b, LEFT);
        assert_eq!((world.read(b, NODE_ID), world.read(a, NODE_ID)), (2, 1));
        assert_eq!(world.read_ref(b, RIGHT), a);
        assert_eq!(world.read_ref(a, LEFT), b);
        assert_eq!(world.read_ref(a, RIGHT), a);
    }
}

#[test]
fn every_kind_of_object_is_scanned_as_what_it_is() {
    let mut world = World::small(4 * MIB, MIB);
    let host = world
        .heap
        .allocate_host(&mut world.ctx, 0x1234_5678_9abc_def0)
        .unwrap();
    let inner = world.node(3, host, HeapRef::NULL);
    let exn = world.allocate(EXN, 16).unwrap();
    // Beside the reference at 8, something that only looks like one.
    world.write(exn, 8, inner.0);
    world.write(exn, 12, 0xdead_beef);
    let leaf = world.allocate(LEAF, 16).unwrap();
    world.write(leaf, 8, inner.0);
    // SAFETY: these are arrays of references.
    let array = unsafe { world.heap.allocate_array(&mut world.ctx, REFS, 4, 5) };
    let array = array.unwrap();
    let items = [exn, leaf, HeapRef::NULL, HeapRef::from_i31(1), array];
    for (index, item) in (0..).zip(items) {
        world.set_item(array, index, item);
    }
    world.roots = vec![array];
    assert_eq!(world.collect().objects, 5);

    let moved = world.roots[0];
    assert_eq!(world.item(moved, 2), HeapRef::NULL);
    assert_eq!(world.item(moved, 3), HeapRef::from_i31(1));
    assert_eq!(world.item(moved, 4), moved);
    let exn = world.item(moved, 0);
    assert_eq!(world.read(exn, 12), 0xdead_beef);
    assert_eq!(
        world.read(world.item(moved, 1), 8),
        inner.0,
        "an integer is left alone"
    );
    let inner = world.read_ref(exn, 8);
    assert_eq!(world.read(inner, NODE_ID), 3);
    let host = world.read_ref(inner, LEFT);
    // SAFETY: it is the host object, found again.
    unsafe {
        assert_eq!(world.heap.read::<u64>(host, 8), 0x1234_5678_9abc_def0);
        assert_eq!(world.heap.object_bytes(moved), 32);
        assert_eq!(world.heap.array_len(moved), 5);
    }
}

#[test]
fn big_arrays_are_copied_whole() {
    let mut world = World::small(64 * MIB, MIB);
    let len = 3 * MIB as u32 + 5;
    let bytes = world.array(BYTES, 1, len);
    for index in 0..len {
        // SAFETY: within the array.
        unsafe {
            world
                .heap
                .write(bytes, ARRAY_ELEMENTS + index, (index % 251) as u8)
        };
    }
    let refs = world.array(REFS, 4, 100_000);
    for index in 0..100_000 {
        let value = if index % 3 == 0 {
            bytes
        } else {
            HeapRef::from_i31(index)
        };
        world.set_item(refs, index, value);
    }
    world.roots = vec![refs];
    assert_eq!(world.collect().objects, 2);
    let refs = world.roots[0];
    let bytes = world.item(refs, 0);
    for index in 0..100_000 {
        let value = if index % 3 == 0 {
            bytes
        } else {
            HeapRef::from_i31(index)
        };
        assert_eq!(world.item(refs, index), value);
    }
    for index in 0..len {
        // SAFETY: within the array.
        let byte: u8 = unsafe { world.heap.read(bytes, ARRAY_ELEMENTS + index) };
        assert_eq!(byte as u32, index % 251);
    }
}

#[test]
fn walking_shows_every_object_in_order() {
    let mut world = World::small(MIB, MIB);
    let node = world.node(1, HeapRef::NULL, HeapRef::NULL);
    let bytes = world.array(BYTES, 1, 9);
    let empty = world.array(REFS, 4, 0);
    let mut seen = Vec::new();
    world
        .heap
        .walk(&world.ctx, |object, ty, size| seen.push((object, ty, size)))
        .unwrap();
    assert_eq!(
        seen,
        [(node, NODE, 16), (bytes, BYTES, 24), (empty, REFS, 8)]
    );
    let starts = world.heap.starts(&world.ctx).unwrap();
    assert!(starts.contains(bytes) && !starts.contains(HeapRef(bytes.0 + 8)));
    assert!(!starts.contains(HeapRef(bytes.0 + 4)) && !starts.contains(HeapRef::NULL));
    assert!(!starts.contains(HeapRef(0xffff_fff8)));
}
