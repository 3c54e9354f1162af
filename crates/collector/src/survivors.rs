//! What a collection has kept: for references that keep nothing.
//!
//! ```text
//!  roots ─▶ drain ─▶ Survivors: where is this object now?  ─▶ finish ─▶ sweep
//!                    was this continuation reached?
//! ```
//!
//! Asked when all that lives is known and nothing of what dies has been given up.

use mangrove_abi::{ContRef, HeapRef, RecordState};
use mangrove_continuation::Registry;
use mangrove_heap::{Collection, CollectionKind};

/// What a collection has kept.
pub struct Survivors<'a, 'h> {
    pub(crate) collection: &'a Collection<'h>,
    pub(crate) registry: &'a Registry,
    pub(crate) kind: CollectionKind,
}

impl Survivors<'_, '_> {
    /// What is collected.
    pub fn kind(&self) -> CollectionKind {
        self.kind
    }

    /// Where an object is now; none if nothing keeps it.
    ///
    /// # Safety
    /// It is null, an `i31`, or was an object of the heap when the collection began.
    pub unsafe fn object(&self, reference: HeapRef) -> Option<HeapRef> {
        // SAFETY: by contract; these are made once all has been copied.
        unsafe { self.collection.survivor(reference) }
    }

    /// Whether a continuation can still be resumed by this reference: it has not been
    /// used up, and in a full collection something keeps it. A minor one reclaims none.
    ///
    /// # Safety
    /// It is to a record of the store's registry.
    pub unsafe fn continuation(&self, reference: ContRef) -> bool {
        // SAFETY: by contract; records are never freed.
        let (revision, state) =
            unsafe { ((*reference.record).revision, (*reference.record).state) };
        revision == reference.revision
            && state == RecordState::Live as u32
            && (self.kind == CollectionKind::Minor || self.registry.is_marked(reference.record))
    }
}
