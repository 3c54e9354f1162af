//! Leaks that were planted are found, and the first sentence names the cause.

use crate::Snapshot;
use crate::questions::{Cause, Diff, Dominators, Retainers, Shapes, Suspects};
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, At, Builder, Continuation, ContinuationParts, Field, FrameParts, Function, FunctionKind,
    Holds, Kind, NodeId, ObjectType, Origin, Site, Slot, SlotValue, Space, State, Static, Storage,
    Target, TypeKind,
};

pub fn suspects(snapshot: &Snapshot, earlier: Option<&Snapshot>) -> Suspects {
    let retainers = Retainers::of(snapshot);
    let dominators = Dominators::of(snapshot);
    let shapes = Shapes::of(snapshot, Some(&dominators));
    let diff = earlier.map(|earlier| Diff::of(earlier, snapshot));
    let earlier = earlier.zip(diff.as_ref());
    Suspects::of(snapshot, &retainers, &dominators, &shapes, earlier)
}

fn sentences(suspects: &Suspects, snapshot: &Snapshot) -> Vec<String> {
    let all = suspects.all.iter();
    all.map(|suspect| suspect.sentence(snapshot)).collect()
}

/// The names of a program in which `$main` makes `$worker`, which stands at 0x52.
fn program() -> Builder {
    let mut builder = Builder::new();
    let names = builder.names();
    for (index, name) in [(0, "main"), (1, "worker")] {
        names.functions.push(Function {
            kind: FunctionKind::Wasm,
            index,
            name: Some(name.to_owned()),
            ..Function::default()
        });
        let slot = |index, name: &str, continuation| Slot {
            continuation,
            distance: 16,
            holds: vec![Holds::Local {
                index,
                name: Some(name.to_owned()),
            }],
        };
        names.sites.push(Site {
            function: index,
            offset: Some(0x52),
            slots: vec![slot(0, "list", false), slot(1, "peer", true)],
            ..Site::default()
        });
    }
    for name in ["$node", "$box"] {
        let field = |name: &str| Field {
            name: Some(name.to_owned()),
            storage: Storage::Ref,
            offset: 0,
        };
        names.types.push(ObjectType {
            name: name.to_owned(),
            kind: TypeKind::Struct,
            fields: vec![field("next"), field("k")],
        });
    }
    names.stacks = vec![vec![0], vec![1]];
    names.origins.push(Origin {
        function: 1,
        maker: Some(0),
        offset: Some(0x31),
        ..Origin::default()
    });
    builder
}

fn worker(builder: &mut Builder, number: u32, slots: &[SlotValue]) -> NodeId {
    builder.continuation(ContinuationParts {
        row: Continuation {
            number,
            serial: number.into(),
            state: State::Suspended,
            parked: true,
            age: 4,
            stack_bytes: 80,
            stack: 1,
            ..Continuation::default()
        },
        bytes: 176,
        frames: &[FrameParts {
            index: 0,
            site: 1,
            bytes: 80,
            slots,
        }],
        ..ContinuationParts::default()
    })
}

fn named(index: u32, name: &str, len: u64) -> Static {
    Static {
        instance: Some(0),
        index,
        name: Some(name.to_owned()),
        len,
    }
}

fn about() -> About {
    About {
        run: 1,
        full_collections: 5,
        ..About::default()
    }
}

fn object(number: u32) -> SlotValue {
    SlotValue::Ref(Target::Object(16 * (number + 1)))
}

#[test]
fn a_table_that_keeps_continuations() {
    let snapshot = generators(900, 50).unwrap();
    let found = suspects(&snapshot, None);
    let first = found.all[0].sentence(&snapshot);
    assert!(
        first.starts_with(
            "table 0 $pool holds 900 continuations of $gen, made in $main at 0x31, \
             suspended in $gen at 0x52, 0 to 4 full collections old ("
        ),
        "{first}"
    );
    let Cause::Waiting { members, age, .. } = &found.all[0].cause else {
        panic!("{first}");
    };
    assert_eq!((members.len(), age.min, age.max), (900, 0, 4));
    // The oldest come first.
    let age = |node: NodeId| snapshot.nodes().continuation(node).unwrap().age;
    assert!(members.is_sorted_by_key(|&node| !age(node)));
    assert!(found.all[0].share > 0.7);
    let sentences = sentences(&found, &snapshot);
    assert!(
        sentences
            .iter()
            .any(|text| text.starts_with("1 continuation is reached from no root")),
        "{sentences:?}"
    );
}

