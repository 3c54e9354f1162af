//! What cannot be understood is an error that says where, never "no roots".

use crate::testing::*;
use crate::{ChainError, CollectError, CollectOptions, WalkError, When};
use mangrove_abi::{CodeOffset, ContRef, HeapRef};
use mangrove_heap::{HeapError, HeapViolation};
use std::ptr;

fn error(world: &mut World) -> CollectError {
    world.try_collect(CollectOptions::default()).unwrap_err()
}

#[test]
fn a_return_address_without_an_entry() {
    let mut world = World::new();
    let bad = world.stopped(&[frame(ENTRY), frame(NO_SITE), frame(NONE)]);
    world.run(&[bad]);
    let CollectError::Walk(error) = error(&mut world) else {
        panic!("another error")
    };
    let expected = WalkError::NoSite {
        pc: CODE + NO_SITE as u64,
        offset: CodeOffset::new(NO_SITE),
        module: MODULE,
        // SAFETY: a record of the registry.
        continuation: unsafe { (*bad.record).id.as_u32() },
        frame: 1,
    };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("0x700000000233"), "{error}");
}

#[test]
fn a_return_address_outside_of_code() {
    let mut world = World::new();
    let bad = world.stopped(&[frame(0x5000)]);
    world.outside.conts = vec![bad];
    let error = error(&mut world);
    assert!(
        matches!(error, CollectError::Walk(WalkError::NotCode { pc, frame: 0, .. })
        if pc == CODE + 0x5000)
    );
}

#[test]
fn a_failed_collection_leaves_a_heap_that_refuses() {
    let mut world = World::new();
    let bad = world.stopped(&[frame(NO_SITE)]);
    world.outside.conts = vec![bad];
    error(&mut world);
    world.outside.conts.clear();
    assert!(matches!(
        error(&mut world),
        CollectError::Heap(HeapError::Broken)
    ));
}

#[test]
fn chains_that_do_not_end_at_the_host() {
    let mut world = World::new();
    let [a, b] = [0; 2].map(|_| world.stopped(&[frame(NONE)]));
    world.run(&[a]);
    let host = world.run(&[b]);
    // The record that called the host is not known.
    // SAFETY: a record of the registry.
    let id = unsafe {
        (*host).interrupted = ptr::null_mut();
        (*host).id.as_u32()
    };
    let open = error(&mut world);
    assert!(matches!(open, CollectError::Chain(ChainError::Open { id: at }) if at == id));

    let mut world = World::new();
    let a = world.stopped(&[frame(NONE)]);
    world.run(&[a]);
    // SAFETY: a record of the registry.
    let id = unsafe {
        (*a.record).parent = ptr::null_mut();
        (*a.record).id.as_u32()
    };
    let open = error(&mut world);
    assert!(matches!(open, CollectError::Chain(ChainError::Open { id: at }) if at == id));

    // Nothing is known of what runs.
    let mut world = World::new();
    let a = world.stopped(&[frame(NONE)]);
    world.run(&[a]);
    world.ctx.current = ptr::null_mut();
    let nothing = error(&mut world);
    assert!(matches!(
        nothing,
        CollectError::Chain(ChainError::Nothing { activations: 1 })
    ));

    // A host record leads to itself.
    let mut world = World::new();
    let a = world.stopped(&[frame(NONE)]);
    let host = world.run(&[a]);
    // SAFETY: a record of the registry.
    let id = unsafe {
        (*host).interrupted = host;
        (*host).id.as_u32()
    };
    let twice = error(&mut world);
    let expected = ChainError::Record { id, gone: false };
    assert!(matches!(twice, CollectError::Chain(at) if at == expected));

    let mut world = World::new();
    let [a, b] = [0; 2].map(|_| world.stopped(&[frame(NONE)]));
    world.run(&[a, b]);
    // SAFETY: records of the registry.
    let id = unsafe {
        (*b.record).parent = a.record;
        (*a.record).id.as_u32()
    };
    let twice = error(&mut world);
    let CollectError::Chain(twice) = twice else {
        panic!("{twice}")
    };
    assert_eq!(twice, ChainError::Record { id, gone: false });
}

#[test]
fn verification_names_the_slot_that_is_wrong() {
    let mut world = World::new();
    let object = world.node(1);
    let inside = HeapRef(object.0 + 8);
    let running = world.stopped(&[frame(TWO_REFS).reference(8, object).reference(24, inside)]);
    world.run(&[running]);
    let options = CollectOptions {
        verify: true,
        ..CollectOptions::default()
    };
    let error = world.try_collect(options).unwrap_err();
    assert!(
        matches!(error, CollectError::BadRoot { when: When::Before, value, .. } if value == inside.0)
    );
    let message = error.to_string();
    let start =
        "before the collection: slot fp-24 of frame 0 of continuation 0 (Wasm(5) of module 3";
    assert!(message.starts_with(start), "{message}");
    assert!(matches!(
        world.roots(),
        Err(CollectError::BadRoot {
            when: When::Looking,
            ..
        })
    ));
}

#[test]
fn verification_finds_what_an_object_holds() {
    let mut world = World::new();
    let object = world.pair(1, HeapRef(0x2000), HeapRef::NULL);
    world.outside.refs = vec![object];
    let options = CollectOptions {
        verify: true,
        ..CollectOptions::default()
    };
    let error = world.try_collect(options).unwrap_err();
    assert!(matches!(
        error,
        CollectError::HeapViolation {
            when: When::Before,
            fault: HeapViolation::BadReference { .. }
        }
    ));
    let error = world.try_collect(CollectOptions::default()).unwrap_err();
    assert!(matches!(
        error,
        CollectError::HeapViolation {
            when: When::During,
            fault: HeapViolation::Stray { value: 0x2000 }
        }
    ));
}

#[test]
fn nothing_runs_and_nothing_is_held() {
    let mut world = World::new();
    world.node(1);
    world.outside.conts = vec![ContRef::NULL];
    let report = world.collect();
    assert_eq!(
        (
            report.continuations,
            report.other_slots,
            report.bytes_copied
        ),
        (0, 1, 0)
    );
}
