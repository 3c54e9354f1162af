//! Random stores: continuations that hold continuations and objects. What a
//! plain search of the model finds live is what survives, and nothing else.

use crate::testing::*;
use mangrove_abi::{ContRef, HeapRef};
use mangrove_continuation::State;
use proptest::prelude::*;

const CONTS: usize = 12;
const OBJECTS: usize = 12;

/// A continuation: for each of its frames two continuations or two objects.
type Model = Vec<Vec<Held>>;

#[derive(Clone, Copy, Debug)]
enum Held {
    Conts([Option<usize>; 2]),
    Objects([Option<usize>; 2]),
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        prop::array::uniform2(prop::option::of(0..CONTS)).prop_map(Held::Conts),
        prop::array::uniform2(prop::option::of(0..OBJECTS)).prop_map(Held::Objects),
    ]
}

/// What is live, by a search that shares nothing with the collector.
fn search(model: &Model, from: &[usize]) -> ([bool; CONTS], [bool; OBJECTS]) {
    let (mut conts, mut objects) = ([false; CONTS], [false; OBJECTS]);
    let mut work = from.to_vec();
    while let Some(cont) = work.pop() {
        if std::mem::replace(&mut conts[cont], true) {
            continue;
        }
        for held in &model[cont] {
            match held {
                Held::Conts(held) => work.extend(held.iter().flatten()),
                Held::Objects(held) => held.iter().flatten().for_each(|&at| objects[at] = true),
            }
        }
    }
    (conts, objects)
}

fn build(model: &Model) -> (World, Vec<ContRef>) {
    let mut world = World::new();
    let objects: Vec<_> = (0..OBJECTS).map(|id| world.node(id as u32)).collect();
    // A continuation can hold one made after it: lay empty frames first.
    let conts: Vec<_> = model
        .iter()
        .map(|frames| {
            let frames: Vec<_> = frames
                .iter()
                .map(|held| match held {
                    Held::Conts(_) => frame(TWO_CONTS)
                        .cont(16, ContRef::NULL)
                        .cont(64, ContRef::NULL),
                    Held::Objects(held) => {
                        let [a, b] = held.map(|at| at.map_or(HeapRef::NULL, |at| objects[at]));
                        frame(TWO_REFS).reference(8, a).reference(24, b)
                    }
                })
                .collect();
            world.stopped(&frames)
        })
        .collect();
    for (cont, frames) in conts.iter().zip(model) {
        for (nth, held) in frames.iter().enumerate() {
            let Held::Conts(held) = held else { continue };
            for (distance, at) in [16, 64].into_iter().zip(held) {
                let value = at.map_or(ContRef::NULL, |at| conts[at]);
                let slot = (frame_pointer(cont.record, nth) - distance) as *mut ContRef;
                // SAFETY: a slot of a frame just laid.
                unsafe { slot.write_unaligned(value) };
            }
        }
    }
    (world, conts)
}

proptest! {
    #[test]
    fn what_is_reachable_survives(
        model in prop::collection::vec(prop::collection::vec(held(), 1..5), CONTS),
        roots in prop::collection::vec(0..CONTS, 0..4),
        running in prop::option::of(0..CONTS),
    ) {
        let (mut world, conts) = build(&model);
        let mut from = roots.clone();
        world.outside.conts = roots.iter().map(|&at| conts[at]).collect();
        if let Some(at) = running {
            world.run(&[conts[at]]);
            from.push(at);
            // Running has consumed the references to it.
            for cont in world.outside.conts.iter().filter(|cont| cont.record == conts[at].record) {
                // SAFETY: a record of the registry.
                prop_assert_ne!(cont.revision, unsafe { (*cont.record).revision });
            }
        }
        for _ in 0..2 {
            let (live, objects) = search(&model, &from);
            let report = world.collect();
            let count = |flags: &[bool]| flags.iter().filter(|&&flag| flag).count() as u64;
            prop_assert_eq!(report.continuations, count(&live));
            prop_assert_eq!(report.objects_copied, count(&objects));
            for (at, cont) in conts.iter().enumerate() {
                let gone = world.registry.state_of(&world.ctx, cont.record) == State::Gone;
                prop_assert_eq!(gone, !live[at]);
                for (nth, held) in model[at].iter().enumerate().filter(|_| live[at]) {
                    let Held::Objects(held) = held else { continue };
                    for (distance, object) in [8, 24].into_iter().zip(held) {
                        let value = slot(*cont, nth, distance);
                        match object {
                            Some(id) => prop_assert_eq!(world.id(value), *id as u32),
                            None => prop_assert_eq!(value, HeapRef::NULL),
                        }
                    }
                }
            }
        }
    }
}