/// A frame keeps a list of 1,000 alive while it waits.
#[test]
fn a_frame_that_keeps_a_list() {
    let mut builder = program();
    let pool = [(0, SlotValue::Ref(Target::Continuation(7)))];
    builder.fixed(Kind::Global, named(0, "pool", 0), pool);
    worker(&mut builder, 7, &[object(0)]);
    for number in 0..1000 {
        let next = (number < 999).then_some((At::Field(0), Target::Object(16 * (number + 2))));
        builder.object(16 * (number + 1), 0, 16, 0, Space::Old, None, &[], next);
    }
    let snapshot = builder.finish(about()).unwrap();
    let found = suspects(&snapshot, None);
    let first = found.all[0].sentence(&snapshot);
    assert_eq!(
        first,
        "local 0 $list of $worker at 0x52 keeps $node @0x10 alive while continuation 7 of $worker \
         is suspended (16 kB, 98% of all)"
    );
    // The continuation and the global say nothing more.
    assert!(
        found.all[1..].iter().all(|other| other.weight < 0.1),
        "{found:?}"
    );
}

/// A frame that runs keeps a list, and so does its caller, which has passed it on. Only the
/// caller's slot is named: when it returns, the list dies.
#[test]
fn a_running_frame_that_keeps_a_list() {
    let list = |states: [State; 2], length: u32| {
        let mut builder = program();
        for (number, state) in (0..).zip(states) {
            let frame = |index, slots| FrameParts {
                index,
                site: 1,
                bytes: 80,
                slots,
            };
            let slots = [object(1000 * number)];
            builder.continuation(ContinuationParts {
                row: Continuation {
                    number,
                    state,
                    stack: 1,
                    ..Continuation::default()
                },
                parent: (number == 0).then_some(1),
                frames: &[frame(0, &slots), frame(1, &slots)],
                ..ContinuationParts::default()
            });
        }
        for number in 0..2 * length {
            let at = |number: u32| 16 * (1000 * (number / length) + number % length + 1);
            let next = (number % length + 1 < length)
                .then(|| (At::Field(0), Target::Object(at(number + 1))));
            builder.object(at(number), 0, 100, 0, Space::Old, None, &[], next);
        }
        let snapshot = builder.finish(about()).unwrap();
        let mut found = sentences(&suspects(&snapshot, None), &snapshot);
        found.sort();
        found
    };
    // One is told for both, and that they hang on a continuation is told by no other.
    assert_eq!(
        list([State::Running, State::Parent], 900),
        [
            "local 0 $list of $worker at 0x52 keeps $node @0x10 and the like alive in 2 frames of \
             what runs, most in continuation 0 of $worker (180 kB, 100% of all)"
        ]
    );
    assert_eq!(
        list([State::Running, State::Suspended], 900),
        [
            "local 0 $list of $worker at 0x52 keeps $node @0x10 alive while continuation 0 of \
             $worker runs (90 kB, 50% of all)",
            "local 0 $list of $worker at 0x52 keeps $node @0x3e90 alive while continuation 1 of \
             $worker is suspended (90 kB, 50% of all)",
        ]
    );
    // In a small store nothing is much.
    assert_eq!(list([State::Running, State::Parent], 5), [""; 0]);
}

/// Twenty boxes and continuations that refer to each other, held by nothing but a list of boxes.
#[test]
fn cycles_through_objects() {
    let mut builder = program();
    builder.fixed(Kind::Global, named(3, "last", 0), [(0, object(0))]);
    for number in 0..20 {
        worker(&mut builder, number, &[object(number)]);
    }
    for number in 0..20 {
        let next = (number < 19).then_some((At::Field(0), Target::Object(16 * (number + 2))));
        let edges = next
            .into_iter()
            .chain([(At::Field(1), Target::Continuation(number))]);
        builder.object(16 * (number + 1), 1, 16, 0, Space::Old, None, &[], edges);
    }
    let snapshot = builder.finish(about()).unwrap();
    let found = suspects(&snapshot, None);
    let sentences = sentences(&found, &snapshot);
    assert!(
        sentences.iter().any(|text| text.starts_with(
            "continuation 0 of $worker and $box @0x10 refer to each other, as in 20 cycles in all, \
             held by global 3 $last ("
        )),
        "{sentences:#?}"
    );
    // Along a list nothing is gone down: who holds them is its beginning.
    assert!(
        sentences[0].starts_with("global 3 $last holds 20 continuations of $worker")
            && sentences[0].contains(", through $box @0x10, 4 full collections old ("),
        "{sentences:#?}"
    );
}

