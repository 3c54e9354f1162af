//! The root set as it is now, for people: which slot of which frame of which
//! continuation, or what else, holds which object. Nothing moves.

use crate::mark::{MarkInput, Shown, Sink, SlotOwner, mark};
use crate::parts::StoreParts;
use crate::verify::When;
use crate::{CollectError, RootOwner, Roots};
use mangrove_abi::{ContRef, HeapRef, SlotKind, TypeId};
use mangrove_heap::{Heap, HeapViolation, Marks};
use serde::Serialize;

/// All roots of a store, in the order they are found: the running chain from
/// the innermost frame outwards, what lies outside of frames, then the
/// continuations reached from those, directly or through objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RootSet {
    /// The roots, null ones included.
    pub roots: Vec<Root>,
    /// How many continuations are live.
    pub continuations: u64,
    /// How many frames they have.
    pub frames: u64,
    /// How many objects are reachable from the roots.
    pub objects: u64,
    /// How many bytes those take.
    pub object_bytes: u64,
}

/// One root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Root {
    /// Who holds it.
    #[serde(flatten)]
    pub owner: RootOwner,
    /// What kind of slot it is.
    pub kind: SlotKind,
    /// What is in it.
    pub value: RootValue,
}

/// What is in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RootValue {
    /// Null.
    Null,
    /// An `i31`, zero-extended.
    I31 {
        /// Its value.
        value: u32,
    },
    /// An object.
    Object {
        /// Its offset from the heap's base.
        offset: u32,
        /// Its canonical type.
        type_id: TypeId,
    },
    /// A continuation.
    Continuation {
        /// Its id.
        id: u32,
        /// Whether the reference was used before, and so keeps nothing.
        consumed: bool,
    },
}

/// Gathers the root set.
///
/// # Errors
/// When a frame cannot be understood, the heap is not sound, or a root refers
/// to no object.
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn root_set(
    parts: StoreParts<'_>,
    roots: &mut dyn Roots,
) -> Result<RootSet, CollectError> {
    let StoreParts {
        heap,
        registry,
        ctx,
        code,
    } = parts;
    let mut list = List {
        heap,
        marks: heap.marks(ctx).map_err(unsound)?,
        roots: Vec::new(),
        error: None,
    };
    // With the planted defect: what is listed is what a collection would find.
    let input = MarkInput::new(registry, ctx, code, ctx.defect);
    // SAFETY: by contract.
    let counts = unsafe { mark(input, roots, &mut list)? };
    if let Some(error) = list.error {
        return Err(error);
    }
    Ok(RootSet {
        roots: list.roots,
        continuations: counts.continuations,
        frames: counts.frames,
        objects: list.marks.objects(),
        object_bytes: list.marks.bytes(),
    })
}

pub(crate) fn unsound(fault: HeapViolation) -> CollectError {
    CollectError::HeapViolation {
        when: When::Looking,
        fault,
    }
}

/// Writes every root down, and marks what it reaches.
struct List<'h> {
    heap: &'h Heap,
    marks: Marks,
    roots: Vec<Root>,
    error: Option<CollectError>,
}

impl Sink for List<'_> {
    unsafe fn heap_ref(&mut self, owner: SlotOwner<'_>, slot: *mut u32) {
        let owner = owner.root_owner();
        // SAFETY: by contract.
        let reference = HeapRef(unsafe { slot.read() });
        let value = if reference.is_null() {
            RootValue::Null
        } else if reference.is_i31() {
            RootValue::I31 {
                value: reference.i31_value(),
            }
        } else if self.marks.starts().contains(reference) {
            // `drain` looks into it.
            if let Err(fault) = self.marks.mark(reference) {
                self.error.get_or_insert(unsound(fault));
                return;
            }
            // SAFETY: an object of this heap starts there.
            let type_id = unsafe { self.heap.type_of(reference) };
            RootValue::Object {
                offset: reference.0,
                type_id,
            }
        } else {
            let when = When::Looking;
            self.error.get_or_insert(CollectError::BadRoot {
                when,
                owner,
                value: reference.0,
            });
            return;
        };
        self.roots.push(Root {
            owner,
            kind: SlotKind::Ref,
            value,
        });
    }

    unsafe fn cont_ref(&mut self, owner: SlotOwner<'_>, slot: *mut ContRef) {
        // SAFETY: by contract.
        let value = unsafe {
            let reference = slot.read_unaligned();
            match reference.record.as_ref() {
                None => RootValue::Null,
                Some(record) => RootValue::Continuation {
                    id: record.id.as_u32(),
                    consumed: record.revision != reference.revision,
                },
            }
        };
        self.roots.push(Root {
            owner: owner.root_owner(),
            kind: SlotKind::Cont,
            value,
        });
    }

    fn drain(&mut self, found: impl FnMut(ContRef)) -> bool {
        if self.error.is_some() {
            return false;
        }
        // SAFETY: the marks are this heap's, which is only looked at meanwhile.
        let drained = unsafe { self.marks.drain(self.heap, &mut Shown(found)) };
        drained.unwrap_or_else(|fault| {
            self.error = Some(unsound(fault));
            false
        })
    }
}
