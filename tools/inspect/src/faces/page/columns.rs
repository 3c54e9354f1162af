//! The nodes of a page as columns of small numbers: what a node has, is at its place in
//! each column.
//!
//! ```text
//!  kinds     "rgccfoo…"      one letter a node
//!  ids       0,1,1,5,…       differences to the node before
//!  edges     3,1,0,…         how many of a node's references follow in `targets`
//!  targets   4k: at place p+k or, folded, p-k of the page · 2s+1: not in the page, of sort s
//!  values    5,null,"i31 3"  places of objects that hold no reference, in order
//! ```
//!
//! A sort is a type of objects, or behind all types an origin of continuations.

use super::facts::Facts;
use super::objects::{Objects, Shown};
use super::options::PageOptions;
use super::select::Selection;
use crate::snapshot::{At, Edge, Kind, Node, NodeId, Snapshot, State};
use serde::Serialize;

/// Values of objects in a page, for each node it may have.
const VALUES_PER_NODE: usize = 8;

/// All columns.
#[derive(Default, Serialize)]
pub(super) struct Columns {
    kinds: String,
    ids: Vec<u32>,
    bytes: Vec<u64>,
    /// What each retains beside its own bytes.
    retained: Vec<u64>,
    /// How far before each in the page its nearest dominator there is: itself if there is none.
    dominators: Vec<i64>,
    /// The same of the one before it on a shortest way.
    parents: Vec<i64>,
    /// References from the roots; -1 if they do not reach it.
    depths: Vec<i64>,
    /// References to each, those of nodes that are not in the page included.
    referrers: Vec<usize>,
    edges: Vec<u32>,
    /// Node, and how many of its references are left out.
    omitted: Vec<(u32, u32)>,
    targets: Vec<i64>,
    /// Of each reference, the difference to the one before in its node.
    places: Vec<i64>,
    /// Node, place and value, of what is no object.
    plain: Vec<(u32, i64, Shown)>,
    fixed: Vec<Fixed>,
    continuations: Continuations,
    frames: Frames,
    objects: Objects,
}

#[derive(Serialize)]
struct Fixed {
    title: String,
    len: u64,
}

#[derive(Default, Serialize)]
struct Continuations {
    number: Vec<u32>,
    serial: Vec<u64>,
    state: String,
    parked: String,
    origin: Vec<u32>,
    age: Vec<u32>,
    stack_bytes: Vec<u32>,
    frames: Vec<u32>,
    stack: Vec<u32>,
    shape: Vec<i64>,
    /// Continuation, and the one it is a clone of.
    clones: Vec<(u32, u32)>,
}

#[derive(Default, Serialize)]
struct Frames {
    index: Vec<u32>,
    site: Vec<u32>,
}

impl Columns {
    /// The columns of what is chosen.
    pub fn of(facts: &Facts<'_>, selection: &Selection, options: &PageOptions) -> Self {
        let mut columns = Self::default();
        let mut dominators = Contracted::new(facts, selection);
        let mut last = 0;
        let mut room = selection.nodes.len().saturating_mul(VALUES_PER_NODE);
        for (place, &node) in (0u32..).zip(&selection.nodes) {
            let back = |to: Option<u32>| to.map_or(0, |to| i64::from(place) - i64::from(to));
            columns.ids.push(node.0 - last);
            last = node.0;
            let bytes = facts.snapshot.nodes().bytes(node);
            columns.bytes.push(bytes);
            let retained = facts.dominators.retained(node);
            columns.retained.push(retained.saturating_sub(bytes));
            columns.dominators.push(back(dominators.nearest(node)));
            let parent = facts.parent(node);
            columns
                .parents
                .push(back(parent.and_then(|parent| selection.place(parent))));
            let depth = facts.retainers.depth(node);
            columns.depths.push(depth.map_or(-1, i64::from));
            columns.referrers.push(facts.retainers.count(node));
            columns.references(facts.snapshot, selection, place, options.places);
            columns.row(facts, place, node, options.places, &mut room);
        }
        columns
    }

    fn references(&mut self, snapshot: &Snapshot, selection: &Selection, place: u32, most: u32) {
        let nodes = snapshot.nodes();
        let node = selection.nodes[place as usize];
        let (mut told, mut omitted, mut before) = (0, 0, 0);
        for (index, edge) in (0..).zip(nodes.edges(node)) {
            let to = selection.place(edge.to);
            // Of an object, the places that are shown are those whose number is below `most`.
            let near = match nodes.kind(node) {
                Kind::Object => number(edge.at) < i64::from(most),
                _ => index < most,
            };
            if to.is_none() && !near {
                omitted += 1;
                continue;
            }
            told += 1;
            self.targets.push(match to {
                Some(to) => fold(i64::from(to) - i64::from(place)) * 2,
                None => sort(snapshot, edge) * 2 + 1,
            });
            let at = number(edge.at);
            self.places.push(at - before);
            before = at;
        }
        self.edges.push(told);
        if omitted > 0 {
            self.omitted.push((place, omitted));
        }
    }

