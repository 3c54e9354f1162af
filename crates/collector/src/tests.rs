//! Which roots are found, on stacks laid by hand.

mod errors;
mod graphs;
mod objects;
mod views;

use crate::CollectOptions;
use crate::testing::*;
use mangrove_abi::{ContRef, Defect, HeapRef, SlotKind, TransferSlot};
use mangrove_continuation::State;

#[test]
fn exactly_the_slots_are_found_and_updated() {
    let mut world = World::new();
    let first = world.node(0);
    let garbage = world.node(1);
    let inner = world.node(2);
    let a = world.pair(3, inner, HeapRef::NULL);
    let running = world.stopped(&[
        frame(ENTRY),
        frame(TWO_REFS)
            .reference(8, a)
            .reference(24, HeapRef::from_i31(5)),
        frame(NONE).reference(8, garbage),
        frame(CONT_REF).reference(40, a).cont(32, ContRef::NULL),
    ]);
    world.run(&[running]);
    assert_eq!(first, HeapRef(0x1000), "what the other words look like");
    let report = world.collect();
    assert_eq!(
        (report.continuations, report.frames, report.frame_slots),
        (1, 4, 4)
    );
    assert_eq!((report.objects_copied, report.bytes_copied), (2, 32));
    assert_eq!(
        (report.bytes_before, report.reclaimed, report.number),
        (64, 0, 1)
    );

    let moved = slot(running, 1, 8);
    assert_ne!(moved, a);
    assert_eq!(slot(running, 3, 40), moved);
    assert_eq!(slot(running, 1, 24), HeapRef::from_i31(5));
    assert_eq!(slot(running, 2, 8), garbage, "not live at that call");
    assert_eq!(world.id(moved), 3);
    // SAFETY: a live node.
    assert_eq!(world.id(unsafe { world.heap.read_ref(moved, LEFT) }), 2);
    for (nth, distances) in [
        (0, vec![8, 24]),
        (1, vec![4, 12, 16, 32]),
        (3, vec![8, 36, 44]),
    ] {
        for distance in distances {
            let word = slot(running, nth, distance);
            assert!(
                [HeapRef(0x1000), HeapRef::NULL].contains(&word),
                "{nth} {distance}: {word:?}"
            );
        }
    }
    assert!(lookalike(running, 3, 48));
}

#[test]
fn continuations_live_by_references_from_roots_and_frames() {
    let mut world = World::new();
    let (kept, lost) = (world.node(1), world.node(2));
    let two = |object| {
        [
            frame(ENTRY),
            frame(TWO_REFS).reference(8, object).reference(24, object),
        ]
    };
    let inner = world.stopped(&two(kept));
    let fresh = world.fresh();
    let outer = world.stopped(&[
        frame(ENTRY),
        frame(TWO_CONTS).cont(16, inner).cont(64, fresh),
    ]);
    let unreachable = world.stopped(&two(lost));
    let cycle = world.stopped(&[]);
    let holder = world.stopped(&[frame(TWO_CONTS).cont(16, cycle).cont(64, unreachable)]);
    assert_eq!(world.registry.live(&world.ctx), 6);
    world.outside.conts = vec![ContRef::NULL, outer, outer];

    let report = world.collect();
    assert_eq!(
        (
            report.continuations,
            report.reclaimed,
            report.objects_copied
        ),
        (3, 3, 1)
    );
    assert_eq!(world.id(slot(inner, 1, 8)), 1);
    assert_eq!(slot(inner, 1, 8), slot(inner, 1, 24));
    for gone in [unreachable, cycle, holder] {
        assert_eq!(
            world.registry.state_of(&world.ctx, gone.record),
            State::Gone
        );
    }

    // What hangs on the last reference goes with it, objects included.
    world.outside.conts.clear();
    let report = world.collect();
    assert_eq!(
        (
            report.continuations,
            report.reclaimed,
            report.objects_copied
        ),
        (0, 3, 0)
    );
    assert_eq!(world.registry.live(&world.ctx), 0);
}

#[test]
fn continuations_may_hold_each_other() {
    let mut world = World::new();
    let object = world.node(8);
    let a = world.stopped(&[frame(CONT_REF)
        .reference(40, object)
        .cont(32, ContRef::NULL)]);
    let b = world.stopped(&[frame(TWO_CONTS).cont(16, a).cont(64, ContRef::NULL)]);
    // SAFETY: the slot of `a` that holds a continuation.
    unsafe { ((frame_pointer(a.record, 0) - 32) as *mut ContRef).write_unaligned(b) };
    world.outside.conts = vec![a];
    assert_eq!(world.collect().continuations, 2);
    assert_eq!(world.id(slot(a, 0, 40)), 8);
    world.outside.conts.clear();
    assert_eq!(world.collect().reclaimed, 2);
}

