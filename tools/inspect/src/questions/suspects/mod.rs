//! What leaks, most likely.
//!
//! | cause | how it is found |
//! |-|-|
//! | [`Cause::Waiting`] | continuations of one origin that stand at one place, and have done so for some time |
//! | [`Cause::Frame`] | a frame with much below one of its slots in the dominator tree, above all one that waits |
//! | [`Cause::Accumulates`] | down the dominator tree as long as nearly all hangs on one node |
//! | [`Cause::Grows`] | types of which there are many more objects than in the earlier snapshot |
//! | [`Cause::Cycle`] | strongly connected parts with continuations in them |
//! | [`Cause::Forgotten`] | continuations that the roots do not reach |
//!
//! An earlier snapshot of the run tells more than any size: what was resumed in between waits for
//! nothing, and what grew is suspected more.
//!
//! Parts are those of all that lives, or of 64 KiB if that is more: in a small store everything
//! would be a large part of all.

mod cycles;
mod frames;
mod grows;
mod held;
mod holders;
mod scene;
mod sentence;
mod suspect;
mod waiting;

pub(crate) use sentence::{bytes_text, percent};
pub use suspect::{Cause, Holder, Suspect};

use super::{Diff, Dominators, Retainers, Shapes};
use crate::Snapshot;
use crate::snapshot::{Kind, NodeId};
use scene::{MOST, Scene};

/// What leaks, most likely, the most suspected first.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::{Dominators, Retainers, Shapes, Suspects};
///
/// # let mut builder = Builder::new();
/// # builder.names().functions.push(Function { name: Some("gen".into()), ..Function::default() });
/// # builder.names().origins.push(Origin::default());
/// # let row = Static { index: 0, name: Some("pool".into()), instance: Some(0), len: 100 };
/// # let pool = (0..100).map(|number| (number, SlotValue::Ref(Target::Continuation(number))));
/// # builder.fixed(Kind::Table, row, pool);
/// # for number in 0..100 {
/// #     let row = Continuation { number, age: 3, ..Continuation::default() };
/// #     builder.continuation(ContinuationParts { row, bytes: 176, ..Default::default() });
/// # }
/// # let snapshot = builder.finish(About { full_collections: 3, ..About::default() })?;
/// let retainers = Retainers::of(&snapshot);
/// let dominators = Dominators::of(&snapshot);
/// let shapes = Shapes::of(&snapshot, Some(&dominators));
/// let suspects = Suspects::of(&snapshot, &retainers, &dominators, &shapes, None);
/// let sentence = suspects.all[0].sentence(&snapshot);
/// assert!(sentence.starts_with("table 0 $pool holds 100 continuations of $gen"), "{sentence}");
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// They.
    pub all: Vec<Suspect>,
    /// Bytes of all nodes.
    pub bytes: u64,
}

/// What is suspected less is not told: by its bytes, two parts in a hundred of all that lives, and
/// in a small store of 64 KiB.
const LEAST_WEIGHT: f64 = 0.02;

impl Suspects {
    /// What is suspected in a snapshot. An earlier one of the same program, with the difference
    /// from it to this one, tells what grew.
    pub fn of(
        snapshot: &Snapshot,
        retainers: &Retainers,
        dominators: &Dominators,
        shapes: &Shapes,
        earlier: Option<(&Snapshot, &Diff)>,
    ) -> Self {
        let nodes = snapshot.nodes();
        let scene = Scene {
            snapshot,
            retainers,
            dominators,
            shapes,
            diff: earlier.map(|(_, diff)| diff),
            bytes: nodes.all().map(|node| nodes.bytes(node)).sum(),
        };
        let mut all = waiting::find(&scene);
        let (frames, in_slots) = frames::find(&scene);
        all.extend(frames);
        held::find(&scene, &in_slots, &mut all);
        grows::find(&scene, &mut all);
        all.extend(cycles::find(&scene));
        all.extend(forgotten(&scene));
        explained(&scene, &mut all);
        all.retain(|suspect| suspect.weight >= LEAST_WEIGHT);
        all.sort_by(|one, other| other.weight.total_cmp(&one.weight));
        all.truncate(MOST);
        Self {
            all,
            bytes: scene.bytes,
        }
    }
}

/// What the roots do not reach: gone with the next full collection, so it matters little.
fn forgotten(scene: &Scene<'_>) -> Option<Suspect> {
    let nodes = scene.snapshot.nodes();
    let heads = scene.dominators.forgotten().iter().copied();
    let heads: Vec<NodeId> = heads
        .filter(|&head| nodes.kind(head) == Kind::Continuation)
        .collect();
    let sample = *heads.first()?;
    let retained = heads
        .iter()
        .map(|&head| scene.dominators.retained(head))
        .sum();
    Some(Suspect {
        retained,
        share: scene.share(retained),
        grown: None,
        weight: LEAST_WEIGHT + scene.part(retained) / 2.0,
        sample,
        cause: Cause::Forgotten { heads },
    })
}

/// Of two that are one, the one that tells more stays: a few continuations that wait are explained
/// by what a frame of theirs keeps.
fn explained(scene: &Scene<'_>, all: &mut [Suspect]) {
    let nodes = scene.snapshot.nodes();
    let frames: Vec<(NodeId, u64)> = all
        .iter()
        .filter_map(|suspect| match suspect.cause {
            Cause::Frame { frame, .. } => {
                Some((nodes.frame(frame)?.continuation, suspect.retained))
            }
            _ => None,
        })
        .collect();
    for suspect in all {
        let Cause::Waiting { members, .. } = &suspect.cause else {
            continue;
        };
        let by_frame = frames.iter().any(|(continuation, bytes)| {
            members.contains(continuation) && bytes * 5 >= suspect.retained * 4
        });
        if by_frame && members.len() < waiting::MANY {
            suspect.weight -= scene.part(suspect.retained);
        }
    }
}
