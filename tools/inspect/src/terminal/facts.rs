//! What there is to say of a node before its places.

use super::answers::Answers;
use super::rows::{count, number};
use crate::Snapshot;
use crate::snapshot::{Kind, Node, NodeId, ObjectRow, Storage, TypeKind, reads_as_text};
use mangrove::printable;

/// Bytes of an array that are shown as text.
const TEXT: usize = 200;

/// Lines on a node: its title comes first.
pub fn facts(snapshot: &Snapshot, answers: &Answers, node: NodeId) -> Vec<String> {
    let mut lines = vec![snapshot.title(node)];
    match snapshot.nodes().get(node) {
        Node::Roots => {}
        Node::Static(kind, row) => {
            if matches!(kind, Kind::Table | Kind::Segment) {
                lines.push(count(row.len, "element"));
            }
        }
        Node::Continuation(row) => {
            let mut line = row.state.name().to_owned();
            if row.frames > 0 {
                let place = if row.parked { "parked frames" } else { "stack" };
                line += &format!(", {} of {place}", count(row.stack_bytes.into(), "byte"));
            }
            line += &format!(", {}", count(row.age.into(), "full collection"));
            if let Some(of) = row.clone_of {
                line += &format!(", a clone of continuation {of}");
            }
            lines.push(line);
            lines.extend(origin(snapshot, row.origin));
        }
        Node::Frame(row) => {
            let of = snapshot.nodes().bytes(node);
            let places = snapshot.names().sites.get(row.site as usize);
            let slots = places.map_or(0, |site| site.slots.len() as u64);
            lines.push(format!("{}, {}", count(of, "byte"), count(slots, "slot")));
        }
        Node::Object(row) => lines.extend(object(snapshot, node, row)),
    }
    lines.extend(retains(answers, node));
    lines
}

fn origin(snapshot: &Snapshot, origin: u32) -> Option<String> {
    let origin = snapshot.names().origins.get(origin as usize)?;
    let of = snapshot.function_name(origin.function);
    Some(match origin.maker {
        Some(maker) => {
            let place = snapshot.place_text(maker, origin.offset, origin.line.as_ref());
            format!("made of {of} in {place}")
        }
        None => format!("made of {of} by the host"),
    })
}

fn object(snapshot: &Snapshot, node: NodeId, row: &ObjectRow) -> Vec<String> {
    let nodes = snapshot.nodes();
    let space = match row.space {
        crate::snapshot::Space::Young => "young",
        crate::snapshot::Space::Old => "old",
        crate::snapshot::Space::Large => "large",
    };
    let mut lines = vec![format!("{}, {space}", count(nodes.bytes(node), "byte"))];
    let ty = snapshot.names().types.get(row.ty as usize);
    let Some(ty) = ty.filter(|ty| ty.kind == TypeKind::Array) else {
        return lines;
    };
    lines[0] += &format!(", {}", count(row.len.into(), "element"));
    let bytes = ty
        .fields
        .first()
        .is_some_and(|field| field.storage == Storage::I8);
    if let Some(contents) = snapshot.contents(node).filter(|_| bytes) {
        let len = (row.len as usize).min(TEXT).min(contents.bytes().len());
        let shown = &contents.bytes()[..len];
        if let Ok(text) = std::str::from_utf8(shown)
            && !text.is_empty()
            && reads_as_text(text)
        {
            let more = if (row.len as usize) > len { "…" } else { "" };
            lines.push(format!("\"{}\"{more}", printable(text)));
        }
    }
    lines
}

fn retains(answers: &Answers, node: NodeId) -> Option<String> {
    let dominators = answers.dominators.as_ref()?;
    let bytes = number(dominators.retained(node));
    Some(match dominators.is_reachable(node) {
        true => format!("retains {bytes} bytes"),
        false => format!("retains {bytes} bytes; the roots do not reach it"),
    })
}
