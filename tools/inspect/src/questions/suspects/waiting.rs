//! Continuations that wait and wait: by where they were made and where they stand.

use super::holders::holders;
use super::scene::{MOST, Scene};
use super::suspect::{Cause, Suspect};
use crate::questions::{Pair, Spread};
use crate::snapshot::{NodeId, State};
use std::cmp::Reverse;
use std::collections::HashMap;

/// From here on they are suspected for their number.
pub(super) const MANY: usize = 10;

/// So many as count for half of what any number of them can.
const HALF: f64 = 50.0;

/// Origin, state and stack.
type Key = (u32, State, u32);

/// What an earlier snapshot tells of continuations, if there is one.
#[derive(Default)]
struct Earlier {
    /// By node: whether it did not stay where it was.
    moved: Vec<bool>,
    /// By node: whether it did.
    stayed: Option<Vec<bool>>,
    /// By stack and origin: how many more there are.
    grown: Option<HashMap<(u32, u32), i64>>,
}

impl Earlier {
    fn of(scene: &Scene<'_>) -> Self {
        let Some(diff) = scene.diff else {
            return Self::default();
        };
        let mut grown = HashMap::new();
        for change in &diff.stacks {
            if let (Some(stack), Some(origin)) = (change.after_stack, change.after_origin) {
                let more = change.after.count as i64 - change.before.count as i64;
                grown.insert((stack, origin), more);
            }
        }
        let marks = |pairs: &[Pair]| {
            let mut marks = vec![false; scene.snapshot.nodes().len()];
            for pair in pairs {
                marks[pair.after.index()] = true;
            }
            marks
        };
        let changes = diff.continuations.as_ref();
        Self {
            moved: changes.map_or_else(Vec::new, |changes| marks(&changes.moved)),
            stayed: changes.map(|changes| marks(&changes.stayed)),
            grown: Some(grown),
        }
    }
}

/// Continuations that wait at one place.
struct Group {
    key: Key,
    members: Vec<NodeId>,
    /// Those of them that no other of them dominates.
    tops: Vec<NodeId>,
    age: Spread,
    retained: u64,
    grown: Option<i64>,
    weight: f64,
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Suspect> {
    let earlier = Earlier::of(scene);
    let mut members: HashMap<Key, Vec<NodeId>> = HashMap::new();
    for (index, shape) in scene.shapes.all().iter().enumerate() {
        if !matches!(shape.state, State::Fresh | State::Suspended) {
            continue;
        }
        // What was resumed since the earlier snapshot waits for nothing.
        let waits = |node: &&NodeId| {
            scene.dominators.is_reachable(**node) && earlier.moved.get(node.index()) != Some(&true)
        };
        let waiting = scene.shapes.members(index).iter().filter(waits);
        let group = members.entry((shape.origin, shape.state, shape.stack));
        group.or_default().extend(waiting);
    }
    let mut groups: Vec<Group> = members
        .into_iter()
        .filter(|(_, members)| !members.is_empty())
        .map(|(key, members)| group(scene, &earlier, key, members))
        .collect();
    // Who holds them takes time to find: it is looked for where it will be told.
    groups.sort_by(|one, other| {
        let order = other.weight.total_cmp(&one.weight);
        order.then(one.members[0].cmp(&other.members[0]))
    });
    groups.truncate(MOST);
    let stayed = earlier.stayed.as_deref();
    groups
        .into_iter()
        .map(|group| suspect(scene, group, stayed))
        .collect()
}

fn group(scene: &Scene<'_>, earlier: &Earlier, key: Key, members: Vec<NodeId>) -> Group {
    let nodes = scene.snapshot.nodes();
    let age = |node: NodeId| nodes.continuation(node).map_or(0, |row| row.age);
    let mut by_age: Vec<(u32, NodeId)> = members.iter().map(|&node| (!age(node), node)).collect();
    by_age.sort_unstable();
    let mut ages: Vec<u64> = by_age.iter().map(|&(age, _)| u64::from(!age)).collect();
    let age = Spread::of(&mut ages);
    let members: Vec<NodeId> = by_age.into_iter().map(|(_, node)| node).collect();
    let (retained, tops) = scene.union(&members);
    let (origin, _, stack) = key;
    let grown = earlier.grown.as_ref();
    let grown = grown.map(|grown| grown.get(&(stack, origin)).copied().unwrap_or(0));
    let count = members.len() as f64;
    let number = match members.len() < MANY {
        true => 0.0,
        false => count / (count + HALF) / 2.0 * scene.age(age.median),
    };
    let weight = scene.part(retained) + number;
    let weight = match grown {
        Some(grown) if grown > 0 => 1.5 * weight + 0.1,
        Some(_) => weight / 2.0,
        None => weight,
    };
    Group {
        key,
        members,
        tops,
        age,
        retained,
        grown,
        weight,
    }
}

fn suspect(scene: &Scene<'_>, group: Group, stayed: Option<&[bool]>) -> Suspect {
    let (origin, state, stack) = group.key;
    let most = |&&node: &&NodeId| (scene.dominators.retained(node), Reverse(node));
    let sample = group.members.iter().max_by_key(most);
    let still = stayed.map(|stayed| {
        let members = group.members.iter();
        members.filter(|member| stayed[member.index()]).count() as u64
    });
    Suspect {
        sample: sample.copied().unwrap_or_default(),
        retained: group.retained,
        share: scene.share(group.retained),
        grown: group.grown,
        weight: group.weight,
        cause: Cause::Waiting {
            origin,
            state,
            stack,
            age: group.age,
            still,
            holders: holders(scene, &group.members, &group.tops),
            members: group.members,
        },
    }
}