    fn row(&mut self, facts: &Facts<'_>, place: u32, node: NodeId, most: u32, room: &mut usize) {
        let snapshot = facts.snapshot;
        let (letter, len) = match snapshot.nodes().get(node) {
            Node::Roots => ('r', None),
            Node::Static(kind, row) => (fixed_letter(kind), Some(row.len)),
            Node::Continuation(row) => {
                let index = self.continuations.number.len() as u32;
                let columns = &mut self.continuations;
                columns.number.push(row.number);
                columns.serial.push(row.serial);
                columns.state.push(state_letter(row.state));
                columns.parked.push(if row.parked { 'p' } else { '-' });
                columns.origin.push(row.origin);
                columns.age.push(row.age);
                columns.stack_bytes.push(row.stack_bytes);
                columns.frames.push(row.frames);
                columns.stack.push(row.stack);
                let shape = facts.shapes.shape_of(node);
                columns.shape.push(shape.map_or(-1, |shape| shape as i64));
                columns.clones.extend(row.clone_of.map(|of| (index, of)));
                ('c', None)
            }
            Node::Frame(row) => {
                self.frames.index.push(row.index);
                self.frames.site.push(row.site);
                ('f', None)
            }
            Node::Object(_) => {
                self.objects.add(snapshot, node, most, room);
                if facts.compared {
                    self.objects.identify(snapshot.nodes().identity(node));
                }
                ('o', None)
            }
        };
        self.kinds.push(letter);
        let title = || snapshot.title(node);
        self.fixed.extend(len.map(|len| Fixed {
            title: title(),
            len,
        }));
        for row in snapshot.plain(node).iter().take(most as usize) {
            let value = Shown::of(snapshot, row.value);
            self.plain.push((place, number(row.at), value));
        }
    }
}

fn fixed_letter(kind: Kind) -> char {
    match kind {
        Kind::Global => 'g',
        Kind::Table => 't',
        Kind::Segment => 's',
        Kind::Handle => 'h',
        Kind::Weak => 'w',
        Kind::Roots => 'r',
        Kind::Continuation => 'c',
        Kind::Frame => 'f',
        Kind::Object => 'o',
    }
}

fn state_letter(state: State) -> char {
    match state {
        State::Fresh => 'n',
        State::Running => 'r',
        State::Parent => 'p',
        State::Suspended => 's',
    }
}

/// A place as a number, given the kind of its node: its index, but for what continuations have
/// beside frames.
fn number(at: At) -> i64 {
    match at {
        At::Root | At::Value => 0,
        At::Slot(index)
        | At::Item(index)
        | At::Field(index)
        | At::Element(index)
        | At::Payload(index) => index.into(),
        At::Parent => 0,
        At::Bound(index) => 1 + 2 * i64::from(index),
        At::Frame(index) => 2 + 2 * i64::from(index),
        At::Unknown => 1 << 32,
    }
}

/// A signed number as one that is not: small for those near 0.
fn fold(number: i64) -> i64 {
    number << 1 ^ number >> 63
}

/// What is told of a node that is not in the page.
fn sort(snapshot: &Snapshot, edge: Edge) -> i64 {
    let types = snapshot.names().types.len();
    match snapshot.nodes().get(edge.to) {
        Node::Object(row) => row.ty.into(),
        Node::Continuation(row) => types as i64 + i64::from(row.origin),
        Node::Frame(_) | Node::Roots | Node::Static(..) => {
            (types + snapshot.names().origins.len()) as i64
        }
    }
}

/// The dominator tree of the nodes that are in the page.
struct Contracted<'a> {
    facts: &'a Facts<'a>,
    selection: &'a Selection,
    /// By node of the snapshot: the first on its way up that is in the page, as far as it was
    /// looked for. A long way is walked once.
    found: Vec<NodeId>,
}

impl<'a> Contracted<'a> {
    fn new(facts: &'a Facts<'a>, selection: &'a Selection) -> Self {
        Self {
            found: facts.snapshot.nodes().all().collect(),
            facts,
            selection,
        }
    }

    fn nearest(&mut self, node: NodeId) -> Option<u32> {
        let first = self.facts.dominators.dominator(node)?;
        let mut at = first;
        let end = loop {
            if let Some(place) = self.selection.place(at) {
                break Some((at, place));
            }
            let known = self.found[at.index()];
            match known != at {
                true => at = known,
                false => match self.facts.dominators.dominator(at) {
                    Some(next) => at = next,
                    None => break None,
                },
            }
        };
        let (end, place) = end?;
        let mut at = first;
        while at != end {
            let next = match self.found[at.index()] {
                known if known != at => known,
                _ => self.facts.dominators.dominator(at)?,
            };
            self.found[at.index()] = end;
            at = next;
        }
        Some(place)
    }
}