#[test]
fn a_consumed_reference_keeps_nothing() {
    let mut world = World::new();
    let object = world.node(1);
    let cont = world.stopped(&[frame(TWO_REFS)
        .reference(8, object)
        .reference(24, HeapRef::NULL)]);
    world.outside.conts = vec![ContRef {
        revision: cont.revision - 1,
        ..cont
    }];
    let report = world.collect();
    assert_eq!(
        (
            report.continuations,
            report.reclaimed,
            report.objects_copied
        ),
        (0, 1, 0)
    );
}

#[test]
fn a_chain_suspended_as_one_is_kept_by_its_innermost() {
    let mut world = World::new();
    let objects = [1, 2, 3].map(|id| world.node(id));
    let chain = objects.map(|object| {
        world.stopped(&[
            frame(ENTRY),
            frame(TWO_REFS)
                .reference(8, object)
                .reference(24, HeapRef::NULL),
        ])
    });
    let reference = world.suspend(&chain);
    world.outside.conts = vec![reference];
    let report = world.collect();
    assert_eq!(
        (report.continuations, report.frames, report.objects_copied),
        (3, 6, 3)
    );
    assert_eq!(chain.map(|cont| world.id(slot(cont, 1, 8))), [1, 2, 3]);
    world.outside.conts.clear();
    assert_eq!(world.collect().reclaimed, 3);
}

#[test]
fn every_activation_has_its_chain() {
    let mut world = World::new();
    let objects: Vec<_> = (0..4).map(|id| world.node(id)).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|nth| {
        let slots = frame(TWO_REFS)
            .reference(8, objects[nth])
            .reference(24, HeapRef::NULL);
        world.stopped(&[frame(ENTRY), slots])
    });
    // `b` was resumed by `a`, called the host, and the host called Wasm again.
    world.run(&[b, a]);
    world.run(&[d, c]);
    let report = world.collect();
    assert_eq!(
        (
            report.continuations,
            report.reclaimed,
            report.objects_copied
        ),
        (4, 0, 4)
    );
    assert_eq!(
        [a, b, c, d].map(|cont| world.id(slot(cont, 1, 8))),
        [0, 1, 2, 3]
    );
}

#[test]
fn a_fresh_continuation_holds_its_bound_arguments() {
    let mut world = World::new();
    let (kept, deep) = (world.node(1), world.node(2));
    let other = world.stopped(&[frame(TWO_REFS).reference(8, deep).reference(24, deep)]);
    let fresh = world.fresh();
    let arguments = [
        (TransferSlot::from_u64(0x1000), None),
        (TransferSlot::from_u64(kept.0 as u64), Some(SlotKind::Ref)),
        (TransferSlot::from_cont(other), Some(SlotKind::Cont)),
    ];
    world
        .registry
        .bind(&mut world.ctx, fresh.record, arguments)
        .unwrap();
    world.outside.conts = vec![fresh];
    let report = world.collect();
    assert_eq!(
        (
            report.continuations,
            report.other_slots,
            report.objects_copied
        ),
        (2, 3, 2)
    );
    let values = world
        .registry
        .bound_mut(fresh.record)
        .unwrap()
        .values()
        .to_vec();
    assert_eq!(values[0], TransferSlot::from_u64(0x1000));
    assert_eq!(world.id(HeapRef(values[1].words[0] as u32)), 1);
    assert_eq!(values[2].as_cont(), other);
    assert_eq!(world.id(slot(other, 0, 8)), 2);
}

#[test]
fn overlooking_suspended_stacks_loses_what_they_hold() {
    for verify in [true, false] {
        let mut world = World::new();
        let object = world.node(1);
        let suspended = world.stopped(&[frame(TWO_REFS)
            .reference(8, object)
            .reference(24, HeapRef::NULL)]);
        world.outside.conts = vec![suspended];
        world.ctx.defect = Some(Defect::SkipSuspended);
        let options = CollectOptions {
            verify,
            ..CollectOptions::default()
        };
        let result = world.try_collect(options);
        assert_eq!(slot(suspended, 0, 8), object, "not updated");
        if verify {
            let message = result.unwrap_err().to_string();
            assert!(
                message.starts_with("after the collection: slot fp-8 of frame 0"),
                "{message}"
            );
        } else {
            assert_eq!(result.unwrap().objects_copied, 0);
            world.ctx.defect = None;
            world.try_collect(CollectOptions::default()).unwrap_err();
        }
    }
}

#[test]
fn a_call_site_that_lacks_a_slot_is_found_out() {
    let mut world = World::new();
    let object = world.node(1);
    let running = world.stopped(&[frame(TWO_REFS).reference(8, object).reference(24, object)]);
    world.run(&[running]);
    let sites = &world.code.0.sites;
    world.code.0.sites = sites.without_slot(1);
    assert_eq!(world.collect().frame_slots, 1);
    assert_ne!(slot(running, 0, 8), object);
    assert_eq!(
        slot(running, 0, 24),
        object,
        "the slot that is not listed any more"
    );
}
