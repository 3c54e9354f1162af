//! Ids: odd numbers below 2^32, as V8's, unique in a snapshot, and the same for the same thing in all
//! snapshots of a run, because a comparison knows things again by nothing else.
//!
//! An id is twice a number of 31 bits, plus one. The numbers are shared out so that they follow from what
//! a run knows a thing by, without a table that would have to be kept between snapshots:
//!
//! ```text
//!  bits 30 29 28
//!       0  …      below GROUPS: the root and its groups; from there: objects, by identity
//!       1  0  0   continuations, by serial
//!       1  0  1   frames of the first 2^8 continuations, by serial and depth (2^20 of them)
//!       1  1  0   frames of others, by serial (2^24) and depth (2^4)
//!       1  1  1   everything else, by a hash of what it is known by
//! ```
//!
//! Who has a number that another one has already, which hashes and damaged files can bring, gets the next
//! free one.

use crate::Snapshot;
use crate::snapshot::{FrameRow, Kind, Node, NodeId};
use std::collections::HashSet;

/// Numbers of the root and its groups.
pub(super) const GROUPS: u32 = 64;

const OBJECTS: u32 = 0;
const OBJECTS_END: u32 = 1 << 30;
const CONTINUATIONS: u32 = 1 << 30;
const FIRST_FRAMES: u32 = CONTINUATIONS + (1 << 28);
const FRAMES: u32 = FIRST_FRAMES + (1 << 28);
const OTHERS: u32 = FRAMES + (1 << 28);
/// How many numbers each of the last four has.
const SHARE: u64 = 1 << 28;

/// The id of a number.
pub(super) fn id(number: u32) -> u32 {
    number << 1 | 1
}

/// The ids of nodes, in their order.
pub(super) fn ids(snapshot: &Snapshot, nodes: impl Iterator<Item = NodeId>) -> Vec<u32> {
    let mut numbers: Vec<u32> = nodes.map(|node| number(snapshot, node)).collect();
    separate(&mut numbers);
    numbers.iter_mut().for_each(|number| *number = id(*number));
    numbers
}

/// A number for a node. It may be that of another one.
fn number(snapshot: &Snapshot, node: NodeId) -> u32 {
    match snapshot.nodes().get(node) {
        Node::Roots => hash(Kind::Roots, 0, 0),
        Node::Static(kind, row) => hash(
            kind,
            row.instance.map_or(u64::MAX, u64::from),
            row.index.into(),
        ),
        Node::Continuation(row) if row.serial < SHARE => CONTINUATIONS + row.serial as u32,
        Node::Continuation(row) => hash(Kind::Continuation, row.serial, 0),
        Node::Frame(row) => frame(snapshot, row),
        Node::Object(row) => {
            // Where objects were not followed, an object is known again until it moves. They lie at
            // multiples of 4.
            let known_by = snapshot.nodes().identity(node).unwrap_or(row.offset >> 2);
            match known_by.checked_add(OBJECTS + GROUPS) {
                Some(number) if number < OBJECTS_END => number,
                _ => hash(Kind::Object, known_by.into(), 0),
            }
        }
    }
}

/// A frame is known by its continuation and its depth, counted from the outermost: calls below it come
/// and go.
fn frame(snapshot: &Snapshot, row: &FrameRow) -> u32 {
    let of = snapshot.nodes().continuation(row.continuation);
    let serial = of.map_or(u64::MAX, |of| of.serial);
    let stack = of.and_then(|of| snapshot.names().stacks.get(of.stack as usize));
    let frames = stack.map_or(0, Vec::len) as u64;
    let index = u64::from(row.index);
    // Where the stack's list does not have the frame the numbers from the innermost have to do.
    let depth = if index < frames {
        frames - 1 - index
    } else {
        index
    };
    if serial < 1 << 8 && depth < 1 << 20 {
        FIRST_FRAMES + ((serial as u32) << 20 | depth as u32)
    } else if serial < 1 << 24 && depth < 1 << 4 {
        FRAMES + ((serial as u32) << 4 | depth as u32)
    } else {
        hash(Kind::Frame, serial, depth)
    }
}

fn hash(kind: Kind, a: u64, b: u64) -> u32 {
    // The finalizer of SplitMix64, whose constants these are.
    let mix = |mut x: u64| {
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    };
    let hash = mix(mix(mix(kind as u64 + 1).wrapping_add(a)).wrapping_add(b));
    OTHERS + (hash % SHARE) as u32
}

/// Gives all but the first with the same number another one: the next that is free.
fn separate(numbers: &mut [u32]) {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let mut twice: HashSet<u32> = HashSet::new();
    twice.extend(sorted.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]));
    if twice.is_empty() {
        return;
    }
    let mut met = HashSet::with_capacity(twice.len());
    // Never goes back, so that all of them together walk through the numbers once. There are fewer nodes
    // than numbers.
    let mut next = OTHERS;
    let mut free = || {
        loop {
            let number = next;
            next = if number == u32::MAX >> 1 {
                GROUPS
            } else {
                number + 1
            };
            if sorted.binary_search(&number).is_err() {
                break number;
            }
        }
    };
    for number in numbers {
        if twice.contains(number) && !met.insert(*number) {
            *number = free();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::samples::generators;

    #[test]
    fn shares_do_not_overlap_and_fill_31_bits() {
        assert_eq!(OBJECTS_END, CONTINUATIONS);
        assert_eq!(u64::from(CONTINUATIONS) + SHARE, u64::from(FIRST_FRAMES));
        assert_eq!(u64::from(FIRST_FRAMES) + SHARE, u64::from(FRAMES));
        assert_eq!(u64::from(FRAMES) + SHARE, u64::from(OTHERS));
        assert_eq!(u64::from(OTHERS) + SHARE, 1 << 31);
        assert_eq!(id(u32::MAX >> 1), u32::MAX);
    }

    #[test]
    fn equal_numbers_are_separated_wherever_they_come_from() {
        let last = OTHERS + (SHARE as u32 - 1);
        let mut numbers = vec![last, 5, last, last, OTHERS, 5, OTHERS + 1, OTHERS];
        separate(&mut numbers);
        assert_eq!(numbers[..2], [last, 5]);
        assert_eq!((numbers[4], numbers[6]), (OTHERS, OTHERS + 1));
        let all: HashSet<u32> = numbers.iter().copied().collect();
        assert_eq!(all.len(), numbers.len());
    }

    #[test]
    fn a_million_equal_numbers_take_no_longer_than_others() {
        let mut numbers = vec![OTHERS + 3; 1_000_000];
        separate(&mut numbers);
        let all: HashSet<u32> = numbers.iter().copied().collect();
        assert_eq!(all.len(), numbers.len());
    }

    #[test]
    fn what_lives_on_keeps_its_id() {
        let known = |parked| {
            let snapshot = generators(parked, 4).unwrap();
            let all: Vec<NodeId> = snapshot.nodes().all().skip(1).collect();
            let ids = ids(&snapshot, all.iter().copied());
            let titles = all.iter().map(|&node| snapshot.title(node));
            titles.zip(ids).collect::<std::collections::HashMap<_, _>>()
        };
        let (before, after) = (known(5), known(9));
        assert_eq!(after.len(), before.len() + 3 * 4);
        for (title, id) in before {
            assert_eq!(after[&title], id, "{title}");
            assert_eq!(id % 2, 1);
        }
    }
}
