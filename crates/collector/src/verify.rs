//! Checks before and after a collection: every object, every root, the registry.

use crate::clean::verify_clean;
use crate::collect::nanoseconds;
use crate::mark::{MarkInput, Shown, Sink, SlotOwner, mark};
use crate::{Code, CollectError, Roots};
use mangrove_abi::{ContRef, HeapRef, StoreContext};
use mangrove_continuation::Registry;
use mangrove_heap::{Field, Heap, Marks};
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

/// What was found to be sound.
pub(crate) struct Verified {
    /// How long that took.
    pub(crate) ns: u64,
    /// How many continuations are in reach.
    pub(crate) continuations: u64,
}

/// Checks heap, roots and registry. It overlooks nothing.
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
) -> Result<Verified, CollectError> {
    let began = Instant::now();
    registry
        .verify(ctx)
        .map_err(|fault| CollectError::Registry { when, fault })?;
    let starts = heap
        .verify(ctx)
        .map_err(|fault| CollectError::HeapViolation { when, fault })?;
    let follow = heap.holds_continuations();
    if follow {
        check_continuations(when, heap, registry, ctx)?;
    }
    let mut check = Check {
        heap,
        marks: starts.marks(),
        follow,
        when,
        error: None,
    };
    // SAFETY: by contract.
    let counts = unsafe {
        verify_clean(when, heap, registry, ctx, code, roots)?;
        let input = MarkInput::new(registry, ctx, code, None);
        mark(input, roots, &mut check)?
    };
    if let Some(error) = check.error {
        return Err(error);
    }
    Ok(Verified {
        ns: nanoseconds(began),
        continuations: counts.continuations,
    })
}

/// Checks every continuation reference of every object, garbage included.
fn check_continuations(
    when: When,
    heap: &Heap,
    registry: &Registry,
    ctx: &StoreContext,
) -> Result<(), CollectError> {
    let mut bad = None;
    let check = |field: Field, type_id, reference| {
        if bad.is_none() && !registry.admits(reference) {
            bad = Some(CollectError::BadContinuation {
                when,
                object: field.object.0,
                type_id,
                offset: field.offset,
            });
        }
    };
    heap.each_continuation(ctx, check)
        .map_err(|fault| CollectError::HeapViolation { when, fault })?;
    bad.map_or(Ok(()), Err)
}

/// Checks that each root is a value a reference can have.
struct Check<'h> {
    heap: &'h Heap,
    marks: Marks,
    /// Whether objects are looked into, for the continuations in them.
    follow: bool,
    when: When,
    error: Option<CollectError>,
}

impl Sink for Check<'_> {
    unsafe fn heap_ref(&mut self, owner: SlotOwner<'_>, slot: *mut u32) {
        // SAFETY: by contract.
        let value = unsafe { slot.read() };
        let reference = HeapRef(value);
        let is_sound = match self.follow {
            true => self.marks.mark(reference).is_ok(),
            false => self.marks.starts().admits(reference),
        };
        if !is_sound && self.error.is_none() {
            self.error = Some(CollectError::BadRoot {
                when: self.when,
                owner: owner.root_owner(),
                value,
            });
        }
    }

    unsafe fn cont_ref(&mut self, _: SlotOwner<'_>, _: *mut ContRef) {}

    fn drain(&mut self, found: impl FnMut(ContRef)) -> bool {
        if !self.follow || self.error.is_some() {
            return false;
        }
        // SAFETY: the marks are this heap's, which is only looked at meanwhile.
        let drained = unsafe { self.marks.drain(self.heap, &mut Shown(found)) };
        drained.unwrap_or_else(|fault| {
            let when = self.when;
            self.error = Some(CollectError::HeapViolation { when, fault });
            false
        })
    }
}
