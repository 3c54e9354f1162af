//! One node that holds much: down the dominator tree as long as nearly all of it hangs on one
//! child.

use super::scene::{Path, Scene};
use super::suspect::{Cause, Suspect};
use crate::snapshot::NodeId;
use std::collections::HashMap;

/// What holds less of all is not looked at.
pub(super) const LEAST_SHARE: f64 = 0.1;

/// This part of what a node retains is nearly all of it.
const NEARLY_ALL: f64 = 0.8;

/// Adds what is not explained by what was found before: `in_slots` is what was told to be in slots
/// of frames.
pub(super) fn find(scene: &Scene<'_>, in_slots: &[NodeId], all: &mut Vec<Suspect>) {
    let dominators = scene.dominators;
    let is_much = |node: NodeId| scene.part(dominators.retained(node)) >= LEAST_SHARE;
    let large = dominators
        .children(NodeId::ROOTS)
        .take_while(|&child| is_much(child));
    for child in large {
        let node = accumulates(scene, child);
        let retained = dominators.retained(node);
        if is_much(node) && !is_told(scene, in_slots, all, node) {
            all.push(Suspect {
                cause: Cause::Accumulates {
                    node,
                    root: child,
                    of: most(scene, node),
                },
                retained,
                share: scene.share(retained),
                grown: grown(scene, node),
                weight: scene.part(retained),
                sample: node,
            });
        }
    }
}

/// The last node on which nearly all hangs that hangs on this one, but for lists.
fn accumulates(scene: &Scene<'_>, from: NodeId) -> NodeId {
    let dominators = scene.dominators;
    let mut path = Path::from(from);
    loop {
        let node = path.last();
        // The first child retains most.
        let Some(child) = dominators.children(node).next() else {
            return node;
        };
        if (dominators.retained(child) as f64) < NEARLY_ALL * dominators.retained(node) as f64 {
            return node;
        }
        if let Some(first) = path.step(scene.snapshot, child) {
            return first;
        }
    }
}

/// Whether a suspect with most of what a node holds lies below it, or is why it is held.
fn is_told(scene: &Scene<'_>, in_slots: &[NodeId], all: &[Suspect], node: NodeId) -> bool {
    let retained = scene.dominators.retained(node);
    let in_slot = |&to: &NodeId| {
        let most = scene.dominators.retained(to) * 2 >= retained;
        most && (scene.dominators.dominates(node, to) || scene.dominators.dominates(to, node))
    };
    let by_slot = in_slots.iter().any(in_slot);
    by_slot
        || all.iter().any(|suspect| {
            let most = suspect.retained * 2 >= retained;
            let related = match &suspect.cause {
                Cause::Waiting { holders, .. } => holders.iter().any(|holder| {
                    scene.dominators.dominates(node, holder.node)
                        || scene.dominators.dominates(holder.node, node)
                }),
                _ => false,
            };
            most && related
        })
}

/// The type whose objects take most of what a node holds.
fn most(scene: &Scene<'_>, node: NodeId) -> Option<(u32, u64)> {
    let nodes = scene.snapshot.nodes();
    let mut types: HashMap<u32, (u64, u64)> = HashMap::new();
    for &held in scene.dominators.dominated(node) {
        if let Some(row) = nodes.object(held) {
            let (bytes, count) = types.entry(row.ty).or_default();
            *bytes += nodes.bytes(held);
            *count += 1;
        }
    }
    let largest = types
        .into_iter()
        .max_by_key(|&(ty, (bytes, _))| (bytes, std::cmp::Reverse(ty)));
    largest.map(|(ty, (_, count))| (ty, count))
}

/// How many objects below a node are new.
fn grown(scene: &Scene<'_>, node: NodeId) -> Option<i64> {
    let objects = scene.diff?.objects.as_ref()?;
    let below = |&&entered: &&NodeId| scene.dominators.dominates(node, entered);
    Some(objects.entered.iter().filter(below).count() as i64)
}
