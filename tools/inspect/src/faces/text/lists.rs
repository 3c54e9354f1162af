//! Shapes of continuations, types of objects, spaces, and nodes, a line for each.

use super::stacks::made;
use super::table::{Side, Table};
use super::{Page, Paint, bytes, count, counted, share};
use crate::faces::Asked;
use crate::questions::{Matcher, Shape, Spread};
use crate::snapshot::{FunctionKind, NodeId, Snapshot, State};
use std::io;

/// All shapes: a paragraph for each.
pub(super) fn shapes(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let shapes = asked.shapes().all();
    let continuations: u64 = shapes.iter().map(|shape| shape.count).sum();
    page.line(&format!(
        "{} of {}",
        counted(shapes.len() as u64, "shape"),
        counted(continuations, "continuation"),
    ))?;
    let most = page.look().most;
    for shape in shapes.iter().take(most) {
        page.gap()?;
        let title = format!("{} {}", count(shape.count), doing(shape));
        let of = snapshot.names().origins.get(shape.origin as usize);
        let of = of.map(|origin| format!(" of {}", snapshot.function_name(origin.function)));
        page.painted(0, Paint::Title, &(title + &of.unwrap_or_default()))?;
        if let Some(made) = made(snapshot, shape.origin) {
            page.painted(2, Paint::Dim, &made)?;
        }
        for line in numbers(shape) {
            page.painted(2, Paint::Dim, &line)?;
        }
        let sample = format!("such as {}", snapshot.title(shape.sample));
        page.painted(2, Paint::Dim, &sample)?;
        for place in places(snapshot, shape.stack) {
            page.painted(4, Paint::Plain, &place)?;
        }
    }
    if shapes.len() > most {
        page.gap()?;
    }
    page.more(0, most, shapes.len())
}

/// The shapes of those that wait, a line each.
pub(super) fn shape_lines(page: &mut Page<'_>, asked: &Asked<'_>, most: usize) -> io::Result<()> {
    let snapshot = asked.snapshot();
    let waiting = |shape: &&Shape| matches!(shape.state, State::Fresh | State::Suspended);
    let all: Vec<&Shape> = asked.shapes().all().iter().filter(waiting).collect();
    if all.is_empty() {
        return Ok(());
    }
    page.section("continuations that wait, by shape")?;
    shape_table(page, snapshot, &all, most)
}

/// Shapes, a line each.
pub(super) fn shape_table(
    page: &mut Page<'_>,
    snapshot: &Snapshot,
    all: &[&Shape],
    most: usize,
) -> io::Result<()> {
    let heads = [
        ("count", Side::Right),
        ("age", Side::Right),
        ("stacks", Side::Right),
        ("retained", Side::Right),
        ("such as", Side::Right),
        ("where", Side::Left),
    ];
    let mut table = Table::new(2, &heads);
    for shape in all.iter().take(most) {
        let number = snapshot.nodes().continuation(shape.sample);
        table.row([
            count(shape.count),
            spread(shape.age),
            bytes(shape.stack_bytes.sum),
            shape
                .retained
                .map_or_else(String::new, |sum| bytes(sum.sum)),
            number.map_or_else(String::new, |row| row.number.to_string()),
            stands_at(snapshot, shape.stack, shape.origin),
        ]);
    }
    page.table(&table)?;
    page.more(2, most, all.len())
}

fn spread(spread: Spread) -> String {
    match spread.min == spread.max {
        true => count(spread.min),
        false => format!("{} to {}", count(spread.min), count(spread.max)),
    }
}

fn doing(shape: &Shape) -> String {
    match shape.parked {
        0 => shape.state.name().to_owned(),
        _ if shape.state == State::Fresh => shape.state.name().to_owned(),
        parked if parked == shape.count => format!("{}, parked", shape.state.name()),
        parked => format!("{}, {} of them parked", shape.state.name(), count(parked)),
    }
}

fn numbers(shape: &Shape) -> Vec<String> {
    let mut lines = vec![format!(
        "age {} full collections; {} of stack each at most, {} in all",
        spread(shape.age),
        bytes(shape.stack_bytes.max),
        bytes(shape.stack_bytes.sum),
    )];
    if let Some(retained) = shape.retained {
        lines.push(format!(
            "retain {} in all, one of them {}",
            bytes(retained.sum),
            bytes(retained.max)
        ));
    }
    if let Some(forgotten @ 1..) = shape.forgotten {
        lines.push(format!(
            "{} forgotten: the next full collection ends them",
            count(forgotten)
        ));
    }
    lines
}

