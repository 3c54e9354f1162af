//! What holds some nodes in common.

use super::scene::{Path, Scene};
use super::suspect::Holder;
use crate::snapshot::NodeId;

/// This part of them below one node is nearly all.
const NEARLY_ALL: f64 = 0.9;

/// How many holders are told.
const HOLDERS: usize = 5;

/// What holds some nodes, of which `tops` are those that no other of them dominates, in the order
/// of the tree.
pub(super) fn holders(scene: &Scene<'_>, members: &[NodeId], tops: &[NodeId]) -> Vec<Holder> {
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
