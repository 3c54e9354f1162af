//! The registry's report as text.

use super::alike::Alike;
use super::names::ModuleNames;
use mangrove::{
    ContinuationReport, ContinuationsReport, Ends, GuardKind, Held, Link, Module, Reason,
    RegistryReport, RootOwner, Within, printable,
};
use std::fmt::Write as _;

/// A line for each count, grouped by what they are about; then a line for each kind of
/// continuation; then a paragraph for each one that is told of. `module` gives names to what
/// holds them.
pub fn continuations(report: &ContinuationsReport, alike: &Alike, module: &Module) -> String {
    let mut text = counts(report);
    text.push_str(&alike.text());
    let names = ModuleNames::new(module);
    for continuation in &report.continuations {
        one(&mut text, continuation, &names);
    }
    if report.omitted > 0 {
        let _ = writeln!(text, "\nand {} more", report.omitted);
    }
    text
}

/// The counts that change most, in a line.
pub fn summary(counts: &RegistryReport) -> String {
    let RegistryReport {
        created,
        fresh,
        running,
        parents,
        suspended,
        parked,
        stack_bytes,
        parked_bytes,
        collections,
        ..
    } = counts;
    format!(
        "{created} created, {fresh} fresh, {running} running, {parents} parents, {suspended} \
         suspended, of these {parked} parked, {stack_bytes} bytes on stacks, {parked_bytes} \
         parked, {collections} collections"
    )
}

fn counts(report: &ContinuationsReport) -> String {
    let resident = match report.resident_bytes {
        Some(bytes) => bytes.to_string(),
        None => "not counted".to_owned(),
    };
    let report = &report.registry;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<24}{value:>14}");
    };
    line("continuations created", report.created.to_string());
    if report.cloned > 0 {
        line("  clones, of these", report.cloned.to_string());
    }
    ends(&report.ended, &mut line);
    line("  live", report.live.to_string());
    line("calls from the host", report.calls.to_string());
    ends(&report.calls_ended, &mut line);
    line("live, calls included", String::new());
    line("  fresh", report.fresh.to_string());
    line("  running", report.running.to_string());
    line("  parents", report.parents.to_string());
    line("  suspended", report.suspended.to_string());
    line("  parked, of these", report.parked.to_string());
    line("activations", report.activations.to_string());
    line("collections", report.collections.to_string());
    line("times parked", report.parks.to_string());
    line("times unparked", report.unparks.to_string());
    line("idle records", report.idle.to_string());
    line("stacks in the pool", report.pool.to_string());
    line("guards", guard(report.guard).to_owned());
    line("bound arguments", report.bound_arguments.to_string());
    line("bytes", String::new());
    line("  a stack can hold", report.stack_size.to_string());
    line("  a call's can hold", report.initial_stack_size.to_string());
    line("  in use on stacks", report.stack_bytes.to_string());
    line("  on the deepest", report.deepest_stack.to_string());
    line("  of parked frames", report.parked_bytes.to_string());
    line("  reserved for stacks", report.reserved_bytes.to_string());
    line("  committed to them", report.committed_bytes.to_string());
    line("  resident of these", resident);
    line("  of records", report.record_bytes.to_string());
    line("  of one record", report.record_size.to_string());
    text
}

fn ends(ends: &Ends, line: &mut impl FnMut(&str, String)) {
    line("  returned", ends.returned.to_string());
    line("  thrown out of", ends.thrown.to_string());
    line("  trapped", ends.trapped.to_string());
    line("  collected", ends.collected.to_string());
}

fn guard(kind: GuardKind) -> &'static str {
    match kind {
        GuardKind::Auto => "undecided",
        GuardKind::Lightweight => "lightweight",
        GuardKind::Mprotect => "mprotect",
    }
}

fn one(text: &mut String, report: &ContinuationReport, names: &ModuleNames<'_>) {
    let or = |place: &Option<mangrove::Place>, other: &str| match place {
        Some(place) => place.to_string(),
        None => other.to_owned(),
    };
    let parked = if report.parked { ", parked" } else { "" };
    let _ = writeln!(
        text,
        "\ncontinuation {}, {}{parked}",
        report.id,
        report.state.name()
    );
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<11}{value}");
    };
    line("of", &format!("{}, {}", made_from(report), report.ty));
    line("made at", &or(&report.created, "the host"));
    if let Some(first) = report.clone_of {
        line("clone of", &first.to_string());
    }
    line("stopped at", &or(&report.stopped, "its beginning"));
    if let Some(parent) = report.parent {
        line("parent", &parent.to_string());
    }
    line(
        "holds",
        &format!(
            "{}, {}, {}",
            counted(report.frames.into(), "frame"),
            counted(report.stack_bytes, "byte") + " of stack",
            counted(report.roots.into(), "root")
        ),
    );
    line("age", &counted(report.age.into(), "collection"));
    let why = match &report.why {
        Some(why) => way(&why.links, why.omitted, names),
        None => "nothing holds it: the next collection ends it".to_owned(),
    };
    line("alive by", &why);
}

/// `1 root`, `2 roots`.
fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn made_from(report: &ContinuationReport) -> String {
    let function = &report.function;
    let mut text = match (&function.module, function.instance) {
        (Some(module), _) => format!("{} func {}", printable(module), function.index),
        (None, Some(_)) => format!("func {}", function.index),
        (None, None) => format!("host function {}", function.index),
    };
    if let Some(name) = &function.name {
        let _ = write!(text, " ${}", printable(name));
    } else if let Some(export) = &function.export {
        let _ = write!(text, " (export \"{}\")", printable(export));
    }
    text
}

/// The way from a root: what holds, what it holds, and so on.
fn way(links: &[Link], omitted: u32, names: &ModuleNames<'_>) -> String {
    let mut text = String::new();
    for (index, link) in links.iter().enumerate() {
        if index > 0 {
            text.push_str(" -> ");
        }
        if index == 1 && omitted > 0 {
            let _ = write!(text, "({omitted} more) -> ");
        }
        let _ = write!(text, "{} -> ", reason(&link.by, names));
        let _ = match link.held {
            Held::Continuation { continuation } => write!(text, "{continuation}"),
            Held::Object { object, type_id } => {
                // Types of exceptions have no name in a module: the next link knows.
                let thrown = links.get(index + 1).is_some_and(|next| {
                    matches!(next.by, Reason::Object { object: by, within: Some(Within::Payload { .. }), .. }
                        if by == object)
                });
                match thrown {
                    true => write!(text, "exception @0x{object:x}"),
                    false => write!(text, "{}", names.object(object, type_id)),
                }
            }
        };
    }
    text
}

fn reason(reason: &Reason, names: &ModuleNames<'_>) -> String {
    match reason {
        Reason::Running => "running chain".to_owned(),
        Reason::Chain { inner } => format!("suspended with {inner}"),
        Reason::Slot { owner } => match owner {
            RootOwner::Global { .. } => names.place(owner),
            RootOwner::Handle { index } => format!("host handle {index}"),
            RootOwner::Frame(frame) => format!("fp-{} of {}", frame.distance, names.part(owner)),
            _ => format!("{} {}", names.part(owner), names.place(owner)),
        },
        Reason::Object {
            object,
            type_id,
            within,
        } => match within {
            Some(within) => names.within(*type_id, *within),
            None => format!("part of {}", names.object(*object, *type_id)),
        },
    }
}
