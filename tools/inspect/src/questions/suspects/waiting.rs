//! Continuations that wait and wait: by where they were made and where they stand.

use super::{Cause, Holder, Path, Scene, Suspect};
use crate::questions::Spread;
use crate::snapshot::{NodeId, State};
use std::collections::{HashMap, HashSet};

/// From here on they are suspected for their number.
pub(super) const MANY: usize = 10;

/// So many as count for half of what any number of them can.
const HALF: f64 = 50.0;

/// This part of them below one node is nearly all.
const NEARLY_ALL: f64 = 0.9;

/// How many holders are told.
const HOLDERS: usize = 5;

/// Origin, state and stack.
type Key = (u32, State, u32);

pub(super) fn find(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut groups: HashMap<Key, Vec<NodeId>> = HashMap::new();
    let resumed = resumed(scene);
    let nodes = scene.snapshot.nodes();
    let counts_age = scene.snapshot.about().full_collections > 0;
    for (index, shape) in scene.shapes.all().iter().enumerate() {
        if !matches!(shape.state, State::Fresh | State::Suspended) {
            continue;
        }
        let waits = |node: &&NodeId| {
            let old = nodes.continuation(**node).is_some_and(|row| row.age > 0);
            (old || !counts_age)
                && scene.dominators.is_reachable(**node)
                && !resumed.contains(*node)
        };
        let waiting = scene.shapes.members(index).iter().filter(waits);
        let group = groups.entry((shape.origin, shape.state, shape.stack));
        group.or_default().extend(waiting);
    }
    let groups = groups
        .into_iter()
        .filter(|(_, members)| !members.is_empty());
    groups
        .map(|(key, members)| suspect(scene, key, members))
        .collect()
}

/// Those that did not stay where they were in the earlier snapshot.
fn resumed(scene: &Scene<'_>) -> HashSet<NodeId> {
    let changes = scene.diff.and_then(|diff| diff.continuations.as_ref());
    let moved = changes.into_iter().flat_map(|changes| &changes.moved);
    moved.map(|pair| pair.after).collect()
}

fn suspect(scene: &Scene<'_>, key: Key, mut members: Vec<NodeId>) -> Suspect {
    let (origin, state, stack) = key;
    let nodes = scene.snapshot.nodes();
    let age_of = |node: NodeId| nodes.continuation(node).map_or(0, |row| u64::from(row.age));
    members.sort_by_key(|&node| (!age_of(node), node));
    let mut ages: Vec<u64> = members.iter().map(|&node| age_of(node)).collect();
    let age = Spread::of(&mut ages);
    let (retained, tops) = scene.union(&members);
    let share = scene.share(retained);
    let grown = scene.diff.map(|diff| {
        let changes = diff.stacks.iter();
        changes
            .filter(|change| {
                change.after_stack == Some(stack) && change.after_origin == Some(origin)
            })
            .map(|change| change.after.count as i64 - change.before.count as i64)
            .sum()
    });
    let count = members.len() as f64;
    let number = count / (count + HALF) / 2.0 * scene.age(age.median);
    let weight = share + number;
    let weight = match grown {
        Some(grown) if grown > 0 => 1.5 * weight + 0.1,
        Some(_) => weight / 2.0,
        None => weight,
    };
    let most = |&&node: &&NodeId| (scene.dominators.retained(node), std::cmp::Reverse(node));
    Suspect {
        sample: members.iter().max_by_key(most).copied().unwrap_or_default(),
        retained,
        share,
        grown,
        weight,
        cause: Cause::Waiting {
            origin,
            state,
            stack,
            age,
            holders: holders(scene, &members, &tops),
            members,
        },
    }
}

/// What holds some nodes, of which `tops` are those that no other of them dominates, in the order
/// of the tree.
fn holders(scene: &Scene<'_>, members: &[NodeId], tops: &[NodeId]) -> Vec<Holder> {
    let dominators = scene.dominators;
    let mut starts: Vec<usize> = members
        .iter()
        .filter_map(|&node| Some(dominators.span(node)?.start))
        .collect();
    starts.sort_unstable();
    let below = |node: NodeId| match dominators.span(node) {
        Some(span) => {
            let at = |place: usize| starts.partition_point(|&start| start < place);
            (at(span.end) - at(span.start)) as u64
        }
        None => 0,
    };
    let mut holders = Vec::new();
    let mut shared = 0;
    // The parts of the tree directly below the roots are disjoint: each is gone up to once.
    let mut end = 0;
    for &top in tops {
        if dominators.span(top).is_none_or(|span| span.start < end) {
            continue;
        }
        let root = scene.root(top);
        end = dominators.span(root).map_or(end, |span| span.end);
        if root == top {
            shared += below(top);
            continue;
        }
        let count = below(root);
        let node = narrow(scene, root, count, &below, &|node| {
            members_have(tops, node, scene)
        });
        holders.push(Holder { node, root, count });
    }
    if shared > 0 {
        holders.push(Holder {
            node: NodeId::ROOTS,
            root: NodeId::ROOTS,
            count: shared,
        });
    }
    holders.sort_by_key(|holder| (!holder.count, holder.node));
    holders.truncate(HOLDERS);
    holders
}

/// Whether a node is one of some in the order of the tree.
fn members_have(tops: &[NodeId], node: NodeId, scene: &Scene<'_>) -> bool {
    let start = |node: NodeId| scene.dominators.span(node).map_or(0, |span| span.start);
    tops.binary_search_by_key(&start(node), |&top| start(top))
        .is_ok()
}

/// Goes down from a node as long as nearly all hangs on one node below it: not into what hangs
/// there, and not along a list.
fn narrow(
    scene: &Scene<'_>,
    from: NodeId,
    count: u64,
    below: &dyn Fn(NodeId) -> u64,
    hangs: &dyn Fn(NodeId) -> bool,
) -> NodeId {
    let mut path = Path::from(from);
    let nearly_all = NEARLY_ALL * count as f64;
    loop {
        let mut children = scene.dominators.children(path.last());
        match children.find(|&child| !hangs(child) && below(child) as f64 >= nearly_all) {
            Some(child) => {
                if let Some(first) = path.step(scene.snapshot, child) {
                    return first;
                }
            }
            None => return path.last(),
        }
    }
}
