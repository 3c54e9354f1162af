//! One node that holds much: down the dominator tree as long as nearly all of it hangs on one
//! child.

use super::scene::{Path, Scene};
use super::suspect::{Cause, Suspect};
use crate::snapshot::{Kind, NodeId, State};
use std::collections::HashMap;

/// What holds less of all is not looked at.
const LEAST_SHARE: f64 = 0.1;

/// This part of what a node retains is nearly all of it.
const NEARLY_ALL: f64 = 0.8;

/// Adds what is not explained by what was found before.
pub(super) fn find(scene: &Scene<'_>, all: &mut Vec<Suspect>) {
    let dominators = scene.dominators;
    let least = (LEAST_SHARE * scene.bytes as f64).max(1.0);
    let large = dominators
        .children(NodeId::ROOTS)
        .take_while(|&child| dominators.retained(child) as f64 >= least);
    for child in large {
        let node = accumulates(scene, child);
        let retained = dominators.retained(node);
        if retained as f64 >= least && !is_told(scene, all, node) {
            let share = scene.share(retained);
            all.push(Suspect {
                cause: Cause::Accumulates {
                    node,
                    root: child,
                    of: most(scene, node),
                },
                retained,
                share,
                grown: grown(scene, node),
                weight: share,
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
fn is_told(scene: &Scene<'_>, all: &[Suspect], node: NodeId) -> bool {
    let retained = scene.dominators.retained(node);
    all.iter().any(|suspect| {
        let most = suspect.retained * 2 >= retained;
        let related = match &suspect.cause {
            Cause::Waiting { holders, .. } => holders.iter().any(|holder| {
                scene.dominators.dominates(node, holder.node)
                    || scene.dominators.dominates(holder.node, node)
            }),
            Cause::Frame { frame, to, .. } => {
                scene.dominators.dominates(node, *frame) || scene.dominators.dominates(*to, node)
            }
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

impl Scene<'_> {
    /// Whether a frame waits to be resumed.
    pub(super) fn is_suspended(&self, frame: NodeId) -> bool {
        let nodes = self.snapshot.nodes();
        let continuation = nodes.frame(frame).map(|row| row.continuation);
        let row = continuation.and_then(|node| nodes.continuation(node));
        nodes.kind(frame) == Kind::Frame && row.is_some_and(|row| row.state == State::Suspended)
    }
}
