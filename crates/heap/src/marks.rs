//! Which objects are reachable, found without moving any.
//!
//! ```text
//!  a space │ A    │ B │ C        │ D │ …    objects, without gaps
//!  starts  │ 1 0 0│ 1 │ 1 0 0 0 0│ 1 │ …    one bit for 8 bytes: here an object starts
//!  marks   │ 1 0 0│ 0 │ 1 0 0 0 0│ 0 │ …    and it is reachable
//! ```
//!
//! Both lie beside the heap: looking changes nothing.

use crate::access::references;
use crate::{Heap, HeapViolation};
use mangrove_abi::StoreContext;
use mangrove_abi::object::{ARRAY_LENGTH, HeapRef, OBJECT_ALIGN};
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
    bits: Bitmap,
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
}

/// The reachable objects of a heap. Valid until something is allocated or
/// collected.
#[derive(Debug)]
pub struct Marks {
    starts: Starts,
    bits: Bitmap,
    /// Marked, but not looked into.
    worklist: Vec<HeapRef>,
    objects: u64,
    bytes: u64,
}

impl Marks {
    /// Marks an object that a root refers to, and all that it reaches. Null and
    /// `i31` mark nothing.
    ///
    /// # Errors
    /// [`HeapViolation::BadReference`]: the first field on the way that refers to no
    /// object. [`HeapViolation::Stray`]: the root does.
    ///
    /// # Safety
    /// These marks are of `heap`, and nothing was allocated or collected since they
    /// were made.
    pub unsafe fn mark(&mut self, heap: &Heap, root: HeapRef) -> Result<(), HeapViolation> {
        let value = root.0;
        self.enqueue(root).ok_or(HeapViolation::Stray { value })?;
        while let Some(object) = self.worklist.pop() {
            // SAFETY: by contract the heap is as it was when its objects' starts were
            // found, each complete, and this is one of them; `references` gives
            // places within it.
            unsafe {
                self.objects += 1;
                self.bytes += heap.object_bytes(object);
                let type_id = heap.type_of(object);
                let descriptor = heap.descriptor(type_id).expect("an object has a type");
                let len = heap.read::<u32>(object, ARRAY_LENGTH);
                for field in references(descriptor, len) {
                    let value = heap.read_ref(object, field);
                    self.enqueue(value).ok_or(HeapViolation::BadReference {
                        holder: object.0,
                        type_id,
                        field,
                        value: value.0,
                    })?;
                }
            }
        }
        Ok(())
    }

    /// None if the reference is none.
    fn enqueue(&mut self, reference: HeapRef) -> Option<()> {
        if reference.is_object() {
            if !self.starts.contains(reference) {
                return None;
            }
            if self.bits.insert(reference.0) {
                self.worklist.push(reference);
            }
        }
        Some(())
    }

    /// Where objects start, reachable or not.
    pub fn starts(&self) -> &Starts {
        &self.starts
    }

    /// Whether an object was marked.
    pub fn contains(&self, object: HeapRef) -> bool {
        self.bits.contains(object.0)
    }

    /// How many objects were marked.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> u64 {
        self.bytes
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

    /// Marks for this heap; nothing is marked.
    ///
    /// # Errors
    /// As [`Heap::walk`].
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn marks(&self, ctx: &StoreContext) -> Result<Marks, HeapViolation> {
        Ok(Marks {
            starts: self.starts(ctx)?,
            bits: Bitmap::new(self.ranges(ctx)),
            worklist: Vec::new(),
            objects: 0,
            bytes: 0,
        })
    }
}
