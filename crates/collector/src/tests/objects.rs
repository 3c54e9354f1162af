//! Continuations in objects, and objects in continuations: what lives, why, and what
//! the planted faults lose or keep.

use super::views::{holding, id, report};
use crate::testing::*;
use crate::{
    CollectError, CollectOptions, FrameOwner, Held, Reason, RootOwner, RootValue, SortBy, When,
    Why, Within,
};
use mangrove_abi::{ContRef, Defect, HeapRef};
use mangrove_continuation::State;
use proptest::prelude::*;

const CONTS: usize = 10;
const BOXES: usize = 10;

/// What a continuation holds in its frame: two objects or two continuations.
#[derive(Clone, Copy, Debug)]
enum Frame {
    Conts([Option<usize>; 2]),
    Boxes([Option<usize>; 2]),
}

/// What a box holds: the next one, and two continuations.
type Content = (Option<usize>, [Option<usize>; 2]);

fn frame_content() -> impl Strategy<Value = Frame> {
    prop_oneof![
        prop::array::uniform2(prop::option::of(0..CONTS)).prop_map(Frame::Conts),
        prop::array::uniform2(prop::option::of(0..BOXES)).prop_map(Frame::Boxes),
    ]
}

fn box_content() -> impl Strategy<Value = Content> {
    let held = prop::array::uniform2(prop::option::of(0..CONTS));
    (prop::option::of(0..BOXES), held)
}

/// What is live, by a search that shares nothing with the collector.
fn search(
    frames: &[Frame],
    boxes: &[Content],
    from_conts: &[usize],
    from_boxes: &[usize],
) -> (Vec<bool>, Vec<bool>) {
    let (mut live_conts, mut live_boxes) = (vec![false; CONTS], vec![false; BOXES]);
    let (mut conts, mut objects) = (from_conts.to_vec(), from_boxes.to_vec());
    loop {
        if let Some(cont) = conts.pop() {
            if !std::mem::replace(&mut live_conts[cont], true) {
                match frames[cont] {
                    Frame::Conts(held) => conts.extend(held.iter().flatten()),
                    Frame::Boxes(held) => objects.extend(held.iter().flatten()),
                }
            }
        } else if let Some(object) = objects.pop() {
            if !std::mem::replace(&mut live_boxes[object], true) {
                let (next, held) = boxes[object];
                objects.extend(next);
                conts.extend(held.iter().flatten());
            }
        } else {
            return (live_conts, live_boxes);
        }
    }
}

fn build(frames: &[Frame], boxes: &[Content]) -> (World, Vec<ContRef>, Vec<HeapRef>) {
    let mut world = World::tracing();
    let empty = [ContRef::NULL; 2];
    let objects: Vec<_> = boxes
        .iter()
        .map(|_| world.boxed(HeapRef::NULL, empty))
        .collect();
    let conts: Vec<_> = frames
        .iter()
        .map(|content| {
            world.stopped(&[match *content {
                Frame::Conts(_) => frame(TWO_CONTS).cont(16, empty[0]).cont(64, empty[1]),
                Frame::Boxes(held) => {
                    let [a, b] = held.map(|at| at.map_or(HeapRef::NULL, |at| objects[at]));
                    frame(TWO_REFS).reference(8, a).reference(24, b)
                }
            }])
        })
        .collect();
    let cont = |at: Option<usize>| at.map_or(ContRef::NULL, |at| conts[at]);
    for (holder, content) in conts.iter().zip(frames) {
        let Frame::Conts(held) = *content else {
            continue;
        };
        for (distance, at) in [16, 64].into_iter().zip(held) {
            let slot = (frame_pointer(holder.record, 0) - distance) as *mut ContRef;
            // SAFETY: a slot of a frame just laid.
            unsafe { slot.write_unaligned(cont(at)) };
        }
    }
    for (&object, &(next, held)) in objects.iter().zip(boxes) {
        // SAFETY: boxes, with these parts.
        unsafe {
            let next = next.map_or(HeapRef::NULL, |at| objects[at]);
            world.heap.assign_ref(&mut world.ctx, object, NEXT, next);
            for (offset, at) in HELD.into_iter().zip(held) {
                world.heap.write_cont(object, offset, cont(at));
            }
        }
    }
    (world, conts, objects)
}

/// Each link is held by the one before it, and the first by a root.
fn is_a_way(why: &Why, to: u32) -> bool {
    let mut before = None;
    for link in &why.links {
        let by = match link.by {
            Reason::Slot {
                owner:
                    RootOwner::Frame(FrameOwner {
                        continuation: by, ..
                    }),
            } => Some(Held::Continuation { continuation: by }),
            Reason::Object {
                object, type_id, ..
            } => Some(Held::Object { object, type_id }),
            Reason::Slot { .. } => None,
            Reason::Running | Reason::Chain { .. } => return false,
        };
        if by != before {
            return false;
        }
        before = Some(link.held);
    }
    before == Some(Held::Continuation { continuation: to })
}

