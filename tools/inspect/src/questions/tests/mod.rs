//! The questions against slow definitions on random graphs, and on samples with known answers.

mod chain;
mod graphs;
mod slow;
