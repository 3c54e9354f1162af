//! The root set and the report, as people get them.

use crate::parts::StoreParts;
use crate::testing::*;
use crate::{
    Activity, CodeName, ContinuationReport, ContinuationsReport, Created, FrameOwner, FunctionId,
    Held, Link, MadeFrom, Names, Place, Reason, ReportOptions, Root, RootOwner, RootValue, SortBy,
    WasmLocation, Why, Within, continuations,
};
use mangrove_abi::{ContRef, FuncIndex, HeapRef, SlotKind, TransferSlot, TypeId, WasmOffset};
use mangrove_continuation::State;
use std::ptr;

/// What the continuations of these tests are made from.
const MADE: FunctionId = FunctionId {
    instance: Some(9),
    index: 77,
    type_id: TypeId::new(0),
};

/// Names that are the numbers they are asked for by.
struct Numbers;

impl Names for Numbers {
    fn made_from(&self, function: FunctionId) -> MadeFrom {
        MadeFrom {
            instance: function.instance,
            module: None,
            index: function.index,
            name: Some(format!("{function:?}")),
            export: None,
        }
    }

    fn ty(&self, function: FunctionId) -> String {
        format!("type {}", function.type_id)
    }

    fn created(&self, created: Created) -> Option<Place> {
        Some(place(
            created.instance,
            FuncIndex::new(0),
            Some(created.wasm_offset),
        ))
    }

    fn stopped(&self, at: WasmLocation) -> Option<Place> {
        Some(place(at.module.0.into(), at.function, at.wasm_offset))
    }

    fn within(&self, _: TypeId, offset: u32) -> Option<Within> {
        Some(Within::Field { index: offset })
    }
}

fn place(module: u64, function: FuncIndex, offset: Option<WasmOffset>) -> Place {
    Place {
        module: Some(module.to_string()),
        function,
        name: None,
        export: None,
        offset,
        source: None,
    }
}

pub(super) fn report(world: &mut World, sort: SortBy, top: usize) -> ContinuationsReport {
    let options = ReportOptions {
        top,
        sort,
        resident: false,
    };
    let World {
        heap,
        registry,
        ctx,
        code,
        outside,
        ..
    } = world;
    let parts = StoreParts {
        heap,
        registry,
        ctx,
        code,
    };
    // SAFETY: nothing runs, and all stacks are laid as the call sites say.
    unsafe { continuations(parts, outside, &Numbers, options) }.unwrap()
}

fn continuation(cont: ContRef) -> Held {
    Held::Continuation {
        continuation: id(cont),
    }
}

