//! Events of `tracing`: each names its channel, so that it can be asked for.

use super::report::Report;
use super::source::Source;

/// Files that still have events without a target, with how many.
const STILL: &[(&str, usize)] = &[
    ("crates/mangrove/src/code.rs", 1),
    ("crates/mangrove/src/mapping.rs", 1),
    ("crates/mangrove/src/memory.rs", 2),
    ("crates/mangrove/src/resource/exhaustion.rs", 1),
    ("crates/mangrove/src/threads.rs", 2),
];

/// Checks that every event has a target.
pub fn check(sources: &[Source<'_>], report: &mut Report) {
    for (path, _) in STILL {
        if !sources.iter().any(|source| source.file.path == *path) {
            report.error(
                path,
                "is listed as having events without a target, and no file",
            );
        }
    }
    for source in sources {
        let path = &source.file.path;
        let still = STILL.iter().find(|(file, _)| file == path);
        match still {
            Some(&(_, count)) if source.lost_events.len() == count => continue,
            Some(&(_, count)) => report.error(path, format!("{count} events may have no target")),
            None => {}
        }
        for line in &source.lost_events {
            report.error(format!("{path}:{line}"), "an event without `target:`");
        }
    }
}
