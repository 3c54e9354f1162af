//! The suites, one to a file, in the order in which they run.

mod arguments;
mod churn;
mod deep;
mod effects;
pub mod few;
mod generators;
mod host;
mod interrupts;
mod limits;
mod moments;
mod objects;
mod pipeline;
mod refusals;
mod rings;
pub mod soak;
mod storms;
mod suspended;
mod tables;
mod weak;
mod wide;

use crate::suite::Suite;
use crate::{model, overflow, random};

const SUITES: &[Suite] = &[
    suspended::SUITE,
    deep::SUITE,
    wide::SUITE,
    churn::SUITE,
    generators::SUITE,
    pipeline::SUITE,
    rings::SUITE,
    storms::SUITE,
    storms::INSTANCES,
    effects::SUITE,
    arguments::SUITE,
    tables::SUITE,
    objects::SUITE,
    moments::SUITE,
    few::SUITE,
    weak::SUITE,
    host::SUITE,
    limits::SUITE,
    interrupts::SUITE,
    interrupts::PARKED,
    soak::SUITE,
    random::SUITE,
    random::CLONES,
    random::roots::SUITE,
    model::SUITE,
    overflow::SUITE,
    refusals::SUITE,
];

/// All suites.
pub fn suites() -> &'static [Suite] {
    SUITES
}
