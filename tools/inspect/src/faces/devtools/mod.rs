//! A heap snapshot in V8's format, for Chrome's DevTools and the programs that read its files.
//!
//! ```text
//!  Snapshot ─▶ plan     which nodes are written, in which order, and the edges of each
//!               ├─ ids      a number for each, the same in all snapshots of a run
//!               ├─ strings  names, each once
//!               └─ out      numbers and strings as JSON
//! ```
//!
//! The form is what Chrome's DevTools, memlab and v8-heapsnapshot all read without a word of complaint
//! (`docs/decisions/0046-a-heap-snapshot-for-three-readers.md`):
//!
//! ```text
//!  "" ─▶ (GC roots) ─┬▶ (Continuations) ─▶ Continuation of $main ─ top ─▶ frame $main ─ slot ─▶ $node ─ $next ─▶ $node
//!                    ├▶ (Globals) ─▶ global 0 $list ─ value ─▶ $node      │ caller
//!                    ├▶ (Tables), (Element segments), (Host handles)      ▼
//!                    └▶ (Weak handles) ─▶ weak handle ─ weak ─▶ …         frame $start
//! ```
//!
//! A continuation has an edge to each of its frames, not to the innermost only: a frame does not keep its
//! callers, and retained sizes are those of the snapshot.

mod ids;
mod out;
mod plan;
#[cfg(test)]
mod readers;
mod strings;
#[cfg(test)]
pub(crate) mod tests;

use crate::Snapshot;
use out::Out;
use plan::Plan;
use std::io::{self, Write};
use strings::Strings;

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Continuations that nothing refers to and that the store has not ended yet are written too, below
    /// `(Forgotten)`, with what they hold. They count as roots there: what a forgotten and a live
    /// continuation share is retained by neither.
    pub forgotten: bool,
}

/// Why a snapshot was not written, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The writer failed.
    #[error("could not write the heap snapshot: {0}")]
    Io(#[from] io::Error),
    /// There are more nodes than the format's readers can number.
    #[error("{0} nodes are more than a heap snapshot can have: {most}", most = plan::MOST_NODES)]
    TooManyNodes(usize),
    /// The names together are longer than the readers can hold.
    #[error(
        "names of {0} bytes in all are more than a heap snapshot can have: {most}",
        most = strings::MOST_BYTES
    )]
    TooManyNames(usize),
}

/// Field names and types as V8 writes them; readers go by the places in these lists.
const META: &str = concat!(
    r#"{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],"#,
    r#""node_types":[["hidden","array","string","object","code","closure","regexp","number","native","#,
    r#""synthetic","concatenated string","sliced string","symbol","bigint","object shape"],"#,
    r#""string","number","number","number","number","number"],"#,
    r#""edge_fields":["type","name_or_index","to_node"],"#,
    r#""edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"#,
    r#""string_or_number","node"],"#,
    r#""trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"#,
    r#""trace_node_fields":["id","function_info_index","count","size","children"],"#,
    r#""sample_fields":["timestamp_us","last_assigned_id"],"#,
    r#""location_fields":["object_index","script_id","line","column"]}"#,
);

/// Numbers of a node, as [`META`] has them.
const NODE_FIELDS: u32 = 7;

/// Writes a snapshot as a heap snapshot of V8's format, in pieces: what it takes beside the snapshot is a
/// few words a node, and the names.
///
/// Objects have the same id in all snapshots of a run if their identities were followed, continuations and
/// frames always. What nothing refers to is left out.
///
/// # Errors
/// The writer fails, or there is more than the format can number.
///
/// # Examples
/// ```
/// use mangrove_inspect::Snapshot;
/// use mangrove_inspect::faces::devtools::{self, Options};
/// use mangrove_inspect::snapshot::{About, Builder};
///
/// let snapshot: Snapshot = Builder::new().finish(About::default()).unwrap();
/// let mut file = Vec::new();
/// devtools::write(&snapshot, &Options::default(), &mut file).unwrap();
/// assert!(file.starts_with(br#"{"snapshot":{"meta":{"node_fields":["type","name","id","#));
/// ```
pub fn write(snapshot: &Snapshot, options: &Options, writer: impl Write) -> Result<(), WriteError> {
    let plan = Plan::new(snapshot, options)?;
    let mut strings = Strings::new(snapshot);
    let mut out = Out::new(writer);
    out.text(r#"{"snapshot":{"meta":"#)?;
    out.text(META)?;
    out.text(r#","node_count":"#)?;
    out.number(plan.node_count())?;
    out.text(r#","edge_count":"#)?;
    out.number(plan.edge_count())?;
    out.text(",\"trace_function_count\":0},\n\"nodes\":[")?;
    for ordinal in plan.ordinals() {
        let node = plan.node(&mut strings, ordinal);
        let edges = plan.edges_of(ordinal);
        out.row(&[node.ty, node.name, node.id, node.size, edges, 0, 0])?;
    }
    out.text("],\n\"edges\":[")?;
    for ordinal in plan.ordinals() {
        let mut result = Ok(());
        plan.each_edge(&mut strings, ordinal, |edge| {
            if result.is_ok() {
                result = out.row(&[edge.ty, edge.name, edge.to * NODE_FIELDS]);
            }
        });
        result?;
    }
    out.text(
        "],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[],\n\"strings\":[",
    )?;
    strings.check()?;
    for string in strings.all() {
        out.string(string)?;
    }
    out.text("]}\n")?;
    out.finish()?;
    Ok(())
}
