//! `wide`: a million continuations asleep at once, of which few wake between collections.
//! The program is `programs/wide.wat`.
//!
//! Meant to break: whatever grows with the number of continuations (records and their
//! chunks, the arena, parking by the policy, worklists), references that are found again only
//! after others were parked and unparked, and the count when half of them are forgotten at once.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "wide",
    about: "a million continuations asleep, few of them woken between collections",
    breaks: "what grows with their number: records, stacks, parking, worklists, reclaiming half at once",
    least: 1,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// Collections while they sleep.
const ROUNDS: u32 = 10;

/// A case: a million at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    // Each collection looks at all of them, and each of them takes several turns.
    let full = if size.is_small() { 100_000 } else { 1_000_000 };
    let count = size.of(full, 20);
    let stride = rng.range(7, 97);
    let salt = rng.number() as i64;
    Case {
        parameters: format!("continuations={count} stride={stride}"),
        wat: module(salt, include_str!("../../programs/wide.wat")),
        arguments: [count, ROUNDS, stride].map(|number| number as i32).to_vec(),
        checksum: checksum(salt, count.into(), stride.into()),
        collections: u64::from(ROUNDS) + 1,
        continuations_in_objects: false,
        continuation_clone: false,
        told: Told::default(),
        place,
    }
}

fn place(number: i64) -> String {
    match number {
        i64::MIN => "the number of live continuations".to_owned(),
        number if number & 1 << 32 != 0 => {
            format!("continuation {}, its operand", number & 0xffff_ffff)
        }
        number => format!(
            "continuation {}, turn {}",
            number & 0xffff_ffff,
            number >> 33
        ),
    }
}

fn checksum(salt: i64, count: i64, stride: i64) -> i64 {
    let mut turns = vec![0; count as usize];
    for round in 0..i64::from(ROUNDS) {
        (round % stride..count)
            .step_by(stride as usize)
            .for_each(|at| turns[at as usize] += 1);
    }
    // Those with odd numbers are forgotten.
    (0..count).step_by(2).fold(0, |sum, at| {
        let turns = turns[at as usize];
        let made = fold(value(salt, at + (turns << 33)), value(salt, at | 1 << 32));
        fold(sum, fold(made, turns))
    })
}
