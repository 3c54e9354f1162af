//! Continuations with their frames, the running chain first.

use super::roots::{frame_title, inlined, state};
use super::table::{Side, Table};
use super::{Page, Paint, bytes, counted};
use crate::faces::Asked;
use crate::faces::outline::{self, frames, parts};
use crate::questions::Matcher;
use crate::snapshot::{NodeId, Snapshot};
use std::io;

/// All continuations, or those that are meant, as far as the look has room.
pub(super) fn page(
    page: &mut Page<'_>,
    asked: &Asked<'_>,
    meant: Option<&Matcher<'_>>,
) -> io::Result<()> {
    let (chain, others) = outline::continuations(asked.snapshot());
    let mut all = [chain, others].concat();
    all.retain(|&node| meant.is_none_or(|meant| meant.matches(node)));
    let what = counted(all.len() as u64, "continuation");
    page.line(&what)?;
    for &node in all.iter().take(page.look().most) {
        page.gap()?;
        stack(page, asked, node)?;
    }
    if all.len() > page.look().most {
        page.gap()?;
    }
    let shown = page.look().most;
    page.more(0, shown, all.len())
}

/// A continuation: what it is, then its frames with what is in their slots.
pub(super) fn stack(page: &mut Page<'_>, asked: &Asked<'_>, node: NodeId) -> io::Result<()> {
    let snapshot = asked.snapshot();
    page.painted(0, Paint::Title, &state(snapshot, node))?;
    for line in about(asked, node) {
        page.painted(2, Paint::Dim, &line)?;
    }
    let bound: Vec<_> = parts(snapshot, node).collect();
    if !bound.is_empty() {
        let mut table = Table::plain(4, [Side::Left; 2]);
        for part in &bound {
            let place = snapshot.place_name(node, part.at);
            table.row([place, snapshot.value_text(&part.value)]);
        }
        page.table(&table)?;
    }
    let all: Vec<NodeId> = frames(snapshot, node).collect();
    let most = page.look().most;
    for &frame in all.iter().take(most) {
        page.painted(2, Paint::Plain, &frame_title(snapshot, frame))?;
        inlined(page, snapshot, frame)?;
        let mut table = Table::plain(4, [Side::Left; 2]);
        for part in parts(snapshot, frame) {
            let place = snapshot.place_name(frame, part.at);
            table.row([place, snapshot.value_text(&part.value)]);
        }
        page.table(&table)?;
    }
    page.more(2, most, all.len())
}

/// Where a continuation was made, and what it takes.
fn about(asked: &Asked<'_>, node: NodeId) -> Vec<String> {
    let snapshot = asked.snapshot();
    let Some(row) = snapshot.nodes().continuation(node) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(made) = made(snapshot, row.origin) {
        lines.push(made);
    }
    let retains = bytes(asked.dominators().retained(node));
    let mut takes = format!(
        "age {}, {} of stack, retains {retains}",
        counted(row.age.into(), "full collection"),
        bytes(row.stack_bytes.into()),
    );
    if let Some(first) = row.clone_of {
        takes.push_str(&format!("; a clone of {first}"));
    }
    if !asked.dominators().is_reachable(node) {
        takes.push_str("; forgotten: the next full collection ends it");
    }
    lines.push(takes);
    lines
}

/// Where continuations of an origin were made: `made in $main at 0x31`.
pub(super) fn made(snapshot: &Snapshot, origin: u32) -> Option<String> {
    let origin = snapshot.names().origins.get(origin as usize)?;
    let maker = origin.maker?;
    let place = snapshot.place_text(maker, origin.offset, origin.line.as_ref());
    Some(format!("made in {place}"))
}
