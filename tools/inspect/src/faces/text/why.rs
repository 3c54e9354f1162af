//! Why a node is alive, and what would die without some.

use super::table::{Side, Table};
use super::{Page, Paint, bytes, count, counted, lists, share};
use crate::Snapshot;
use crate::faces::Asked;
use crate::questions::{Dropped, Gone, Link, Shape, Way, ways};
use crate::snapshot::{At, Kind, NodeId};
use std::io;

/// Steps of a way that are shown at most: of a long one, the ends matter.
const STEPS: usize = 24;
/// So many links of one kind are shown as the first, how many more, and the last.
const RUN: usize = 4;

/// The ways from the roots to a node.
pub(super) fn page(
    page: &mut Page<'_>,
    asked: &Asked<'_>,
    node: NodeId,
    most: usize,
) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let why = ways(snapshot, asked.retainers(), node, most);
    let retains = bytes(asked.dominators().retained(node));
    let references = counted(why.references as u64, "reference");
    let title = format!(
        "{}: {references} to it, retains {retains}",
        snapshot.title(node)
    );
    page.painted(0, Paint::Title, &title)?;
    if why.ways.is_empty() && node != NodeId::ROOTS {
        page.line("the roots do not reach it: the next full collection ends it")?;
        for &link in &why.referrers {
            let from = snapshot.title(link.from);
            let place = snapshot.place_name(link.from, link.at);
            page.painted(2, Paint::Plain, &format!("{place} of {from} refers to it"))?;
        }
    }
    let several = why.ways.len() > 1;
    for (number, way) in (1..).zip(&why.ways) {
        if several {
            page.section(&format!("way {number}"))?;
        }
        self::way(page, snapshot, way)?;
    }
    if why.more && !several {
        let hint = "there are more ways (--ways 5 shows more of them)";
        page.painted(0, Paint::Dim, hint)?;
    } else if why.more {
        page.painted(0, Paint::Dim, "there are more ways")?;
    }
    for &weak in &why.weak {
        let text = format!(
            "{} refers to it too, and keeps nothing alive",
            snapshot.title(weak)
        );
        page.painted(0, Paint::Dim, &text)?;
    }
    match why.ways.first() {
        Some(way) => one_cut(page, asked, node, way),
        None => Ok(()),
    }
}

/// A way from the roots down: a line for each reference, but of many in a row that are alike, as
/// in a list, the first and the last.
pub(super) fn way(page: &mut Page<'_>, snapshot: &Snapshot, way: &Way) -> io::Result<()> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for run in way.links.chunk_by(|one, next| alike(snapshot, one, next)) {
        match run {
            [first, between @ .., last] if run.len() >= RUN => {
                steps.push(Step::Link(first));
                steps.push(Step::More(between.len(), first));
                steps.push(Step::Link(last));
            }
            few => steps.extend(few.iter().map(Step::Link)),
        }
    }
    let omitted = steps.len().saturating_sub(STEPS);
    let behind = STEPS / 2;
    for (index, step) in steps.iter().enumerate() {
        match index {
            _ if omitted > 0 && index == behind => {
                let text = format!("  … {} more steps …", count(omitted as u64));
                page.painted(2, Paint::Dim, &text)?;
            }
            _ if omitted > 0 && (behind..behind + omitted).contains(&index) => {}
            _ => step.show(page, snapshot)?,
        }
    }
    Ok(())
}

/// A line of a way.
enum Step<'a> {
    Link(&'a Link),
    /// So many links that are like this one.
    More(usize, &'a Link),
}

impl Step<'_> {
    fn show(&self, page: &mut Page<'_>, snapshot: &Snapshot) -> io::Result<()> {
        match self {
            Self::Link(link) => step(page, snapshot, link),
            Self::More(many, link) => {
                let place = snapshot.place_name(link.from, link.at);
                let text = format!("  … {} more times {place} …", count(*many as u64));
                page.painted(2, Paint::Dim, &text)
            }
        }
    }
}

