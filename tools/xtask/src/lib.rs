//! Chores of the house, as functions: `cargo xtask` and the tests call them.
#![forbid(unsafe_code)]

pub mod tidy;
