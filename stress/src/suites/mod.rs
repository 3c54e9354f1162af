//! The suites, one to a file, in the order in which they run.

mod churn;
mod generators;
mod pipeline;
mod refusals;
mod rings;
mod suspended;

use crate::suite::Suite;
use crate::{model, overflow, random};

const SUITES: &[Suite] = &[
    suspended::SUITE,
    churn::SUITE,
    generators::SUITE,
    pipeline::SUITE,
    rings::SUITE,
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
