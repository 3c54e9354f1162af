//! What changed between two snapshots, as a page has it.

use super::select::Selection;
use crate::Snapshot;
use crate::questions::{Count, Diff, StackChange, TypeChange};
use crate::snapshot::NodeId;
use serde::Serialize;

/// Lines of each list: of more, those that changed most.
const LINES: usize = 2_000;
/// Nodes of each list.
const NAMED: usize = 500;

/// What changed.
#[derive(Serialize)]
pub(super) struct Changes {
    /// Places of the two moments in the page.
    moments: [usize; 2],
    limits: Option<&'static str>,
    objects: [(u64, u64); 2],
    continuations: [(u64, u64); 2],
    types: Vec<TypeLine>,
    stacks: Vec<StackLine>,
    more: (usize, usize),
    /// One by one, if they can be known again.
    entered: Option<List>,
    left: Option<List>,
    moved: Option<Pairs>,
    stayed: Option<usize>,
    objects_entered: Option<List>,
    objects_left: Option<List>,
    objects_stayed: Option<u64>,
}

#[derive(Serialize)]
struct TypeLine {
    name: String,
    before: (u64, u64),
    after: (u64, u64),
    entered: Option<(u64, u64)>,
    left: Option<(u64, u64)>,
}

#[derive(Serialize)]
struct StackLine {
    /// What they were made from.
    origin: String,
    /// Where they stand.
    text: String,
    before: (u64, u64),
    after: (u64, u64),
    /// Places in the pages of the two.
    samples: [Option<u32>; 2],
}

#[derive(Serialize)]
struct List {
    count: usize,
    nodes: Vec<u32>,
}

#[derive(Serialize)]
struct Pairs {
    count: usize,
    nodes: Vec<[Option<u32>; 2]>,
}

/// A snapshot, where it is in the page, and what the page has of it.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub snapshot: &'a Snapshot,
    pub moment: usize,
    pub selection: &'a Selection,
}

impl Changes {
    pub fn of(diff: &Diff, before: Side<'_>, after: Side<'_>) -> Self {
        let selections = [before.selection, after.selection];
        let list = |nodes: &[NodeId], side: Side<'_>| List {
            count: nodes.len(),
            nodes: side.selection.largest(nodes, NAMED),
        };
        let continuations = diff.continuations.as_ref();
        let objects = diff.objects.as_ref();
        Self {
            moments: [before.moment, after.moment],
            limits: diff.limits(),
            objects: [pair(diff.before_objects), pair(diff.after_objects)],
            continuations: [
                pair(diff.before_continuations),
                pair(diff.after_continuations),
            ],
            types: lines(&diff.types, |line| TypeLine::of(line, before, after)),
            stacks: lines(&diff.stacks, |line| StackLine::of(line, before, after)),
            more: (
                diff.types.len().saturating_sub(LINES),
                diff.stacks.len().saturating_sub(LINES),
            ),
            entered: continuations.map(|all| list(&all.entered, after)),
            left: continuations.map(|all| list(&all.left, before)),
            moved: continuations.map(|all| Pairs {
                count: all.moved.len(),
                nodes: all
                    .moved
                    .iter()
                    .map(|moved| [moved.before, moved.after])
                    .map(|[old, new]| [selections[0].place(old), selections[1].place(new)])
                    .filter(|places| places.iter().any(Option::is_some))
                    .take(NAMED)
                    .collect(),
            }),
            stayed: continuations.map(|all| all.stayed.len()),
            objects_entered: objects.map(|all| list(&all.entered, after)),
            objects_left: objects.map(|all| list(&all.left, before)),
            objects_stayed: objects.map(|all| all.stayed),
        }
    }
}

/// The first lines. Those that shrank most are the last of all lines, so that half of them
/// is taken from there.
fn lines<T, L>(all: &[T], line: impl Fn(&T) -> L) -> Vec<L> {
    let (first, rest) = all.split_at(all.len().min(LINES / 2));
    let rest = &rest[rest.len().saturating_sub(LINES / 2)..];
    first.iter().chain(rest).map(line).collect()
}

/// What entered: continuations, then objects.
pub(super) fn entered(diff: &Diff) -> impl Iterator<Item = NodeId> {
    let continuations = diff.continuations.iter().flat_map(|all| &all.entered);
    let objects = diff.objects.iter().flat_map(|all| &all.entered);
    continuations.chain(objects).copied()
}

/// What left.
pub(super) fn left(diff: &Diff) -> impl Iterator<Item = NodeId> {
    let continuations = diff.continuations.iter().flat_map(|all| &all.left);
    let objects = diff.objects.iter().flat_map(|all| &all.left);
    continuations.chain(objects).copied()
}

fn pair(count: Count) -> (u64, u64) {
    (count.count, count.bytes)
}

impl TypeLine {
    fn of(change: &TypeChange, before: Side<'_>, after: Side<'_>) -> Self {
        let name = match (change.after_type, change.before_type) {
            (Some(ty), _) => after.snapshot.type_name(ty),
            (None, Some(ty)) => before.snapshot.type_name(ty),
            (None, None) => String::new(),
        };
        Self {
            name,
            before: pair(change.before),
            after: pair(change.after),
            entered: change.entered.map(pair),
            left: change.left.map(pair),
        }
    }
}

impl StackLine {
    fn of(change: &StackChange, before: Side<'_>, after: Side<'_>) -> Self {
        let (side, stack, origin) = match change.after_stack {
            Some(stack) => (after, Some(stack), change.after_origin),
            None => (before, change.before_stack, change.before_origin),
        };
        Self {
            origin: origin.map_or(String::new(), |origin| origin_text(side.snapshot, origin)),
            text: stack.map_or(String::new(), |stack| stack_text(side.snapshot, stack)),
            before: pair(change.before),
            after: pair(change.after),
            samples: [
                change
                    .before_sample
                    .and_then(|node| before.selection.place(node)),
                change
                    .after_sample
                    .and_then(|node| after.selection.place(node)),
            ],
        }
    }
}

fn origin_text(snapshot: &Snapshot, origin: u32) -> String {
    match snapshot.names().origins.get(origin as usize) {
        Some(origin) => snapshot.function_name(origin.function),
        None => format!("origin {origin}"),
    }
}

/// The innermost functions of a stack.
fn stack_text(snapshot: &Snapshot, stack: u32) -> String {
    const SHOWN: usize = 4;
    let sites = snapshot.names().stacks.get(stack as usize);
    let sites = sites.map_or(&[][..], Vec::as_slice);
    let mut texts: Vec<String> = sites
        .iter()
        .take(SHOWN)
        .map(|&site| snapshot.site_text(site))
        .collect();
    if sites.len() > SHOWN {
        texts.push(format!("{} more", sites.len() - SHOWN));
    }
    texts.join(" ← ")
}
