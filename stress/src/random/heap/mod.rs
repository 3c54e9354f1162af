//! What random programs do with objects of every kind: the instructions of garbage
//! collection, tables and globals of references, references to functions.
//!
//! ```text
//!  Heap (ast) ──emit──▶ text       over the types in classes, with the helpers of helpers
//!      ├──oracle──▶ World          objects, globals, tables and segments
//!      └──lifetimes                what a statement needs, and what it sets
//! ```
//!
//! A function has variables of three more kinds: *things* (`anyref`), *externs*
//! (`externref`) and *functions* (`funcref`). What is in them, programs find out as they
//! run: an access to a struct or an array is guarded by a test, so programs go on whatever
//! they meet. Those of [`ast::Heap::Bare`] are not, and may end the program with a trap.

pub mod ast;
pub mod classes;
pub mod emit;
pub mod generator;
pub mod helpers;
pub mod lifetimes;
pub mod oracle;
pub mod values;

#[cfg(test)]
mod tests;