pub(super) fn id(cont: ContRef) -> u32 {
    // SAFETY: a record of the registry.
    unsafe { (*cont.record).id.as_u32() }
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
    let set = world.roots().unwrap();
    assert_eq!((set.continuations, set.frames), (3, 5));

    let owner = FrameOwner {
        continuation: id(parent),
        state: Activity::Parent,
        frame: 0,
        module: MODULE,
        function: CodeName::Wasm(FuncIndex::new(5)),
        wasm_offset: WasmOffset::new(1020),
        distance: 8,
    };
    let in_parent = |distance| RootOwner::Frame(FrameOwner { distance, ..owner });
    let in_suspended = |distance| {
        RootOwner::Frame(FrameOwner {
            continuation: id(suspended),
            state: Activity::Suspended,
            function: CodeName::Wasm(FuncIndex::new(6)),
            wasm_offset: WasmOffset::new(2010),
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
        kind: SlotKind::Ref,
        value,
    };
    let cont = |owner, cont, consumed| {
        let value = RootValue::Continuation {
            id: id(cont),
            consumed,
        };
        Root {
            owner,
            kind: SlotKind::Cont,
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
    assert_eq!(world.roots().unwrap(), set);
}

#[test]
fn the_root_set_serializes_flat() {
    let (mut world, ..) = world();
    let set = serde_json::to_value(world.roots().unwrap()).unwrap();
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
    world
        .registry
        .bind(&mut world.ctx, fresh.record, arguments)
        .unwrap();
    world.outside.conts = vec![fresh];
    let roots = world.roots().unwrap().roots;
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
        (*fresh.record).created_at = WasmOffset::new(321);
    }
    let report = report(&mut world, SortBy::Id, 10);
    assert_eq!(report.registry, world.registry.report(&world.ctx));
    // SAFETY: records of the registry.
    let used = |cont: ContRef| unsafe { (*cont.record).stack_top - (*cont.record).sp };
    let stopped = |index, wasm_offset| {
        Some(place(
            MODULE.0.into(),
            FuncIndex::new(index),
            WasmOffset::new(wasm_offset),
        ))
    };
    let info = |cont, state| ContinuationReport {
        id: id(cont),
        state,
        function: Numbers.made_from(MADE),
        ty: Numbers.ty(MADE),
        parked: false,
        age: 0,
        why: Some(Why {
            links: vec![Link {
                held: continuation(cont),
                by: Reason::Running,
            }],
            omitted: 0,
        }),
        created: None,
        clone_of: None,
        stopped: None,
        parent: None,
        frames: 2,
        stack_bytes: used(cont),
        roots: 0,
    };
    let expected = [
        ContinuationReport {
            stopped: stopped(5, 1020),
            roots: 2,
            ..info(parent, State::Parent)
        },
        ContinuationReport {
            stopped: stopped(5, 1031),
            parent: Some(id(parent)),
            ..info(running, State::Running)
        },
        ContinuationReport {
            stopped: stopped(6, 2010),
            frames: 1,
            roots: 2,
            why: Some(Why {
                links: vec![Link {
                    held: continuation(suspended),
                    by: Reason::Slot {
                        owner: RootOwner::Table {
                            instance: Some(0),
                            index: 0,
                            element: 0,
                        },
                    },
                }],
                omitted: 0,
            }),
            ..info(suspended, State::Suspended)
        },
        ContinuationReport {
            created: Some(place(4, FuncIndex::new(0), WasmOffset::new(321))),
            frames: 0,
            why: None,
            ..info(fresh, State::Fresh)
        },
    ];
    assert_eq!(report.continuations, expected);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["continuations"][2]["state"], "suspended");
    assert_eq!(json["suspended"], 1);
}

/// Suspended, holding a reference in its one frame.
pub(super) fn holding(world: &mut World, held: ContRef) -> ContRef {
    let nothing = HeapRef::NULL;
    world.stopped(&[frame(CONT_REF).reference(40, nothing).cont(32, held)])
}

#[test]
fn the_way_to_a_continuation_is_told_from_its_root() {
    let mut world = World::new();
    let mut conts = vec![world.stopped(&[frame(NONE)])];
    for _ in 0..20 {
        let held = *conts.last().unwrap();
        conts.push(holding(&mut world, held));
    }
    world.outside.conts = vec![conts[20]];
    let report = report(&mut world, SortBy::Id, 100);
    let why = |number: usize| report.continuations[number].why.as_ref().unwrap();
    let ids = |why: &Why| -> Vec<u32> {
        {
            let ids = why.links.iter().map(|link| link.continuation());
            ids.collect::<Option<_>>().unwrap()
        }
    };
    assert_eq!((ids(why(20)), why(20).omitted), (vec![20], 0));
    assert_eq!((ids(why(18)), why(18).omitted), (vec![20, 19, 18], 0));
    let nearest = vec![20, 7, 6, 5, 4, 3, 2, 1, 0];
    assert_eq!((ids(why(0)), why(0).omitted), (nearest, 12));
    assert!(matches!(
        why(0).links[8].by,
        Reason::Slot {
            owner: RootOwner::Frame(FrameOwner {
                continuation: 1,
                frame: 0,
                ..
            })
        }
    ));
}

#[test]
fn who_is_held_by_none_but_each_other_has_no_reason() {
    let mut world = World::new();
    let first = holding(&mut world, ContRef::NULL);
    let second = holding(&mut world, first);
    // SAFETY: the frame was laid with a continuation in this slot.
    unsafe {
        ((*first.record).fp as *mut ContRef)
            .byte_sub(32)
            .write_unaligned(second)
    };
    let report = report(&mut world, SortBy::Id, 2);
    assert!(report.continuations.iter().all(|info| info.why.is_none()));
}

#[test]
fn a_bounded_report_has_those_that_sort_first() {
    let (mut world, [parent, running, suspended], _) = world();
    let first = |world: &mut World, sort| {
        let report = report(world, sort, 1);
        assert_eq!((report.continuations.len(), report.omitted), (1, 2));
        report.continuations[0].id
    };
    assert_eq!(first(&mut world, SortBy::Id), 0);
    assert_eq!(first(&mut world, SortBy::Depth), id(parent));
    assert_eq!(first(&mut world, SortBy::Roots), id(parent));
    let used = |cont: ContRef| {
        // SAFETY: a record of the registry.
        unsafe { (*cont.record).stack_top - (*cont.record).sp }
    };
    let fullest = [parent, running, suspended].into_iter().map(used).max();
    let shown = first(&mut world, SortBy::Stack);
    let all = [parent, running, suspended];
    let shown = all.into_iter().find(|&cont| id(cont) == shown);
    assert_eq!(shown.map(used), fullest);
    // What a collection finds gets older; what is made after it is younger.
    world.collect();
    let young = world.stopped(&[frame(NONE)]);
    world.outside.conts.push(young);
    let ages: Vec<_> = report(&mut world, SortBy::Age, 9)
        .continuations
        .iter()
        .map(|info| (info.id, info.age))
        .collect();
    assert_eq!(ages, [(0, 1), (1, 1), (2, 1), (id(young), 0)]);
}
