//! What a store held at one moment, as a value.
//!
//! ```text
//!  Snapshot
//!   ├─ about       when it was taken, and the store's counts then
//!   ├─ names       modules, functions, types, places in code: each once
//!   ├─ nodes       what lives: a kind, a number of that kind, bytes
//!   ├─ edges       each reference: to which node, and where in its own it lies
//!   ├─ plain       slots that refer to nothing: null, i31, numbers
//!   └─ contents    the bytes of objects
//! ```
//!
//! Nodes are numbered: the roots first, which is node 0, then what lies outside of
//! stacks and objects, then each continuation with its frames behind it, then the
//! objects in the order of their places. The edges of a node lie together, in the
//! order of their places in it. A million continuations with three million objects
//! are a few arrays.
//!
//! Node 0 has an edge to all that is a root by itself: each global, table, segment
//! and host handle, and each continuation on the running chain. A suspended
//! continuation is alive by references only. What no edge leads to from node 0 is in
//! a snapshot too where the store has not ended it yet: a forgotten continuation
//! with its frames, and weak handles.

mod builder;
mod contents;
mod names;
mod nodes;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod titles;
pub(crate) use titles::reads_as_text;
mod values;

pub use builder::{BuildError, Builder, ContinuationParts, FrameParts, SlotValue, Target};
pub use contents::{Contents, Part};
pub use names::{
    Field, Function, FunctionKind, Holds, InlinedFrame, Line, Module, Names, ObjectType, Origin,
    Site, Slot, Storage, TypeKind,
};
#[cfg(test)]
pub(crate) use nodes::LOOKED_AT;
pub(crate) use nodes::Packed;
pub use nodes::{
    At, Continuation, Edge, FrameRow, Kind, Node, NodeId, Nodes, ObjectRow, Space, State, Static,
};
pub use values::{Plain, PlainRow, Value};

use serde::{Deserialize, Serialize};

/// What a store held at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) about: About,
    pub(crate) names: Names,
    pub(crate) nodes: Nodes,
    /// In the order of nodes and places.
    pub(crate) plain: Vec<PlainRow>,
    /// The bytes of objects behind their headers, as far as they were kept.
    pub(crate) contents: Vec<u8>,
}

/// When a snapshot was taken, and what the store counted then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What the moment is called: `gc:3`, `trap`, `end`.
    pub moment: String,
    /// The program's file, or whatever it was read from.
    pub program: String,
    /// Of several snapshots of one run, which one this is: from 0.
    pub number: u32,
    /// Tells runs apart: objects of two snapshots can be known again if it is equal in both.
    pub run: u64,
    /// Seconds from the beginning of the run.
    pub seconds: f64,
    /// The version of Mangrove it was taken by.
    pub version: String,
    /// Minor collections until then.
    pub minor_collections: u64,
    /// Full collections until then.
    pub full_collections: u64,
    /// Continuations made until then.
    pub created: u64,
    /// Bytes of the heap in use, those of objects that are dead and not collected yet included.
    pub heap_used: u64,
    /// Bytes of memory behind the heap.
    pub heap_committed: u64,
    /// Bytes in use on stacks, parked ones left out.
    pub stack_bytes: u64,
    /// Bytes of parked frames.
    pub parked_bytes: u64,
    /// Bytes of memory behind stacks.
    pub stack_committed: u64,
    /// More of the store's counts, by name, for people.
    pub counts: Vec<(String, u64)>,
}

impl Snapshot {
    /// When it was taken.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The names of modules, functions, types and places in code.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The nodes and edges.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// What is in the slots of a node that refer to nothing, in the order of their places:
    /// null, `i31`, numbers, used references. Null elements of tables are left out.
    pub fn plain(&self, node: NodeId) -> &[PlainRow] {
        let first = self.plain.partition_point(|row| row.node < node);
        let rest = &self.plain[first..];
        &rest[..rest.partition_point(|row| row.node == node)]
    }
}

#[cfg(test)]
mod tests {
    use super::samples::generators;
    use super::*;

    #[test]
    fn what_was_told_is_there() {
        let snapshot = generators(3, 4).unwrap();
        let nodes = snapshot.nodes();
        let count = |kind| nodes.of(kind).count();
        assert_eq!(count(Kind::Continuation), 5);
        assert_eq!((count(Kind::Frame), count(Kind::Object)), (5, 9));
        // A global, a table, a handle and the one that runs.
        assert_eq!(nodes.edges(NodeId::ROOTS).count(), 4);
        let second = nodes.continuation_numbered(2).unwrap();
        let frame = nodes.edges(second).next().unwrap();
        assert_eq!(frame.at, At::Frame(0));
        assert_eq!(
            snapshot.title(frame.to),
            "frame 0 of continuation 2: $gen at 0x52"
        );
        let slot = nodes.edges(frame.to).next().unwrap();
        assert_eq!(
            snapshot.place_name(frame.to, slot.at),
            "fp-16 (local 0 $head)"
        );
        assert_eq!(slot.to, nodes.object_at(0x100 + 16 * 5).unwrap());
        let plain = snapshot.plain(frame.to);
        assert_eq!((plain.len(), plain[0].value), (1, Plain::I31(2)));
    }

    #[test]
    fn contents_are_read_by_type() {
        let snapshot = generators(0, 3).unwrap();
        let second = snapshot.nodes().object_at(0x110).unwrap();
        let parts: Vec<String> = snapshot
            .contents(second)
            .unwrap()
            .parts()
            .map(|part| {
                let place = snapshot.place_name(second, part.at);
                format!("{place} = {}", snapshot.value_text(&part.value))
            })
            .collect();
        assert_eq!(
            parts,
            ["field 0 $value = 1", "field 1 $next = $node @0x120"]
        );
        let text = snapshot.nodes().object_at(0x10).unwrap();
        let text = snapshot.contents(text).unwrap();
        assert_eq!((text.len(), text.bytes()), (11, &b"</script>\0\x1b"[..]));
        assert_eq!(
            text.part(0).unwrap().value,
            Value::Plain(Plain::I8(b'<' as i8))
        );
        assert_eq!(text.part(11), None);
    }

    #[test]
    fn a_target_that_is_not_there_is_an_error() {
        let mut builder = Builder::new();
        let to = SlotValue::Ref(Target::Object(8));
        builder.fixed(Kind::Global, Static::default(), [(0, to)]);
        let error = builder.finish(About::default()).unwrap_err();
        assert_eq!(
            error,
            BuildError::NoObject {
                from: NodeId(1),
                offset: 8
            }
        );
    }
}