#[test]
fn a_node_that_accumulates() {
    let mut builder = program();
    builder.fixed(Kind::Global, named(1, "cache", 0), [(0, object(0))]);
    let items =
        (1..1000).map(|number| (At::Element(number - 1), Target::Object(16 * (number + 1))));
    builder.object(16, 1, 8, 999, Space::Old, None, &[], items);
    for number in 1..1000 {
        builder.object(16 * (number + 1), 0, 16, 0, Space::Old, None, &[], []);
    }
    let snapshot = builder.finish(about()).unwrap();
    let found = suspects(&snapshot, None);
    assert_eq!(
        sentences(&found, &snapshot),
        [
            "global 1 $cache holds 999 objects of $node, and all that hangs on them, through \
          $box @0x10 (16 kB, 100% of all)"
        ]
    );
}

/// What was resumed since the earlier snapshot waits for nothing; what grew is suspected more.
#[test]
fn an_earlier_snapshot_tells_more() {
    let (before, after) = (generators(100, 1).unwrap(), generators(300, 1).unwrap());
    let alone = suspects(&after, None);
    let both = suspects(&after, Some(&before));
    assert_eq!((alone.all[0].grown, both.all[0].grown), (None, Some(200)));
    assert!(both.all[0].weight > alone.all[0].weight);
    // The last of them was forgotten before.
    let sentence = both.all[0].sentence(&after);
    assert!(
        sentence.ends_with("; 200 more than before; 101 stand where they stood"),
        "{sentence}"
    );
    let same = suspects(&after, Some(&after));
    assert!(same.all[0].weight < alone.all[0].weight);
    // All stand elsewhere now.
    let mut moved = generators(300, 1).unwrap();
    let site = moved.names.sites.len() as u32;
    let elsewhere = Site {
        offset: Some(0x99),
        ..moved.names.sites[1].clone()
    };
    moved.names.sites.push(elsewhere);
    moved.names.stacks[1][0] = site;
    let found = suspects(&moved, Some(&after));
    let waiting =
        |suspect: &&crate::questions::Suspect| matches!(suspect.cause, Cause::Waiting { .. });
    assert_eq!(found.all.iter().find(waiting), None);
}

/// Objects that are held by two globals hang on none: that they are more shows in the difference.
#[test]
fn a_type_that_grows() {
    let snapshot = |count: u32| {
        let mut builder = program();
        for index in 0..2 {
            let values: Vec<_> = (0..count).map(|number| (number, object(number))).collect();
            let row = named(index, "t", count.into());
            builder.fixed(Kind::Table, row, values);
        }
        for number in 0..count {
            let identity = Some(number + 1);
            builder.object(16 * (number + 1), 0, 16, 0, Space::Old, identity, &[], []);
        }
        builder.finish(about()).unwrap()
    };
    let (before, after) = (snapshot(100), snapshot(300));
    let found = suspects(&after, Some(&before));
    assert_eq!(
        sentences(&found, &after),
        ["300 of $node, 100 before, are held by several roots each (3.2 kB, 67% of all)"]
    );
    assert_eq!(suspects(&after, None).all, []);
}

/// Jobs in a list, each with a continuation: that there are more jobs is told by what holds the
/// continuations.
#[test]
fn what_grows_is_told_once() {
    let snapshot = |count: u32| {
        let mut builder = program();
        builder.fixed(Kind::Global, named(0, "jobs", 0), [(0, object(0))]);
        for number in 0..count {
            worker(&mut builder, number, &[]);
        }
        for number in 0..count {
            let next =
                (number + 1 < count).then(|| (At::Field(0), Target::Object(16 * (number + 2))));
            let edges = next
                .into_iter()
                .chain([(At::Field(1), Target::Continuation(number))]);
            let identity = Some(number + 1);
            builder.object(
                16 * (number + 1),
                1,
                64,
                0,
                Space::Old,
                identity,
                &[],
                edges,
            );
        }
        builder.finish(about()).unwrap()
    };
    let (before, after) = (snapshot(100), snapshot(300));
    let found = sentences(&suspects(&after, Some(&before)), &after);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("global 0 $jobs holds 300 continuations"),
        "{found:#?}"
    );
}
