//! The graph of everything that lives, as a value: built from the items of
//! [`crate::graph`].

use crate::graph::{GraphItem, GraphTarget, LiveContinuation, graph};
use crate::names::{Names, Within};
use crate::parts::StoreParts;
use crate::{CodeName, CollectError, ModuleId, RootOwner, Roots};
use mangrove_abi::{Kind, TypeId};
use mangrove_continuation::State;
use mangrove_heap::HeapSpace;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::ops::ControlFlow;

/// Something that lives or holds something that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "node", rename_all = "snake_case")]
pub enum GraphNode {
    /// A heap object.
    Object {
        /// Its offset from the heap's base.
        offset: u32,
        /// Its canonical type: see [`ObjectGraph::types`].
        type_id: TypeId,
        /// Bytes it takes.
        bytes: u64,
        /// Elements, if it is an array.
        len: Option<u32>,
        /// Where it lies.
        space: HeapSpace,
        /// Whether it was made since the last collection.
        new: bool,
    },
    /// A continuation.
    Continuation {
        /// Its id.
        id: u32,
        /// What it is doing.
        state: State,
    },
    /// A frame of a continuation.
    Frame {
        /// The continuation's id.
        continuation: u32,
        /// Which frame of it, 0 for the innermost.
        frame: u32,
        /// The module whose code runs in it.
        module: ModuleId,
        /// The code.
        function: CodeName,
    },
    /// A global.
    Global {
        /// The instance that defines it; none for one the host made.
        instance: Option<u32>,
        /// Its index there, or its number in the store.
        index: u32,
    },
    /// A table.
    Table {
        /// The instance that defines it; none for one the host made.
        instance: Option<u32>,
        /// Its index there, or its number in the store.
        index: u32,
    },
    /// An element segment.
    Segment {
        /// The instance.
        instance: u32,
        /// Its index.
        segment: u32,
    },
    /// A host handle.
    Handle {
        /// Its number.
        index: u32,
    },
}

/// Where in its node a reference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "label", rename_all = "snake_case")]
pub enum EdgeLabel {
    /// In an object.
    Within(Within),
    /// In a slot of a frame, so many bytes below the frame pointer.
    Slot {
        /// How many.
        distance: u32,
    },
    /// An element of a table, or an item of a segment.
    Item {
        /// Which.
        index: u64,
    },
    /// The value of a global or a handle.
    Value,
    /// An argument bound to a continuation.
    Bound {
        /// Which.
        index: u32,
    },
    /// From a continuation to its frames.
    Frame,
    /// From a continuation to the one that resumed it: they run or are suspended
    /// together.
    Parent,
    /// In an object, at a place its type does not have: a defect.
    Unknown,
}

/// A reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GraphEdge {
    /// Index of the node that holds it.
    pub from: u32,
    /// Index of the node it refers to.
    pub to: u32,
    /// Where in the first it is.
    pub label: EdgeLabel,
}

/// Everything that lives, and every reference in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ObjectGraph {
    /// The nodes.
    pub nodes: Vec<GraphNode>,
    /// The edges.
    pub edges: Vec<GraphEdge>,
    /// Names of the objects' types.
    pub types: Vec<(TypeId, String)>,
}

/// The graph as it is now; none if it has more than `most` nodes and edges. The names of
/// types are left to the caller.
///
/// # Errors
/// As [`crate::root_set`].
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn object_graph(
    parts: StoreParts<'_>,
    roots: &mut dyn Roots,
    names: &dyn Names,
    most: usize,
) -> Result<Option<ObjectGraph>, CollectError> {
    let mut builder = Builder {
        most,
        ..Builder::default()
    };
    let visit = &mut |item| builder.add(item);
    // SAFETY: by contract.
    unsafe { graph(parts, roots, names, visit)? };
    Ok((!builder.beyond).then_some(builder.graph))
}

/// What tells nodes apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    To(GraphTarget),
    Frame(u32, u32),
    Global(Option<u32>, u32),
    Table(Option<u32>, u32),
    Segment(u32, u32),
    Handle(u32),
}

/// A graph that is being built.
#[derive(Default)]
struct Builder {
    graph: ObjectGraph,
    known: HashMap<Key, u32>,
    /// Most nodes and edges.
    most: usize,
    beyond: bool,
}

