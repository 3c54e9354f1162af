//! `random`: programs nobody thought of.
//!
//! ```text
//!  seed ──generator──▶ Program (a small language) ──emit──▶ WebAssembly ──engine──▶ checksum
//!                          │                                                          ‖ ?
//!                          └──oracle: an interpreter with explicit stacks ──────▶ checksum
//!                          └──shrink: the smallest program that still fails
//! ```

mod ast;
mod emit;
mod generator;
mod oracle;
mod shrink;

use crate::case::{Case, Size};
use ast::Program;
use mangrove_workers::Rng;

/// A case for a random program.
pub fn case(rng: &mut Rng, size: Size) -> Case {
    make(&generator::program(rng, size))
}

/// The smallest case for which `fails` still holds, derived from the one these
/// choices lead to.
pub fn shrunk(rng: &mut Rng, size: Size, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let program = generator::program(rng, size);
    make(&shrink::shrink(program, &mut |candidate| {
        fails(&make(candidate))
    }))
}

fn make(program: &Program) -> Case {
    let verdict = oracle::run(program);
    Case {
        parameters: format!(
            "functions={} statements={}",
            program.functions.len(),
            program.statements()
        ),
        wat: emit::module(program, verdict.reachable),
        arguments: Vec::new(),
        checksum: verdict.checksum,
        collections: verdict.collections,
        continuations_in_objects: false,
        place: |_| "the number of live continuations".to_owned(),
    }
}
