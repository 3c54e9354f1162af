//! Continuation references in objects: each is shown, and none is touched.

use crate::testing::*;
use crate::{CollectionKind, Field, HeapConfig};
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef};

#[test]
fn fields_and_elements_are_shown_and_kept() {
    let mut world = World::small(1 << 20, 1 << 20);
    let garbage = world.boxed(HeapRef::NULL, [90, 91]);
    let last = world.boxed(HeapRef::NULL, [3, 4]);
    let first = world.boxed(last, [1, 2]);
    world.write(garbage, 4, first.0);
    world.roots = vec![first];
    assert_eq!(world.collect().objects, 2);
    assert_eq!(world.shown, [1, 2, 3, 4]);
    let first = world.roots[0];
    let last = world.read_ref(first, 4);
    // SAFETY: boxes hold continuations there.
    let revision = |object, offset| unsafe { world.heap.read_cont(object, offset) }.revision;
    assert_eq!((revision(first, 24), revision(last, 8)), (2, 3));
}

/// However long an array is, few of its continuations are shown at once, all of them,
/// and in order.
#[test]
fn arrays_are_shown_piece_by_piece() {
    for len in [0, 1, 15, 16, 17, 32, 33, 1000] {
        let mut world = World::small(1 << 20, 1 << 20);
        let array = world.array(CONTS, 16, len);
        for index in 0..len {
            world.set_cont(array, ARRAY_ELEMENTS + 16 * index, u64::from(index));
        }
        let after = world.boxed(HeapRef::NULL, [5000, 5001]);
        world.roots = vec![array, after];
        let (mut shown, mut most) = (Vec::new(), 0);
        let mut collection = world
            .heap
            .begin(&mut world.ctx, CollectionKind::Full)
            .unwrap();
        for root in &mut world.roots {
            // SAFETY: roots are references to whole objects.
            *root = unsafe { collection.forward(*root) };
        }
        loop {
            let before = shown.len();
            let more = collection.drain(|number, reference| {
                shown.push((number, reference.revision));
            });
            most = most.max(shown.len() - before);
            if !more {
                break;
            }
        }
        collection.finish(&mut world.ctx, 0).unwrap();
        let elements = (0..len).map(|index| (index, u64::from(index)));
        let expected: Vec<_> = elements.chain([(0, 5000), (1, 5001)]).collect();
        assert_eq!(shown, expected, "{len}");
        assert!(most <= 16, "{most} of {len}");
    }
}

#[test]
fn an_onlooker_is_told_who_holds_what() {
    let mut world = World::small(1 << 20, 1 << 20);
    let last = world.boxed(HeapRef::NULL, [3, 4]);
    let first = world.boxed(last, [1, 2]);
    let node = world.node(0, first, last);
    let mut marks = world.heap.marks(&world.ctx).unwrap();
    assert_eq!(marks.mark(node), Ok(true));
    assert_eq!(marks.mark(node), Ok(false), "marked before");
    assert_eq!(marks.mark(HeapRef::from_i31(1)), Ok(false));
    let mut found = Found::default();
    // SAFETY: the marks are this heap's, as it is.
    while unsafe { marks.drain(&world.heap, &mut found) }.unwrap() {}
    let by = |object, offset| Field { object, offset };
    assert_eq!(
        found.holders,
        [(first, by(node, LEFT)), (last, by(node, RIGHT))]
    );
    found.revisions.sort_unstable();
    assert_eq!(found.revisions, [1, 2, 3, 4]);
    assert_eq!((marks.objects(), marks.bytes()), (3, 96));

    let mut every = Vec::new();
    let each = |field: Field, _, reference: mangrove_abi::ContRef| {
        every.push((field, reference.revision));
    };
    world.heap.each_continuation(&world.ctx, each).unwrap();
    assert_eq!(every.len(), 4);
    assert!(every.contains(&(by(last, 24), 4)));
}

#[test]
fn objects_are_numbered_by_their_places() {
    let mut world = World::small(1 << 20, 1 << 20);
    let objects: Vec<_> = (0..500)
        .map(|id| world.node(id, HeapRef::NULL, HeapRef::NULL))
        .collect();
    let starts = world.heap.starts(&world.ctx).unwrap();
    let numbers = starts.numbers();
    for (number, &object) in (0..).zip(&objects) {
        assert_eq!(numbers.of(object), Some(number));
    }
    assert_eq!(numbers.of(HeapRef(objects[3].0 + 8)), None);
    assert_eq!(numbers.of(HeapRef::NULL), None);
}

#[test]
fn whether_there_may_be_any_is_a_setting() {
    for continuations in [false, true] {
        let config = HeapConfig {
            continuations,
            ..HeapConfig::default()
        };
        let world = World::new(config).unwrap();
        assert_eq!(world.heap.holds_continuations(), continuations);
    }
}

/// A minor collection ends no continuation, so it asks for none.
#[test]
fn a_minor_collection_shows_none_and_moves_them_all() {
    let mut world = World::small(1 << 20, 1 << 16);
    let boxed = world.boxed(HeapRef::NULL, [1, 2]);
    world.roots = vec![boxed];
    assert_eq!(world.minor().objects, 1);
    assert_eq!(world.shown, [0; 0]);
    // Written into what is old now, without a word to the log.
    let held = world.roots[0];
    world.set_cont(held, 24, 9);
    world.minor();
    world.collect();
    assert_eq!(world.shown, [1, 9]);
}
