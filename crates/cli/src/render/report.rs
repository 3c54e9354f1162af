//! The registry's report as text.

use mangrove::{Ends, RegistryReport};
use std::fmt::Write as _;

/// A line for each count, grouped by what they are about.
pub fn continuations(report: &RegistryReport) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<24}{value:>14}");
    };
    line("continuations created", report.created.to_string());
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
    line("idle records", report.idle.to_string());
    line("bound arguments", report.bound_arguments.to_string());
    line("bytes", String::new());
    line("  a stack can hold", report.stack_size.to_string());
    line("  in use on stacks", report.stack_bytes.to_string());
    line("  of parked frames", report.parked_bytes.to_string());
    line("  reserved for stacks", report.reserved_bytes.to_string());
    line("  of records", report.record_bytes.to_string());
    text
}

fn ends(ends: &Ends, line: &mut impl FnMut(&str, String)) {
    line("  returned", ends.returned.to_string());
    line("  thrown out of", ends.thrown.to_string());
    line("  trapped", ends.trapped.to_string());
    line("  collected", ends.collected.to_string());
}
