//! A snapshot as a graph for Graphviz: a box for each continuation with its frames in it, an
//! arrow from each slot to what it holds. Of a large one, the nodes that retain most.

use super::outline::{frames, parts};
use super::text::FaceError;
use super::{Asked, View};
use crate::Snapshot;
use crate::questions::{Gone, ways};
use crate::snapshot::{At, Kind, NodeId, Value};
use std::collections::{HashSet, VecDeque};
use std::io::{self, Write};

/// Most characters of a label: Graphviz gives each as much room as it asks for.
const LABEL: usize = 80;
/// Most places of a node that are shown in it.
const PLACES: usize = 16;

/// Writes the nodes that a view is about as a graph of at most so many nodes: of `why` those on
/// the ways, of `open` those that are near, of others those that retain most.
///
/// # Errors
/// As [`super::text::write`].
///
/// # Examples
/// ```
/// # #[cfg(feature = "samples")] {
/// use mangrove_inspect::faces::{Asked, View, dot};
/// use mangrove_inspect::snapshot::samples;
///
/// let snapshot = samples::generators(3, 4)?;
/// let mut text = Vec::new();
/// dot::write(&Asked::new(&snapshot), &View::Roots, 100, &mut text)?;
/// assert!(String::from_utf8(text)?.starts_with("digraph roots {"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(
    asked: &Asked<'_>,
    view: &View,
    most: usize,
    to: &mut dyn Write,
) -> Result<(), FaceError> {
    let nodes = chosen(asked, view, most.max(1))?;
    let graph = Graph {
        asked,
        nodes: nodes.iter().copied().collect(),
    };
    Ok(graph.write(&nodes, to)?)
}

/// The nodes to draw, in order.
fn chosen(asked: &Asked<'_>, view: &View, most: usize) -> Result<Vec<NodeId>, FaceError> {
    let snapshot = asked.snapshot();
    Ok(match view {
        View::Why { node, ways: many } => {
            let why = ways(snapshot, asked.retainers(), *node, *many);
            let links = why.ways.iter().flat_map(|way| &way.links);
            let mut nodes: Vec<NodeId> = links.map(|link| link.to).collect();
            nodes.push(*node);
            nodes.sort_unstable();
            nodes.dedup();
            nodes.truncate(most);
            nodes
        }
        View::Open { node, depth } => near(snapshot, &[*node], *depth, most),
        View::Dropped(gone) => {
            let nodes: Vec<NodeId> = gone
                .iter()
                .map(|gone| match *gone {
                    Gone::Node(node) => node,
                    Gone::Reference { from, .. } => from,
                })
                .collect();
            near(snapshot, &nodes, 4, most)
        }
        View::List(filter) => {
            let mut nodes = super::text::largest(asked, &asked.matcher(filter)?);
            nodes.truncate(most);
            nodes
        }
        _ => largest(asked, most),
    })
}

/// What some nodes reach in so many steps, the nearest first.
fn near(snapshot: &Snapshot, from: &[NodeId], depth: u32, most: usize) -> Vec<NodeId> {
    let mut seen: HashSet<NodeId> = from.iter().copied().collect();
    let mut queue: VecDeque<(NodeId, u32)> = from.iter().map(|&node| (node, 0)).collect();
    let mut nodes = Vec::new();
    while let Some((node, level)) = queue.pop_front() {
        if nodes.len() == most {
            break;
        }
        nodes.push(node);
        if level < depth {
            for &to in snapshot.nodes().targets(node) {
                if seen.len() < most.saturating_mul(2) && seen.insert(to) {
                    queue.push_back((to, level + 1));
                }
            }
        }
    }
    nodes
}

/// The nodes that retain most, with all roots first that fit.
fn largest(asked: &Asked<'_>, most: usize) -> Vec<NodeId> {
    let snapshot = asked.snapshot();
    let dominators = asked.dominators();
    let mut nodes: Vec<NodeId> = snapshot.nodes().all().skip(1).collect();
    if nodes.len() > most {
        let size = |node: &NodeId| (std::cmp::Reverse(dominators.retained(*node)), *node);
        nodes.select_nth_unstable_by_key(most, size);
        nodes.truncate(most);
        nodes.sort_unstable();
    }
    nodes
}

struct Graph<'a> {
    asked: &'a Asked<'a>,
    nodes: HashSet<NodeId>,
}

