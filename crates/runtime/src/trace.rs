//! The channels of events: what their targets are called. Those of the stacks, the
//! continuations and the heap are named there as well.

use mangrove_collector::{CollectionKind, CollectionReport};

/// Code compiled and loaded.
pub const COMPILE: &str = "mangrove::compile";
/// Continuations made, ended, parked.
pub const CONTINUATIONS: &str = "mangrove::cont";
/// Collections.
pub const GC: &str = "mangrove::gc";
/// Linear memories, and address space.
pub const MEMORY: &str = "mangrove::memory";
/// What was refused while the runtime went on.
pub const RESOURCE: &str = "mangrove::resource";
/// The root set at a collection.
pub const ROOTS: &str = "mangrove::roots";
/// Signal handlers of others.
pub const SIGNALS: &str = "mangrove::signals";
/// Switches.
pub const SWITCHES: &str = "mangrove::switch";

/// Tells what a collection did: what a reader looks for first, then the rest.
pub fn collected(report: &CollectionReport) {
    let kind = match report.kind {
        CollectionKind::Minor => "minor",
        CollectionKind::Full => "full",
    };
    let CollectionReport {
        number,
        kind: _,
        pause_ns,
        roots_ns,
        drain_ns,
        verify_ns,
        continuations,
        frames,
        frame_slots,
        other_slots,
        remembered,
        bytes_before,
        bytes_copied,
        objects_copied,
        bytes_after,
        budget,
        growth,
        reclaimed,
    } = *report;
    tracing::debug!(
        target: GC,
        number,
        pause_ns,
        bytes_before,
        bytes_after,
        objects_copied,
        bytes_copied,
        continuations,
        reclaimed,
        frames,
        frame_slots,
        other_slots,
        remembered,
        roots_ns,
        drain_ns,
        verify_ns,
        budget,
        growth,
        "{kind} collection"
    );
}
