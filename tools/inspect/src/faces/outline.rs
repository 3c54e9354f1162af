//! The roots of a snapshot in the order in which they are shown: the running chain, what lies
//! outside of stacks, then the other continuations.

use crate::snapshot::{At, Kind, NodeId, Part, Plain, Snapshot, State, Value};

/// Continuations in the order in which people look at them: the one that runs and those it
/// waits for, then the others by number.
pub fn continuations(snapshot: &Snapshot) -> (Vec<NodeId>, Vec<NodeId>) {
    let nodes = snapshot.nodes();
    let state = |node| nodes.continuation(node).map(|row| row.state);
    let all = nodes.of(Kind::Continuation);
    let (mut chain, others): (Vec<NodeId>, Vec<NodeId>) =
        all.partition(|&node| matches!(state(node), Some(State::Running | State::Parent)));
    // From the one that runs outwards. A chain below a call of the host is another's.
    chain.sort_by_key(|&node| std::cmp::Reverse((state(node) == Some(State::Running), node)));
    let mut ordered = Vec::with_capacity(chain.len());
    let mut next = chain.first().copied();
    while let Some(node) = next {
        if ordered.len() < chain.len() {
            ordered.push(node);
            next = nodes.edge_at(node, At::Parent).map(|edge| edge.to);
        } else {
            next = None;
        }
    }
    let mut seen = ordered.clone();
    seen.sort_unstable();
    let rest = chain
        .into_iter()
        .filter(|node| seen.binary_search(node).is_err());
    ordered.extend(rest);
    (ordered, others)
}

/// What lies outside of stacks and objects.
pub fn outside(snapshot: &Snapshot) -> impl Iterator<Item = NodeId> + '_ {
    let nodes = snapshot.nodes();
    let outside = |node: &NodeId| !matches!(nodes.kind(*node), Kind::Continuation | Kind::Object);
    nodes.all().skip(1).take_while(outside)
}

/// The frames of a continuation, the innermost first.
pub fn frames(snapshot: &Snapshot, continuation: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let edges = snapshot.nodes().edges(continuation);
    edges.filter_map(|edge| match edge.at {
        At::Frame(_) => Some(edge.to),
        _ => None,
    })
}

/// What is in the places of a node, in their order: of objects the contents, of continuations
/// the bound arguments.
pub fn parts(snapshot: &Snapshot, node: NodeId) -> Box<dyn Iterator<Item = Part> + '_> {
    if let Some(contents) = snapshot.contents(node) {
        return Box::new(contents.parts());
    }
    let edges = snapshot.nodes().edges(node);
    let mut edges = edges
        .filter(|edge| !matches!(edge.at, At::Root | At::Frame(_) | At::Parent))
        .map(|edge| Part {
            at: edge.at,
            value: Value::Node(edge.to),
        })
        .peekable();
    let plain = snapshot.plain(node).iter();
    let mut plain = plain
        .map(|row| Part {
            at: row.at,
            value: Value::Plain(row.value),
        })
        .peekable();
    // Both are in the order of places.
    Box::new(std::iter::from_fn(move || {
        match (edges.peek(), plain.peek()) {
            (Some(edge), Some(other)) if other.at < edge.at => plain.next(),
            (Some(_), _) => edges.next(),
            (None, _) => plain.next(),
        }
    }))
}

/// Whether a place holds a continuation or an object, as far as that is known of null.
pub fn kind(snapshot: &Snapshot, node: NodeId, part: &Part) -> Option<&'static str> {
    let name = |continuation| if continuation { "cont" } else { "ref" };
    match part.value {
        Value::Node(to) => Some(name(snapshot.nodes().kind(to) == Kind::Continuation)),
        Value::Plain(Plain::Used(_)) => Some("cont"),
        Value::Plain(Plain::I31(_)) => Some("ref"),
        Value::Plain(_) => {
            let At::Slot(index) = part.at else {
                return None;
            };
            let site = snapshot.nodes().frame(node)?.site as usize;
            let slot = snapshot
                .names()
                .sites
                .get(site)?
                .slots
                .get(index as usize)?;
            Some(name(slot.continuation))
        }
    }
}

/// What is in a table or segment, null elements left out.
pub fn elements(snapshot: &Snapshot, node: NodeId) -> impl Iterator<Item = Part> + '_ {
    let is_null = |part: &Part| part.value == Value::Plain(Plain::Null);
    parts(snapshot, node).filter(move |part| !is_null(part))
}

/// How many roots a node has: places outside of objects that hold a reference to something.
pub fn roots_in(snapshot: &Snapshot, node: NodeId) -> u64 {
    let nodes = snapshot.nodes();
    let edges = nodes.edges(node).len() as u64;
    match nodes.get(node) {
        crate::snapshot::Node::Static(Kind::Weak, _) => 0,
        crate::snapshot::Node::Static(..) | crate::snapshot::Node::Frame(_) => edges,
        crate::snapshot::Node::Continuation(row) => {
            let parent = nodes.edge_at(node, At::Parent).is_some();
            edges - u64::from(row.frames) - u64::from(parent)
        }
        crate::snapshot::Node::Roots | crate::snapshot::Node::Object(_) => 0,
    }
}

/// How many places a node has that are no roots now: they hold null, a number, an `i31`, a function
/// or a reference to a continuation that was used.
pub fn empty_in(snapshot: &Snapshot, node: NodeId) -> u64 {
    let plain = snapshot.plain(node).len() as u64;
    match snapshot.nodes().get(node) {
        crate::snapshot::Node::Static(Kind::Table | Kind::Segment, row) => {
            row.len.saturating_sub(roots_in(snapshot, node)).max(plain)
        }
        crate::snapshot::Node::Static(Kind::Weak, _)
        | crate::snapshot::Node::Roots
        | crate::snapshot::Node::Object(_) => 0,
        crate::snapshot::Node::Static(..)
        | crate::snapshot::Node::Frame(_)
        | crate::snapshot::Node::Continuation(_) => plain,
    }
}

/// Whether a node has places to show, whatever is in them.
pub fn has_places(snapshot: &Snapshot, node: NodeId) -> bool {
    roots_in(snapshot, node) > 0 || empty_in(snapshot, node) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::samples::generators;

    #[test]
    fn places_come_in_order_whatever_is_in_them() {
        let snapshot = generators(2, 3).unwrap();
        let (chain, others) = continuations(&snapshot);
        assert_eq!((chain.len(), others.len()), (1, 3));
        let frame = frames(&snapshot, others[1]).next().unwrap();
        let places: Vec<_> = parts(&snapshot, frame).map(|part| part.at).collect();
        assert_eq!(places, [At::Slot(0), At::Slot(1)]);
        let kinds: Vec<_> = parts(&snapshot, frame)
            .map(|part| kind(&snapshot, frame, &part))
            .collect();
        assert_eq!(kinds, [Some("ref"), Some("ref")]);
        assert_eq!(outside(&snapshot).count(), 3);
    }

    #[test]
    fn roots_are_what_holds_a_reference() {
        let snapshot = generators(2, 3).unwrap();
        let counts: Vec<_> = outside(&snapshot)
            .map(|node| (roots_in(&snapshot, node), empty_in(&snapshot, node)))
            .collect();
        // A global and a handle with an object, and a table with empty elements between them.
        assert_eq!(counts, [(1, 0), (2, 7), (1, 0)]);
    }
}
