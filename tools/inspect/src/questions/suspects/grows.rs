//! Types of which there are many more objects than in the earlier snapshot, wherever they hang.

use super::holders::holders;
use super::scene::Scene;
use super::suspect::{Cause, Suspect};
use crate::questions::TypeChange;
use crate::snapshot::{Kind, NodeId};

/// What grew by less of all is not told.
const LEAST_SHARE: f64 = 0.02;

/// Adds what is not explained by what was found before.
pub(super) fn find(scene: &Scene<'_>, all: &mut Vec<Suspect>) {
    let changes = scene.diff.into_iter().flat_map(|diff| &diff.types);
    for change in changes {
        let grown = change.after.bytes.saturating_sub(change.before.bytes);
        // A tenth more, or all of them.
        let much = grown * 10 >= change.before.bytes && scene.part(grown) >= LEAST_SHARE;
        let (true, Some(ty)) = (much, change.after_type) else {
            continue;
        };
        let suspect = suspect(scene, ty, change, grown);
        if !is_told(scene, all, &suspect) {
            all.push(suspect);
        }
    }
}

fn suspect(scene: &Scene<'_>, ty: u32, change: &TypeChange, grown: u64) -> Suspect {
    let nodes = scene.snapshot.nodes();
    let of_type = |node: &NodeId| nodes.object(*node).is_some_and(|row| row.ty == ty);
    let objects = scene.diff.and_then(|diff| diff.objects.as_ref());
    let new: Vec<NodeId> = match objects {
        Some(objects) => objects.entered.iter().copied().filter(of_type).collect(),
        None => nodes.of(Kind::Object).filter(of_type).collect(),
    };
    let (retained, tops) = scene.union(&new);
    let share = scene.share(retained);
    Suspect {
        cause: Cause::Grows {
            ty,
            before: change.before.count,
            after: change.after.count,
            holders: holders(scene, &new, &tops),
        },
        retained,
        share,
        grown: Some(change.after.count as i64 - change.before.count as i64),
        weight: scene.part(grown),
        sample: tops.first().copied().unwrap_or_default(),
    }
}

/// Whether another suspect with as much below it hangs on what holds most of these, or holds that.
fn is_told(scene: &Scene<'_>, all: &[Suspect], suspect: &Suspect) -> bool {
    let Cause::Grows { holders, .. } = &suspect.cause else {
        return false;
    };
    let Some(first) = holders.first().map(|holder| holder.node) else {
        return true;
    };
    all.iter().any(|other| {
        let holder = match &other.cause {
            Cause::Accumulates { node, .. } => Some(*node),
            Cause::Frame { frame, .. } => Some(*frame),
            Cause::Waiting { holders, .. } => holders.first().map(|holder| holder.node),
            _ => None,
        };
        let related = holder.filter(|&holder| holder != NodeId::ROOTS && first != NodeId::ROOTS);
        other.retained * 2 >= suspect.retained
            && related.is_some_and(|holder| {
                scene.dominators.dominates(holder, first)
                    || scene.dominators.dominates(first, holder)
            })
    })
}
