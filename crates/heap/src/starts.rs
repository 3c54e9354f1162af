//! Where the objects of a heap start: a bit for each place one can start at, beside the
//! heap.

use crate::{Heap, HeapViolation};
use mangrove_abi::StoreContext;
use mangrove_abi::object::{HeapRef, OBJECT_ALIGN};
use std::ops::Range;

/// A bit for every 8 bytes of both spaces in use: the young one, then the old one.
#[derive(Clone, Debug)]
pub(crate) struct Bitmap {
    first: [u32; 2],
    bits: [Vec<u64>; 2],
}

impl Bitmap {
    /// All bits clear, for offsets in these ranges.
    pub(crate) fn new(ranges: [Range<u64>; 2]) -> Self {
        let words = |range: &Range<u64>| (range.end - range.start).div_ceil(OBJECT_ALIGN * 64);
        Self {
            first: [ranges[0].start as u32, ranges[1].start as u32],
            bits: [&ranges[0], &ranges[1]].map(|range| vec![0; words(range) as usize]),
        }
    }

    /// All bits clear, for the same offsets.
    pub(crate) fn cleared(&self) -> Self {
        Self {
            first: self.first,
            bits: [&self.bits[0], &self.bits[1]].map(|bits| vec![0; bits.len()]),
        }
    }

    fn place(&self, offset: u32) -> (usize, usize, u64) {
        let space = usize::from(offset >= self.first[1]);
        let nth = offset.wrapping_sub(self.first[space]) / OBJECT_ALIGN as u32;
        (space, nth as usize / 64, 1 << (nth % 64))
    }

    /// Sets a bit. Whether it was clear.
    pub(crate) fn insert(&mut self, offset: u32) -> bool {
        let (space, word, bit) = self.place(offset);
        let bits = &mut self.bits[space][word];
        let clear = *bits & bit == 0;
        *bits |= bit;
        clear
    }

    /// The first offset from `from` on whose bit is set.
    pub(crate) fn next(&self, from: u32) -> Option<u32> {
        // An offset between the spaces, or before the first, is the next one's start.
        let from = from.max(self.first[0]);
        let first = usize::from(from >= self.first[1]);
        (first..2).find_map(|space| {
            let from = from.max(self.first[space]) - self.first[space];
            let nth = from.div_ceil(OBJECT_ALIGN as u32) as usize;
            let bits = self.bits[space].get(nth / 64..)?;
            let mut mask = !0 << (nth % 64);
            for (word, &bits) in (nth / 64..).zip(bits) {
                let bits = bits & std::mem::replace(&mut mask, !0);
                if bits != 0 {
                    let nth = word as u32 * 64 + bits.trailing_zeros();
                    return Some(self.first[space] + nth * OBJECT_ALIGN as u32);
                }
            }
            None
        })
    }

    /// Whether the bit of this offset is set: no for offsets outside, and for
    /// those no object can start at.
    pub(crate) fn contains(&self, offset: u32) -> bool {
        let (space, word, bit) = self.place(offset);
        let bits = self.bits[space].get(word);
        u64::from(offset).is_multiple_of(OBJECT_ALIGN) && bits.is_some_and(|bits| bits & bit != 0)
    }
}

/// Where the objects of a heap start.
#[derive(Clone, Debug)]
pub struct Starts {
    pub(crate) bits: Bitmap,
    count: u64,
}

impl Starts {
    /// Whether an object starts there.
    pub fn contains(&self, object: HeapRef) -> bool {
        self.bits.contains(object.0)
    }

    /// Whether this is a value a reference can have: null, an `i31`, or the
    /// start of an object.
    pub fn admits(&self, reference: HeapRef) -> bool {
        !reference.is_object() || self.contains(reference)
    }

    /// How many objects there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// ObjectNumbers the objects from 0, by their places.
    pub fn numbers(&self) -> ObjectNumbers {
        let mut before = 0;
        let mut words = |bits: &u64| {
            let first = before;
            before += bits.count_ones();
            first
        };
        let [young, old] = &self.bits.bits;
        let before = [
            young.iter().map(&mut words).collect(),
            old.iter().map(&mut words).collect(),
        ];
        ObjectNumbers {
            starts: self.clone(),
            before,
        }
    }
}

/// The number of each object among those of its heap: see [`Starts::numbers`].
#[derive(Clone, Debug)]
pub struct ObjectNumbers {
    starts: Starts,
    /// For each word of the bitmaps, how many objects start before it.
    before: [Vec<u32>; 2],
}

impl ObjectNumbers {
    /// The number of an object; none if none starts there.
    pub fn of(&self, object: HeapRef) -> Option<u32> {
        if !self.starts.contains(object) {
            return None;
        }
        let (space, word, bit) = self.starts.bits.place(object.0);
        let in_word = (self.starts.bits.bits[space][word] & (bit - 1)).count_ones();
        Some(self.before[space][word] + in_word)
    }
}

impl Heap {
    /// Notes where the objects start.
    ///
    /// # Errors
    /// As [`Heap::walk`].
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn starts(&self, ctx: &StoreContext) -> Result<Starts, HeapViolation> {
        self.check(ctx);
        let mut starts = Starts {
            bits: Bitmap::new(self.ranges(ctx)),
            count: 0,
        };
        self.walk(ctx, |object, _, _| {
            starts.bits.insert(object.0);
            starts.count += 1;
        })?;
        Ok(starts)
    }
}
