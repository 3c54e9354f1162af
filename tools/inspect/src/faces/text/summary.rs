//! The first page: what the moment is, how much there is, what leaks most likely and why, and
//! what can be asked next.

use super::{Page, Paint, bytes, counted, lists, roots};
use crate::Snapshot;
use crate::faces::Asked;
use crate::faces::outline::{self, frames};
use crate::snapshot::NodeId;
use std::io;

/// With so many roots or fewer, each is shown at once.
const FEW_ROOTS: u64 = 50;
/// Lines of each list.
const LINES: usize = 8;
/// Suspects that are shown before the rest.
const SUSPECTS: usize = 5;

/// The first page.
pub(super) fn page(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let totals = asked.totals();
    page.line(&roots::totals(&totals))?;
    about(page, asked.snapshot())?;
    suspects(page, asked, SUSPECTS)?;
    let lines = LINES.min(page.look().most);
    running(page, asked, lines)?;
    match totals.listed <= FEW_ROOTS {
        true => roots::list(page, asked)?,
        false => lists::shape_lines(page, asked, lines)?,
    }
    lists::type_lines(page, asked, lines)?;
    next(page, asked)
}

/// What leaks, most likely, in full.
pub(super) fn suspected(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let all = &asked.suspects().all;
    match all.len() {
        0 => page.line("no suspects: nothing seems to leak"),
        many => {
            page.line(&counted(many as u64, "suspect"))?;
            let most = page.look().most;
            suspects(page, asked, most)
        }
    }
}

/// What a moment is called: `gc:1 of generators.wat`.
pub(super) fn moment(snapshot: &Snapshot) -> String {
    let about = snapshot.about();
    let moment = mangrove::printable(&about.moment);
    let program = mangrove::printable(&about.program);
    match (moment.is_empty(), program.is_empty()) {
        (false, false) => format!("{moment} of {program}"),
        (true, false) => program.into_owned(),
        (false, true) => moment.into_owned(),
        (true, true) => "a moment".to_owned(),
    }
}

fn about(page: &mut Page<'_>, snapshot: &Snapshot) -> io::Result<()> {
    let about = snapshot.about();
    let text = format!(
        "{}, {:.3} s after the start; {} and {}",
        moment(snapshot),
        about.seconds,
        counted(about.minor_collections, "minor collection"),
        counted(about.full_collections, "full one"),
    );
    page.painted(0, Paint::Dim, &text)?;
    let text = format!(
        "heap {} of {}, stacks {} of {}, parked frames {}; {} made so far",
        bytes(about.heap_used),
        bytes(about.heap_committed),
        bytes(about.stack_bytes),
        bytes(about.stack_committed),
        bytes(about.parked_bytes),
        counted(about.created, "continuation"),
    );
    page.painted(0, Paint::Dim, &text)
}

/// The most suspected, each with its cause in a sentence and what to ask about it.
fn suspects(page: &mut Page<'_>, asked: &Asked<'_>, most: usize) -> io::Result<()> {
    let (snapshot, suspects) = (asked.snapshot(), asked.suspects());
    if suspects.all.is_empty() {
        return Ok(());
    }
    page.section("suspects: what leaks, most likely")?;
    for (number, suspect) in (1..).zip(suspects.all.iter().take(most)) {
        let sentence = format!("{number}. {}", suspect.sentence(snapshot));
        page.wrapped(2, 3, Paint::Alarm, &sentence)?;
        let sample = quoted(&short(snapshot, suspect.sample));
        let asks = format!("--why {sample}   --open {sample}");
        page.painted(5, Paint::Command, &asks)?;
    }
    match suspects.all.len().saturating_sub(most) {
        0 => Ok(()),
        more => {
            let text = format!("and {} more (--suspects shows them)", more);
            page.painted(2, Paint::Dim, &text)
        }
    }
}

/// The shortest name of a node that can be typed.
fn short(snapshot: &Snapshot, node: NodeId) -> String {
    let nodes = snapshot.nodes();
    match nodes.get(node) {
        crate::snapshot::Node::Continuation(row) => row.number.to_string(),
        crate::snapshot::Node::Object(row) => format!("{:#x}", row.offset),
        crate::snapshot::Node::Frame(row) => match nodes.continuation(row.continuation) {
            Some(of) => format!("{}.{}", of.number, row.index),
            None => snapshot.title(node),
        },
        _ => snapshot.title(node),
    }
}

/// A word of a command for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@%+=-".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The running chain, without what is in its slots.
fn running(page: &mut Page<'_>, asked: &Asked<'_>, most: usize) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let (chain, _) = outline::continuations(snapshot);
    if chain.is_empty() {
        return Ok(());
    }
    page.section("what runs")?;
    for &node in chain.iter().take(most) {
        page.painted(2, Paint::Plain, &roots::state(snapshot, node))?;
        let all: Vec<NodeId> = frames(snapshot, node).collect();
        for &frame in all.iter().take(most) {
            let title = roots::frame_title(snapshot, frame);
            page.painted(4, Paint::Plain, &title)?;
        }
        page.more(4, most, all.len())?;
    }
    page.more(2, most, chain.len())
}

/// What can be asked next.
fn next(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let suspect = asked.suspects().all.first();
    let node = suspect.map(|suspect| suspect.sample);
    let shape = asked.shapes().all().last().map(|shape| shape.sample);
    let Some(node) = node.or(shape) else {
        return Ok(());
    };
    let name = quoted(&short(snapshot, node));
    page.section("ask on: the same command with")?;
    let mut table = super::table::Table::plain(2, [super::table::Side::Left; 2]);
    let title = snapshot.title(node);
    let asks = [
        (
            format!("--why {name}"),
            format!("what keeps {title} alive, step by step"),
        ),
        (
            format!("--open {name}"),
            "what is in it, to any depth".to_owned(),
        ),
        (
            format!("--what-if-drop {name}"),
            "what would die with it".to_owned(),
        ),
        (
            "--view stacks".to_owned(),
            "or roots, shapes, types, suspects: one thing in full".to_owned(),
        ),
        (
            "--save FILE".to_owned(),
            "saves this snapshot: `mangrove roots FILE` opens it, and runs nothing".to_owned(),
        ),
    ];
    for (command, what) in asks {
        table.painted(Paint::Plain, [command, what]);
    }
    page.table(&table)
}
