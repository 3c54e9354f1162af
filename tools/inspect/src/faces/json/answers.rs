//! Answers to questions: why, what if, what changed.

use super::items::{extend, node, origin, sized, stack_sites};
use super::list;
use super::sums::ShapeItem;
use super::writer::{self, Seq};
use crate::Snapshot;
use crate::faces::Asked;
use crate::questions::{Count, Dropped, Gone, Link, StackChange, TypeChange, Why, ways};
use crate::snapshot::NodeId;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

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
        let links = |links| Links { snapshot, links };
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

/// Links, as many as a way has: it may go along a list.
struct Links<'a> {
    snapshot: &'a Snapshot,
    links: &'a [Link],
}

impl Serialize for Links<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.links.iter().map(|one| link(self.snapshot, one)))
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
    let dominators = Some(asked.dominators());
    let shapes = asked
        .shapes()
        .among(snapshot, dominators, &dropped.continuations);
    list(map, "shapes", &shapes, most, |shape| ShapeItem {
        asked,
        shape,
        most,
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
        StackItem {
            before,
            after,
            line,
            most,
        }
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

/// A stack and an origin, of which there are more or fewer.
struct StackItem<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    line: &'a StackChange,
    most: usize,
}

impl Serialize for StackItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { after, line, .. } = *self;
        let (snapshot, stack, made) = match (line.after_stack, line.after_origin) {
            (Some(stack), Some(origin)) => (after, Some(stack), Some(origin)),
            _ => (self.before, line.before_stack, line.before_origin),
        };
        let mut map = serializer.serialize_map(None)?;
        writer::entries(&mut map, &change(line.before, line.after))?;
        map.serialize_entry("origin", &made.map(|made| origin(snapshot, made)))?;
        match stack {
            Some(stack) => stack_sites(&mut map, snapshot, stack, self.most)?,
            None => map.serialize_entry("stack", &None::<()>)?,
        }
        let sample = line.after_sample.map(|sample| node(after, sample));
        map.serialize_entry("sample", &sample)?;
        map.end()
    }
}