impl Builder {
    /// Adds an item.
    fn add(&mut self, item: GraphItem) -> ControlFlow<()> {
        match item {
            GraphItem::Root { owner, to } => self.root(owner, to),
            GraphItem::Continuation(LiveContinuation { id, state, parent }) => {
                let from = self.target(GraphTarget::Continuation(id));
                self.graph.nodes[from as usize] = GraphNode::Continuation { id, state };
                if let Some(parent) = parent {
                    let to = self.target(GraphTarget::Continuation(parent));
                    self.edge(from, to, EdgeLabel::Parent);
                }
            }
            GraphItem::Object(info) => {
                let node = self.target(GraphTarget::Object(info.object.0));
                self.graph.nodes[node as usize] = GraphNode::Object {
                    offset: info.object.0,
                    type_id: info.type_id,
                    bytes: info.bytes,
                    len: info.len.filter(|_| info.kind == Kind::Array),
                    space: info.space,
                    new: info.new,
                };
            }
            GraphItem::Field { object, within, to } => {
                let from = self.target(GraphTarget::Object(object));
                let to = self.target(to);
                self.edge(
                    from,
                    to,
                    within.map_or(EdgeLabel::Unknown, EdgeLabel::Within),
                );
            }
        }
        self.beyond = self.graph.nodes.len() + self.graph.edges.len() > self.most;
        match self.beyond {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn node(&mut self, key: Key, node: GraphNode) -> (u32, bool) {
        let next = self.graph.nodes.len() as u32;
        let index = *self.known.entry(key).or_insert(next);
        if index == next {
            self.graph.nodes.push(node);
        }
        (index, index == next)
    }

    /// The node of what is referred to. What more is known of it comes with its own item.
    fn target(&mut self, to: GraphTarget) -> u32 {
        let node = match to {
            GraphTarget::Object(offset) => GraphNode::Object {
                offset,
                type_id: TypeId::new(0),
                bytes: 0,
                len: None,
                space: HeapSpace::Old,
                new: false,
            },
            GraphTarget::Continuation(id) => GraphNode::Continuation {
                id,
                state: State::Gone,
            },
        };
        self.node(Key::To(to), node).0
    }

    fn edge(&mut self, from: u32, to: u32, label: EdgeLabel) {
        self.graph.edges.push(GraphEdge { from, to, label });
    }

    fn root(&mut self, owner: RootOwner, to: GraphTarget) {
        let (from, label) = match owner {
            RootOwner::Global { instance, index } => {
                let node = GraphNode::Global { instance, index };
                (
                    self.node(Key::Global(instance, index), node).0,
                    EdgeLabel::Value,
                )
            }
            RootOwner::Table {
                instance,
                index,
                element,
            } => {
                let node = GraphNode::Table { instance, index };
                let label = EdgeLabel::Item { index: element };
                (self.node(Key::Table(instance, index), node).0, label)
            }
            RootOwner::Element {
                instance,
                segment,
                index,
            } => {
                let node = GraphNode::Segment { instance, segment };
                let index = u64::from(index);
                let label = EdgeLabel::Item { index };
                (self.node(Key::Segment(instance, segment), node).0, label)
            }
            RootOwner::Handle { index } => {
                let node = GraphNode::Handle { index };
                (self.node(Key::Handle(index), node).0, EdgeLabel::Value)
            }
            RootOwner::BoundArgument {
                continuation,
                index,
            } => {
                let node = self.target(GraphTarget::Continuation(continuation));
                (node, EdgeLabel::Bound { index })
            }
            RootOwner::Frame(frame) => {
                let node = GraphNode::Frame {
                    continuation: frame.continuation,
                    frame: frame.frame,
                    module: frame.module,
                    function: frame.function,
                };
                let key = Key::Frame(frame.continuation, frame.frame);
                let (node, new) = self.node(key, node);
                if new {
                    let of = self.target(GraphTarget::Continuation(frame.continuation));
                    self.edge(of, node, EdgeLabel::Frame);
                }
                let distance = frame.distance;
                (node, EdgeLabel::Slot { distance })
            }
        };
        let to = self.target(to);
        self.edge(from, to, label);
    }
}

impl ObjectGraph {
    /// The types of its objects, each once.
    pub fn type_ids(&self) -> Vec<TypeId> {
        let ids = self.nodes.iter().filter_map(|node| match node {
            GraphNode::Object { type_id, .. } => Some(*type_id),
            _ => None,
        });
        let ids: std::collections::BTreeSet<TypeId> = ids.collect();
        ids.into_iter().collect()
    }

    /// The name of a type of its objects.
    pub fn type_name(&self, id: TypeId) -> Option<&str> {
        let known = self.types.iter().find(|(known, _)| *known == id)?;
        Some(&known.1)
    }

    /// The graph in the language of Graphviz (`dot -Tsvg`).
    pub fn to_dot(&self) -> String {
        let mut text = "digraph heap {\n  node [shape=box];\n".to_owned();
        for (index, node) in self.nodes.iter().enumerate() {
            let label = escaped(&self.label(node));
            let _ = writeln!(text, "  n{index} [label=\"{label}\"];");
        }
        for edge in &self.edges {
            let (from, to) = (edge.from, edge.to);
            let _ = writeln!(text, "  n{from} -> n{to} [label=\"{}\"];", edge.label);
        }
        text.push_str("}\n");
        text
    }

    fn label(&self, node: &GraphNode) -> String {
        match node {
            GraphNode::Object {
                offset,
                type_id,
                bytes,
                ..
            } => {
                let name = self.type_name(*type_id).unwrap_or("object");
                format!("{name} at {offset:#x}, {bytes} bytes")
            }
            GraphNode::Continuation { id, state } => format!("continuation {id}, {}", state.name()),
            GraphNode::Frame {
                continuation,
                frame,
                function,
                ..
            } => format!("frame {frame} of {continuation}: {function}"),
            GraphNode::Global { instance, index } => format!("global {index}{}", of(*instance)),
            GraphNode::Table { instance, index } => format!("table {index}{}", of(*instance)),
            GraphNode::Segment { instance, segment } => {
                format!("segment {segment}{}", of(Some(*instance)))
            }
            GraphNode::Handle { index } => format!("handle {index}"),
        }
    }
}

fn of(instance: Option<u32>) -> String {
    match instance {
        Some(instance) => format!(" of instance {instance}"),
        None => " of the host".to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

impl fmt::Display for EdgeLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(Within::Field { index }) => write!(f, "field {index}"),
            Self::Within(Within::Element { index }) => write!(f, "element {index}"),
            Self::Within(Within::Payload { index }) => write!(f, "payload {index}"),
            Self::Slot { distance } => write!(f, "fp-{distance}"),
            Self::Item { index } => write!(f, "{index}"),
            Self::Value => f.write_str("value"),
            Self::Bound { index } => write!(f, "bound {index}"),
            Self::Frame => f.write_str("frame"),
            Self::Parent => f.write_str("parent"),
            Self::Unknown => f.write_str("?"),
        }
    }
}
