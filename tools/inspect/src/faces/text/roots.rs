//! Every root, grouped by continuation, then frame.
//!
//! ```text
//! 2 roots, 2 continuations, 3 frames; 5 objects reachable, 96 bytes
//!
//! continuation 1 of $gen, suspended
//!   frame 0: $gen at 0x5c
//!     fp-24 (local 0 $head)  ref   $node @0x1040
//!     fp-112                 cont  continuation 7 of $other
//! ```

use super::table::{Side, Table};
use super::{Page, Paint, counted};
use crate::faces::outline::{self, frames, has_places, kind, parts};
use crate::faces::{Asked, Totals};
use crate::snapshot::{At, Kind, Node, NodeId, Part, Snapshot};
use std::io;

/// Every root, or as many as the look has room for.
pub(super) fn page(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let all = asked.totals();
    page.line(&totals(&all))?;
    if all.empty > 0 {
        let empty = counted(all.empty, "more place");
        let text = format!("no reference to anything (null, numbers, functions) in {empty}");
        page.painted(0, Paint::Dim, &text)?;
    }
    list(page, asked)
}

/// How much there is, in a line.
pub(super) fn totals(totals: &Totals) -> String {
    let mut text = format!(
        "{}, {}, {}; {} reachable, {}",
        counted(totals.roots, "root"),
        counted(totals.continuations, "continuation"),
        counted(totals.frames, "frame"),
        counted(totals.objects, "object"),
        counted(totals.object_bytes, "byte"),
    );
    if totals.forgotten > 0 {
        let forgotten = counted(totals.forgotten, "continuation");
        text.push_str(&format!("; {forgotten} forgotten"));
    }
    text
}

/// The groups, as far as the look has room.
pub(super) fn list(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let all = asked.totals().listed;
    let mut left = page.look().most as u64;
    let (chain, others) = outline::continuations(asked.snapshot());
    for &node in &chain {
        continuation(page, asked, node, &mut left)?;
    }
    outside(page, asked.snapshot(), &mut left)?;
    for &node in &others {
        if left == 0 {
            break;
        }
        continuation(page, asked, node, &mut left)?;
    }
    let shown = page.look().most as u64 - left;
    match all > shown {
        true => {
            page.gap()?;
            page.more(0, shown as usize, all as usize)
        }
        false => Ok(()),
    }
}

/// A continuation's title with what it does: `continuation 3 of $gen, suspended, parked`.
pub(in crate::faces) fn state(snapshot: &Snapshot, node: NodeId) -> String {
    let mut text = snapshot.title(node);
    if let Some(row) = snapshot.nodes().continuation(node) {
        text.push_str(&format!(", {}", row.state.name()));
        if row.parked && row.frames > 0 {
            text.push_str(", parked");
        }
    }
    text
}

fn continuation(
    page: &mut Page<'_>,
    asked: &Asked<'_>,
    node: NodeId,
    left: &mut u64,
) -> io::Result<()> {
    let snapshot = asked.snapshot();
    if !asked.dominators().is_reachable(node) || *left == 0 {
        return Ok(());
    }
    let holders = frames(snapshot, node).filter(|&frame| has_places(snapshot, frame));
    let holders: Vec<NodeId> = holders.collect();
    let bound = has_places(snapshot, node);
    if holders.is_empty() && !bound {
        return Ok(());
    }
    page.section(&state(snapshot, node))?;
    if bound {
        page.painted(2, Paint::Plain, "bound arguments")?;
        places(page, snapshot, node, left)?;
    }
    for frame in holders {
        if *left == 0 {
            break;
        }
        page.painted(2, Paint::Plain, &frame_title(snapshot, frame))?;
        inlined(page, snapshot, frame)?;
        places(page, snapshot, frame, left)?;
    }
    Ok(())
}

/// A frame below its continuation's title: `frame 0: $gen at 0x5c`.
pub(in crate::faces) fn frame_title(snapshot: &Snapshot, frame: NodeId) -> String {
    match snapshot.nodes().frame(frame) {
        Some(row) => format!("frame {}: {}", row.index, snapshot.site_text(row.site)),
        None => snapshot.title(frame),
    }
}

