//! Continuations and objects that refer to each other: strongly connected parts of the graph, by
//! Tarjan's algorithm, and the shortest cycle through a continuation in each.

use super::scene::Scene;
use super::suspect::{Cause, Suspect};
use crate::snapshot::{At, Kind, NodeId, Nodes};
use std::collections::{HashMap, VecDeque};

/// Parts with more continuations are no accident: schedulers and their tasks refer to each other.
const MOST_CONTINUATIONS: usize = 16;

/// So many cycles count for half of what any number of them can.
const HALF: f64 = 50.0;

/// A node of a cycle and the place of its reference to the next, as far as cycles are alike in
/// them: kind; type or site or origin; place.
type Step = (Kind, u32, At);

/// Cycles that are alike.
#[derive(Default)]
struct Alike {
    count: u64,
    /// All nodes of their parts.
    nodes: Vec<NodeId>,
    sample: Vec<NodeId>,
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Suspect> {
    let nodes = scene.snapshot.nodes();
    let mut alike: HashMap<Vec<Step>, Alike> = HashMap::new();
    // Only what is referred to from frames and objects can be on a cycle.
    let begin = nodes.of(Kind::Continuation).filter(|&node| {
        let mut from = scene.retainers.to(scene.snapshot, node);
        scene.dominators.is_reachable(node)
            && from.any(|(from, _)| matches!(nodes.kind(from), Kind::Frame | Kind::Object))
    });
    let begin: Vec<NodeId> = begin.collect();
    if begin.is_empty() {
        return Vec::new();
    }
    Parts::new(nodes.len()).find(nodes, &begin, &mut |part| {
        let continuations = part
            .iter()
            .filter(|&&node| nodes.kind(node) == Kind::Continuation);
        let Some(&first) = continuations.clone().min() else {
            return;
        };
        if continuations.count() > MOST_CONTINUATIONS {
            return;
        }
        let cycle = shortest(nodes, part, first);
        let steps: Vec<Step> = cycle
            .iter()
            .map(|&(node, at)| step(nodes, node, at))
            .collect();
        // A continuation's frame may refer to itself: that is a cycle too.
        let alike = alike.entry(steps).or_default();
        alike.count += 1;
        alike.nodes.extend_from_slice(part);
        // It begins with its first continuation.
        if alike.sample.first().is_none_or(|&sample| first < sample) {
            alike.sample = cycle.into_iter().map(|(node, _)| node).collect();
        }
    });
    alike
        .into_values()
        .map(|alike| suspect(scene, alike))
        .collect()
}

fn suspect(scene: &Scene<'_>, alike: Alike) -> Suspect {
    let nodes = scene.snapshot.nodes();
    let (retained, tops) = scene.union(&alike.nodes);
    let holder = tops
        .first()
        .and_then(|&top| scene.dominators.dominator(top));
    let same = tops
        .iter()
        .all(|&top| scene.dominators.dominator(top) == holder);
    let ages = alike
        .sample
        .iter()
        .filter_map(|&node| nodes.continuation(node));
    let age = ages.map(|row| row.age).max().unwrap_or(0);
    let count = alike.count as f64;
    Suspect {
        retained,
        share: scene.share(retained),
        grown: None,
        weight: scene.part(retained) / 2.0 + 0.4 * scene.age(age.into()) * count / (count + HALF),
        sample: alike.sample.first().copied().unwrap_or_default(),
        cause: Cause::Cycle {
            nodes: alike.sample,
            holder: holder.filter(|&holder| same && holder != NodeId::ROOTS),
            alike: alike.count,
        },
    }
}

fn step(nodes: &Nodes, node: NodeId, at: At) -> Step {
    let kind = nodes.kind(node);
    let what = match kind {
        Kind::Continuation => nodes.continuation(node).map(|row| row.origin),
        Kind::Frame => nodes.frame(node).map(|row| row.site),
        _ => nodes.object(node).map(|row| row.ty),
    };
    let at = match at {
        At::Element(_) => At::Element(0),
        at => at,
    };
    (kind, what.unwrap_or(0), at)
}

/// The shortest cycle through a node of a strongly connected part, with the place of each
/// reference.
fn shortest(nodes: &Nodes, part: &[NodeId], first: NodeId) -> Vec<(NodeId, At)> {
    let mut from: HashMap<NodeId, Option<(NodeId, At)>> =
        part.iter().map(|&node| (node, None)).collect();
    let mut work = VecDeque::from([first]);
    while let Some(node) = work.pop_front() {
        for edge in nodes.edges(node) {
            let Some(known) = from.get_mut(&edge.to).filter(|known| known.is_none()) else {
                continue;
            };
            *known = Some((node, edge.at));
            if edge.to == first {
                work.clear();
                break;
            }
            work.push_back(edge.to);
        }
    }
    let mut cycle = Vec::new();
    let mut at = first;
    while let Some(&Some((node, place))) = from.get(&at) {
        cycle.push((node, place));
        at = node;
        if at == first {
            break;
        }
    }
    cycle.reverse();
    cycle
}

/// Finds strongly connected parts.
struct Parts {
    /// By node: when it was reached, counted from 1; 0 if it was not.
    numbers: Vec<u32>,
    /// By node: the smallest number that is reached from it. None once its part is told.
    lows: Vec<u32>,
    /// Nodes whose part is not complete.
    open: Vec<NodeId>,
    /// The way to where the search is: nodes, and which target is next.
    path: Vec<(NodeId, u32)>,
    next: u32,
}

impl Parts {
    const TOLD: u32 = u32::MAX;