/// Whether two links lead from the same place of objects of one type.
fn alike(snapshot: &Snapshot, one: &Link, next: &Link) -> bool {
    let ty = |node| snapshot.nodes().object(node).map(|row| row.ty);
    let places = one.at == next.at || matches!((one.at, next.at), (At::Element(_), At::Element(_)));
    places && ty(one.from).is_some() && ty(one.from) == ty(next.from)
}

fn step(page: &mut Page<'_>, snapshot: &Snapshot, link: &Link) -> io::Result<()> {
    let to = snapshot.title(link.to);
    let text = match link.at {
        At::Root => match snapshot.nodes().kind(link.to) {
            Kind::Continuation => format!("{to}, on the running chain"),
            _ => to,
        },
        // The frame says whose it is and which.
        At::Frame(_) => format!("  {to}"),
        at => format!("  {} -> {to}", snapshot.place_name(link.from, at)),
    };
    page.painted(2, Paint::Plain, &text)
}

/// Which single reference away the node would die: its nearest dominator that is not its own
/// continuation says where to cut.
fn one_cut(page: &mut Page<'_>, asked: &Asked<'_>, node: NodeId, way: &Way) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let dominates = |outer: NodeId| {
        let mut next = asked.dominators().dominator(node);
        // Of a long list each node dominates the next: the way has as many links.
        for _ in 0..=way.links.len() {
            match next {
                Some(found) if found == outer => return true,
                Some(found) => next = asked.dominators().dominator(found),
                None => return false,
            }
        }
        false
    };
    let Some(first) = way.links.first().map(|link| link.to) else {
        return Ok(());
    };
    let text = match node == first || dominates(first) {
        true if node == first => return Ok(()),
        true => format!(
            "nothing else keeps it alive: without {} it dies",
            snapshot.title(first)
        ),
        false => format!(
            "more than this keeps it alive: without {} it lives on",
            snapshot.title(first)
        ),
    };
    page.painted(0, Paint::Plain, &text)
}

/// What would die if some were gone.
pub(super) fn dropped(page: &mut Page<'_>, asked: &Asked<'_>, gone: &[Gone]) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let dropped = Dropped::of(snapshot, gone);
    let names: Vec<String> = gone.iter().map(|gone| named(snapshot, *gone)).collect();
    page.painted(0, Paint::Title, &format!("without {}", names.join(", ")))?;
    let all = asked.statistics().bytes;
    page.line(&format!(
        "{} would be free ({} of what lives): {} ({}), {}, {}",
        bytes(dropped.bytes),
        share(dropped.bytes, all),
        counted(dropped.objects, "object"),
        bytes(dropped.object_bytes),
        counted(dropped.frames, "frame"),
        counted(dropped.continuations.len() as u64, "continuation"),
    ))?;
    for &dead in &dropped.dead {
        let dead = named(snapshot, dead);
        page.line(&format!("{dead} is not alive: nothing dies with it"))?;
    }
    let most = page.look().most;
    if !dropped.types.is_empty() {
        page.section("objects by type")?;
        let heads = [
            ("objects", Side::Right),
            ("bytes", Side::Right),
            ("type", Side::Left),
        ];
        let mut table = Table::new(2, &heads);
        for line in dropped.types.iter().take(most) {
            let name = snapshot.type_name(line.ty);
            table.row([count(line.objects), bytes(line.bytes), name]);
        }
        page.table(&table)?;
        page.more(2, most, dropped.types.len())?;
    }
    if !dropped.continuations.is_empty() {
        page.section("continuations by shape")?;
        let dominators = Some(asked.dominators());
        let shapes = asked
            .shapes()
            .among(snapshot, dominators, &dropped.continuations);
        let shapes: Vec<&Shape> = shapes.iter().collect();
        lists::shape_table(page, snapshot, &shapes, most)?;
    }
    Ok(())
}

pub(in crate::faces) fn named(snapshot: &Snapshot, gone: Gone) -> String {
    match gone {
        Gone::Node(node) => snapshot.title(node),
        Gone::Reference { from, at } => {
            format!(
                "{} of {}",
                snapshot.place_name(from, at),
                snapshot.title(from)
            )
        }
    }
}
