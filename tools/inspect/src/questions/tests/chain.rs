//! A chain of a million objects with a continuation at its end: nothing may recurse over it, or
//! look at it again for each of its nodes.

use super::leaks::suspects;
use crate::Snapshot;
use crate::questions::{Diff, Dominators, Dropped, Retainers, Shapes, Statistics, ways};
use crate::snapshot::{
    About, At, Builder, Continuation, ContinuationParts, Function, Kind, NodeId, ObjectType,
    Origin, SlotValue, Space, State, Static, Target,
};

const LENGTH: u32 = 1_000_000;

/// A global refers to the first; each refers to the next, and to the one before; the last to
/// a continuation.
fn chain() -> Snapshot {
    let mut builder = Builder::new();
    let names = builder.names();
    names.functions.push(Function::default());
    names.origins.push(Origin::default());
    names.stacks.push(Vec::new());
    let field = crate::snapshot::Field::default();
    names.types.push(ObjectType {
        fields: vec![field.clone(), field],
        ..ObjectType::default()
    });
    let at = |number: u32| Target::Object(16 + 16 * number);
    let first = [(0, SlotValue::Ref(at(0)))];
    builder.fixed(Kind::Global, Static::default(), first);
    builder.continuation(ContinuationParts {
        row: Continuation {
            state: State::Suspended,
            age: 1,
            ..Continuation::default()
        },
        bytes: 176,
        ..ContinuationParts::default()
    });
    for number in 0..LENGTH {
        let last = number + 1 == LENGTH;
        let next = if last {
            Target::Continuation(0)
        } else {
            at(number + 1)
        };
        let before = (At::Field(1), at(number.saturating_sub(1)));
        let edges = [(At::Field(0), next), before];
        let identity = Some(number + 1);
        builder.object(16 + 16 * number, 0, 16, 0, Space::Old, identity, &[], edges);
    }
    let about = About {
        run: 1,
        full_collections: 1,
        ..About::default()
    };
    builder.finish(about).unwrap()
}

#[test]
fn a_chain_of_a_million_is_asked_everything() {
    let snapshot = chain();
    let nodes = snapshot.nodes();
    let continuation = NodeId(2);
    let head = nodes.object_at(16).unwrap();
    let retainers = Retainers::of(&snapshot);
    assert_eq!(retainers.depth(continuation), Some(LENGTH + 2));
    let why = ways(&snapshot, &retainers, continuation, 3);
    assert_eq!(
        (why.ways.len(), why.ways[0].links.len()),
        (1, LENGTH as usize + 2)
    );
    let dominators = Dominators::of(&snapshot);
    assert_eq!(dominators.retained(head), 16 * u64::from(LENGTH) + 176);
    assert_eq!(dominators.dominated(head).last(), Some(&continuation));
    let dropped = Dropped::of(&snapshot, &[head.into()]);
    assert_eq!(dropped.continuations, [continuation]);
    let statistics = Statistics::of(&snapshot, Some(&dominators));
    assert_eq!(
        statistics.types[0].retained,
        Some(dominators.retained(head))
    );
    assert_eq!(Shapes::of(&snapshot, Some(&dominators)).all().len(), 1);
    let diff = Diff::of(&snapshot, &snapshot);
    assert_eq!(diff.objects.unwrap().stayed, u64::from(LENGTH));
    let found = suspects(&snapshot, None);
    let sentence = found.all[0].sentence(&snapshot);
    assert!(
        sentence.starts_with("global 0 of the host holds 1,000,000 objects"),
        "{sentence}"
    );
    let mut file = Vec::new();
    snapshot.write(&mut file).unwrap();
    assert!(Snapshot::read(&file[..]).unwrap() == snapshot);
}
