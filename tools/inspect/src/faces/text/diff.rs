//! What changed since an earlier snapshot.

use super::lists::stands_at;
use super::table::{Side, Table};
use super::{Page, Paint, bytes, count};
use crate::faces::Asked;
use crate::questions::{Count, Diff, StackChange, TypeChange};
use crate::snapshot::{NodeId, Snapshot};
use std::io;

/// What changed.
pub(super) fn page(
    page: &mut Page<'_>,
    asked: &Asked<'_>,
    before: &Snapshot,
    diff: &Diff,
) -> io::Result<()> {
    let after = asked.snapshot();
    let (from, to) = (
        super::summary::moment(before),
        super::summary::moment(after),
    );
    page.painted(0, Paint::Title, &format!("from {from} to {to}"))?;
    let heads = [
        ("", Side::Left),
        ("before", Side::Right),
        ("after", Side::Right),
        ("change", Side::Right),
        ("bytes", Side::Right),
    ];
    let mut table = Table::new(2, &heads);
    for (name, before, after) in [
        (
            "continuations",
            diff.before_continuations,
            diff.after_continuations,
        ),
        ("objects", diff.before_objects, diff.after_objects),
    ] {
        table.row([
            name.to_owned(),
            count(before.count),
            count(after.count),
            change(before.count, after.count),
            byte_change(before, after),
        ]);
    }
    page.table(&table)?;
    stacks(page, before, after, &diff.stacks)?;
    types(page, before, after, &diff.types)?;
    one_by_one(page, before, after, diff)?;
    match diff.limits() {
        Some(why) => {
            page.gap()?;
            page.painted(0, Paint::Dim, why)
        }
        None => Ok(()),
    }
}

/// A change of a number, with its sign.
pub(super) fn change(before: u64, after: u64) -> String {
    match after.cmp(&before) {
        std::cmp::Ordering::Less => format!("-{}", count(before - after)),
        std::cmp::Ordering::Equal => "0".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", count(after - before)),
    }
}

fn byte_change(before: Count, after: Count) -> String {
    let sign = if after.bytes < before.bytes { "-" } else { "+" };
    match after.bytes.abs_diff(before.bytes) {
        0 => "0".to_owned(),
        bytes_changed => format!("{sign}{}", bytes(bytes_changed)),
    }
}

fn colour(before: Count, after: Count) -> Paint {
    match after.count.cmp(&before.count) {
        std::cmp::Ordering::Less => Paint::Minus,
        std::cmp::Ordering::Equal => Paint::Plain,
        std::cmp::Ordering::Greater => Paint::Plus,
    }
}

fn stacks(
    page: &mut Page<'_>,
    before: &Snapshot,
    after: &Snapshot,
    changes: &[StackChange],
) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    page.section("continuations by where they stand")?;
    let heads = [
        ("change", Side::Right),
        ("before", Side::Right),
        ("after", Side::Right),
        ("bytes", Side::Right),
        ("where", Side::Left),
    ];
    let mut table = Table::new(2, &heads);
    let most = page.look().most;
    for line in changes.iter().take(most) {
        let place = match (line.after_stack, line.after_origin) {
            (Some(stack), Some(origin)) => stands_at(after, stack, origin),
            _ => stands_at(
                before,
                line.before_stack.unwrap_or(u32::MAX),
                line.before_origin.unwrap_or(u32::MAX),
            ),
        };
        let cells = [
            change(line.before.count, line.after.count),
            count(line.before.count),
            count(line.after.count),
            byte_change(line.before, line.after),
            place,
        ];
        table.painted(colour(line.before, line.after), cells);
    }
    page.table(&table)?;
    page.more(2, most, changes.len())
}

fn types(
    page: &mut Page<'_>,
    before: &Snapshot,
    after: &Snapshot,
    changes: &[TypeChange],
) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    page.section("objects by type")?;
    let heads = [
        ("change", Side::Right),
        ("before", Side::Right),
        ("after", Side::Right),
        ("bytes", Side::Right),
        ("entered", Side::Right),
        ("left", Side::Right),
        ("type", Side::Left),
    ];
    let mut table = Table::new(2, &heads);
    let most = page.look().most;
    for line in changes.iter().take(most) {
        let name = match (line.after_type, line.before_type) {
            (Some(ty), _) => after.type_name(ty),
            (None, Some(ty)) => before.type_name(ty),
            (None, None) => String::new(),
        };
        let known = |number: Option<Count>| {
            number.map_or_else(|| "?".to_owned(), |number| count(number.count))
        };
        let cells = [
            change(line.before.count, line.after.count),
            count(line.before.count),
            count(line.after.count),
            byte_change(line.before, line.after),
            known(line.entered),
            known(line.left),
            name,
        ];
        table.painted(colour(line.before, line.after), cells);
    }
    page.table(&table)?;
    page.more(2, most, changes.len())
}

/// Continuations and objects that can be known again.
fn one_by_one(
    page: &mut Page<'_>,
    before: &Snapshot,
    after: &Snapshot,
    diff: &Diff,
) -> io::Result<()> {
    if let Some(changes) = &diff.continuations {
        page.section("continuations one by one")?;
        let text = format!(
            "{} made, {} ended, {} stand elsewhere, {} stand where they stood",
            count(changes.entered.len() as u64),
            count(changes.left.len() as u64),
            count(changes.moved.len() as u64),
            count(changes.stayed.len() as u64),
        );
        page.painted(2, Paint::Plain, &text)?;
        some(page, after, Paint::Plus, "made", &changes.entered)?;
        some(page, before, Paint::Minus, "ended", &changes.left)?;
    }
    if let Some(changes) = &diff.objects {
        page.section("objects one by one")?;
        let text = format!(
            "{} entered, {} left, {} are in both",
            count(changes.entered.len() as u64),
            count(changes.left.len() as u64),
            count(changes.stayed),
        );
        page.painted(2, Paint::Plain, &text)?;
        some(page, after, Paint::Plus, "entered", &changes.entered)?;
        some(page, before, Paint::Minus, "left", &changes.left)?;
    }
    Ok(())
}

/// The first of some nodes.
fn some(
    page: &mut Page<'_>,
    snapshot: &Snapshot,
    paint: Paint,
    what: &str,
    nodes: &[NodeId],
) -> io::Result<()> {
    const FEW: usize = 5;
    let few = FEW.min(page.look().most);
    for &node in nodes.iter().take(few) {
        let text = format!("{what}: {}", snapshot.title(node));
        page.painted(4, paint, &text)?;
    }
    match nodes.len() - few.min(nodes.len()) {
        0 => Ok(()),
        more => {
            let text = format!("and {} more", count(more as u64));
            page.painted(4, Paint::Dim, &text)
        }
    }
}
