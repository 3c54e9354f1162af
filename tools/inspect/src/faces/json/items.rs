//! Items of lists: roots, continuations, and what they are made of.

use super::writer;
use crate::Snapshot;
use crate::faces::Asked;
use crate::faces::outline::{self, frames, kind, parts};
use crate::questions::Matcher;
use crate::snapshot::{At, Function, Kind, Line, Node, NodeId, Part, Plain, Value as Held};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

/// A node, by number, kind and title. Every place where a document names one has this.
pub fn node(snapshot: &Snapshot, node: NodeId) -> Value {
    let kind = snapshot.nodes().kind(node);
    json!({ "node": node.0, "kind": kind, "title": snapshot.title(node) })
}

/// A node with what it takes and retains.
pub fn sized(asked: &Asked<'_>, id: NodeId) -> Value {
    let mut value = node(asked.snapshot(), id);
    value["bytes"] = asked.snapshot().nodes().bytes(id).into();
    value["retained"] = asked.dominators().retained(id).into();
    value
}

/// What is in a place: as `value` of a root, by what it `is`.
pub fn held(snapshot: &Snapshot, value: &Held) -> Value {
    let plain = match *value {
        Held::Node(to) => return reference(snapshot, to),
        Held::Plain(plain) => plain,
    };
    match plain {
        Plain::Null => json!({ "is": "null" }),
        Plain::I31(value) => json!({ "is": "i31", "value": value }),
        Plain::Used(id) => json!({ "is": "continuation", "id": id, "consumed": true }),
        Plain::I8(value) => json!({ "is": "i8", "value": value }),
        Plain::I16(value) => json!({ "is": "i16", "value": value }),
        Plain::I32(value) => json!({ "is": "i32", "value": value }),
        // JSON's numbers are exact to 53 bits in most readers, and there is no NaN.
        Plain::I64(_) => json!({ "is": "i64", "text": snapshot.plain_text(plain) }),
        Plain::F32(_) => json!({ "is": "f32", "text": snapshot.plain_text(plain) }),
        Plain::F64(_) => json!({ "is": "f64", "text": snapshot.plain_text(plain) }),
        Plain::V128(_) => json!({ "is": "v128", "text": snapshot.plain_text(plain) }),
        Plain::Func(_) => json!({ "is": "func", "text": snapshot.plain_text(plain) }),
        Plain::Omitted => json!({ "is": "omitted" }),
        Plain::DeadObject(ty) => {
            json!({ "is": "object", "type": snapshot.type_name(ty), "dead": true })
        }
        Plain::DeadContinuation(id) => json!({ "is": "continuation", "id": id, "dead": true }),
    }
}

fn reference(snapshot: &Snapshot, to: NodeId) -> Value {
    match snapshot.nodes().get(to) {
        Node::Object(row) => json!({
            "is": "object",
            "offset": row.offset,
            "type": snapshot.type_name(row.ty),
            "node": to.0,
        }),
        Node::Continuation(row) => json!({
            "is": "continuation",
            "id": row.number,
            "consumed": false,
            "node": to.0,
        }),
        // Only a frame of a continuation, when it is opened.
        _ => json!({ "is": "frame", "node": to.0 }),
    }
}

/// Each root, and each place that could be one: null elements of tables and segments are left
/// out.
pub fn roots<'a>(asked: &'a Asked<'_>) -> impl Iterator<Item = Value> + 'a {
    let snapshot = asked.snapshot();
    root_places(asked).map(move |(node, part)| root(snapshot, node, &part))
}