impl Graph<'_> {
    fn write(&self, nodes: &[NodeId], to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "digraph roots {{")?;
        writeln!(to, "  rankdir=LR;")?;
        writeln!(to, "  node [shape=record, fontname=monospace];")?;
        let snapshot = self.asked.snapshot();
        let left_out = snapshot.nodes().len().saturating_sub(1 + nodes.len());
        if left_out > 0 {
            let text = format!("{left_out} more nodes are not drawn");
            writeln!(to, "  label=\"{text}\";")?;
        }
        for &node in nodes {
            match snapshot.nodes().kind(node) {
                Kind::Continuation => self.cluster(node, to)?,
                // In its continuation's box, if that is drawn.
                Kind::Frame if self.in_box(node) => {}
                Kind::Roots => writeln!(to, "  roots [label=\"the roots\"];")?,
                _ => self.node(node, "  ", to)?,
            }
        }
        for &node in nodes {
            self.arrows(node, to)?;
        }
        writeln!(to, "}}")
    }

    fn in_box(&self, frame: NodeId) -> bool {
        let row = self.asked.snapshot().nodes().frame(frame);
        row.is_some_and(|row| self.nodes.contains(&row.continuation))
    }

    fn cluster(&self, continuation: NodeId, to: &mut dyn Write) -> io::Result<()> {
        let snapshot = self.asked.snapshot();
        let title = escape(&super::text::state(snapshot, continuation));
        writeln!(to, "  subgraph cluster_{} {{", continuation.0)?;
        writeln!(to, "    label=\"{title}\";")?;
        self.node(continuation, "    ", to)?;
        let inside = frames(snapshot, continuation);
        for frame in inside.filter(|frame| self.nodes.contains(frame)) {
            self.node(frame, "    ", to)?;
        }
        writeln!(to, "  }}")
    }

    /// A node with its places, each of which an arrow can begin at.
    fn node(&self, node: NodeId, indent: &str, to: &mut dyn Write) -> io::Result<()> {
        let snapshot = self.asked.snapshot();
        let title = match snapshot.nodes().kind(node) {
            Kind::Frame => super::text::frame_title(snapshot, node),
            _ => snapshot.title(node),
        };
        write!(
            to,
            "{indent}{} [label=\"{}",
            name(snapshot, node),
            escape(&title)
        )?;
        let mut all = parts(snapshot, node);
        for (index, part) in all.by_ref().take(PLACES).enumerate() {
            let place = escape(&snapshot.place_name(node, part.at));
            write!(to, "|<p{index}> {place}")?;
            if let Value::Plain(plain) = part.value {
                write!(to, " = {}", escape(&snapshot.plain_text(plain)))?;
            }
        }
        if all.next().is_some() {
            write!(to, "|…")?;
        }
        let style = match snapshot.nodes().kind(node) {
            Kind::Object => ", style=rounded",
            _ => "",
        };
        writeln!(to, "\"{style}];")
    }

    fn arrows(&self, node: NodeId, to: &mut dyn Write) -> io::Result<()> {
        let snapshot = self.asked.snapshot();
        let from = name(snapshot, node);
        let mut places = HashSet::new();
        for (index, part) in parts(snapshot, node).take(PLACES).enumerate() {
            places.insert(part.at);
            if let Value::Node(target) = part.value
                && self.nodes.contains(&target)
            {
                let target = name(snapshot, target);
                writeln!(to, "  {from}:p{index} -> {target};")?;
            }
        }
        let inside = |at: At| matches!(at, At::Frame(_));
        for edge in snapshot.nodes().edges(node) {
            if places.contains(&edge.at) || inside(edge.at) || !self.nodes.contains(&edge.to) {
                continue;
            }
            let target = name(snapshot, edge.to);
            let style = match edge.at {
                At::Parent => " [style=dashed, label=\"resumed by\"]",
                _ => "",
            };
            writeln!(to, "  {from} -> {target}{style};")?;
        }
        Ok(())
    }
}

/// What a node is called in the graph.
fn name(snapshot: &Snapshot, node: NodeId) -> String {
    match snapshot.nodes().get(node) {
        crate::snapshot::Node::Roots => "roots".to_owned(),
        crate::snapshot::Node::Static(..) => format!("outside_{}", node.0),
        crate::snapshot::Node::Continuation(row) => format!("continuation_{}", row.number),
        crate::snapshot::Node::Frame(_) => format!("frame_{}", node.0),
        crate::snapshot::Node::Object(row) => format!("object_{:x}", row.offset),
    }
}

/// Escapes what record labels and strings give a meaning to, and cuts what is too long.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, character) in text.chars().enumerate() {
        if index == LABEL {
            escaped.push('…');
            break;
        }
        if matches!(character, '"' | '\\' | '{' | '}' | '|' | '<' | '>') {
            escaped.push('\\');
        }
        escaped.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::samples::generators;

    #[test]
    fn labels_stay_whole() {
        assert_eq!(escape("a|b \"<c>\"\n"), "a\\|b \\\"\\<c\\>\\\" ");
        assert_eq!(escape(&"x".repeat(100)).chars().count(), LABEL + 1);
    }

    #[test]
    fn a_graph_has_as_many_nodes_as_it_may() {
        let snapshot = generators(50, 50).unwrap();
        let mut text = Vec::new();
        write(&Asked::new(&snapshot), &View::Roots, 10, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.matches("[label=").count() <= 11, "{text}");
        assert!(text.contains("more nodes are not drawn"), "{text}");
    }
}
