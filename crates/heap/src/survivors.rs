//! What became of an object, for references that keep nothing: asked once everything
//! that is kept has been copied, while the old headers can still be read.

use crate::{Collection, CollectionKind};
use mangrove_abi::object::{FORWARDED, HeapRef};

impl Collection<'_> {
    /// What is collected.
    pub fn kind(&self) -> CollectionKind {
        self.kind
    }

    /// Whether nothing was found wrong so far. If something was, what lives is not known.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none()
    }

    /// Where the object is now; none if nothing keeps it. Null and `i31` stay as they
    /// are, and in a minor collection old objects. Only after [`Collection::drain`] has
    /// found nothing left to do.
    ///
    /// # Safety
    /// `reference` is one of those, or was an object of this heap when the collection
    /// began.
    pub unsafe fn survivor(&self, reference: HeapRef) -> Option<HeapRef> {
        debug_assert!(self.scan == self.next, "everything that is kept was copied");
        let offset = reference.0;
        let vacated = self.old.left(offset).or_else(|| self.young.left(offset));
        if vacated.is_none() {
            return Some(reference);
        }
        // SAFETY: by contract an object began there, in the used part of a vacated space,
        // which is given up only when the collection finishes.
        let header = unsafe { self.base.add(offset as usize).cast::<u32>().read() };
        // The shift pushes the flag out.
        (header & FORWARDED != 0).then_some(HeapRef(header << 3))
    }
}
