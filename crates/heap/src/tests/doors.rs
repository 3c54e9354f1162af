//! References come into objects through their own functions only.

use crate::testing::*;
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef};

const FIRST: u32 = ARRAY_ELEMENTS;

#[test]
fn what_is_written_is_kept_by_a_collection() {
    let mut world = World::small(1 << 20, 1 << 20);
    let kept: Vec<HeapRef> = (0..3)
        .map(|id| world.node(id, HeapRef::NULL, HeapRef::NULL))
        .collect();
    let array = world.array(REFS, 4, 6);
    let other = world.array(REFS, 4, 3);
    // SAFETY: objects just made, with references at these offsets.
    unsafe {
        let (heap, ctx) = (&mut world.heap, &mut *world.ctx);
        heap.init_ref(kept[0], LEFT, kept[1]);
        heap.assign_ref(ctx, kept[0], LEFT, kept[2]);
        for (index, node) in (0..).zip(&kept) {
            heap.init_ref(array, FIRST + 4 * index, *node);
        }
        // Over itself, as a move does; then into another array.
        heap.copy_elements(ctx, (array, FIRST + 8), (array, FIRST), 12);
        heap.copy_elements(ctx, (other, FIRST), (array, FIRST + 4), 12);
    }
    world.roots = vec![kept[0], array, other];
    assert_eq!(world.collect().objects, 5);
    let [node, array, other] = world.roots[..] else {
        panic!("three roots");
    };
    let ids = |array, len| -> Vec<Option<u32>> {
        let items = (0..len).map(|index| world.item(array, index));
        items
            .map(|item| item.is_object().then(|| world.read(item, NODE_ID)))
            .collect()
    };
    assert_eq!(world.read(world.read_ref(node, LEFT), NODE_ID), 2);
    let moved = [Some(0), Some(1), Some(0), Some(1), Some(2), None];
    assert_eq!(ids(array, 6), moved);
    assert_eq!(ids(other, 3), moved[1..4]);
}

/// Whether `write` is refused, as it is where assertions are on.
#[cfg(debug_assertions)]
fn refused(write: impl FnOnce(&mut World, HeapRef, HeapRef)) -> bool {
    let mut world = World::small(1 << 20, 1 << 20);
    let node = world.node(1, HeapRef::NULL, HeapRef::NULL);
    let bytes = world.array(BYTES, 1, 8);
    let write = std::panic::AssertUnwindSafe(|| write(&mut world, node, bytes));
    std::panic::catch_unwind(write).is_err()
}

#[test]
#[cfg(debug_assertions)]
fn a_number_is_no_reference_and_a_reference_no_number() {
    // SAFETY: all within objects; what would be written is never read.
    unsafe {
        assert!(refused(|world, node, _| world
            .heap
            .write(node, LEFT, 8_u32)));
        assert!(refused(|world, node, _| world
            .heap
            .init_ref(node, NODE_ID, node)));
        assert!(refused(|world, node, _| world.heap.assign_ref(
            &mut world.ctx,
            node,
            NODE_ID,
            node
        )));
        let stray = HeapRef(0x7fff_fff8);
        assert!(refused(|world, node, _| world.heap.assign_ref(
            &mut world.ctx,
            node,
            LEFT,
            stray
        )));
        assert!(refused(|world, node, bytes| world
            .heap
            .init_ref(bytes, FIRST, node)));
        assert!(refused(|world, _, bytes| {
            let refs = world.array(REFS, 4, 2);
            world
                .heap
                .copy_elements(&mut world.ctx, (refs, FIRST), (bytes, FIRST), 8);
        }));
        assert!(refused(|world, _, bytes| {
            world
                .heap
                .copy_elements(&mut world.ctx, (bytes, FIRST + 8), (bytes, FIRST), 8);
        }));
        assert!(!refused(|world, _, bytes| {
            world.heap.write_bytes(bytes, FIRST, b"12345678");
            world
                .heap
                .copy_elements(&mut world.ctx, (bytes, FIRST + 4), (bytes, FIRST), 4);
        }));
    }
}
