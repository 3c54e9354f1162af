//! Heap walks, statistics and graphs, against what a program is known to have made.

mod common;

use common::{call, instance_with};
use mangrove::{
    Config, EdgeLabel, Error, ExternRef, GraphItem, GraphNode, GraphTarget, HeapSpace, Instance,
    ObjectGraph, ObjectKind, Store, Val, Within, Zeal,
};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// A list of `n` nodes in a global, each also in an array; `n` leaves in the frames of
/// as many continuations; as many objects forgotten.
const WORLD: &str = r#"(module
    (type $node (struct (field $next (ref null $node)) (field $id i32)))
    (type $nodes (array (mut (ref null $node))))
    (type $leaf (struct (field i64)))
    (type $bytes (array (mut i8)))
    (type $f (func)) (type $k (cont $f))
    (tag $pause)
    (global $list (mut (ref null $node)) (ref.null $node))
    (global $all (mut (ref null $nodes)) (ref.null $nodes))
    (global $large (mut (ref null $bytes)) (ref.null $bytes))
    (table $t 100 (ref null $k))
    (elem declare func $holds)
    (func $holds (local $leaf (ref $leaf))
        (local.set $leaf (struct.new $leaf (i64.const 5)))
        (suspend $pause)
        (drop (struct.get $leaf 0 (local.get $leaf))))
    (func (export "make") (param $n i32) (local $i i32)
        (global.set $all (array.new_default $nodes (local.get $n)))
        (global.set $large (array.new_default $bytes (i32.const 100000)))
        (loop $again
            (drop (struct.new $leaf (i64.const 1)))
            (global.set $list (struct.new $node (global.get $list) (local.get $i)))
            (array.set $nodes (global.get $all) (local.get $i) (global.get $list))
            (table.set $t (local.get $i)
                (block $on (result (ref $k))
                    (resume $k (on $pause $on) (cont.new $k (ref.func $holds)))
                    (unreachable)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
    (func (export "list") (result (ref null $node)) (global.get $list)))"#;

const N: u64 = 60;

fn world(zeal: &str) -> (Store<()>, Instance) {
    let mut config = Config::new();
    config.zeal(zeal.parse::<Zeal>().unwrap());
    let (mut store, instance) = instance_with(&config, WORLD);
    call(&mut store, instance, "make", &[Val::I32(N as i32)]).unwrap();
    (store, instance)
}

const ZEALS: [&str; 6] = [
    "none",
    "alloc",
    "alloc:7,minor",
    "switch",
    "call,minor",
    "move",
];

/// What live objects come to: objects and bytes by type.
fn expected() -> HashMap<&'static str, (u64, u64)> {
    HashMap::from([
        ("$node", (N, N * 16)),
        ("$leaf", (N, N * 16)),
        ("$nodes", (1, 8 + 4 * N)),
        ("$bytes", (1, 100_008)),
        ("host", (1, 16)),
    ])
}

#[test]
fn a_walk_finds_what_lives_and_nothing_else() {
    for zeal in ZEALS {
        let (mut store, _) = world(zeal);
        let host = ExternRef::new(&mut store, 7).unwrap();
        let collections = store.collections();
        let mut found: HashMap<String, (u64, u64)> = HashMap::new();
        let mut places = Vec::new();
        let walk = store.heap_walk().unwrap();
        let (objects, bytes) = (walk.objects(), walk.bytes());
        for object in walk {
            let known = found.entry(object.type_name()).or_default();
            *known = (known.0 + 1, known.1 + object.bytes());
            places.push(object.offset());
            let len = (object.kind() == ObjectKind::Array).then(|| object.array_len().unwrap());
            match object.type_name().as_str() {
                "$bytes" => assert_eq!((len, object.space()), (Some(100_000), HeapSpace::Large)),
                "$nodes" => assert_eq!(len, Some(N as u32)),
                _ => assert_eq!(object.array_len(), None),
            }
            let young = object.space() == HeapSpace::Young;
            assert!(!young || object.is_new(), "{object:?}");
            if zeal == "none" {
                assert!(object.is_new(), "nothing was collected");
            }
        }
        let expected = expected();
        assert_eq!(found.len(), expected.len(), "{zeal}: {found:?}");
        for (name, amount) in &expected {
            assert_eq!(found[*name], *amount, "{zeal}: {name}");
        }
        assert_eq!(
            objects,
            expected.values().map(|amount| amount.0).sum::<u64>()
        );
        assert_eq!(bytes, expected.values().map(|amount| amount.1).sum::<u64>());
        assert!(places.is_sorted() && places.iter().collect::<HashSet<_>>().len() == places.len());
        let set = store.roots().unwrap();
        assert_eq!((set.objects, set.object_bytes), (objects, bytes));
        assert_eq!(store.collections(), collections);
        store.gc().unwrap();
        assert_eq!(store.heap_bytes(), bytes, "{zeal}");
        assert!(store.heap_walk().unwrap().all(|object| !object.is_new()));
        drop(host);
    }
}

#[test]
fn statistics_are_those_of_the_walk() {
    for zeal in ["none", "alloc:7,minor", "switch"] {
        let (mut store, _) = world(zeal);
        let _host = ExternRef::new(&mut store, 7).unwrap();
        let statistics = store.heap_statistics().unwrap();
        let live: HashMap<_, _> = statistics
            .types
            .iter()
            .filter(|known| known.live.objects > 0)
            .map(|known| (known.name.as_str(), (known.live.objects, known.live.bytes)))
            .collect();
        assert_eq!(live, expected(), "{zeal}");
        assert!(
            statistics
                .types
                .is_sorted_by(|a, b| a.live.bytes >= b.live.bytes)
        );
        if zeal == "none" {
            let of = |name| {
                statistics
                    .types
                    .iter()
                    .find(|known| known.name == name)
                    .unwrap()
            };
            let leaves = of("$leaf");
            assert_eq!((leaves.live.objects, leaves.allocated.objects), (N, 2 * N));
            assert_eq!(leaves.young, leaves.live);
            assert_eq!(of("$bytes").large.bytes, 100_008);
            assert_eq!(of("$bytes").allocated.objects, 1);
            assert_eq!(statistics.allocated.bytes, store.heap_bytes());
            assert_eq!(store.allocated_bytes(), store.heap_bytes());
        }
        store.gc().unwrap();
        let after = store.heap_statistics().unwrap();
        assert_eq!(after.allocated, Default::default());
        assert_eq!(after.live, statistics.live);
        assert!(
            after
                .types
                .iter()
                .all(|known| known.young == Default::default())
        );
    }
}

fn graph(store: &mut Store<()>) -> ObjectGraph {
    store.object_graph(100_000).unwrap()
}

/// Nodes that edges with a label lead to.
fn edges(graph: &ObjectGraph, from: u32) -> Vec<(EdgeLabel, u32)> {
    let edges = graph.edges.iter().filter(|edge| edge.from == from);
    edges.map(|edge| (edge.label, edge.to)).collect()
}

#[test]
fn the_graph_has_every_reference() {
    for zeal in ZEALS {
        let (mut store, instance) = world(zeal);
        let list = call(&mut store, instance, "list", &[]).unwrap();
        let graph = graph(&mut store);
        let count =
            |is: fn(&GraphNode) -> bool| graph.nodes.iter().filter(|n| is(n)).count() as u64;
        assert_eq!(
            count(|n| matches!(n, GraphNode::Object { .. })),
            2 * N + 2,
            "{zeal}"
        );
        assert_eq!(count(|n| matches!(n, GraphNode::Continuation { .. })), N);
        assert_eq!(count(|n| matches!(n, GraphNode::Frame { .. })), N);
        assert_eq!(count(|n| matches!(n, GraphNode::Handle { .. })), 1);
        assert_eq!(count(|n| matches!(n, GraphNode::Table { .. })), 1);
        assert_eq!(count(|n| matches!(n, GraphNode::Global { .. })), 3);
        // Globals 3, handle 1, table N, frames and what they hold 2 N, list N - 1, array N.
        assert_eq!(
            graph.edges.len() as u64,
            3 + 1 + N + 2 * N + N - 1 + N,
            "{zeal}"
        );
        // Along the list, and the same through the program's own references.
        let global = graph.nodes.iter().position(|node| {
            matches!(
                node,
                GraphNode::Global {
                    instance: Some(0),
                    index: 0
                }
            )
        });
        let mut at = edges(&graph, global.unwrap() as u32)[0].1;
        let mut handle = match &list[0] {
            Val::Any(Some(handle)) => Some(handle.clone()),
            other => panic!("{other:?}"),
        };
        let mut length = 0;
        while let Some(node) = handle {
            let GraphNode::Object {
                type_id, bytes: 16, ..
            } = graph.nodes[at as usize]
            else {
                panic!("{:?}", graph.nodes[at as usize])
            };
            assert_eq!(graph.type_name(type_id), Some("$node"));
            let next = EdgeLabel::Within(Within::Field { index: 0 });
            let out = edges(&graph, at);
            handle = match node.item(&mut store, 0).unwrap().unwrap() {
                Val::Any(next) => next,
                other => panic!("{other:?}"),
            };
            assert_eq!(out.len(), usize::from(handle.is_some()));
            if let Some(&(label, to)) = out.first() {
                assert_eq!(label, next);
                at = to;
            }
            length += 1;
        }
        assert_eq!(length, N);
        let dot = graph.to_dot();
        assert_eq!(
            dot.lines().count(),
            3 + graph.nodes.len() + graph.edges.len()
        );
        is_whole(&graph);
    }
}

/// Every edge leads from a node to a node.
fn is_whole(graph: &ObjectGraph) {
    let nodes = graph.nodes.len() as u32;
    assert!(
        graph
            .edges
            .iter()
            .all(|edge| edge.from < nodes && edge.to < nodes)
    );
    let known = |node: &GraphNode| !matches!(node, GraphNode::Object { bytes: 0, .. });
    assert!(graph.nodes.iter().all(known), "each was described");
}

#[test]
fn visiting_ends_when_it_is_enough_and_graphs_have_a_bound() {
    let (mut store, _) = world("none");
    let graph = graph(&mut store);
    let (mut items, mut references) = (0, 0);
    let visited = store.visit_graph(|item| {
        items += 1;
        references += usize::from(matches!(
            item,
            GraphItem::Root { .. } | GraphItem::Field { .. }
        ));
        ControlFlow::Continue(())
    });
    visited.unwrap();
    // Frames hang on their continuations in the graph.
    assert_eq!(references, graph.edges.len() - N as usize);
    for most in [1, 5, items / 2, items - 1] {
        let mut seen = 0;
        let visited = store.visit_graph(|_| {
            seen += 1;
            match seen == most {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        visited.unwrap();
        assert_eq!(seen, most);
    }
    let whole = graph.nodes.len() + graph.edges.len();
    assert!(store.object_graph(whole).is_ok());
    assert!(matches!(
        store.object_graph(whole - 1),
        Err(Error::Limit(_))
    ));
}

#[test]
fn continuations_in_objects_are_edges() {
    let mut config = Config::new();
    config.continuations_in_objects(mangrove::ContinuationsInObjects::Trace);
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (type $box (struct (field (ref null $k)) (field (mut (ref null $box)))))
        (tag $pause)
        (global $g (mut (ref null $box)) (ref.null $box))
        (elem declare func $sleep)
        (func $sleep (local $mine (ref null $box))
            (local.set $mine (global.get $g))
            (global.set $g (ref.null $box))
            (suspend $pause)
            (global.set $g (local.get $mine)))
        (func (export "make")
            (global.set $g (struct.new $box (ref.null $k) (ref.null $box)))
            (global.set $g (struct.new $box
                (block $on (result (ref $k))
                    (resume $k (on $pause $on) (cont.new $k (ref.func $sleep)))
                    (unreachable))
                (ref.null $box)))))"#;
    let (mut store, instance) = instance_with(&config, text);
    call(&mut store, instance, "make", &[]).unwrap();
    let mut fields = Vec::new();
    store
        .visit_graph(|item| {
            if let GraphItem::Field { within, to, .. } = item {
                fields.push((within, matches!(to, GraphTarget::Continuation(_))));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(fields, [(Some(Within::Field { index: 0 }), true)]);
    // The box that only the continuation's frame holds.
    assert_eq!(store.heap_walk().unwrap().count(), 2);
}

#[test]
fn they_can_be_asked_for_from_inside() {
    let (mut store, instance) = world("none");
    let (counts, seen) = std::sync::mpsc::channel();
    store.observe(Box::new(move |view, moment| {
        if let mangrove::Moment::Collection(_) = moment {
            let walk = view.heap_walk().unwrap().count() as u64;
            let graph = view.object_graph(10_000).unwrap();
            counts.send((walk, graph.edges.len() as u64)).unwrap();
        }
    }));
    store.gc().unwrap();
    assert_eq!(seen.recv().unwrap(), (2 * N + 2, 5 * N + 2));
    let _ = instance;
}
