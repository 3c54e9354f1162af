//! A heap with a handful of types and a list of roots, for tests.

use crate::{
    CollectionKind, CollectionStats, Field, Heap, HeapConfig, HeapError, HeapViolation, Onlooker,
    Reserve,
};
use mangrove_abi::object::{
    ARRAY_ELEMENTS, HeapRef, Kind, TYPE_HOST, TypeDescriptor, TypeId, array_size,
};
use mangrove_abi::{ContRef, Logged, StoreContext};

/// A struct: an `i32` at 4 and references at 8 and 12; 16 bytes.
pub(crate) const NODE: TypeId = TypeId::new(16);
/// An array of references.
pub(crate) const REFS: TypeId = TypeId::new(17);
/// An array of bytes.
pub(crate) const BYTES: TypeId = TypeId::new(18);
/// A struct of one `i64` at 8; 16 bytes.
pub(crate) const LEAF: TypeId = TypeId::new(19);
/// An exception with a reference at 8; 16 bytes.
pub(crate) const EXN: TypeId = TypeId::new(20);
/// A function type.
pub(crate) const FUNC: TypeId = TypeId::new(21);
/// A struct: a reference at 4, continuations at 8 and 24; 40 bytes.
pub(crate) const BOX: TypeId = TypeId::new(22);
/// An array of continuations.
pub(crate) const CONTS: TypeId = TypeId::new(23);
/// One past the last type.
pub(crate) const END: u32 = 24;

pub(crate) const NODE_ID: u32 = 4;
pub(crate) const LEFT: u32 = 8;
pub(crate) const RIGHT: u32 = 12;

static NODE_FIELDS: [u32; 2] = [LEFT, RIGHT];
static EXN_FIELDS: [u32; 1] = [8];
/// Heap references, then continuations.
static BOX_FIELDS: [u32; 3] = [4, 8, 24];

fn descriptors() -> Vec<TypeDescriptor> {
    let mut table = vec![TypeDescriptor::UNUSED; END as usize];
    let object = |kind: Kind, size, refs: &'static [u32]| TypeDescriptor {
        kind: kind as u8,
        size,
        refs: refs.as_ptr(),
        ref_count: refs.len() as u16,
        ..TypeDescriptor::UNUSED
    };
    table[TYPE_HOST.index()] = object(Kind::Host, 0, &[]);
    table[NODE.index()] = object(Kind::Struct, 16, &NODE_FIELDS);
    table[REFS.index()] = TypeDescriptor {
        elem_refs: 1,
        ..object(Kind::Array, 4, &[])
    };
    table[BYTES.index()] = object(Kind::Array, 1, &[]);
    table[LEAF.index()] = object(Kind::Struct, 16, &[]);
    table[EXN.index()] = object(Kind::Exn, 16, &EXN_FIELDS);
    table[FUNC.index()] = object(Kind::Func, 0, &[]);
    table[BOX.index()] = TypeDescriptor {
        ref_count: 1,
        cont_count: 2,
        ..object(Kind::Struct, 40, &BOX_FIELDS)
    };
    table[CONTS.index()] = TypeDescriptor {
        cont_count: 1,
        ..object(Kind::Array, 16, &[])
    };
    table
}

/// The revisions of the continuation references that were shown, and who held what.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) revisions: Vec<u64>,
    pub(crate) holders: Vec<(HeapRef, Field)>,
}

impl Onlooker for Found {
    fn object(&mut self, object: HeapRef, by: Field) {
        self.holders.push((object, by));
    }

    fn continuation(&mut self, reference: ContRef, _: Field) {
        self.revisions.push(reference.revision);
    }
}

pub(crate) struct World {
    pub(crate) heap: Heap,
    pub(crate) ctx: Box<StoreContext>,
    pub(crate) roots: Vec<HeapRef>,
    /// The revisions of the continuation references that the last collection has shown.
    pub(crate) shown: Vec<u64>,
    _descriptors: Vec<TypeDescriptor>,
}

impl World {
    pub(crate) fn new(config: HeapConfig) -> Result<Self, HeapError> {
        let descriptors = descriptors();
        // SAFETY: the table is complete and lives in the world, beside the heap.
        let heap = unsafe { Heap::new(config, descriptors.as_ptr(), END)? };
        let mut ctx = StoreContext::new();
        heap.attach(&mut ctx);
        Ok(Self {
            heap,
            ctx,
            roots: Vec::new(),
            shown: Vec::new(),
            _descriptors: descriptors,
        })
    }

    /// A heap of at most `max_bytes`, whose young space has `window` bytes.
    pub(crate) fn small(max_bytes: u64, window: u64) -> Self {
        Self::new(HeapConfig {
            max_bytes,
            young_min: window,
            young_max: window,
            ..HeapConfig::default()
        })
        .unwrap()
    }

    /// Collects everything, with `roots` as the roots.
    pub(crate) fn try_collect(&mut self) -> Result<CollectionStats, HeapViolation> {
        self.try_collect_of(CollectionKind::Full)
    }

    pub(crate) fn try_collect_of(
        &mut self,
        kind: CollectionKind,
    ) -> Result<CollectionStats, HeapViolation> {
        let logged = self.heap.logged(&self.ctx).unwrap();
        let collection = self.heap.begin(&mut self.ctx, kind);
        let mut collection = collection.expect("memory");
        if kind == CollectionKind::Minor {
            collection.born();
            for entry in logged {
                let Logged::Object(object) = entry else {
                    panic!("{entry:?} is no object")
                };
                // SAFETY: the log is the heap's.
                unsafe { collection.remembered(object) };
            }
        }
        for root in &mut self.roots {
            // SAFETY: roots are references to whole objects, or stray ones on purpose.
            *root = unsafe { collection.forward(*root) };
        }
        self.shown.clear();
        while collection.drain(|_, reference| self.shown.push(reference.revision)) {}
        collection.finish(&mut self.ctx, self.roots.len() as u64)
    }

