//! Continuations that wait and wait: by where they were made and where they stand.

use super::holders::holders;
use super::scene::Scene;
use super::suspect::{Cause, Suspect};
use crate::questions::{Pair, Spread};
use crate::snapshot::{NodeId, State};
use std::collections::{HashMap, HashSet};

/// From here on they are suspected for their number.
pub(super) const MANY: usize = 10;

/// So many as count for half of what any number of them can.
const HALF: f64 = 50.0;

/// Origin, state and stack.
type Key = (u32, State, u32);

pub(super) fn find(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut groups: HashMap<Key, Vec<NodeId>> = HashMap::new();
    let changes = scene.diff.and_then(|diff| diff.continuations.as_ref());
    // Those that did not stay where they were in the earlier snapshot wait for nothing.
    let moved = changes
        .map(|changes| afters(&changes.moved))
        .unwrap_or_default();
    let stayed = changes.map(|changes| afters(&changes.stayed));
    let nodes = scene.snapshot.nodes();
    let counts_age = scene.snapshot.about().full_collections > 0;
    for (index, shape) in scene.shapes.all().iter().enumerate() {
        if !matches!(shape.state, State::Fresh | State::Suspended) {
            continue;
        }
        let waits = |node: &&NodeId| {
            let old = nodes.continuation(**node).is_some_and(|row| row.age > 0);
            (old || !counts_age) && scene.dominators.is_reachable(**node) && !moved.contains(*node)
        };
        let waiting = scene.shapes.members(index).iter().filter(waits);
        let group = groups.entry((shape.origin, shape.state, shape.stack));
        group.or_default().extend(waiting);
    }
    let groups = groups
        .into_iter()
        .filter(|(_, members)| !members.is_empty());
    groups
        .map(|(key, members)| suspect(scene, key, members, stayed.as_ref()))
        .collect()
}

fn afters(pairs: &[Pair]) -> HashSet<NodeId> {
    pairs.iter().map(|pair| pair.after).collect()
}

fn suspect(
    scene: &Scene<'_>,
    key: Key,
    mut members: Vec<NodeId>,
    stayed: Option<&HashSet<NodeId>>,
) -> Suspect {
    let (origin, state, stack) = key;
    let nodes = scene.snapshot.nodes();
    let age_of = |node: NodeId| nodes.continuation(node).map_or(0, |row| u64::from(row.age));
    members.sort_by_key(|&node| (!age_of(node), node));
    let mut ages: Vec<u64> = members.iter().map(|&node| age_of(node)).collect();
    let age = Spread::of(&mut ages);
    let (retained, tops) = scene.union(&members);
    let still = stayed.map(|stayed| {
        let stayed = members.iter().filter(|member| stayed.contains(member));
        stayed.count() as u64
    });
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
            still,
            holders: holders(scene, &members, &tops),
            members,
        },
    }
}
