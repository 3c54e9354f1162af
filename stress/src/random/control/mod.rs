//! Statements of control: all seven instructions that switch stacks, exceptions, tail calls.
//!
//! They are kept apart from the language's first statements, each part of the suite in a
//! file of its own:
//!
//! ```text
//!  ast ─ generator ─▶ emit, names ─▶ WebAssembly
//!   │                                                oracle: exceptions, switches, traps
//!   └────────────────▶ lifetimes (of text) ─▶ moments (what a frame must hold there)
//! ```

pub mod ast;
pub mod emit;
mod emit_resume;
mod emit_simple;
mod exceptions;
mod faults;
pub mod features;
pub mod generator;
pub mod lifetimes;
pub mod oracle;
pub mod reach;
pub mod shrink;
pub mod state;
mod switches;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod types;
