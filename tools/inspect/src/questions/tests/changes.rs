//! Shapes, statistics and differences of samples with known answers.

use super::graphs::random;
use crate::Snapshot;
use crate::questions::{Count, Diff, Dominators, Pair, Shapes, Statistics, Sum, ValueKind};
use crate::snapshot::samples::generators;
use crate::snapshot::{Kind, NodeId, Space, State};

#[test]
fn generators_have_three_shapes() {
    let snapshot = generators(1000, 3).unwrap();
    let dominators = Dominators::of(&snapshot);
    let shapes = Shapes::of(&snapshot, Some(&dominators));
    assert_eq!(shapes.all().len(), 2);
    let shape = &shapes.all()[0];
    assert_eq!((shape.count, shape.parked), (1001, 1001));
    assert_eq!(shape.forgotten, Some(1));
    assert_eq!((shape.age.min, shape.age.median, shape.age.max), (0, 2, 4));
    let each = 136;
    assert_eq!(
        (shape.stack_bytes.sum, shape.stack_bytes.max),
        (1001 * each, each)
    );
    // Record, frame and object.
    let each = 176 + 88 + 16;
    let sum = Sum {
        sum: 1001 * each,
        max: each,
    };
    assert_eq!(shape.retained, Some(sum));
    let slots = &shape.frames[0].slots;
    assert_eq!(slots[..], [ValueKind::Object(0), ValueKind::I31]);
    assert_eq!(shapes.all()[1].state, State::Running);
    for (index, shape) in shapes.all().iter().enumerate() {
        assert_eq!(shapes.members(index).len() as u64, shape.count);
        assert!(shapes.members(index).contains(&shape.sample));
        for &member in shapes.members(index) {
            assert_eq!(shapes.shape_of(member), Some(index));
        }
    }
    assert_eq!(shapes.shape_of(NodeId::ROOTS), None);
}

/// Two continuations are of one shape if, and only if, nothing tells them apart that a shape
/// shows.
#[test]
fn shapes_are_what_is_equal() {
    for seed in 0..300 {
        let snapshot = random(seed);
        let shapes = Shapes::of(&snapshot, None);
        let nodes = snapshot.nodes();
        let all: Vec<NodeId> = nodes.of(Kind::Continuation).collect();
        for &one in &all {
            for &other in &all {
                let equal = described(&snapshot, one) == described(&snapshot, other);
                assert_eq!(shapes.shape_of(one) == shapes.shape_of(other), equal);
            }
        }
        let count: u64 = shapes.all().iter().map(|shape| shape.count).sum();
        assert_eq!(count, all.len() as u64);
    }
}

fn described(snapshot: &Snapshot, node: NodeId) -> String {
    let nodes = snapshot.nodes();
    let row = nodes.continuation(node).unwrap();
    let mut text = format!("{} {:?} {}", row.origin, row.state, row.stack);
    for behind in 0..=row.frames {
        let node = NodeId(node.0 + behind);
        if let Some(frame) = nodes.frame(node) {
            text += &format!(" frame {} {}", frame.index, frame.site);
        }
        let edges = nodes.edges(node).filter_map(|edge| {
            let kind = match nodes.kind(edge.to) {
                Kind::Object => ValueKind::Object(nodes.object(edge.to)?.ty),
                Kind::Continuation => ValueKind::Continuation,
                _ => return None,
            };
            let bound = format!("{:?}", edge.at);
            (bound != "Parent").then_some((bound, kind))
        });
        let plain = snapshot.plain(node).iter();
        let plain = plain.map(|row| (format!("{:?}", row.at), ValueKind::of(row.value)));
        let mut values: Vec<_> = edges.chain(plain).collect();
        values.sort();
        text += &format!("{values:?}");
    }
    text
}

#[test]
fn numbers_of_generators() {
    let snapshot = generators(10, 5).unwrap();
    let dominators = Dominators::of(&snapshot);
    let statistics = Statistics::of(&snapshot, Some(&dominators));
    let [nodes, text] = &statistics.types[..] else {
        panic!("{:?}", statistics.types);
    };
    // Nodes hold nodes: what they retain counts once.
    assert_eq!(
        (nodes.objects, nodes.bytes, nodes.retained),
        (16, 256, Some(256))
    );
    assert_eq!((text.objects, text.bytes, text.retained), (1, 24, Some(24)));
    assert_eq!(statistics.spaces.len(), 1);
    assert_eq!(
        (statistics.spaces[0].space, statistics.spaces[0].objects),
        (Space::Old, 17)
    );
    let continuations = statistics
        .kinds
        .iter()
        .find(|line| line.kind == Kind::Continuation);
    let continuations = continuations.unwrap();
    assert_eq!(
        (continuations.nodes, continuations.unreachable),
        (12, Some(1))
    );
    // The one that runs holds only its frame: the list is a global's too.
    let parked = 11 * (176 + 88 + 16);
    assert_eq!(continuations.retained, Some(parked + 176 + 96));
    assert_eq!(statistics.nodes as usize, snapshot.nodes().len() - 1);
}

