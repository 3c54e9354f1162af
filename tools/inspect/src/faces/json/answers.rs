//! Answers to questions: why, what if, what changed, what is in it.

use super::items::{extend, held, node, origin, sized, stack_sites};
use super::list;
use super::writer::Seq;
use crate::Snapshot;
use crate::faces::Asked;
use crate::faces::outline::{frames, parts};
use crate::questions::{Count, Dropped, Gone, Link, StackChange, TypeChange, Why, ways};
use crate::snapshot::{At, Kind, NodeId, Value as SlotContent};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Most levels that are opened: readers of JSON recurse.
const DEEPEST: u32 = 64;

/// The ways to a node, written one by one: there may be far more than a document in memory
/// has room for.
pub struct Reasons<'a> {
    asked: &'a Asked<'a>,
    id: NodeId,
    why: Why,
}

impl<'a> Reasons<'a> {
    pub fn of(asked: &'a Asked<'_>, id: NodeId, most: usize) -> Self {
        let why = ways(asked.snapshot(), asked.retainers(), id, most);
        Self { asked, id, why }
    }
}

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { asked, id, why } = self;
        let snapshot = asked.snapshot();
        let links = |links: &[Link]| -> Value {
            let each = links.iter().map(|link| self::link(snapshot, link));
            each.collect()
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("node", &sized(asked, *id))?;
        let each = || why.ways.iter().map(|way| links(&way.links));
        map.serialize_entry("ways", &Seq(each))?;
        map.serialize_entry("more", &why.more)?;
        map.serialize_entry("references", &why.references)?;
        map.serialize_entry("referrers", &links(&why.referrers))?;
        let each = || why.weak.iter().map(|&weak| node(snapshot, weak));
        map.serialize_entry("weak", &Seq(each))?;
        map.end()
    }
}

fn link(snapshot: &Snapshot, link: &Link) -> Value {
    json!({
        "from": node(snapshot, link.from),
        "place": snapshot.place_name(link.from, link.at),
        "to": node(snapshot, link.to),
    })
}

/// What would die without some.
pub fn dropped<M: SerializeMap>(
    map: &mut M,
    asked: &Asked<'_>,
    gone: &[Gone],
    most: usize,
) -> Result<(), M::Error> {
    let snapshot = asked.snapshot();
    let dropped = Dropped::of(snapshot, gone);
    let names: Vec<String> = gone
        .iter()
        .map(|gone| crate::faces::text::named(snapshot, *gone))
        .collect();
    let answer = json!({
        "without": names,
        "bytes": dropped.bytes,
        "objects": dropped.objects,
        "object_bytes": dropped.object_bytes,
        "frames": dropped.frames,
        "continuations": dropped.continuations.len(),
        "dead": dropped.dead.len(),
    });
    map.serialize_entry("dropped", &answer)?;
    list(map, "types", &dropped.types, most, |line| {
        json!({
            "type": snapshot.type_name(line.ty),
            "objects": line.objects,
            "bytes": line.bytes,
            "retained": null,
        })
    })?;
    list(map, "nodes", &dropped.continuations, most, |&id| {
        sized(asked, id)
    })
}

/// What changed. There is an earlier snapshot.
pub fn diff<M: SerializeMap>(map: &mut M, asked: &Asked<'_>, most: usize) -> Result<(), M::Error> {
    let (Some(before), Some(diff)) = (asked.before(), asked.diff()) else {
        return Ok(());
    };
    let after = asked.snapshot();
    let continuations = diff.continuations.as_ref().map(|changes| {
        json!({
            "entered": changes.entered.len(),
            "left": changes.left.len(),
            "moved": changes.moved.len(),
            "stayed": changes.stayed.len(),
        })
    });
    let objects = diff.objects.as_ref().map(|changes| {
        json!({
            "entered": changes.entered.len(),
            "left": changes.left.len(),
            "stayed": changes.stayed,
        })
    });
    let answer = json!({
        "before": super::moment(before),
        "objects": change(diff.before_objects, diff.after_objects),
        "continuations": change(diff.before_continuations, diff.after_continuations),
        "limits": diff.limits(),
        "objects_one_by_one": objects,
        "continuations_one_by_one": continuations,
    });
    map.serialize_entry("diff", &answer)?;
    list(map, "changed_types", &diff.types, most, |line| {
        types(before, after, line)
    })?;
    list(map, "changed_stacks", &diff.stacks, most, |line| {
        stacks(before, after, line)
    })?;
    let entered = diff.continuations.as_ref().map(|changes| &*changes.entered);
    list(map, "entered", entered.unwrap_or_default(), most, |&id| {
        sized(asked, id)
    })
}