/// The functions that a frame's was inlined into.
pub(super) fn inlined(page: &mut Page<'_>, snapshot: &Snapshot, frame: NodeId) -> io::Result<()> {
    let site = snapshot.nodes().frame(frame).map(|row| row.site as usize);
    let Some(site) = site.and_then(|site| snapshot.names().sites.get(site)) else {
        return Ok(());
    };
    for by in &site.inlined {
        let place = snapshot.place_text(by.function, by.offset, by.line.as_ref());
        page.painted(4, Paint::Dim, &format!("inlined into {place}"))?;
    }
    Ok(())
}

/// What a node holds, a line for each place.
fn places(
    page: &mut Page<'_>,
    snapshot: &Snapshot,
    node: NodeId,
    left: &mut u64,
) -> io::Result<()> {
    let mut table = Table::plain(4, [Side::Left; 3]);
    let room = usize::try_from(*left).unwrap_or(usize::MAX);
    for part in parts(snapshot, node).take(room) {
        let place = snapshot.place_name(node, part.at);
        add(&mut table, snapshot, node, place, &part);
        *left -= 1;
    }
    page.table(&table)
}

fn add(table: &mut Table, snapshot: &Snapshot, node: NodeId, place: String, part: &Part) {
    let kind = kind(snapshot, node, part).unwrap_or_default();
    table.row([place, kind.to_owned(), snapshot.value_text(&part.value)]);
}

/// Globals, tables, segments and handles.
fn outside(page: &mut Page<'_>, snapshot: &Snapshot, left: &mut u64) -> io::Result<()> {
    let nodes = snapshot.nodes();
    let all: Vec<NodeId> = outline::outside(snapshot).collect();
    let of = |kind: Kind| -> Vec<NodeId> {
        let of_kind = all.iter().filter(|&&node| nodes.kind(node) == kind);
        of_kind.copied().collect()
    };
    let (globals, handles) = (of(Kind::Global), of(Kind::Handle));
    let lists = [of(Kind::Table), of(Kind::Segment)].concat();
    if globals.is_empty() && handles.is_empty() && lists.is_empty() || *left == 0 {
        return Ok(());
    }
    page.section("outside of stacks")?;
    singles(page, snapshot, "globals", &globals, left)?;
    for &list in &lists {
        if *left > 0 {
            elements(page, snapshot, list, left)?;
        }
    }
    singles(page, snapshot, "host handles", &handles, left)
}

/// Nodes with a place each.
fn singles(
    page: &mut Page<'_>,
    snapshot: &Snapshot,
    title: &str,
    nodes: &[NodeId],
    left: &mut u64,
) -> io::Result<()> {
    if nodes.is_empty() || *left == 0 {
        return Ok(());
    }
    page.painted(2, Paint::Plain, title)?;
    let mut table = Table::plain(4, [Side::Left; 3]);
    for &node in nodes {
        for part in parts(snapshot, node) {
            if *left > 0 {
                add(&mut table, snapshot, node, snapshot.title(node), &part);
                *left -= 1;
            }
        }
    }
    page.table(&table)
}

/// The elements of a table or segment; null ones together.
fn elements(
    page: &mut Page<'_>,
    snapshot: &Snapshot,
    node: NodeId,
    left: &mut u64,
) -> io::Result<()> {
    let len = match snapshot.nodes().get(node) {
        Node::Static(_, row) => row.len,
        _ => 0,
    };
    if !has_places(snapshot, node) {
        return Ok(());
    }
    page.painted(2, Paint::Plain, &snapshot.title(node))?;
    let mut table = Table::plain(4, [Side::Left; 3]);
    let mut next = 0;
    for part in outline::elements(snapshot, node) {
        let At::Item(index) = part.at else { continue };
        nulls(&mut table, next, index.into());
        if *left == 0 {
            return page.table(&table);
        }
        add(&mut table, snapshot, node, format!("[{index}]"), &part);
        *left -= 1;
        next = u64::from(index) + 1;
    }
    nulls(&mut table, next, len);
    page.table(&table)
}

/// The null elements from one to before another, which take one line.
fn nulls(table: &mut Table, from: u64, to: u64) {
    let many = to.saturating_sub(from);
    if many == 0 {
        return;
    }
    let place = match many {
        1 => format!("[{from}]"),
        _ => format!("[{from}] to [{}]", to - 1),
    };
    table.row([place, String::new(), "null".to_owned()]);
}
