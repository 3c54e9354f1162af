//! What an object is, and what it refers to: for who looks at all of them.

use crate::access::{continuations, references};
use crate::{CollectionKind, Heap};
use mangrove_abi::object::{ARRAY_LENGTH, HeapRef, Kind, LARGE_OBJECT, TypeId};
use mangrove_abi::{ContRef, StoreContext};
use serde::{Deserialize, Serialize};

/// Where an object lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeapSpace {
    /// In the young space: it was made since the last collection.
    Young,
    /// In the old space.
    Old,
    /// In the old space, where objects of more than 64 KiB begin.
    Large,
}

impl HeapSpace {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Young => "young",
            Self::Old => "old",
            Self::Large => "large",
        }
    }
}

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Where it is, until the next collection.
    pub object: HeapRef,
    /// Its type.
    pub type_id: TypeId,
    /// What it is.
    pub kind: Kind,
    /// Bytes it takes, its header included.
    pub bytes: u64,
    /// Elements of an array.
    pub len: Option<u32>,
    /// Where it lies.
    pub space: HeapSpace,
    /// Whether it was made since the last collection.
    pub new: bool,
}

/// A reference in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Null, an `i31` or an object.
    Ref(HeapRef),
    /// To a continuation, or null.
    Cont(ContRef),
}

/// What the spaces of a heap take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeapFigures {
    /// Bytes in use in the young space, by objects that are dead too.
    pub young_used: u64,
    /// Bytes of the young space, before a collection is due.
    pub young_size: u64,
    /// Bytes in use in the old space, by objects that are dead too.
    pub old_used: u64,
    /// Bytes of memory that can be read and written, in all spaces. As far as they were
    /// touched they are memory of the process.
    pub committed: u64,
    /// Bytes that survived the last full collection. Nothing died in the old space by then;
    /// what did since is not known before the next.
    pub live_then: u64,
    /// Most bytes that objects may take.
    pub limit: u64,
    /// Minor collections so far.
    pub minor_collections: u64,
    /// Full ones.
    pub full_collections: u64,
}

impl Heap {
    /// What its spaces take.
    pub fn figures(&self, ctx: &StoreContext) -> HeapFigures {
        let [young, old] = self.ranges(ctx).map(|range| range.end - range.start);
        let spaces = [Some(&self.young), self.spare.as_ref()];
        let spaces = spaces.into_iter().flatten().chain(&self.old);
        HeapFigures {
            young_used: young,
            young_size: self.young_size,
            old_used: old,
            committed: spaces.map(|space| space.committed() - space.start()).sum(),
            live_then: self.live,
            limit: self.limit,
            minor_collections: self.collections_of(CollectionKind::Minor),
            full_collections: self.collections_of(CollectionKind::Full),
        }
    }

    /// What an object is.
    ///
    /// # Safety
    /// `object` must be an object of this heap, whose context is `ctx`.
    pub unsafe fn object_info(&self, ctx: &StoreContext, object: HeapRef) -> ObjectInfo {
        // SAFETY: by contract; an array has its length in the second word.
        let (type_id, kind, bytes, len) = unsafe {
            let kind = self.kind_of(object);
            let len = (kind == Kind::Array).then(|| self.array_len(object));
            (self.type_of(object), kind, self.object_bytes(object), len)
        };
        let [young, old] = self.ranges(ctx);
        let at = u64::from(object.0);
        let is_young = young.contains(&at);
        let born = || {
            let in_window = old.contains(&at) && at >= self.old_end;
            in_window || self.born.iter().any(|range| range.contains(&at))
        };
        ObjectInfo {
            object,
            type_id,
            kind,
            bytes,
            len,
            space: match is_young {
                true => HeapSpace::Young,
                false if bytes > LARGE_OBJECT => HeapSpace::Large,
                false => HeapSpace::Old,
            },
            new: is_young || born(),
        }
    }

    /// Every object that was made since the last collection, reachable or not.
    ///
    /// # Errors
    /// As [`Heap::walk`].
    ///
    /// # Panics
    /// As [`Heap::walk`].
    pub fn each_new(
        &self,
        ctx: &StoreContext,
        f: impl FnMut(HeapRef, TypeId, u64),
    ) -> Result<(), crate::HeapViolation> {
        self.check(ctx);
        let [young, old] = self.ranges(ctx);
        let window = self.old_end.min(old.end)..old.end;
        let ranges = [young, window].into_iter().chain(self.born.iter().cloned());
        self.walk_ranges(ranges, f)
    }

    /// The references in an object: where in it, and what is there.
    ///
    /// # Safety
    /// `object` must be an object of this heap, and stay one, unmoved, while the result
    /// is used.
    pub unsafe fn fields(&self, object: HeapRef) -> impl Iterator<Item = (u32, FieldValue)> + '_ {
        // SAFETY: by contract; the second word is an array's length or a field.
        let (descriptor, len) = unsafe {
            let descriptor = self.descriptor(self.type_of(object));
            let descriptor = descriptor.expect("an object has a type");
            (descriptor, self.read::<u32>(object, ARRAY_LENGTH))
        };
        let heap = references(descriptor, len).map(move |offset| {
            // SAFETY: by contract, at an offset of a reference.
            (
                offset,
                FieldValue::Ref(unsafe { self.read_ref(object, offset) }),
            )
        });
        let conts = continuations(descriptor, len, 0).map(move |offset| {
            // SAFETY: by contract, at an offset of a continuation.
            (
                offset,
                FieldValue::Cont(unsafe { self.read_cont(object, offset) }),
            )
        });
        heap.chain(conts)
    }
}
