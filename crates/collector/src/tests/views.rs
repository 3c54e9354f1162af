//! The root set and the report, as people get them.

use crate::testing::*;
use crate::{
    Activity, CodeName, ContinuationInfo, Created, FrameOwner, FunctionName, Place, Root, RootKind,
    RootOwner, RootValue, continuations,
};
use mangrove_abi::{ContRef, HeapRef, SlotKind, TransferSlot};
use mangrove_continuation::State;
use std::ptr;

fn id(cont: ContRef) -> u32 {
    // SAFETY: a record of the registry.
    unsafe { (*cont.record).id }
}

/// A parent and the running one it resumed, and a suspended one in a table.
fn world() -> (World, [ContRef; 3], [HeapRef; 2]) {
    let mut world = World::new();
    let (a, b) = (world.node(1), world.node(2));
    let parent = world.stopped(&[
        frame(ENTRY),
        frame(TWO_REFS)
            .reference(8, a)
            .reference(24, HeapRef::from_i31(9)),
    ]);
    let running = world.stopped(&[frame(ENTRY), frame(NONE)]);
    let stale = ContRef {
        revision: 0,
        ..parent
    };
    let suspended = world.stopped(&[frame(CONT_REF).reference(40, b).cont(32, stale)]);
    world.run(&[running, parent]);
    world.outside.refs = vec![HeapRef::NULL];
    world.outside.conts = vec![suspended];
    (world, [parent, running, suspended], [a, b])
}

#[test]
fn the_root_set_lists_every_slot_and_moves_nothing() {
    let (mut world, [parent, _, suspended], [a, b]) = world();
    let set = world.roots(None).unwrap();
    assert_eq!((set.continuations, set.frames), (3, 5));

    let owner = FrameOwner {
        continuation: id(parent),
        state: Activity::Parent,
        frame: 0,
        module: MODULE,
        function: CodeName::Wasm(5),
        wasm_offset: 1020,
        distance: 8,
    };
    let in_parent = |distance| RootOwner::Frame(FrameOwner { distance, ..owner });
    let in_suspended = |distance| {
        RootOwner::Frame(FrameOwner {
            continuation: id(suspended),
            state: Activity::Suspended,
            function: CodeName::Wasm(6),
            wasm_offset: 2010,
            distance,
            ..owner
        })
    };
    let object = |reference: HeapRef| RootValue::Object {
        offset: reference.0,
        type_id: NODE,
    };
    let reference = |owner, value| Root {
        owner,
        kind: RootKind::Ref,
        value,
    };
    let cont = |owner, cont, consumed| {
        let value = RootValue::Continuation {
            id: id(cont),
            consumed,
        };
        Root {
            owner,
            kind: RootKind::Cont,
            value,
        }
    };
    let global = RootOwner::Global {
        instance: Some(0),
        index: 0,
    };
    let element = RootOwner::Table {
        instance: Some(0),
        index: 0,
        element: 0,
    };
    let expected = [
        reference(in_parent(8), object(a)),
        reference(in_parent(24), RootValue::I31 { value: 9 }),
        reference(global, RootValue::Null),
        cont(element, suspended, false),
        cont(in_suspended(32), parent, true),
        reference(in_suspended(40), object(b)),
    ];
    assert_eq!(set.roots, expected);
    assert_eq!(slot(parent, 1, 8), a);
    assert_eq!(world.roots(None).unwrap(), set);
}

#[test]
fn the_root_set_serializes_flat() {
    let (mut world, ..) = world();
    let set = serde_json::to_value(world.roots(None).unwrap()).unwrap();
    assert_eq!(
        set["roots"][0],
        serde_json::json!({
            "owner": "frame", "continuation": 0, "state": "parent", "frame": 0, "module": 3,
            "function": {"kind": "wasm", "index": 5}, "wasm_offset": 1020, "distance": 8,
            "kind": "ref", "value": {"is": "object", "offset": 4096, "type_id": 16},
        })
    );
    assert_eq!(
        set["roots"][3],
        serde_json::json!({
            "owner": "table", "instance": 0, "index": 0, "element": 0,
            "kind": "cont", "value": {"is": "continuation", "id": 2, "consumed": false},
        })
    );
}

#[test]
fn bound_arguments_are_roots_with_an_owner() {
    let mut world = World::new();
    let object = world.node(1);
    let fresh = world.fresh();
    let argument = TransferSlot::from_u64(object.0 as u64);
    let arguments = [
        (TransferSlot::default(), None),
        (argument, Some(SlotKind::Ref)),
    ];
    world.registry.bind(&world.ctx, fresh.record, arguments);
    world.outside.conts = vec![fresh];
    let roots = world.roots(None).unwrap().roots;
    let owner = RootOwner::BoundArgument {
        continuation: id(fresh),
        index: 1,
    };
    assert_eq!(roots[1].owner, owner);
    assert_eq!(owner.to_string(), "bound argument 1 of continuation 0");
}

#[test]
fn the_report_says_what_each_continuation_does() {
    let (mut world, [parent, running, suspended], _) = world();
    let fresh = world.fresh();
    let mut creator = mangrove_abi::InstanceContext {
        store: ptr::null_mut(),
        heap_base: ptr::null_mut(),
        owner: 0,
        index: 4,
    };
    // SAFETY: a record of the registry.
    unsafe {
        (*fresh.record).creator = &raw mut creator;
        (*fresh.record).created_at = 321;
    }
    // SAFETY: nothing runs, and all stacks are laid as the call sites say.
    let report = unsafe { continuations(&world.registry, &world.ctx, &world.code, None) }.unwrap();
    assert_eq!(report.registry, world.registry.report(&world.ctx));
    // SAFETY: records of the registry.
    let used = |cont: ContRef| unsafe { (*cont.record).stack_top - (*cont.record).sp };
    let stopped = |index, wasm_offset| {
        Some(Place {
            module: MODULE,
            function: CodeName::Wasm(index),
            wasm_offset,
        })
    };
    let info = |cont, state| ContinuationInfo {
        id: id(cont),
        state,
        function: FunctionName {
            instance: 9,
            index: 77,
        },
        created: None,
        stopped: None,
        parent: None,
        frames: 2,
        stack_bytes: used(cont),
        roots: 0,
    };
    let expected = [
        ContinuationInfo {
            stopped: stopped(5, 1020),
            roots: 2,
            ..info(parent, State::Parent)
        },
        ContinuationInfo {
            stopped: stopped(5, 1031),
            parent: Some(id(parent)),
            ..info(running, State::Running)
        },
        ContinuationInfo {
            stopped: stopped(6, 2010),
            frames: 1,
            roots: 2,
            ..info(suspended, State::Suspended)
        },
        ContinuationInfo {
            created: Some(Created {
                instance: 4,
                wasm_offset: 321,
            }),
            frames: 0,
            ..info(fresh, State::Fresh)
        },
    ];
    assert_eq!(report.continuations, expected);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["continuations"][2]["state"], "suspended");
    assert_eq!(json["registry"]["suspended"], 1);
}
