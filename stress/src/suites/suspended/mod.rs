//! `suspended`: many continuations, each several frames deep, suspended while
//! the objects their frames hold move a hundred times.
//!
//! ```text
//!  run ─resume─▶ frame 0 ─call─▶ frame 1 ─resume─▶ frame 2 … ─▶ innermost ─suspend─▶ run
//!                 │ arguments, locals, operands: each an object with a number of its own
//! ```
//!
//! A frame holds references in its arguments, in its locals and on the operand
//! stack only, across the call (or `resume`, or `suspend`) that suspends it. It
//! calls the next frame directly, by reference, or as a continuation of its
//! own, and then the whole chain is suspended as one. Each object's contents
//! follow from its number (continuation, frame, slot), so whoever meets it
//! again knows what it must be.

mod emit;
mod expect;
mod shape;

use crate::case::{Case, Size, Told};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;
use shape::Shape;

/// Collections while all are suspended, at any size.
const COLLECTIONS: u32 = 100;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "suspended",
    about: "thousands of continuations suspended in deep frames over a hundred collections",
    breaks: "the maps of frames that sleep: slots that are missed, or not updated when objects move",
    least: 1,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// A case of random shape: 10,000 continuations at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let shape = Shape::random(rng, size);
    let Shape {
        continuations,
        phases,
        garbage,
        stride,
        ..
    } = shape;
    let arguments = [continuations, COLLECTIONS, garbage, stride];
    Case {
        parameters: format!(
            "continuations={continuations} frames={} references={} phases={phases} garbage={garbage}",
            shape.frames.len(),
            shape.references(),
        ),
        wat: emit::program(&shape),
        arguments: arguments.map(|number| number as i32).to_vec(),
        checksum: expect::checksum(&shape),
        collections: COLLECTIONS.into(),
        told: Told::default(),
        continuations_in_objects: false,
        continuation_clone: false,
        place: shape::place,
    }
}
