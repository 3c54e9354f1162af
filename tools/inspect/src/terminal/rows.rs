//! What a place or a node looks like as a line. Lines are made for what is visible only.

use super::answers::Answers;
use crate::Snapshot;
use crate::questions::{Cause, Shape, Suspect, TypeLine};
use crate::snapshot::{At, Edge, Kind, Node, NodeId, PlainRow, Value};

/// A line of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Numbers, in the columns of the list.
    pub cells: Vec<String>,
    /// The rest.
    pub text: String,
    /// What it leads to.
    pub node: Option<NodeId>,
    /// Whether it heads others, and is nothing itself.
    pub heading: bool,
}

/// A number with commas: `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Many: `1 object`, `1,000 objects`.
pub fn count(many: u64, what: &str) -> String {
    let s = if many == 1 { "" } else { "s" };
    format!("{} {what}{s}", number(many))
}

fn maybe(value: Option<u64>) -> String {
    value.map_or_else(|| "…".to_owned(), number)
}

/// A node in a list of nodes: what it takes, what it retains, what it is.
pub fn node(snapshot: &Snapshot, answers: &Answers, node: NodeId) -> Row {
    let nodes = snapshot.nodes();
    let retained = answers.dominators.as_ref();
    Row {
        cells: vec![
            number(nodes.bytes(node)),
            maybe(retained.map(|dominators| dominators.retained(node))),
        ],
        text: described(snapshot, node),
        node: Some(node),
        heading: false,
    }
}

/// A node's title, and of a continuation what it does.
pub fn described(snapshot: &Snapshot, node: NodeId) -> String {
    let title = snapshot.title(node);
    match snapshot.nodes().get(node) {
        Node::Continuation(row) => {
            let parked = if row.parked && row.frames > 0 {
                ", parked"
            } else {
                ""
            };
            format!(
                "{title}: {}{parked}{}",
                row.state.name(),
                stands(snapshot, row.stack)
            )
        }
        Node::Static(kind, _) => match (kind, snapshot.nodes().edges(node).next()) {
            (Kind::Table | Kind::Segment, _) => title,
            (_, Some(edge)) => format!("{title} = {}", snapshot.title(edge.to)),
            (_, None) => match snapshot.plain(node).first() {
                Some(plain) => format!("{title} = {}", snapshot.plain_text(plain.value)),
                None => title,
            },
        },
        _ => title,
    }
}

/// Where the innermost frame of a stack stands.
fn stands(snapshot: &Snapshot, stack: u32) -> String {
    let sites = snapshot.names().stacks.get(stack as usize);
    match sites.and_then(|sites| sites.first()) {
        Some(&site) => format!(" in {}", snapshot.site_text(site)),
        None => String::new(),
    }
}

/// A place of a node, and what is in it.
pub fn place(snapshot: &Snapshot, of: NodeId, place: Place) -> Row {
    let (at, value) = match place {
        Place::Edge(edge) => (edge.at, Value::Node(edge.to)),
        Place::Plain(plain) => (plain.at, Value::Plain(plain.value)),
        Place::Part(at, value) => (at, value),
    };
    let text = match (at, value) {
        // The title of a frame begins with what its place is called.
        (At::Frame(_), Value::Node(frame)) => match snapshot.nodes().frame(frame) {
            Some(row) => format!("frame {}: {}", row.index, snapshot.site_text(row.site)),
            None => snapshot.title(frame),
        },
        (At::Root, Value::Node(node)) => described(snapshot, node),
        (_, Value::Node(node)) => {
            format!(
                "{} = {}",
                snapshot.place_name(of, at),
                described(snapshot, node)
            )
        }
        (_, Value::Plain(plain)) => {
            format!(
                "{} = {}",
                snapshot.place_name(of, at),
                snapshot.plain_text(plain)
            )
        }
    };
    Row {
        text,
        node: match value {
            Value::Node(node) => Some(node),
            Value::Plain(_) => None,
        },
        ..Row::default()
    }
}

/// A place of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// One that refers to a node.
    Edge(Edge),
    /// One that does not.
    Plain(PlainRow),
    /// One of an object.
    Part(At, Value),
}

/// Continuations that are alike.
pub fn shape(snapshot: &Snapshot, shape: &Shape) -> Row {
    let names = snapshot.names();
    let origin = names.origins.get(shape.origin as usize);
    let of = origin.map_or_else(
        || "continuation".to_owned(),
        |origin| snapshot.function_name(origin.function),
    );
    let mut text = format!(
        "{of} {}{}",
        shape.state.name(),
        stands(snapshot, shape.stack)
    );
    let parked = shape.parked.min(shape.count);
    if parked > 0 && !shape.frames.is_empty() {
        text += &format!(", {} parked", number(parked));
    }
    match shape.forgotten {
        Some(forgotten) if forgotten > 0 => text += &format!(", {} forgotten", number(forgotten)),
        _ => {}
    }
    Row {
        cells: vec![
            number(shape.count),
            maybe(shape.retained.map(|retained| retained.sum)),
            match shape.age.min == shape.age.max {
                true => number(shape.age.max),
                false => format!("{}-{}", number(shape.age.min), number(shape.age.max)),
            },
        ],
        text,
        node: Some(shape.sample),
        heading: false,
    }
}

/// The objects of a type.
pub fn ty(snapshot: &Snapshot, line: &TypeLine) -> Row {
    Row {
        cells: vec![
            number(line.objects),
            number(line.bytes),
            maybe(line.retained),
        ],
        text: snapshot.type_name(line.ty),
        ..Row::default()
    }
}

/// What is suspected.
pub fn suspect(snapshot: &Snapshot, suspect: &Suspect) -> Row {
    Row {
        cells: vec![
            number(suspect.retained),
            format!("{:.0}%", suspect.share * 100.0),
            suspect
                .grown
                .map_or_else(String::new, |grown| format!("{grown:+}")),
        ],
        text: suspect.sentence(snapshot),
        node: Some(suspect.sample),
        heading: false,
    }
}

/// Those of which a suspicion speaks.
pub fn suspected(suspect: &Suspect) -> Vec<NodeId> {
    match &suspect.cause {
        Cause::Waiting { members, .. } => members.clone(),
        Cause::Cycle { nodes, .. } => nodes.clone(),
        Cause::Forgotten { heads } => heads.clone(),
        Cause::Accumulates { node, .. } => vec![*node],
        Cause::Grows { holders, .. } => match holders.is_empty() {
            true => vec![suspect.sample],
            false => holders.iter().map(|holder| holder.node).collect(),
        },
        Cause::Frame { frame, .. } => vec![*frame],
    }
}

#[cfg(test)]
mod tests {
    use super::{count, number};

    #[test]
    fn numbers_have_commas() {
        let texts = [0, 999, 1000, 1_234_567].map(number);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            (count(1, "object"), count(0, "object")),
            ("1 object".to_owned(), "0 objects".to_owned())
        );
    }
}