proptest! {
    #[test]
    fn what_is_reachable_through_either_survives(
        frames in prop::collection::vec(frame_content(), CONTS),
        boxes in prop::collection::vec(box_content(), BOXES),
        from_conts in prop::collection::vec(0..CONTS, 0..2),
        from_boxes in prop::collection::vec(0..BOXES, 0..3),
    ) {
        let (mut world, conts, objects) = build(&frames, &boxes);
        world.outside.conts = from_conts.iter().map(|&at| conts[at]).collect();
        world.outside.refs = from_boxes.iter().map(|&at| objects[at]).collect();
        let (live, live_boxes) = search(&frames, &boxes, &from_conts, &from_boxes);
        let count = |flags: &[bool]| flags.iter().filter(|&&flag| flag).count() as u64;
        for _ in 0..2 {
            let set = world.roots().unwrap();
            prop_assert_eq!((set.continuations, set.objects), (count(&live), count(&live_boxes)));
            for told in report(&mut world, SortBy::Id, CONTS).continuations {
                let at = conts.iter().position(|&cont| id(cont) == told.id).unwrap();
                prop_assert_eq!(told.why.is_some(), live[at]);
                if let Some(why) = told.why.filter(|why| why.omitted == 0) {
                    prop_assert!(is_a_way(&why, told.id), "{why:?}");
                }
            }
            let collected = world.collect();
            prop_assert_eq!(collected.continuations, count(&live));
            prop_assert_eq!(collected.objects_copied, count(&live_boxes));
            for (at, cont) in conts.iter().enumerate() {
                let gone = world.registry.state_of(&world.ctx, cont.record) == State::Gone;
                prop_assert_eq!(gone, !live[at]);
            }
        }
    }
}

/// Suspended, holding an object in its one frame.
fn holding_object(world: &mut World, object: HeapRef) -> ContRef {
    world.stopped(&[frame(CONT_REF)
        .reference(40, object)
        .cont(32, ContRef::NULL)])
}

/// As many boxes and continuations by turns, each held by the next; the last box.
fn chain(world: &mut World, length: usize) -> (HeapRef, Vec<ContRef>) {
    let (mut last, mut conts) = (HeapRef::NULL, Vec::new());
    for _ in 0..length {
        let cont = holding_object(world, last);
        conts.push(cont);
        last = world.boxed(HeapRef::NULL, [ContRef::NULL, cont]);
    }
    (last, conts)
}

#[test]
fn a_ring_lives_while_it_is_held_and_no_longer() {
    let mut world = World::tracing();
    let (last, conts) = chain(&mut world, 1000);
    // The innermost holds the outermost box: the ring is closed.
    let slot = (frame_pointer(conts[0].record, 0) - 40) as *mut u32;
    // SAFETY: a slot of a frame just laid.
    unsafe { slot.write(last.0) };
    world.outside.refs = vec![last];
    for _ in 0..2 {
        let report = world.collect();
        let found = (
            report.continuations,
            report.objects_copied,
            report.reclaimed,
        );
        assert_eq!(found, (1000, 1000, 0));
    }
    world.outside.refs = vec![HeapRef::NULL];
    let report = world.collect();
    let found = (
        report.continuations,
        report.objects_copied,
        report.reclaimed,
    );
    assert_eq!(found, (0, 0, 1000));
    assert_eq!(world.registry.live(&world.ctx), 0);
}

#[test]
fn the_way_leads_through_objects() {
    let mut world = World::tracing();
    let (last, conts) = chain(&mut world, 2);
    let array = world.conts(&[ContRef::NULL, ContRef::NULL, conts[1]]);
    world.outside.refs = vec![last];
    let told = report(&mut world, SortBy::Id, 9).continuations;
    let why = |number: usize| told[number].why.clone().unwrap();
    let object = |object: HeapRef| Held::Object {
        object: object.0,
        type_id: BOX,
    };
    let second = Within::Field { index: HELD[1] };
    let global = RootOwner::Global {
        instance: Some(0),
        index: 0,
    };
    let outer = why(1);
    assert_eq!(outer.links.len(), 2);
    assert_eq!(outer.links[0].held, object(last));
    assert_eq!(outer.links[0].by, Reason::Slot { owner: global });
    assert_eq!(outer.links[0].continuation(), None);
    let by = Reason::Object {
        object: last.0,
        type_id: BOX,
        within: Some(second),
    };
    assert_eq!(
        (outer.links[1].by, outer.links[1].continuation()),
        (by, Some(1))
    );
    assert_eq!(why(0).links.len(), 4);
    assert_eq!(why(0).links[..2], outer.links);
    let json = serde_json::to_value(outer.links[1]).unwrap();
    let expected = serde_json::json!({
        "continuation": 1,
        "by": {"kind": "object", "object": last.0, "type_id": BOX, "place": "field", "index": 24},
    });
    assert_eq!(json, expected);
    // An element.
    world.outside.refs = vec![array];
    let told = report(&mut world, SortBy::Id, 9).continuations;
    let Reason::Object { object, within, .. } = told[1].why.as_ref().unwrap().links[1].by else {
        panic!("held by the array");
    };
    assert_eq!(object, array.0);
    assert_eq!(
        within,
        Some(Within::Field { index: 8 + 32 }),
        "by its offset, in this test"
    );
}

