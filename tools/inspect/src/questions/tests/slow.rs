//! Dominators, retained sizes, ways and what would die, against their definitions.

use super::graphs::random;
use crate::Snapshot;
use crate::questions::{Dominators, Dropped, Gone, Retainers, Way, ways};
use crate::snapshot::{About, At, Builder, Kind, NodeId, SlotValue, Space, Static, Target};
use std::collections::{BTreeSet, HashSet, VecDeque};

/// How many graphs.
const GRAPHS: u64 = 1000;

/// What some nodes reach, within some nodes, without one.
fn reach(
    snapshot: &Snapshot,
    from: &[NodeId],
    within: &dyn Fn(NodeId) -> bool,
    without: Option<NodeId>,
) -> BTreeSet<NodeId> {
    let mut reached = BTreeSet::new();
    let mut work: VecDeque<NodeId> = from.iter().copied().collect();
    while let Some(node) = work.pop_front() {
        if Some(node) == without || !within(node) || !reached.insert(node) {
            continue;
        }
        if snapshot.nodes().kind(node) != Kind::Weak {
            work.extend(snapshot.nodes().edges(node).map(|edge| edge.to));
        }
    }
    reached
}

/// Compares all that is reached from some nodes with what removing a node leaves.
fn compare(
    snapshot: &Snapshot,
    dominators: &Dominators,
    from: &[NodeId],
    within: &dyn Fn(NodeId) -> bool,
) {
    let nodes = snapshot.nodes();
    let all = reach(snapshot, from, within, None);
    let mut dominated = Vec::new();
    for &node in &all {
        let rest = reach(snapshot, from, within, Some(node));
        let dies: BTreeSet<NodeId> = all.difference(&rest).copied().collect();
        let bytes: u64 = dies.iter().map(|&node| nodes.bytes(node)).sum();
        assert_eq!(dominators.retained(node), bytes, "{}", snapshot.title(node));
        let found = dominators.dominated(node);
        assert_eq!(found.len(), dies.len());
        assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), dies);
        dominated.push((node, dies));
    }
    for &node in &all {
        // Of those that dominate it, the one that dominates least.
        let above = dominated
            .iter()
            .filter(|(above, dies)| *above != node && dies.contains(&node))
            .min_by_key(|(_, dies)| dies.len())
            .map(|(above, _)| *above);
        assert_eq!(dominators.dominator(node), above);
        if let Some(above) = above {
            assert!(dominators.children(above).any(|child| child == node));
            assert!(dominators.dominates(above, node) && !dominators.dominates(node, above));
        }
    }
}

#[test]
fn dominators_are_what_removal_shows() {
    let mut forgotten = 0;
    for seed in 0..GRAPHS {
        let snapshot = random(seed);
        let nodes = snapshot.nodes();
        let dominators = Dominators::of(&snapshot);
        compare(&snapshot, &dominators, &[NodeId::ROOTS], &|_| true);
        let reached = reach(&snapshot, &[NodeId::ROOTS], &|_| true, None);
        assert_eq!(dominators.reachable(), reached.len());
        for node in nodes.all() {
            assert_eq!(dominators.is_reachable(node), reached.contains(&node));
            let sizes: Vec<u64> = dominators
                .children(node)
                .map(|child| dominators.retained(child))
                .collect();
            assert!(sizes.is_sorted_by(|a, b| a >= b));
        }
        // What is forgotten hangs on heads that nothing else of it leads to.
        let within = |node: NodeId| !reached.contains(&node) && nodes.kind(node) != Kind::Weak;
        let heads = dominators.forgotten();
        compare(&snapshot, &dominators, heads, &within);
        let hangs = reach(&snapshot, heads, &within, None);
        assert_eq!(hangs, nodes.all().filter(|&node| within(node)).collect());
        for &head in heads {
            let others: Vec<NodeId> = heads.iter().copied().filter(|&h| h != head).collect();
            assert!(!reach(&snapshot, &others, &within, None).contains(&head));
        }
        forgotten += hangs.len();
    }
    assert!(forgotten > 100, "the graphs have little that is forgotten");
}

#[test]
fn retainers_are_the_edges_backwards() {
    for seed in 0..GRAPHS {
        let snapshot = random(seed);
        let nodes = snapshot.nodes();
        let retainers = Retainers::of(&snapshot);
        for node in nodes.all() {
            let slow: Vec<_> = nodes
                .all()
                .filter(|&from| nodes.kind(from) != Kind::Weak)
                .flat_map(|from| nodes.edges(from).map(move |edge| (from, edge)))
                .filter(|(_, edge)| edge.to == node)
                .map(|(from, edge)| (from, edge.at))
                .collect();
            let found: Vec<_> = retainers.to(&snapshot, node).collect();
            assert_eq!(found, slow);
            assert_eq!(retainers.count(node), slow.len());
        }
    }
}