    /// A minor collection, with `roots` as the roots, and checks before and after.
    pub(crate) fn minor(&mut self) -> CollectionStats {
        self.heap.verify(&self.ctx).expect("a sound heap");
        self.heap.verify_log(&self.ctx).expect("all is logged");
        let stats = self.try_collect_of(CollectionKind::Minor);
        let stats = stats.expect("a sound heap");
        let starts = self.heap.verify(&self.ctx).expect("a sound heap");
        self.heap.verify_log(&self.ctx).expect("nothing is young");
        assert!(self.roots.iter().all(|&root| starts.admits(root)));
        assert!(!self.roots.iter().any(|&root| self.ctx.is_young(root)));
        stats
    }

    /// A collection of everything, with checks before and after.
    pub(crate) fn collect(&mut self) -> CollectionStats {
        let mut marks = self.heap.marks(&self.ctx).expect("a sound heap");
        for &root in &self.roots {
            marks.mark(root).expect("a sound heap");
        }
        let mut found = Found::default();
        // SAFETY: the marks are this heap's, as it is.
        while unsafe { marks.drain(&self.heap, &mut found) }.expect("a sound heap") {}
        let stats = self.try_collect().expect("a sound heap");
        let marked = (marks.objects(), marks.bytes());
        assert_eq!(marked, (stats.objects, stats.live), "marked and copied");
        let mut shown = self.shown.clone();
        shown.sort_unstable();
        found.revisions.sort_unstable();
        assert_eq!(found.revisions, shown, "continuations met and shown");
        let starts = self.heap.verify(&self.ctx).expect("a sound heap");
        assert_eq!(starts.count(), stats.objects);
        assert!(self.roots.iter().all(|&root| starts.admits(root)));
        stats
    }

    fn collect_as(&mut self, kind: CollectionKind) {
        match kind {
            CollectionKind::Minor => self.minor(),
            CollectionKind::Full => self.collect(),
        };
    }

    /// Allocates as the runtime does: collects when the heap says so. None
    /// when the heap is exhausted.
    pub(crate) fn allocate(&mut self, type_id: TypeId, size: u64) -> Option<HeapRef> {
        loop {
            // SAFETY: tests ask for types of theirs with the sizes they have, and fill
            // in an array's length.
            if let Some(object) = unsafe { self.heap.allocate(&mut self.ctx, type_id, size) } {
                return Some(object);
            }
            match self.heap.reserve(&mut self.ctx, size) {
                Reserve::Ready => {}
                Reserve::Impossible => return None,
                Reserve::Collect(kind) => {
                    self.collect_as(kind);
                    // Never the same answer twice.
                    match self.heap.reserve(&mut self.ctx, size) {
                        Reserve::Ready => {}
                        Reserve::Impossible => return None,
                        Reserve::Collect(again) => {
                            assert!(kind == CollectionKind::Minor && again != kind);
                            self.collect_as(again);
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn node(&mut self, id: u32, left: HeapRef, right: HeapRef) -> HeapRef {
        let node = self.allocate(NODE, 16).expect("room");
        self.write(node, NODE_ID, id);
        self.write(node, LEFT, left.0);
        self.write(node, RIGHT, right.0);
        node
    }

    pub(crate) fn array(&mut self, type_id: TypeId, element: u32, len: u32) -> HeapRef {
        let array = self
            .allocate(type_id, array_size(element, len))
            .expect("room");
        self.write(array, 4, len);
        array
    }

    pub(crate) fn read(&self, object: HeapRef, offset: u32) -> u32 {
        // SAFETY: tests pass objects they made and offsets inside them.
        unsafe { self.heap.read(object, offset) }
    }

    pub(crate) fn read_ref(&self, object: HeapRef, offset: u32) -> HeapRef {
        HeapRef(self.read(object, offset))
    }

    pub(crate) fn write(&mut self, object: HeapRef, offset: u32, value: u32) {
        // SAFETY: as for `read`. What is written may be wrong on purpose.
        unsafe {
            self.heap
                .address(object, offset)
                .cast::<u32>()
                .write_unaligned(value)
        }
    }

    /// A box that refers to `next`, and holds continuations of these revisions.
    pub(crate) fn boxed(&mut self, next: HeapRef, revisions: [u64; 2]) -> HeapRef {
        let object = self.allocate(BOX, 40).expect("room");
        self.write(object, 4, next.0);
        for (offset, revision) in [8, 24].into_iter().zip(revisions) {
            self.set_cont(object, offset, revision);
        }
        object
    }

    /// Writes a continuation reference. Nobody follows it: only its revision matters.
    pub(crate) fn set_cont(&mut self, object: HeapRef, offset: u32, revision: u64) {
        let record = std::ptr::null_mut();
        // SAFETY: tests pass objects they made with continuations there.
        unsafe {
            self.heap
                .write_cont(object, offset, ContRef { record, revision });
        }
    }

    pub(crate) fn item(&self, array: HeapRef, index: u32) -> HeapRef {
        self.read_ref(array, ARRAY_ELEMENTS + 4 * index)
    }

    /// Writes a reference into an object of any age.
    pub(crate) fn assign(&mut self, object: HeapRef, offset: u32, value: HeapRef) {
        // SAFETY: as for `read`.
        unsafe { self.heap.assign_ref(&mut self.ctx, object, offset, value) }
    }

    /// Writes an element of a new array.
    pub(crate) fn set_item(&mut self, array: HeapRef, index: u32, value: HeapRef) {
        self.write(array, ARRAY_ELEMENTS + 4 * index, value.0);
    }
}
