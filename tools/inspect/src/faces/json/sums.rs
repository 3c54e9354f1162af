//! Items of lists that sum up: shapes, types, spaces, suspects.

use super::items::{node, origin, site, stack_sites};
use super::writer;
use crate::Snapshot;
use crate::faces::Asked;
use crate::questions::{
    Cause, FrameShape, Shape, Spread, Statistics, Sum, Suspect, TypeLine, ValueKind,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// A shape.
pub struct ShapeItem<'a> {
    pub asked: &'a Asked<'a>,
    pub shape: &'a Shape,
    /// Most frames.
    pub most: usize,
}

impl Serialize for ShapeItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { asked, shape, most } = *self;
        let snapshot = asked.snapshot();
        let slots = |frame: &FrameShape| {
            let slots = frame.slots.iter().map(|&kind| value_kind(snapshot, kind));
            json!({
                "frame": frame.index,
                "site": site(snapshot, frame.site),
                "slots": slots.collect::<Vec<_>>(),
            })
        };
        let bound = shape.bound.iter().map(|&kind| value_kind(snapshot, kind));
        let mut map = serializer.serialize_map(None)?;
        let facts = json!({
            "count": shape.count,
            "state": shape.state,
            "parked": shape.parked,
            "forgotten": shape.forgotten,
            "origin": origin(snapshot, shape.origin),
            "bound": bound.collect::<Vec<_>>(),
            "age": spread(shape.age),
            "stack_bytes": sum(shape.stack_bytes),
            "retained": shape.retained.map(sum),
            "sample": node(snapshot, shape.sample),
        });
        writer::entries(&mut map, &facts)?;
        stack_sites(&mut map, snapshot, shape.stack, most)?;
        let of = shape.frames.len();
        let each = || shape.frames.iter().map(slots);
        writer::first(&mut map, "frames", (most, of), each)?;
        map.end()
    }
}

fn value_kind(snapshot: &Snapshot, kind: ValueKind) -> String {
    match kind {
        ValueKind::Unknown => "unknown".to_owned(),
        ValueKind::Null => "null".to_owned(),
        ValueKind::I31 => "i31".to_owned(),
        ValueKind::Number => "number".to_owned(),
        ValueKind::Func => "func".to_owned(),
        ValueKind::Object(ty) => snapshot.type_name(ty),
        ValueKind::Continuation => "continuation".to_owned(),
        ValueKind::Used => "consumed".to_owned(),
    }
}

fn spread(spread: Spread) -> Value {
    json!({ "min": spread.min, "median": spread.median, "max": spread.max })
}

fn sum(sum: Sum) -> Value {
    json!({ "sum": sum.sum, "max": sum.max })
}

/// The objects of a type.
pub fn type_line(asked: &Asked<'_>, line: &TypeLine) -> Value {
    json!({
        "type": asked.snapshot().type_name(line.ty),
        "objects": line.objects,
        "bytes": line.bytes,
        "retained": line.retained,
    })
}

/// Spaces, and memory that holds nothing alive.
pub fn memory(statistics: &Statistics) -> Value {
    let spaces: Map<String, Value> = statistics
        .spaces
        .iter()
        .map(|line| {
            let counts = json!({ "objects": line.objects, "bytes": line.bytes });
            (line.space.name().to_owned(), counts)
        })
        .collect();
    let free = statistics.fragmentation;
    json!({
        "spaces": spaces,
        "heap_live": free.heap_live,
        "heap_dead": free.heap_dead,
        "heap_free": free.heap_free,
        "stack_free": free.stack_free,
    })
}

/// A suspect, with its cause in a sentence.
pub fn suspect(asked: &Asked<'_>, suspect: &Suspect) -> Value {
    let snapshot = asked.snapshot();
    let cause = match suspect.cause {
        Cause::Waiting { .. } => "waiting",
        Cause::Accumulates { .. } => "accumulates",
        Cause::Frame { .. } => "frame",
        Cause::Grows { .. } => "grows",
        Cause::Cycle { .. } => "cycle",
        Cause::Forgotten { .. } => "forgotten",
    };
    json!({
        "cause": cause,
        "sentence": suspect.sentence(snapshot),
        "retained": suspect.retained,
        "share": suspect.share,
        "grown": suspect.grown,
        "sample": node(snapshot, suspect.sample),
    })
}
