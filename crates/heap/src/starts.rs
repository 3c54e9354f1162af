//! Where the objects of a heap start: a bit for each place one can start at, beside the
//! heap.

use crate::{Heap, HeapViolation};
use mangrove_abi::StoreContext;
use mangrove_abi::object::{HeapRef, OBJECT_ALIGN};

/// A bit for every 8 bytes of the space in use.
#[derive(Clone, Debug)]
pub(crate) struct Bitmap {
    first: u32,
    bits: Vec<u64>,
}

impl Bitmap {
    /// All bits clear, for offsets from `first` up to `end`.
    pub(crate) fn new(first: u64, end: u64) -> Self {
        let words = (end - first).div_ceil(OBJECT_ALIGN * 64);
        Self {
            first: first as u32,
            bits: vec![0; words as usize],
        }
    }

    /// All bits clear, for the same offsets.
    pub(crate) fn cleared(&self) -> Self {
        Self {
            first: self.first,
            bits: vec![0; self.bits.len()],
        }
    }

    fn place(&self, offset: u32) -> (usize, u64) {
        let nth = offset.wrapping_sub(self.first) / OBJECT_ALIGN as u32;
        (nth as usize / 64, 1 << (nth % 64))
    }

    /// Sets a bit. Whether it was clear.
    pub(crate) fn insert(&mut self, offset: u32) -> bool {
        let (word, bit) = self.place(offset);
        let clear = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        clear
    }

    /// Whether the bit of this offset is set: no for offsets outside, and for
    /// those no object can start at.
    pub(crate) fn contains(&self, offset: u32) -> bool {
        let (word, bit) = self.place(offset);
        u64::from(offset).is_multiple_of(OBJECT_ALIGN)
            && self.bits.get(word).is_some_and(|bits| bits & bit != 0)
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
        let words = self.bits.bits.iter().map(|bits| {
            let first = before;
            before += bits.count_ones();
            first
        });
        let before = words.collect();
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
    /// For each word of the bitmap, how many objects start before it.
    before: Vec<u32>,
}

impl ObjectNumbers {
    /// The number of an object; none if none starts there.
    pub fn of(&self, object: HeapRef) -> Option<u32> {
        if !self.starts.contains(object) {
            return None;
        }
        let (word, bit) = self.starts.bits.place(object.0);
        let in_word = (self.starts.bits.bits[word] & (bit - 1)).count_ones();
        Some(self.before[word] + in_word)
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
            bits: Bitmap::new(self.space().start(), ctx.alloc_next),
            count: 0,
        };
        self.walk(ctx, |object, _, _| {
            starts.bits.insert(object.0);
            starts.count += 1;
        })?;
        Ok(starts)
    }
}
