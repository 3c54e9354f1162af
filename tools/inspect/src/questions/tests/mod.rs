//! The questions against slow definitions on random graphs, and on samples with known answers.

mod chain;
pub(crate) mod graphs;
mod slow;
