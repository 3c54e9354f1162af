//! Which objects are reachable, found without moving any.
//!
//! ```text
//!  a space │ A    │ B │ C        │ D │ …    objects, without gaps
//!  starts  │ 1 0 0│ 1 │ 1 0 0 0 0│ 1 │ …    one bit for 8 bytes: here an object starts
//!  marks   │ 1 0 0│ 0 │ 1 0 0 0 0│ 0 │ …    and it is reachable
//! ```
//!
//! Both lie beside the heap: looking changes nothing. Continuations are not the heap's:
//! references to them are shown to an [`Onlooker`], who marks what their frames refer to.

use crate::access::{continuations, references};
use crate::scan::SHOWN;
use crate::starts::{Bitmap, Starts};
use crate::{Heap, HeapViolation};
use mangrove_abi::object::{ARRAY_LENGTH, HeapRef};
use mangrove_abi::{ContRef, StoreContext};

/// A field or an element of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The object.
    pub object: HeapRef,
    /// Where in it, in bytes from its start.
    pub offset: u32,
}

/// Is told what marking comes upon.
pub trait Onlooker {
    /// The first reference to an object, other than from a root.
    fn object(&mut self, object: HeapRef, by: Field);
    /// A reference to a continuation.
    fn continuation(&mut self, reference: ContRef, by: Field);
}

/// The reachable objects of a heap. Valid until something is allocated or
/// collected.
#[derive(Debug)]
pub struct Marks {
    starts: Starts,
    bits: Bitmap,
    /// Marked, but not looked into.
    worklist: Vec<HeapRef>,
    /// An object of whose continuations so many were shown.
    shown: Option<(HeapRef, u32)>,
    objects: u64,
    bytes: u64,
}

impl Marks {
    /// Marks an object that a root refers to; [`Marks::drain`] looks into it. Null and
    /// `i31` mark nothing. Whether it was not marked before.
    ///
    /// # Errors
    /// [`HeapViolation::Stray`]: the root refers to no object.
    pub fn mark(&mut self, root: HeapRef) -> Result<bool, HeapViolation> {
        let value = root.0;
        self.enqueue(root).ok_or(HeapViolation::Stray { value })
    }

    /// Marks what the marked objects reach, until nothing is left or continuations came
    /// up, which the onlooker has been shown: then there may be more. Whether there may be.
    ///
    /// It stops so that who follows them need not keep them all.
    ///
    /// # Errors
    /// [`HeapViolation::BadReference`]: the first field on the way that refers to no
    /// object.
    ///
    /// # Safety
    /// These marks are of `heap`, and nothing was allocated or collected since they
    /// were made.
    pub unsafe fn drain(
        &mut self,
        heap: &Heap,
        onlooker: &mut impl Onlooker,
    ) -> Result<bool, HeapViolation> {
        loop {
            // SAFETY: by contract the heap is as it was when its objects' starts were
            // found, each complete, and what is marked is one of them.
            unsafe {
                if self.show(heap, onlooker) {
                    return Ok(true);
                }
                let Some(object) = self.worklist.pop() else {
                    return Ok(false);
                };
                self.look_into(heap, object, onlooker)?;
            }
        }
    }

    /// # Safety
    /// As for [`Marks::drain`], and the object is one of the heap's.
    unsafe fn look_into(
        &mut self,
        heap: &Heap,
        object: HeapRef,
        onlooker: &mut impl Onlooker,
    ) -> Result<(), HeapViolation> {
        // SAFETY: by contract; `references` gives places within it.
        unsafe {
            self.objects += 1;
            self.bytes += heap.object_bytes(object);
            let type_id = heap.type_of(object);
            let descriptor = heap.descriptor(type_id).expect("an object has a type");
            let len = heap.read::<u32>(object, ARRAY_LENGTH);
            for offset in references(descriptor, len) {
                let value = heap.read_ref(object, offset);
                let new = self.enqueue(value).ok_or(HeapViolation::BadReference {
                    holder: object.0,
                    type_id,
                    field: offset,
                    value: value.0,
                })?;
                if new {
                    onlooker.object(value, Field { object, offset });
                }
            }
            if descriptor.cont_count != 0 {
                self.shown = Some((object, 0));
            }
        }
        Ok(())
    }

    /// Shows the next continuation references of the object that was looked into last,
    /// if it has any.
    ///
    /// # Safety
    /// As for [`Marks::drain`].
    unsafe fn show(&mut self, heap: &Heap, onlooker: &mut impl Onlooker) -> bool {
        let Some((object, from)) = self.shown.take() else {
            return false;
        };
        // SAFETY: by contract; `continuations` gives places within the object.
        unsafe {
            let descriptor = heap.descriptor(heap.type_of(object));
            let descriptor = descriptor.expect("an object has a type");
            let len = heap.read::<u32>(object, ARRAY_LENGTH);
            let mut places = continuations(descriptor, len, from);
            for offset in places.by_ref().take(SHOWN as usize) {
                let reference = heap.read_cont(object, offset);
                onlooker.continuation(reference, Field { object, offset });
            }
            if places.next().is_some() {
                self.shown = Some((object, from + SHOWN));
            }
        }
        true
    }

    /// Whether the reference is to an object that was not marked; none if it is no
    /// reference.
    fn enqueue(&mut self, reference: HeapRef) -> Option<bool> {
        if !reference.is_object() {
            return Some(false);
        }
        if !self.starts.contains(reference) {
            return None;
        }
        let new = self.bits.insert(reference.0);
        if new {
            self.worklist.push(reference);
        }
        Some(new)
    }

    /// Where objects start, reachable or not.
    pub fn starts(&self) -> &Starts {
        &self.starts
    }

    /// Whether an object was marked.
    pub fn contains(&self, object: HeapRef) -> bool {
        self.bits.contains(object.0)
    }

    /// The first marked object that is not before `from`, by its place. Null is before
    /// all.
    pub fn next(&self, from: HeapRef) -> Option<HeapRef> {
        self.bits.next(from.0).map(HeapRef)
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

impl Starts {
    /// Marks for their heap; nothing is marked.
    pub fn marks(self) -> Marks {
        Marks {
            bits: self.bits.cleared(),
            starts: self,
            worklist: Vec::new(),
            shown: None,
            objects: 0,
            bytes: 0,
        }
    }
}

impl Heap {
    /// Marks for this heap; nothing is marked.
    ///
    /// # Errors
    /// As [`Heap::walk`].
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn marks(&self, ctx: &StoreContext) -> Result<Marks, HeapViolation> {
        Ok(self.starts(ctx)?.marks())
    }
}
