//! Checks before and after a collection: every object, every root, the registry.

use crate::clean::verify_clean;
use crate::collect::nanoseconds;
use crate::mark::{MarkInput, Sink, SlotOwner, mark};
use crate::{Code, CollectError, Roots};
use mangrove_abi::{ContRef, HeapRef, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::{Heap, Starts};
use std::fmt;
use std::time::Instant;

/// When something was found to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the collection: the program, or an earlier one, did it.
    Before,
    /// While it was under way.
    During,
    /// After it: the collection did it.
    After,
    /// While the root set was gathered.
    Looking,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before the collection",
            Self::During => "during the collection",
            Self::After => "after the collection",
            Self::Looking => "while looking at the roots",
        })
    }
}

/// Checks heap, roots and registry, and returns how long that took. It overlooks nothing.
///
/// # Safety
/// As for [`crate::collect`].
pub(crate) unsafe fn verify(
    when: When,
    heap: &Heap,
    registry: &mut Registry,
    ctx: &StoreContext,
    code: &dyn Code,
    roots: &mut dyn Roots,
) -> Result<u64, CollectError> {
    let began = Instant::now();
    registry
        .verify(ctx)
        .map_err(|fault| CollectError::Registry { when, fault })?;
    let starts = heap
        .verify(ctx)
        .map_err(|fault| CollectError::HeapViolation { when, fault })?;
    let mut check = Check {
        starts,
        when,
        error: None,
    };
    // SAFETY: by contract.
    unsafe {
        verify_clean(when, heap, registry, ctx, code, roots)?;
        let input = MarkInput::new(registry, ctx, code, None);
        mark(input, roots, &mut check)?;
    }
    check.error.map_or(Ok(nanoseconds(began)), Err)
}

/// Checks that each root is a value a reference can have.
struct Check {
    starts: Starts,
    when: When,
    error: Option<CollectError>,
}

impl Sink for Check {
    unsafe fn heap_ref(&mut self, owner: SlotOwner<'_>, slot: *mut u32) {
        // SAFETY: by contract.
        let value = unsafe { slot.read() };
        if !self.starts.admits(HeapRef(value)) && self.error.is_none() {
            self.error = Some(CollectError::BadRoot {
                when: self.when,
                owner: owner.root_owner(),
                value,
            });
        }
    }

    unsafe fn cont_ref(&mut self, _: SlotOwner<'_>, _: *mut ContRef) {}
}
