//! The lists that are shown: how many lines each has, and each line when it is asked for.

use super::answers::Answers;
use super::rows::{self, Place, Row};
use crate::Snapshot;
use crate::questions::{Link, Why};
use crate::snapshot::{Edge, Kind, NodeId, Nodes};
use std::sync::Arc;

/// Up to so many places those that refer to nothing are shown between the others, where they are. With
/// more they come first.
const FEW: usize = 500;

/// A list.
#[derive(Clone, Debug)]
pub enum View {
    /// Continuations, those that are alike on one line.
    Stacks,
    /// What is a root by itself.
    Roots,
    /// Types of objects.
    Types,
    /// What leaks, most likely.
    Suspects,
    /// Some nodes.
    List(String, Arc<[NodeId]>),
    /// What is in a node.
    Node(NodeId),
    /// Why a node is alive.
    Why(Arc<Why>),
    /// What a node dominates, one by one: those that retain most come first.
    Dominated(NodeId, Arc<[NodeId]>),
}

/// What the lines are made of.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub snapshot: &'a Snapshot,
    pub answers: &'a Answers,
    /// The roots, and behind them the weak handles.
    pub roots: &'a [NodeId],
}

/// Columns of numbers: what they are called, and how wide they are.
pub type Columns = &'static [(&'static str, u16)];

const NODES: Columns = &[("bytes", 11), ("retained", 13)];

impl View {
    /// What it is called.
    pub fn title(&self, known: Known<'_>) -> String {
        match self {
            Self::Stacks => "Stacks".to_owned(),
            Self::Roots => "Roots".to_owned(),
            Self::Types => "Types".to_owned(),
            Self::Suspects => "Suspects".to_owned(),
            Self::List(title, nodes) => format!("{title} ({})", rows::number(nodes.len() as u64)),
            Self::Node(node) => known.snapshot.title(*node),
            Self::Why(why) => format!("why {}", known.snapshot.title(why.node)),
            Self::Dominated(node, _) => format!("retained by {}", known.snapshot.title(*node)),
        }
    }

    /// Its columns of numbers.
    pub fn columns(&self) -> Columns {
        match self {
            Self::Stacks => &[("count", 10), ("retained", 13), ("age", 6)],
            Self::Types => &[("objects", 11), ("bytes", 13), ("retained", 13)],
            Self::Suspects => &[("retained", 13), ("share", 6), ("grown", 8)],
            Self::Roots | Self::List(..) | Self::Dominated(..) => NODES,
            Self::Node(_) | Self::Why(_) => &[],
        }
    }

    /// How many lines it has; none if that is not known yet.
    pub fn len(&self, known: Known<'_>) -> Option<usize> {
        Some(match self {
            Self::Stacks => known.answers.shapes.as_ref()?.all().len(),
            Self::Roots => known.roots.len(),
            Self::Types => known.answers.statistics.as_ref()?.types.len(),
            Self::Suspects => known.answers.suspects.as_ref()?.all.len(),
            Self::List(_, nodes) | Self::Dominated(_, nodes) => nodes.len(),
            Self::Node(node) => places(known.snapshot, *node),
            Self::Why(why) => why_len(why),
        })
    }

    /// A line; an empty one if there is no such line.
    pub fn row(&self, known: Known<'_>, index: usize) -> Row {
        let Known {
            snapshot, answers, ..
        } = known;
        let row = match self {
            Self::Stacks => {
                let shapes = answers.shapes.as_ref();
                let shape = shapes.and_then(|shapes| shapes.all().get(index));
                shape.map(|shape| rows::shape(snapshot, shape))
            }
            Self::Types => {
                let statistics = answers.statistics.as_ref();
                let line = statistics.and_then(|statistics| statistics.types.get(index));
                line.map(|line| rows::ty(snapshot, line))
            }
            Self::Suspects => {
                let suspects = answers.suspects.as_ref();
                let suspect = suspects.and_then(|suspects| suspects.all.get(index));
                suspect.map(|suspect| rows::suspect(snapshot, suspect))
            }
            Self::Roots => known
                .roots
                .get(index)
                .map(|&node| rows::node(snapshot, answers, node)),
            Self::List(_, nodes) | Self::Dominated(_, nodes) => nodes
                .get(index)
                .map(|&node| rows::node(snapshot, answers, node)),
            Self::Node(node) => {
                place(snapshot, *node, index).map(|place| rows::place(snapshot, *node, place))
            }
            Self::Why(why) => why_row(snapshot, why, index),
        };
        row.unwrap_or_default()
    }
}