/// What a type retains, by its definition: all that an object of it dominates.
#[test]
fn what_types_retain_counts_once() {
    for seed in 0..300 {
        let snapshot = random(seed);
        let nodes = snapshot.nodes();
        let dominators = Dominators::of(&snapshot);
        let statistics = Statistics::of(&snapshot, Some(&dominators));
        for line in &statistics.types {
            let mut held: Vec<NodeId> = nodes
                .of(Kind::Object)
                .filter(|&node| nodes.object(node).unwrap().ty == line.ty)
                .flat_map(|node| dominators.dominated(node).to_vec())
                .collect();
            held.sort_unstable();
            held.dedup();
            let bytes = held.iter().map(|&node| nodes.bytes(node)).sum();
            assert_eq!(line.retained, Some(bytes));
        }
    }
}

#[test]
fn what_changed_between_two() {
    let (before, after) = (generators(3, 4).unwrap(), generators(5, 4).unwrap());
    let diff = Diff::of(&before, &after);
    assert_eq!(diff.limits(), None);
    let [nodes] = &diff.types[..] else {
        panic!("{:?}", diff.types);
    };
    let count = |count, bytes| Count { count, bytes };
    assert_eq!((nodes.before, nodes.after), (count(8, 128), count(10, 160)));
    assert_eq!(
        (nodes.entered, nodes.left),
        (Some(count(2, 32)), Some(count(0, 0)))
    );
    let [stacks] = &diff.stacks[..] else {
        panic!("{:?}", diff.stacks);
    };
    assert_eq!((stacks.before.count, stacks.after.count), (4, 6));
    let changes = diff.continuations.unwrap();
    let numbers = |nodes: &[NodeId]| -> Vec<u32> {
        let of = after.nodes();
        nodes
            .iter()
            .map(|&node| of.continuation(node).unwrap().number)
            .collect()
    };
    assert_eq!(numbers(&changes.entered), [5, 6]);
    assert_eq!(stacks.after_sample, Some(changes.entered[0]));
    assert_eq!(
        (
            changes.left.len(),
            changes.moved.len(),
            changes.stayed.len()
        ),
        (0, 0, 5)
    );
    let objects = diff.objects.unwrap();
    assert_eq!(
        (objects.entered.len(), objects.left.len(), objects.stayed),
        (2, 0, 9)
    );

    let back = Diff::of(&after, &before);
    assert_eq!(back.continuations.unwrap().left, changes.entered);
    assert_eq!(back.objects.unwrap().left, objects.entered);
    assert_eq!(Diff::of(&after, &after).types, []);
    assert_eq!(Diff::of(&after, &after).stacks, []);
}

#[test]
fn one_that_moved_is_known_again() {
    let (before, mut after) = (generators(3, 4).unwrap(), generators(3, 4).unwrap());
    let node = after.nodes().continuation_numbered(2).unwrap();
    let row = after.nodes.rows[node.index()] as usize;
    after.nodes.continuations[row].stack = 0;
    let changes = Diff::of(&before, &after).continuations.unwrap();
    let pair = Pair {
        before: node,
        after: node,
    };
    assert_eq!(changes.moved, [pair]);
    assert_eq!(changes.stayed.len(), 4);
}

#[test]
fn two_runs_are_compared_by_type() {
    let (before, mut after) = (generators(3, 4).unwrap(), generators(5, 4).unwrap());
    after.about.run = 2;
    let diff = Diff::of(&before, &after);
    assert_eq!((&diff.continuations, &diff.objects), (&None, &None));
    assert!(
        diff.limits()
            .unwrap()
            .starts_with("The moments are of two runs")
    );
    assert_eq!((diff.types.len(), diff.types[0].entered), (1, None));
    assert_eq!(diff.stacks[0].after.count - diff.stacks[0].before.count, 2);
    after.about.run = 1;
    after.nodes.identities.clear();
    let diff = Diff::of(&before, &after);
    assert!(
        diff.limits()
            .unwrap()
            .starts_with("Objects were not followed")
    );
    assert!(diff.continuations.is_some());
}

/// Types and functions may be numbered otherwise in the second.
#[test]
fn names_are_compared_not_numbers() {
    let (before, mut after) = (generators(3, 4).unwrap(), generators(3, 4).unwrap());
    after.names.types.swap(0, 1);
    for object in &mut after.nodes.objects {
        object.ty = 1 - object.ty;
    }
    after.names.stacks.insert(0, vec![]);
    after
        .names
        .origins
        .insert(0, crate::snapshot::Origin::default());
    for row in &mut after.nodes.continuations {
        row.stack += 1;
        row.origin += 1;
    }
    assert_eq!(after.check(), Ok(()));
    let diff = Diff::of(&before, &after);
    assert_eq!((diff.types.len(), diff.stacks.len()), (0, 0));
    assert_eq!(diff.continuations.unwrap().stayed.len(), 5);
}
