//! Frames that keep much alive by one slot: until they go on if they wait, until they return if
//! they run. By site and slot.

use super::scene::Scene;
use super::suspect::{Cause, Suspect};
use crate::snapshot::{At, Kind, NodeId, State};
use std::collections::{BTreeMap, HashMap};

/// One frame that waits, and keeps this part of all, is suspected.
const LEAST_SHARE: f64 = 0.02;

/// One that runs may well work on so much.
const LEAST_RUNNING: f64 = 0.1;

/// As are frames at one place that keep this part of all together,
const LEAST_TOGETHER: f64 = 0.1;
/// if each keeps so many bytes on average.
const LEAST_EACH: u64 = 4096;

/// What frames at one place keep in one slot.
#[derive(Default)]
struct Slot {
    count: u64,
    sum: u64,
    /// The largest: bytes, the frame, and what is in the slot.
    most: (u64, NodeId, NodeId),
    /// What is in the slots that keep a large part of all.
    large: Vec<NodeId>,
}

/// What is suspected, and what is in the slots that are meant and keep a large part of all.
pub(super) fn find(scene: &Scene<'_>) -> (Vec<Suspect>, Vec<NodeId>) {
    let nodes = scene.snapshot.nodes();
    let mut slots: HashMap<(u32, At, bool), Slot> = HashMap::new();
    for (to, (frame, at)) in kept(scene) {
        let site = nodes.frame(frame).map_or(0, |row| row.site);
        let bytes = scene.dominators.retained(to);
        let waits = scene.is_suspended(frame);
        let slot = slots.entry((site, at, waits)).or_default();
        slot.count += 1;
        slot.sum += bytes;
        if bytes > slot.most.0 {
            slot.most = (bytes, frame, to);
        }
        if scene.part(bytes) >= super::held::LEAST_SHARE {
            slot.large.push(to);
        }
    }
    let mut told = Vec::new();
    let suspects = slots.into_iter().filter_map(|((_, at, waits), slot)| {
        let (most, frame, to) = slot.most;
        let least = if waits { LEAST_SHARE } else { LEAST_RUNNING };
        let one = scene.part(most) >= least;
        let together = scene.part(slot.sum) >= LEAST_TOGETHER;
        let many = together && slot.sum / slot.count >= LEAST_EACH;
        if !one && !many {
            return None;
        }
        told.extend_from_slice(&slot.large);
        Some(Suspect {
            cause: Cause::Frame {
                frame,
                at,
                to,
                alike: slot.count,
            },
            retained: slot.sum,
            share: scene.share(slot.sum),
            grown: None,
            // What waits is suspected more than what is merely large, and that more than what
            // is worked on.
            weight: if waits { 1.2 } else { 0.9 } * scene.part(slot.sum),
            sample: frame,
        })
    });
    (suspects.collect(), told)
}

/// The objects that are alive because of slots of one continuation's frames alone, each with the
/// frame and the slot: the outermost, if callers have passed it on.
fn kept(scene: &Scene<'_>) -> BTreeMap<NodeId, (NodeId, At)> {
    let (nodes, dominators) = (scene.snapshot.nodes(), scene.dominators);
    let mut kept = BTreeMap::new();
    // Frames come from the innermost on.
    for frame in nodes.of(Kind::Frame) {
        let Some(row) = nodes.frame(frame) else {
            continue;
        };
        if scene.state(frame) == Some(State::Fresh) || !dominators.is_reachable(frame) {
            continue;
        }
        for edge in nodes.edges(frame) {
            let above = dominators.dominator(edge.to);
            let alone = above == Some(frame) || above == Some(row.continuation);
            if nodes.kind(edge.to) == Kind::Object && alone {
                kept.insert(edge.to, (frame, edge.at));
            }
        }
    }
    kept
}
