//! Frames that wait, and keep much alive until they go on: by site and slot.

use super::scene::Scene;
use super::suspect::{Cause, Suspect};
use crate::snapshot::{At, Kind, NodeId};
use std::collections::HashMap;

/// One frame that keeps this part of all is suspected.
const LEAST_SHARE: f64 = 0.02;

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
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Suspect> {
    let nodes = scene.snapshot.nodes();
    let dominators = scene.dominators;
    let mut slots: HashMap<(u32, At), Slot> = HashMap::new();
    for frame in nodes.of(Kind::Frame) {
        if !scene.is_suspended(frame) || !dominators.is_reachable(frame) {
            continue;
        }
        let site = nodes.frame(frame).map_or(0, |row| row.site);
        for edge in nodes.edges(frame) {
            let object = nodes.kind(edge.to) == Kind::Object;
            if object && dominators.dominator(edge.to) == Some(frame) {
                let bytes = dominators.retained(edge.to);
                let slot = slots.entry((site, edge.at)).or_default();
                slot.count += 1;
                slot.sum += bytes;
                if bytes > slot.most.0 {
                    slot.most = (bytes, frame, edge.to);
                }
            }
        }
    }
    let suspects = slots.into_iter().filter_map(|((_, at), slot)| {
        let (most, frame, to) = slot.most;
        let one = scene.share(most) >= LEAST_SHARE;
        let together = scene.share(slot.sum) >= LEAST_TOGETHER;
        let share = scene.share(slot.sum);
        (one || together && slot.sum / slot.count >= LEAST_EACH).then_some(Suspect {
            cause: Cause::Frame {
                frame,
                at,
                to,
                alike: slot.count,
            },
            retained: slot.sum,
            share,
            grown: None,
            // What waits is suspected more than what is merely large.
            weight: 1.2 * share,
            sample: frame,
        })
    });
    suspects.collect()
}