fn counted(count: Count) -> Value {
    json!({ "count": count.count, "bytes": count.bytes })
}

fn change(before: Count, after: Count) -> Value {
    json!({ "before": counted(before), "after": counted(after) })
}

fn types(before: &Snapshot, after: &Snapshot, line: &TypeChange) -> Value {
    let name = match (line.after_type, line.before_type) {
        (Some(ty), _) => Some(after.type_name(ty)),
        (None, ty) => ty.map(|ty| before.type_name(ty)),
    };
    let mut value = change(line.before, line.after);
    let more = json!({
        "type": name,
        "entered": line.entered.map(counted),
        "left": line.left.map(counted),
    });
    extend(&mut value, more);
    value
}

fn stacks(before: &Snapshot, after: &Snapshot, line: &StackChange) -> Value {
    let mut value = change(line.before, line.after);
    let (snapshot, stack, made) = match (line.after_stack, line.after_origin) {
        (Some(stack), Some(origin)) => (after, Some(stack), Some(origin)),
        _ => (before, line.before_stack, line.before_origin),
    };
    let more = json!({
        "origin": made.map(|made| origin(snapshot, made)),
        "stack": stack.map(|stack| stack_sites(snapshot, stack)),
        "sample": line.after_sample.map(|sample| node(after, sample)),
    });
    extend(&mut value, more);
    value
}

/// What is in a node, and in what it refers to. What was opened before, or is too deep, has no
/// `parts`.
pub fn open(asked: &Asked<'_>, id: NodeId, depth: u32, most: usize) -> Value {
    let mut opened = Opened {
        asked,
        seen: HashSet::new(),
        most,
        left: most.saturating_mul(50),
    };
    opened.node(id, depth.min(DEEPEST))
}

struct Opened<'a> {
    asked: &'a Asked<'a>,
    seen: HashSet<NodeId>,
    most: usize,
    /// Places that there may still be.
    left: usize,
}

impl Opened<'_> {
    /// Recursion is bounded by [`DEEPEST`].
    fn node(&mut self, id: NodeId, depth: u32) -> Value {
        let mut value = sized(self.asked, id);
        if depth == 0 || !self.seen.insert(id) {
            return value;
        }
        let snapshot = self.asked.snapshot();
        let nodes = snapshot.nodes();
        let edge = |edge: crate::snapshot::Edge| (edge.at, SlotContent::Node(edge.to));
        let mut all: Vec<(At, SlotContent)> = match nodes.kind(id) {
            Kind::Roots => nodes.edges(id).map(edge).collect(),
            Kind::Continuation => nodes
                .edge_at(id, At::Parent)
                .map(edge)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        if nodes.kind(id) != Kind::Roots {
            let room = self.most.saturating_add(1);
            all.extend(
                parts(snapshot, id)
                    .take(room)
                    .map(|part| (part.at, part.value)),
            );
        }
        let places = frames(snapshot, id).map(|frame| {
            let index = nodes.frame(frame).map_or(0, |row| row.index);
            (At::Frame(index), SlotContent::Node(frame))
        });
        all.extend(places.take(self.most));
        let shown = all.len().min(self.most).min(self.left);
        self.left -= shown;
        let cut = all.len() > shown;
        all.truncate(shown);
        let parts: Vec<Value> = all
            .into_iter()
            .map(|(at, held)| self.part(id, at, &held, depth))
            .collect();
        value["parts"] = parts.into();
        value["cut"] = cut.into();
        value
    }

    fn part(&mut self, of: NodeId, at: At, value: &SlotContent, depth: u32) -> Value {
        let snapshot = self.asked.snapshot();
        let mut part = json!({
            "place": snapshot.place_name(of, at),
            "value": held(snapshot, value),
        });
        if let SlotContent::Node(to) = *value {
            part["node"] = self.node(to, depth - 1);
        }
        part
    }
}