/// The same, as who has the place, and the place.
pub fn root_places<'a>(asked: &'a Asked<'_>) -> impl Iterator<Item = (NodeId, Part)> + 'a {
    let snapshot = asked.snapshot();
    let (chain, others) = outline::continuations(snapshot);
    let of = move |node: NodeId| {
        let holders = std::iter::once(node).chain(frames(snapshot, node));
        holders.filter(|&node| asked.dominators().is_reachable(node))
    };
    let weak = move |&node: &NodeId| snapshot.nodes().kind(node) != Kind::Weak;
    let holders = chain
        .into_iter()
        .flat_map(of)
        .chain(outline::outside(snapshot).filter(weak))
        .chain(others.into_iter().flat_map(of));
    holders.flat_map(move |node| parts(snapshot, node).map(move |part| (node, part)))
}

fn root(snapshot: &Snapshot, holder: NodeId, part: &Part) -> Value {
    let mut value = owner(snapshot, holder, part.at);
    value["node"] = holder.0.into();
    value["kind"] = kind(snapshot, holder, part).into();
    value["value"] = held(snapshot, &part.value);
    value
}

fn index(at: At) -> Option<u32> {
    match at {
        At::Bound(index) | At::Slot(index) | At::Item(index) => Some(index),
        _ => None,
    }
}

fn owner(snapshot: &Snapshot, holder: NodeId, at: At) -> Value {
    match snapshot.nodes().get(holder) {
        Node::Static(kind, row) => match kind {
            Kind::Table => json!({
                "owner": "table", "instance": row.instance, "index": row.index,
                "name": row.name, "element": index(at),
            }),
            Kind::Segment => json!({
                "owner": "element", "instance": row.instance, "segment": row.index,
                "name": row.name, "index": index(at),
            }),
            Kind::Handle => json!({ "owner": "handle", "index": row.index }),
            _ => json!({
                "owner": "global", "instance": row.instance, "index": row.index,
                "name": row.name,
            }),
        },
        Node::Continuation(row) => json!({
            "owner": "bound_argument", "continuation": row.number, "index": index(at),
        }),
        Node::Frame(_) => slot(snapshot, holder, at),
        Node::Roots | Node::Object(_) => json!({ "owner": "object" }),
    }
}

fn slot(snapshot: &Snapshot, frame: NodeId, at: At) -> Value {
    let nodes = snapshot.nodes();
    let Some(row) = nodes.frame(frame) else {
        return Value::Null;
    };
    let of = nodes.continuation(row.continuation);
    let site = snapshot.names().sites.get(row.site as usize);
    let slot = index(at).and_then(|index| site?.slots.get(index as usize));
    json!({
        "owner": "frame",
        "continuation": of.map(|of| of.number),
        "state": of.map(|of| of.state),
        "frame": row.index,
        "function": site.map(|site| function(snapshot, site.function)),
        "wasm_offset": site.and_then(|site| site.offset),
        "distance": slot.map(|slot| slot.distance),
        "holds": slot.map(|slot| slot.holds.iter().map(|holds| holds.text()).collect::<Vec<_>>()),
    })
}

/// A function, by number and by what it is called.
fn function(snapshot: &Snapshot, index: u32) -> Value {
    let Some(function) = snapshot.names().functions.get(index as usize) else {
        return Value::Null;
    };
    let Function {
        kind,
        index: number,
        module,
        ..
    } = function;
    let module = module.and_then(|module| snapshot.names().modules.get(module as usize));
    json!({
        "kind": kind,
        "index": number,
        "name": function.name,
        "export": function.export,
        "module": module.map(|module| &module.name),
    })
}

/// Where a frame stands, or where something was made.
fn place(snapshot: &Snapshot, of: u32, offset: Option<u32>, line: Option<&Line>) -> Value {
    json!({
        "text": snapshot.place_text(of, offset, line),
        "function": function(snapshot, of),
        "wasm_offset": offset,
        "file": line.map(|line| &line.file),
        "line": line.map(|line| line.line),
    })
}

pub fn site(snapshot: &Snapshot, site: u32) -> Value {
    let Some(site) = snapshot.names().sites.get(site as usize) else {
        return Value::Null;
    };
    let mut value = place(snapshot, site.function, site.offset, site.line.as_ref());
    if !site.inlined.is_empty() {
        let outer = site.inlined.iter();
        let outer =
            outer.map(|frame| place(snapshot, frame.function, frame.offset, frame.line.as_ref()));
        extend(
            &mut value,
            json!({ "inlined_into": outer.collect::<Vec<_>>() }),
        );
    }
    value
}