/// A way is found without recursion, told in part, and takes each object once.
#[test]
fn of_a_long_way_the_ends_are_told() {
    let mut world = World::tracing();
    let (last, _) = chain(&mut world, 3000);
    let mut first = last;
    for _ in 0..20_000 {
        first = world.boxed(first, [ContRef::NULL; 2]);
    }
    world.outside.refs = vec![first];
    let told = report(&mut world, SortBy::Id, 1).continuations;
    let why = told[0].why.as_ref().unwrap();
    assert_eq!(why.links.len() as u32 + why.omitted, 20_000 + 2 * 3000);
    let held = why.links[0].held;
    assert_eq!(
        held,
        Held::Object {
            object: first.0,
            type_id: BOX
        }
    );
}

#[test]
fn roots_of_what_only_objects_hold_are_listed() {
    let mut world = World::tracing();
    let held = world.node(7);
    let inner = holding_object(&mut world, held);
    let object = world.boxed(HeapRef::NULL, [inner, ContRef::NULL]);
    world.outside.refs = vec![object];
    let set = world.roots().unwrap();
    assert_eq!((set.continuations, set.objects), (1, 2));
    let last = set.roots.last().unwrap();
    assert!(matches!(last.value, RootValue::Object { offset, .. } if offset == held.0));
}

/// Reached from a frame, not from an object, and in an object after that: what is
/// consumed keeps nothing.
#[test]
fn a_consumed_reference_in_an_object_keeps_nothing() {
    let mut world = World::tracing();
    let nothing = ContRef::NULL;
    let cont = holding(&mut world, nothing);
    let stale = ContRef {
        revision: cont.revision - 1,
        ..cont
    };
    world.outside.refs = vec![HeapRef::NULL];
    world.outside.refs[0] = world.boxed(HeapRef::NULL, [stale, nothing]);
    assert_eq!(world.collect().reclaimed, 1);
    // And after that the record may be another's.
    assert_eq!(world.collect().continuations, 0);
}

fn with_fault(defect: Defect) -> (World, Vec<ContRef>, CollectOptions) {
    let mut world = World::tracing();
    let (last, conts) = chain(&mut world, 5);
    world.outside.refs = vec![last];
    world.ctx.defect = Some(defect);
    (world, conts, CollectOptions::default())
}

/// What each planted fault does, and that verification says so.
#[test]
fn faults_are_found_by_verification() {
    for (defect, kept) in [(Defect::DropHeld(1), 0), (Defect::OneRound, 1)] {
        let (mut world, conts, options) = with_fault(defect);
        let report = world.try_collect(options).unwrap();
        assert_eq!((report.continuations, report.reclaimed), (kept, 5 - kept));
        let state = world.registry.state_of(&world.ctx, conts[0].record);
        assert_eq!(state, State::Gone, "in reach, and freed");

        let (mut world, _, options) = with_fault(defect);
        let verified = CollectOptions {
            verify: true,
            ..options
        };
        let error = world.try_collect(verified).unwrap_err();
        assert!(
            matches!(error, CollectError::Reached { reachable: 5, marked } if marked == kept),
            "{error}"
        );
    }
    // The other number is another slot, which holds nothing.
    let (mut world, _, options) = with_fault(Defect::DropHeld(0));
    assert_eq!(world.try_collect(options).unwrap().continuations, 5);
}

#[test]
fn a_ring_that_is_kept_is_found_by_verification() {
    let (mut world, _, options) = with_fault(Defect::KeepUnreached);
    world.outside.refs.clear();
    let report = world.try_collect(options).unwrap();
    assert_eq!((report.continuations, report.reclaimed), (5, 0));
    let verified = CollectOptions {
        verify: true,
        ..options
    };
    let error = world.try_collect(verified).unwrap_err();
    let expected = "after the collection: 0 continuations were in reach, and 5 were kept";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_no_continuation_is_found_in_garbage_too() {
    // From a revision to come, or not to a record.
    let early = |cont: ContRef| ContRef {
        revision: cont.revision + 1,
        ..cont
    };
    let astray = |cont: ContRef| ContRef {
        record: cont.record.wrapping_byte_add(8),
        ..cont
    };
    for bad in [early as fn(ContRef) -> ContRef, astray] {
        let mut world = World::tracing();
        let cont = holding(&mut world, ContRef::NULL);
        let object = world.boxed(HeapRef::NULL, [ContRef::NULL, bad(cont)]);
        let options = CollectOptions {
            verify: true,
            ..CollectOptions::default()
        };
        let error = world.try_collect(options).unwrap_err();
        assert!(
            matches!(error, CollectError::BadContinuation {
                when: When::Before, object: at, type_id: BOX, offset: 24
            } if at == object.0),
            "{error}"
        );
    }
}