    fn new(count: usize) -> Self {
        Self {
            numbers: vec![0; count],
            lows: vec![0; count],
            open: Vec::new(),
            path: Vec::new(),
            next: 1,
        }
    }

    /// Tells each part of several nodes, and each node that refers to itself.
    fn find(&mut self, nodes: &Nodes, begin: &[NodeId], tell: &mut dyn FnMut(&[NodeId])) {
        for &node in begin {
            if self.numbers[node.index()] == 0 {
                self.enter(node);
                self.search(nodes, tell);
            }
        }
    }

    fn enter(&mut self, node: NodeId) {
        self.numbers[node.index()] = self.next;
        self.lows[node.index()] = self.next;
        self.next += 1;
        self.open.push(node);
        self.path.push((node, 0));
    }

    fn search(&mut self, nodes: &Nodes, tell: &mut dyn FnMut(&[NodeId])) {
        while let Some((node, next)) = self.path.last_mut() {
            let node = *node;
            if let Some(&to) = nodes.keeps(node).get(*next as usize) {
                *next += 1;
                if self.numbers[to.index()] == 0 {
                    self.enter(to);
                } else if self.lows[to.index()] != Self::TOLD {
                    let low = &mut self.lows[node.index()];
                    *low = (*low).min(self.numbers[to.index()]);
                }
                continue;
            }
            self.path.pop();
            let low = self.lows[node.index()];
            if let Some(&(above, _)) = self.path.last() {
                let above = &mut self.lows[above.index()];
                *above = (*above).min(low);
            }
            if low == self.numbers[node.index()] {
                self.close(nodes, node, tell);
            }
        }
    }

    /// The part that begins with a node is complete.
    fn close(&mut self, nodes: &Nodes, node: NodeId, tell: &mut dyn FnMut(&[NodeId])) {
        let start = self
            .open
            .iter()
            .rposition(|&open| open == node)
            .unwrap_or(0);
        let part = &self.open[start..];
        for part in part {
            self.lows[part.index()] = Self::TOLD;
        }
        if part.len() > 1 || nodes.keeps(node).contains(&node) {
            tell(part);
        }
        self.open.truncate(start);
    }
}