/// All simple ways to a node, shortest first, if there are few.
fn slow_ways(snapshot: &Snapshot, node: NodeId) -> Option<Vec<Way>> {
    let nodes = snapshot.nodes();
    let mut found = Vec::new();
    let mut work = VecDeque::from([Way::default()]);
    while let Some(way) = work.pop_front() {
        if work.len() + found.len() > 2000 {
            return None;
        }
        let last = way.links.last().map_or(NodeId::ROOTS, |link| link.to);
        if last == node {
            found.push(way);
            continue;
        }
        let first = nodes.first_edge(last);
        for (number, to) in (first..).zip(nodes.keeps(last)) {
            if !way.nodes().any(|passed| passed == *to) {
                let mut longer = way.clone();
                longer.links.push(crate::questions::Link {
                    from: last,
                    at: nodes.edge(number).1.at,
                    to: *to,
                });
                work.push_back(longer);
            }
        }
    }
    Some(found)
}

#[test]
fn ways_are_all_there_are_and_the_shortest_come_first() {
    let (mut compared, mut several) = (0, 0);
    for seed in 0..GRAPHS {
        let snapshot = random(seed);
        let retainers = Retainers::of(&snapshot);
        for node in snapshot.nodes().all() {
            let Some(slow) = slow_ways(&snapshot, node) else {
                continue;
            };
            compared += 1;
            several += usize::from(slow.len() > 3);
            for most in [1, 3, 5000] {
                let why = ways(&snapshot, &retainers, node, most);
                assert_eq!(why.ways.len(), slow.len().min(most));
                let lens =
                    |ways: &[Way]| ways.iter().map(|way| way.links.len()).collect::<Vec<_>>();
                assert_eq!(lens(&why.ways), lens(&slow[..why.ways.len()]));
                let known: HashSet<&Way> = slow.iter().collect();
                assert!(why.ways.iter().all(|way| known.contains(way)));
                assert_eq!(
                    why.ways.iter().collect::<HashSet<_>>().len(),
                    why.ways.len()
                );
                assert!(why.more || slow.len() <= most);
                let shortest = slow.first().map(|way| way.links.len() as u32);
                assert_eq!(retainers.depth(node), shortest);
            }
        }
    }
    assert!(compared > 10_000 && several > 1000, "{compared} {several}");
}

/// A node with a way of its own, and objects that all refer to each other and to it, but are
/// reached from it alone: there are more than 30! ways that would end at it twice.
#[test]
fn ways_that_lead_nowhere_take_bounded_work() {
    let mut builder = Builder::new();
    let at = |number: u32| Target::Object(16 + 256 * number);
    let first = [(0, SlotValue::Ref(at(0)))];
    builder.fixed(Kind::Global, Static::default(), first);
    for number in 0..31 {
        let edges = (0..31).filter(|&other| other != number);
        let edges = edges.map(|other| (At::Element(other), at(other)));
        builder.object(16 + 256 * number, 0, 256, 31, Space::Old, None, &[], edges);
    }
    let snapshot = builder.finish(About::default()).unwrap();
    let retainers = Retainers::of(&snapshot);
    let why = ways(&snapshot, &retainers, NodeId(2), 5);
    assert_eq!((why.ways.len(), why.more), (1, true));
    let why = ways(&snapshot, &retainers, NodeId(3), 5);
    assert_eq!((why.ways.len(), why.more), (5, true));
}

#[test]
fn what_would_die_is_what_nothing_else_reaches() {
    for seed in 0..GRAPHS {
        let snapshot = random(seed);
        let nodes = snapshot.nodes();
        let dominators = Dominators::of(&snapshot);
        for node in nodes.all().skip(1) {
            let dropped = Dropped::of(&snapshot, &[node.into()]);
            if dominators.is_reachable(node) {
                let mut dies = dominators.dominated(node).to_vec();
                dies.sort_unstable();
                assert_eq!(dropped.nodes, dies);
                assert_eq!(dropped.bytes, dominators.retained(node));
                assert!(dropped.dead.is_empty());
            } else {
                assert_eq!((dropped.nodes.len(), dropped.dead.len()), (0, 1));
            }
            // Without all references to it, it dies too, and takes the same with it.
            let retainers = Retainers::of(&snapshot);
            let cut: Vec<Gone> = retainers
                .to(&snapshot, node)
                .map(|(from, at)| Gone::Reference { from, at })
                .collect();
            if retainers
                .to(&snapshot, node)
                .all(|(from, _)| from != NodeId::ROOTS)
            {
                assert_eq!(Dropped::of(&snapshot, &cut).nodes, dropped.nodes);
            }
            let types: u64 = dropped.types.iter().map(|sum| sum.bytes).sum();
            assert_eq!(types, dropped.object_bytes);
        }
    }
}