/// Where frames of a stack stand, the innermost first, without trampolines.
fn places(snapshot: &Snapshot, stack: u32) -> Vec<String> {
    let names = snapshot.names();
    let sites = names.stacks.get(stack as usize);
    let wasm = |&&site: &&u32| {
        let function = names.sites.get(site as usize).map(|site| site.function);
        let function = function.and_then(|function| names.functions.get(function as usize));
        function.is_some_and(|function| function.kind == FunctionKind::Wasm)
    };
    let sites = sites.into_iter().flatten().filter(wasm);
    sites.map(|&site| snapshot.site_text(site)).collect()
}

/// Where continuations with this stack stand, and where they were made, in a line.
pub(super) fn stands_at(snapshot: &Snapshot, stack: u32, origin: u32) -> String {
    let mut text = match places(snapshot, stack).as_slice() {
        [] => {
            let origin = snapshot.names().origins.get(origin as usize);
            let function = origin.map(|origin| snapshot.function_name(origin.function));
            format!("before {}", function.unwrap_or_default())
        }
        [first] => first.clone(),
        [first, rest @ ..] => format!("{first}, {} out", counted(rest.len() as u64, "frame")),
    };
    if let Some(made) = made(snapshot, origin) {
        text.push_str(&format!("; {made}"));
    }
    text
}

/// All types of objects, and where objects lie.
pub(super) fn types(page: &mut Page<'_>, asked: &Asked<'_>) -> io::Result<()> {
    let statistics = asked.statistics();
    let objects: u64 = statistics.types.iter().map(|line| line.objects).sum();
    let all: u64 = statistics.types.iter().map(|line| line.bytes).sum();
    page.line(&format!(
        "{} of {}, {}",
        counted(objects, "object"),
        counted(statistics.types.len() as u64, "type"),
        bytes(all),
    ))?;
    type_lines(page, asked, page.look().most)?;
    if !statistics.spaces.is_empty() {
        page.section("spaces")?;
        let heads = [
            ("objects", Side::Right),
            ("bytes", Side::Right),
            ("space", Side::Left),
        ];
        let mut table = Table::new(2, &heads);
        for line in &statistics.spaces {
            let name = line.space.name().to_owned();
            table.row([count(line.objects), bytes(line.bytes), name]);
        }
        page.table(&table)?;
    }
    let free = statistics.fragmentation;
    page.section("memory that holds nothing alive")?;
    let mut table = Table::plain(2, [Side::Right, Side::Left]);
    table.row([bytes(free.heap_dead), "dead objects and gaps".to_owned()]);
    table.row([bytes(free.heap_free), "heap that is not in use".to_owned()]);
    table.row([
        bytes(free.stack_free),
        "stacks that no frame uses".to_owned(),
    ]);
    page.table(&table)
}

/// The types that take most.
pub(super) fn type_lines(page: &mut Page<'_>, asked: &Asked<'_>, most: usize) -> io::Result<()> {
    let types = &asked.statistics().types;
    if types.is_empty() {
        return Ok(());
    }
    let all: u64 = types.iter().map(|line| line.bytes).sum();
    page.section("heap by type")?;
    let heads = [
        ("objects", Side::Right),
        ("bytes", Side::Right),
        ("", Side::Right),
        ("retained", Side::Right),
        ("type", Side::Left),
    ];
    let mut table = Table::new(2, &heads);
    for line in types.iter().take(most) {
        table.row([
            count(line.objects),
            bytes(line.bytes),
            share(line.bytes, all),
            line.retained.map_or_else(String::new, bytes),
            asked.snapshot().type_name(line.ty),
        ]);
    }
    page.table(&table)?;
    page.more(2, most, types.len())
}

/// The nodes that are meant, those that retain most first.
pub(super) fn nodes(page: &mut Page<'_>, asked: &Asked<'_>, meant: &Matcher<'_>) -> io::Result<()> {
    let (snapshot, dominators) = (asked.snapshot(), asked.dominators());
    let all = largest(asked, meant);
    let own: u64 = all.iter().map(|&node| snapshot.nodes().bytes(node)).sum();
    page.line(&format!(
        "{}, {}",
        counted(all.len() as u64, "node"),
        counted(own, "byte")
    ))?;
    if all.is_empty() {
        return Ok(());
    }
    let heads = [
        ("bytes", Side::Right),
        ("retained", Side::Right),
        ("node", Side::Left),
    ];
    let mut table = Table::new(2, &heads);
    let most = page.look().most;
    for &node in all.iter().take(most) {
        table.row([
            bytes(snapshot.nodes().bytes(node)),
            bytes(dominators.retained(node)),
            snapshot.title(node),
        ]);
    }
    page.table(&table)?;
    page.more(2, most, all.len())
}

/// The nodes that are meant, those that retain most first.
pub(in crate::faces) fn largest(asked: &Asked<'_>, meant: &Matcher<'_>) -> Vec<NodeId> {
    let mut all: Vec<NodeId> = meant.nodes().collect();
    all.sort_by_key(|&node| (std::cmp::Reverse(asked.dominators().retained(node)), node));
    all
}
