//! One snapshot, or several with what changed between them, as one HTML file that needs
//! nothing else: no server, no network, no other file.
//!
//! ```text
//!  page.html ─┬─ a policy that lets nothing in, and nothing run but what is named by its hash
//!             ├─ style    css/*.css
//!             ├─ data     JSON: totals of everything, columns of the nodes that are chosen
//!             └─ script   js/*.js, in the order of the list below
//! ```
//!
//! What needs a whole snapshot is asked here; the script walks what is in the page. Names come
//! from outside: they are made printable here, they are data in the page, and the script makes
//! them texts and never markup.

mod changes;
mod columns;
mod escape;
mod facts;
mod moment;
mod names;
mod objects;
mod options;
mod select;
#[cfg(test)]
mod tests;

pub use options::{PageError, PageOptions};

use crate::Snapshot;
use crate::questions::Diff;
use crate::snapshot::NodeId;
use changes::{Changes, Side, entered, left};
use escape::{hash, json, markup};
use facts::Facts;
use moment::Moment;
use select::Selection;
use std::io::{self, BufWriter, Write};

/// More snapshots than a page has room for.
const MOMENTS: usize = 16;

const HTML: &str = include_str!("page.html");

/// The style, in order.
const STYLES: &[&str] = &[
    include_str!("css/base.css"),
    include_str!("css/parts.css"),
    include_str!("css/views.css"),
];

/// The script: one function around all files, so that each sees what those before it define.
const SCRIPTS: &[&str] = &[
    "(() => {\n\"use strict\";\n",
    include_str!("js/data.js"),
    include_str!("js/names.js"),
    include_str!("js/ways.js"),
    include_str!("js/dom.js"),
    include_str!("js/list.js"),
    include_str!("js/drawing.js"),
    include_str!("js/node.js"),
    include_str!("js/overview.js"),
    include_str!("js/stacks.js"),
    include_str!("js/tables.js"),
    include_str!("js/tree.js"),
    include_str!("js/changes.js"),
    include_str!("js/search.js"),
    include_str!("js/keys.js"),
    include_str!("js/main.js"),
    "})();\n",
];

/// Writes a page of one snapshot, or of several of one program with what changed from each to
/// the next.
///
/// ```
/// # #[cfg(feature = "samples")] {
/// use mangrove_inspect::faces::page::{self, PageOptions};
/// use mangrove_inspect::snapshot::samples::generators;
///
/// let snapshot = generators(100, 10)?;
/// let mut html = Vec::new();
/// page::write(&[&snapshot], &PageOptions::default(), &mut html)?;
/// assert!(html.starts_with(b"<!DOCTYPE html>"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no snapshot, one was not taken, there are too many, or `out` says so.
pub fn write(
    snapshots: &[&Snapshot],
    options: &PageOptions,
    out: impl Write,
) -> Result<(), PageError> {
    let last = snapshots.last().ok_or(PageError::NoSnapshot)?;
    if snapshots.len() > MOMENTS {
        return Err(PageError::TooManySnapshots {
            given: snapshots.len(),
            most: MOMENTS,
        });
    }
    if snapshots.iter().any(|snapshot| snapshot.nodes().is_empty()) {
        return Err(PageError::Empty);
    }
    let title = options.title.clone().unwrap_or_else(|| title(last));
    let mut out = BufWriter::new(out);
    let (style, script) = (STYLES.concat(), SCRIPTS.concat());
    let mut rest = HTML;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, behind) = behind.split_once("}}").unwrap_or((behind, ""));
        out.write_all(before.as_bytes())?;
        match name {
            "title" => out.write_all(markup(&mangrove::printable(&title)).as_bytes())?,
            "style-hash" => out.write_all(hash(&style).as_bytes())?,
            "script-hash" => out.write_all(hash(&script).as_bytes())?,
            "style" => out.write_all(style.as_bytes())?,
            "script" => out.write_all(script.as_bytes())?,
            "data" => data(snapshots, options, &mut out)?,
            other => return Err(io::Error::other(format!("page.html names {other}")).into()),
        }
        rest = behind;
    }
    out.write_all(rest.as_bytes())?;
    Ok(out.flush()?)
}

fn title(snapshot: &Snapshot) -> String {
    let about = snapshot.about();
    match (about.program.as_str(), about.moment.as_str()) {
        ("", "") => "A moment".to_owned(),
        ("", moment) => moment.to_owned(),
        (program, "") => program.to_owned(),
        (program, moment) => format!("{program} at {moment}"),
    }
}

/// Each snapshot is asked, written and forgotten before the next.
fn data(snapshots: &[&Snapshot], options: &PageOptions, out: &mut impl Write) -> io::Result<()> {
    let pairs = snapshots.windows(2);
    let diffs: Vec<Diff> = pairs.map(|pair| Diff::of(pair[0], pair[1])).collect();
    let mut selections = Vec::new();
    out.write_all(b"{\"page\":1,\"moments\":[")?;
    for (index, &snapshot) in snapshots.iter().enumerate() {
        let before = index.checked_sub(1);
        let earlier = before.map(|before| (snapshots[before], &diffs[before]));
        let facts = Facts::of(snapshot, earlier, snapshots.len() > 1);
        let entered = earlier.into_iter().flat_map(|(_, diff)| entered(diff));
        let left = diffs.get(index).into_iter().flat_map(left);
        let changed: Vec<NodeId> = entered.chain(left).collect();
        let selection = Selection::of(&facts, &changed, options);
        if index > 0 {
            out.write_all(b",")?;
        }
        json(&Moment::of(&facts, &selection, options), out)?;
        selections.push(selection);
    }
    out.write_all(b"],\"changes\":[")?;
    for (index, diff) in diffs.iter().enumerate() {
        let side = |moment: usize| Side {
            snapshot: snapshots[moment],
            moment,
            selection: &selections[moment],
        };
        if index > 0 {
            out.write_all(b",")?;
        }
        json(&Changes::of(diff, side(index), side(index + 1)), out)?;
    }
    out.write_all(b"]}")
}
