//! The questions against slow definitions on random graphs, and on samples with known answers.

mod chain;
mod changes;
pub(crate) mod graphs;
mod leaks;
mod names;
mod slow;