/// The roots, and behind them the weak handles.
pub fn roots(nodes: &Nodes) -> Vec<NodeId> {
    let mut roots = match nodes.is_empty() {
        true => Vec::new(),
        false => nodes.targets(NodeId::ROOTS).to_vec(),
    };
    // What is outside of stacks and objects are the first nodes.
    let outside = nodes.all().skip(1).take(nodes.statics.len());
    roots.extend(outside.filter(|&node| nodes.kind(node) == Kind::Weak));
    roots
}

/// How many places a node has.
fn places(snapshot: &Snapshot, node: NodeId) -> usize {
    match snapshot.contents(node) {
        Some(contents) => contents.len() as usize,
        None => snapshot.nodes().targets(node).len() + snapshot.plain(node).len(),
    }
}

/// A place of a node, by its number.
fn place(snapshot: &Snapshot, node: NodeId, index: usize) -> Option<Place> {
    if let Some(contents) = snapshot.contents(node) {
        let part = contents.part(u32::try_from(index).ok()?)?;
        return Some(Place::Part(part.at, part.value));
    }
    let (plain, nodes) = (snapshot.plain(node), snapshot.nodes());
    let edges = nodes.targets(node).len();
    if edges + plain.len() > FEW {
        return match index.checked_sub(plain.len()) {
            None => Some(Place::Plain(plain[index])),
            Some(behind) if behind < edges => {
                let (_, edge) = nodes.edge(nodes.first_edge(node) + behind as u32);
                Some(Place::Edge(edge))
            }
            Some(_) => None,
        };
    }
    let mut all: Vec<Place> = nodes.edges(node).map(Place::Edge).collect();
    all.extend(plain.iter().copied().map(Place::Plain));
    all.sort_by_key(|place| match place {
        Place::Edge(edge) => edge.at,
        Place::Plain(plain) => plain.at,
        Place::Part(at, _) => *at,
    });
    all.get(index).copied()
}

/// Each way has a heading. So has what refers to a node that no way leads to, and weak handles.
fn why_len(why: &Why) -> usize {
    let ways: usize = why.ways.iter().map(|way| way.links.len() + 1).sum();
    let unreached = usize::from(why.ways.is_empty()) + why.referrers.len();
    let weak = match why.weak.len() {
        0 => 0,
        handles => handles + 1,
    };
    ways + unreached + weak
}

fn why_row(snapshot: &Snapshot, why: &Why, index: usize) -> Option<Row> {
    let heading = |text: String| Row {
        text,
        heading: true,
        ..Row::default()
    };
    // Each link of a way follows from the line above it.
    let link = |link: &Link| {
        let edge = Edge {
            to: link.to,
            at: link.at,
        };
        rows::place(snapshot, link.from, Place::Edge(edge))
    };
    let referrer = |link: &Link| Row {
        text: format!(
            "{} of {}",
            snapshot.place_name(link.from, link.at),
            rows::described(snapshot, link.from),
        ),
        node: Some(link.from),
        ..Row::default()
    };
    let mut left = index;
    for (number, way) in (1..).zip(&why.ways) {
        if left == 0 {
            let ways = why.ways.len();
            let more = if why.more { " or more" } else { "" };
            let links = rows::count(way.links.len() as u64, "reference");
            return Some(heading(format!("way {number} of {ways}{more}: {links}")));
        }
        if let Some(found) = way.links.get(left - 1) {
            return Some(link(found));
        }
        left -= way.links.len() + 1;
    }
    if why.ways.is_empty() {
        if left == 0 {
            return Some(heading(
                "the roots do not reach it; what refers to it:".to_owned(),
            ));
        }
        left -= 1;
    }
    if let Some(found) = why.referrers.get(left) {
        return Some(referrer(found));
    }
    left -= why.referrers.len();
    match left.checked_sub(1) {
        None if why.weak.is_empty() => None,
        None => Some(heading("weak handles, which keep nothing".to_owned())),
        Some(handle) => why.weak.get(handle).map(|&node| Row {
            text: rows::described(snapshot, node),
            node: Some(node),
            ..Row::default()
        }),
    }
}