/// What continuations were made from, and where.
pub fn origin(snapshot: &Snapshot, origin: u32) -> Value {
    let Some(origin) = snapshot.names().origins.get(origin as usize) else {
        return Value::Null;
    };
    let made = origin
        .maker
        .map(|maker| place(snapshot, maker, origin.offset, origin.line.as_ref()));
    json!({
        "function": function(snapshot, origin.function),
        "type": origin.ty,
        "made": made,
    })
}

/// The sites of a stack, the innermost first, as `stack`.
pub fn stack_sites<M: SerializeMap>(
    map: &mut M,
    snapshot: &Snapshot,
    stack: u32,
    most: usize,
) -> Result<(), M::Error> {
    let sites = snapshot.names().stacks.get(stack as usize);
    let sites = sites.map_or(&[][..], Vec::as_slice);
    writer::first(map, "stack", (most, sites.len()), || {
        sites.iter().map(|&index| site(snapshot, index))
    })
}

/// All continuations, or those that are meant: the running chain first.
pub fn continuations(asked: &Asked<'_>, meant: Option<&Matcher<'_>>) -> Vec<NodeId> {
    let (chain, others) = outline::continuations(asked.snapshot());
    let mut all = [chain, others].concat();
    all.retain(|&node| meant.is_none_or(|meant| meant.matches(node)));
    all
}

/// A continuation with its frames and what is in them.
pub struct Stack<'a> {
    pub asked: &'a Asked<'a>,
    pub id: NodeId,
    /// Most frames, and bound arguments.
    pub most: usize,
}

impl Serialize for Stack<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { asked, id, most } = *self;
        let snapshot = asked.snapshot();
        let mut map = serializer.serialize_map(None)?;
        writer::entries(&mut map, &sized(asked, id))?;
        if let Some(row) = snapshot.nodes().continuation(id) {
            let parent = snapshot.nodes().edge_at(id, At::Parent);
            let more = json!({
                "id": row.number,
                "serial": row.serial,
                "state": row.state,
                "parked": row.parked,
                "age": row.age,
                "stack_bytes": row.stack_bytes,
                "clone_of": row.clone_of,
                "forgotten": !asked.dominators().is_reachable(id),
                "parent": parent.map(|edge| node(snapshot, edge.to)),
                "origin": origin(snapshot, row.origin),
            });
            writer::entries(&mut map, &more)?;
        }
        let bound = parts(snapshot, id).count();
        writer::first(&mut map, "bound", (most, bound), || places(snapshot, id))?;
        let of = frames(snapshot, id).count();
        let frame = |frame| self::frame(asked, frame);
        let each = || frames(snapshot, id).map(frame);
        writer::first(&mut map, "frames", (most, of), each)?;
        map.end()
    }
}

fn frame(asked: &Asked<'_>, id: NodeId) -> Value {
    let snapshot = asked.snapshot();
    let mut value = sized(asked, id);
    if let Some(row) = snapshot.nodes().frame(id) {
        let more = json!({
            "frame": row.index,
            "site": site(snapshot, row.site),
            "slots": places(snapshot, id).collect::<Vec<_>>(),
        });
        extend(&mut value, more);
    }
    value
}

/// The places of a node with what is in them.
pub fn places(snapshot: &Snapshot, node: NodeId) -> impl Iterator<Item = Value> + '_ {
    let place = move |part: Part| {
        json!({
            "place": snapshot.place_name(node, part.at),
            "value": held(snapshot, &part.value),
        })
    };
    parts(snapshot, node).map(place)
}

pub fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(map), Value::Object(more)) = (value, more) {
        map.extend(more);
    }
}
