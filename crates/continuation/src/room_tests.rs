//! Lists have room before anybody needs it, and who makes the room can be refused.

use crate::testing::{World, config};
use crate::{LimitError, ParkPolicy, Registry};
use mangrove_abi::{Refusal, Request, Requests, SlotKind, TransferSlot};

/// A world that is refused so many lists after others.
fn refusing(after: u64, times: u64) -> (World, Requests) {
    let requests = Requests::new(Some(Refusal::Of {
        request: Request::List,
        after,
        times,
    }));
    let mut config = config(1000);
    config.stacks.requests = requests.clone();
    let mut world = World::new(1000);
    let unpark = world.registry.parking.as_ref().unwrap().unpark;
    world.registry = Registry::new(config);
    // SAFETY: as the world's own.
    unsafe {
        world.registry.allow_parking(ParkPolicy::NEVER, unpark);
    }
    (world, requests)
}

#[test]
fn records_come_with_room_for_them_in_every_list() {
    let (mut world, requests) = refusing(u64::MAX, 0);
    let conts: Vec<_> = (0..700).map(|_| world.new_by_runtime().unwrap()).collect();
    let registry = &world.registry;
    let records = registry.slab.len() as usize;
    let parking = registry.parking.as_ref().unwrap();
    let capacities = (
        registry.bare.capacity(),
        registry.queue.capacity(),
        parking.stacked.capacity(),
    );
    assert!(
        capacities.0 >= records && capacities.1 >= records,
        "{capacities:?}"
    );
    assert!(capacities.2 > 2 * records + 64, "{capacities:?}");
    let asked = requests.made(Request::List);
    // What refers to all of them is longer than the queue of references.
    assert_eq!(world.collect(&conts), 0);
    assert_eq!(world.collect(&conts[..100]), 600);
    world.registry.trim(&mut world.ctx, 0);
    assert_eq!(requests.made(Request::List), asked, "nobody asked for more");
    let registry = &world.registry;
    assert_eq!(registry.bare.len(), 600);
    assert_eq!(registry.bare.capacity(), capacities.0);
    assert_eq!(registry.queue.capacity(), capacities.1);
    world.check();
}

#[test]
fn without_room_in_a_list_there_is_no_record() {
    let mut refused = 0;
    for after in 0..40 {
        let (mut world, requests) = refusing(after, 3);
        let mut live = 0;
        for _ in 0..300 {
            match world.new_by_runtime() {
                Ok(_) => live += 1,
                Err(LimitError::Record { .. } | LimitError::Stack { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
            world.check();
        }
        assert!(live >= 290, "{live}");
        assert_eq!(world.collect(&[]), live);
        world.check();
        requests.grant_all();
        world.new_by_runtime().unwrap();
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_binding_that_is_refused_binds_nothing() {
    let values = [
        (TransferSlot::from_u64(7), None),
        (TransferSlot::from_u64(8), Some(SlotKind::Ref)),
    ];
    let mut refused = 0;
    for after in 0..12 {
        let (mut world, requests) = refusing(after, 1);
        let made: Vec<_> = (0..8).flat_map(|_| world.new_by_runtime()).collect();
        for cont in &made {
            let bound = world.registry.bind(&mut world.ctx, cont.record, values);
            // SAFETY: a record of the registry.
            let count = unsafe { (*cont.record).bound_count() };
            match bound {
                Ok(()) => assert_eq!(count, 2),
                Err(error) => {
                    assert!(error.to_string().contains("2 bound arguments"), "{error}");
                    assert!(world.registry.bound_mut(cont.record).is_none());
                    assert_eq!((count, error.limit()), (0, None));
                    refused += 1;
                }
            }
            world.check();
        }
        requests.grant_all();
        for cont in &made {
            world
                .registry
                .bind(&mut world.ctx, cont.record, values)
                .unwrap();
        }
        world.check();
    }
    assert!(refused >= 3, "{refused}");
}
