//! Chores of the house, as functions: the command `mangrove-xtask` and the tests call them.
#![forbid(unsafe_code)]

pub mod beside;
pub mod conformance;
pub mod coverage;
pub mod peer_names;
pub mod tidy;
