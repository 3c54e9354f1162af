//! `pipeline`: packets from producers through stages to consumers, receipts
//! back. The program is `programs/pipeline.wat`; this is its oracle.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, longs, module};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;

/// Collections in a run, at least.
const COLLECTIONS: u32 = 40;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "pipeline",
    about: "objects handed between stages, payloads in both directions",
    breaks: "references that are on their way from one stack to another at a collection",
    least: 1,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// A case: 200 lines of up to 8 stages, 100 packets each, at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let lines = size.of(200, 3);
    let stages = rng.range(1, 8);
    let packets = size.of(100, 4);
    let every = (lines * packets / COLLECTIONS).max(1);
    let salt = rng.number() as i64;
    Case {
        parameters: format!("lines={lines} stages={stages} packets={packets}"),
        wat: module(salt, include_str!("../../programs/pipeline.wat")),
        arguments: [lines, stages, packets, every]
            .map(|number| number as i32)
            .to_vec(),
        checksum: checksum(salt, lines.into(), stages.into(), packets.into()),
        collections: (lines * packets / every).into(),
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
    let (line, packet, stage) = (number >> 20 & 0xf_ffff, number & 0xf_ffff, number >> 40);
    format!("line {line}, packet {packet}, as stage {stage} left it")
}

fn checksum(salt: i64, lines: i64, stages: i64, packets: i64) -> i64 {
    let mut sum = 0;
    for line in 0..lines {
        let receipts = (0..packets)
            .map(|packet| receipt(salt, line << 20 | packet, stages))
            .fold(0, fold);
        sum = fold(sum, receipts);
        sum = (0..stages).fold(sum, |sum, _| fold(sum, packets));
        sum = fold(sum, receipts);
    }
    sum
}

/// What the consumer finds in a packet: its layers, outermost first, each with
/// its contents and its hops.
fn receipt(salt: i64, number: i64, stages: i64) -> i64 {
    let mut layers = vec![(number, 0)];
    for stage in 0..stages {
        let top = layers.len() - 1;
        if stage % 2 == 0 {
            layers[top].1 += 1;
        } else {
            layers.push((number | stage << 40, layers[top].1));
        }
    }
    let outermost_first = layers.into_iter().rev();
    outermost_first.fold(0, |sum, (number, hops)| {
        fold(fold(sum, longs(salt, number)), hops)
    })
}
