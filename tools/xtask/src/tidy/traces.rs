//! Events of `tracing`: each names its channel, so that it can be asked for.

use super::report::Report;
use super::source::Source;

/// Checks that every event has a target.
pub fn check(sources: &[Source<'_>], report: &mut Report) {
    for source in sources {
        for line in &source.lost_events {
            let place = format!("{}:{line}", source.file.path);
            report.error(place, "an event without `target:`");
        }
    }
}
