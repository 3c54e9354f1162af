//! Checks before and after a collection: every object, every root, the registry.

use crate::mark::{MarkInput, Sink, SlotOwner, mark};
use crate::{CollectError, Roots};
use mangrove_abi::{ContRef, HeapRef};
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

/// Checks heap, roots and registry, and returns how long that took.
///
/// # Safety
/// As for [`crate::collect`].
pub(crate) unsafe fn verify(
    when: When,
    heap: &Heap,
    input: MarkInput<'_>,
    roots: &mut dyn Roots,
) -> Result<u64, CollectError> {
    let began = Instant::now();
    let ctx = input.ctx;
    input
        .registry
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
    unsafe { mark(input, roots, &mut check)? };
    check
        .error
        .map_or(Ok(began.elapsed().as_nanos() as u64), Err)
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
