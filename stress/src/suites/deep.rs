//! `deep`: one chain of thousands of continuations inside each other, suspended and resumed
//! as a whole, and collected while it runs and while it sleeps. The program is
//! `programs/deep.wat`.
//!
//! ```text
//!  run ◀─ level 0 ◀─ level 1 ◀─ … ◀─ level n: suspends to run, past all of them
//!          └ a box in a local, one on the operand stack, of each
//! ```
//!
//! In every other lap a clone of the chain goes first, and must do the same.
//!
//! Meant to break: what follows the parents of a chain (marking, the search for a handler and
//! what it remembers, being linked and cut off as one), and frames that are found only through
//! a chain.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module_with, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "deep",
    about: "one chain of thousands of continuations, suspended and resumed as a whole",
    breaks: "what follows a chain: marking, the search for a handler, being linked and cut off",
    least: 2,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// What clones the chain.
const CLONE: &str =
    r#"(import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref $k))))"#;
/// The bit that tells a level's operand from its local.
const OPERAND: i64 = 1 << 32;

/// A case: 5,000 levels at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let depth = size.of(rng.range(3_000, 7_000), 12);
    let laps = size.of(rng.range(30, 60), 10);
    let salt = rng.number() as i64;
    Case {
        parameters: format!("depth={depth} laps={laps}"),
        wat: module_with(salt, CLONE, include_str!("../../programs/deep.wat")),
        arguments: [depth, laps].map(|number| number as i32).to_vec(),
        checksum: checksum(salt, depth.into(), laps.into()),
        collections: laps.into(),
        continuations_in_objects: false,
        continuation_clone: true,
        told: Told::default(),
        place,
    }
}

fn place(number: i64) -> String {
    match number {
        i64::MIN => "the number of live continuations".to_owned(),
        number if number < 0 => format!("what must not be, {number}"),
        number if number & OPERAND != 0 => format!("level {}, its operand", number ^ OPERAND),
        number => format!("level {number}"),
    }
}

fn checksum(salt: i64, depth: i64, laps: i64) -> i64 {
    let (mut inside, mut handed) = (0, 0);
    handed = fold(handed, inside);
    for lap in 0..laps {
        inside = fold(fold(inside, value(salt, depth)), lap);
        handed = fold(handed, inside);
    }
    let level = |sum, level| fold(fold(sum, value(salt, level | OPERAND)), value(salt, level));
    fold(handed, (0..=depth).rev().fold(inside, level))
}
