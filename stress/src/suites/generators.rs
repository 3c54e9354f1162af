//! `generators`: pairs of tree walkers in step. The program is
//! `programs/generators.wat`; its items follow from pair and position alone.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;

/// Collections in a run, at least.
const COLLECTIONS: u32 = 40;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "generators",
    about: "trees walked by nested generators, nodes as payloads",
    breaks: "references in payloads and in frames of nested chains, while both sides move",
    least: 1,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// A case: 100 pairs on trees of 200 nodes at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let pairs = size.of(100, 4);
    let nodes = rng.range(size.of(100, 6), size.of(300, 12));
    let every = (pairs * (nodes + 1) / COLLECTIONS).max(1);
    let (salt, seed) = (rng.number() as i64, rng.number() as u32);
    Case {
        parameters: format!("pairs={pairs} nodes={nodes}"),
        wat: module(salt, include_str!("../../programs/generators.wat")),
        arguments: vec![pairs as i32, nodes as i32, every as i32, seed as i32],
        checksum: checksum(salt, pairs.into(), nodes.into()),
        collections: (pairs * (nodes + 1) / every).into(),
        told: Told::default(),
        continuations_in_objects: false,
        continuation_clone: false,
        place,
    }
}

fn place(number: i64) -> String {
    if number == i64::MIN {
        return "the number of live continuations".to_owned();
    }
    format!("pair {}, item {}", number >> 32, number & 0xffff_ffff)
}

fn checksum(salt: i64, pairs: i64, nodes: i64) -> i64 {
    let mut sum = 0;
    for at in 0..nodes {
        for pair in 0..pairs {
            let abandoned = pair % 4 == 3 && at > nodes / 2;
            if !abandoned {
                let value = value(salt, (pair << 32) + at);
                sum = fold(fold(sum, value), value);
            }
        }
    }
    sum
}
