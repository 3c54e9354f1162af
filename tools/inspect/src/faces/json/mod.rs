//! Snapshots and answers as JSON: one document for each view, of the form that
//! `docs/schema/roots.schema.json` describes.
//!
//! ```text
//!  document   format, version, view, moment, totals ─┬─ items    roots, stacks, shapes, types, …
//!                                                    └─ answers  why, dropped, diff, open
//! ```
//!
//! Lists are written item by item, and so is what is in an item, so that a document takes the
//! memory of a few items, however long it is. A list that is cut says so: beside `shapes` there
//! is `shapes_omitted`.

mod answers;
mod items;
mod open;
mod sums;
mod writer;

use super::text::FaceError;
use super::{Asked, View};
use crate::Snapshot;
use crate::snapshot::NodeId;
use answers::Reasons;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::io::Write;

/// The name of the format, in each document.
pub const FORMAT: &str = "mangrove-roots";
/// Its version. The first one had no name and no number.
pub const VERSION: u32 = 3;

/// Writes a view as a document. Lists have at most so many items.
///
/// # Errors
/// As [`super::text::write`].
///
/// # Examples
/// ```
/// # #[cfg(feature = "samples")] {
/// use mangrove_inspect::faces::{Asked, View, json};
/// use mangrove_inspect::snapshot::samples;
///
/// let snapshot = samples::generators(3, 4)?;
/// let mut text = Vec::new();
/// json::write(&Asked::new(&snapshot), &View::Shapes, 1000, &mut text)?;
/// let document: serde_json::Value = serde_json::from_slice(&text)?;
/// assert_eq!((&document["version"], &document["view"]), (&3.into(), &"shapes".into()));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(
    asked: &Asked<'_>,
    view: &View,
    most: usize,
    to: &mut dyn Write,
) -> Result<(), FaceError> {
    // What cannot be answered is found before the document begins.
    let matcher = match view {
        View::List(filter) | View::Stacks(Some(filter)) => Some(asked.matcher(filter)?),
        View::Diff if asked.before().is_none() => return Err(FaceError::NoEarlier),
        _ => None,
    };
    let document = Document {
        asked,
        view,
        most,
        matcher: matcher.as_ref(),
    };
    writer::pretty(&document, &mut *to)?;
    Ok(writeln!(to)?)
}

struct Document<'a> {
    asked: &'a Asked<'a>,
    view: &'a View,
    most: usize,
    matcher: Option<&'a crate::questions::Matcher<'a>>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (asked, most) = (self.asked, self.most);
        let snapshot = asked.snapshot();
        let mut whole = serializer.serialize_map(None)?;
        let map = &mut whole;
        map.serialize_entry("format", FORMAT)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("view", self.view.name())?;
        map.serialize_entry("moment", &moment(snapshot))?;
        let totals = asked.totals();
        map.serialize_entry("root_count", &totals.roots)?;
        map.serialize_entry("empty_count", &totals.empty)?;
        map.serialize_entry("continuations", &totals.continuations)?;
        map.serialize_entry("frames", &totals.frames)?;
        map.serialize_entry("objects", &totals.objects)?;
        map.serialize_entry("object_bytes", &totals.object_bytes)?;
        map.serialize_entry("forgotten", &totals.forgotten)?;
        match self.view {
            View::Summary => {
                suspects(map, asked, most)?;
                shapes(map, asked, most)?;
                types(map, asked, most)?;
                roots(map, asked, most)?;
            }
            View::Roots => roots(map, asked, most)?,
            View::Stacks(_) => {
                let all = items::continuations(asked, self.matcher);
                let item = |&id: &NodeId| items::Stack { asked, id, most };
                list(map, "stacks", &all, most, item)?;
            }
            View::Shapes => shapes(map, asked, most)?,
            View::Types => {
                types(map, asked, most)?;
                map.serialize_entry("memory", &sums::memory(asked.statistics()))?;
            }
            View::Suspects => suspects(map, asked, most)?,
            View::Diff => answers::diff(map, asked, most)?,
            View::Open { node, depth } => {
                let opened = open::Opened::new(asked, most);
                map.serialize_entry("open", &opened.node(*node, *depth))?;
            }
            View::Why { node, ways } => {
                map.serialize_entry("why", &Reasons::of(asked, *node, *ways))?;
            }
            View::Dropped(gone) => answers::dropped(map, asked, gone, most)?,
            View::List(_) => {
                let all = self.matcher.map(|meant| super::text::largest(asked, meant));
                let item = |&node: &NodeId| items::sized(asked, node);
                list(map, "nodes", &all.unwrap_or_default(), most, item)?;
            }
        }
        whole.end()
    }
}

/// When the snapshot was taken, and what the store counted then.
fn moment(snapshot: &Snapshot) -> Value {
    let about = snapshot.about();
    let counts: serde_json::Map<String, Value> = about
        .counts
        .iter()
        // Snapshots that were saved long ago have names of several words.
        .map(|(name, count)| (name.replace(' ', "_"), (*count).into()))
        .collect();
    json!({
        "moment": about.moment,
        "program": about.program,
        "number": about.number,
        "run": format!("{:016x}", about.run),
        "seconds": about.seconds,
        "mangrove": about.version,
        "minor_collections": about.minor_collections,
        "full_collections": about.full_collections,
        "created": about.created,
        "heap_used": about.heap_used,
        "heap_committed": about.heap_committed,
        "stack_bytes": about.stack_bytes,
        "parked_bytes": about.parked_bytes,
        "stack_committed": about.stack_committed,
        "counts": counts,
    })
}

/// A list, and how much of it is left out.
fn list<'t, M: SerializeMap, T, V: Serialize>(
    map: &mut M,
    name: &str,
    all: &'t [T],
    most: usize,
    item: impl Fn(&'t T) -> V,
) -> Result<(), M::Error> {
    writer::first(map, name, (most, all.len()), || all.iter().map(&item))
}

fn roots<M: SerializeMap>(map: &mut M, asked: &Asked<'_>, most: usize) -> Result<(), M::Error> {
    let listed = items::root_places(asked).count();
    writer::first(map, "roots", (most, listed), || items::roots(asked))
}

fn suspects<M: SerializeMap>(map: &mut M, asked: &Asked<'_>, most: usize) -> Result<(), M::Error> {
    let all = &asked.suspects().all;
    list(map, "suspects", all, most, |suspect| {
        sums::suspect(asked, suspect)
    })
}

fn shapes<M: SerializeMap>(map: &mut M, asked: &Asked<'_>, most: usize) -> Result<(), M::Error> {
    let all = asked.shapes().all();
    list(map, "shapes", all, most, |shape| sums::ShapeItem {
        asked,
        shape,
        most,
    })
}

fn types<M: SerializeMap>(map: &mut M, asked: &Asked<'_>, most: usize) -> Result<(), M::Error> {
    let all = &asked.statistics().types;
    list(map, "types", all, most, |line| sums::type_line(asked, line))
}
