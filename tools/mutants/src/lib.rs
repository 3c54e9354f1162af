//! What is done with bad input, whoever makes it: `mangrove-mutants`, which damages good input by
//! seeds, and `fuzz`, which changes bytes and looks which code they reach.
//!
//! ```text
//!  seed ──mutate──▶ Input ──judge──▶ Verdict: kinds of what happened, and what must not be
//!  bytes ──targets─────────┘
//! ```
#![deny(unsafe_code)]

mod corpus;
mod damage;
mod judge;
mod mutate;
pub mod targets;

pub use corpus::Corpus;
pub use judge::{Stage, Verdict, judge};
pub use mutate::Input;
