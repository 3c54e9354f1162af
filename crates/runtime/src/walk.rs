//! Every object that lives, one by one, and what it refers to. Nothing moves.

use crate::error::Error;
use crate::kind::ValueKind;
use crate::layout::ObjectLayout;
use crate::shape::read_field;
use crate::store::StoreInner;
use crate::value::Val;
use mangrove_abi::object::{HeapRef, Kind};
use mangrove_collector::{
    GraphItem, GraphTarget, ObjectGraph, ObjectInfo, Within, graph, object_graph, reachable, target,
};
use mangrove_heap::Marks;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// What is known of an object without looking into it, by its `info`: one list for all that show
/// objects.
macro_rules! object_facts {
    () => {
        /// Where it is until the next collection: its offset from the heap's base.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn offset(&self) -> u32 {
            self.info.object.0
        }

        /// Its canonical type; of an exception, a number of its tag's type.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn type_id(&self) -> mangrove_abi::TypeId {
            self.info.type_id
        }

        /// What it is.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn kind(&self) -> $crate::ObjectKind {
            $crate::ObjectKind::of(self.info.kind)
        }

        /// Bytes it takes, with its header.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn bytes(&self) -> u64 {
            self.info.bytes
        }

        /// How many elements an array has.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn array_len(&self) -> Option<u32> {
            self.info.len
        }

        /// Where it lies.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn space(&self) -> mangrove_collector::HeapSpace {
            self.info.space
        }

        /// Whether it was made since the last collection. That is all that is known of an
        /// object's age: what has survived one collection is old.
        ///
        /// # Examples
        /// See [`LiveObject`](crate::LiveObject).
        pub fn is_new(&self) -> bool {
            self.info.new
        }
    };
}
pub(crate) use object_facts;

/// What an object is.
///
/// # Examples
/// See [`LiveObject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A struct.
    Struct,
    /// An array.
    Array,
    /// An exception.
    Exception,
    /// An object the embedder made.
    Host,
}

impl ObjectKind {
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Struct => Self::Struct,
            Kind::Array => Self::Array,
            Kind::Exn => Self::Exception,
            Kind::Host => Self::Host,
            Kind::Unused | Kind::Func | Kind::Cont => {
                unreachable!("no object has such a type")
            }
        }
    }
}

/// The objects of a store that live, in the order of their places. The store is as it is
/// for as long as this exists.
///
/// # Examples
/// ```
/// # use mangrove::{Config, Engine, Error, GraphTarget, Linker, Module, ObjectKind, Store, Within};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// let text = b"(module
///     (type $pair (struct (field i32) (field (ref null $pair))))
///     (global (ref $pair) (struct.new $pair (i32.const 1)
///         (struct.new $pair (i32.const 2) (ref.null $pair)))))";
/// # let module = Module::new(&engine, text)?;
/// # let mut store = Store::new(&engine, ())?;
/// # Linker::new(&engine).instantiate(&mut store, &module)?;
/// let walk = store.heap_walk()?;
/// assert_eq!((walk.objects(), walk.bytes()), (2, 32));
/// let mut places = Vec::new();
/// for object in walk {
///     assert_eq!((object.kind(), object.type_name().as_str()), (ObjectKind::Struct, "$pair"));
///     for reference in object.references() {
///         assert_eq!(reference.within, Some(Within::Field { index: 1 }));
///         assert_eq!(reference.to, GraphTarget::Object(places[0]));
///     }
///     places.push(object.offset());
/// }
/// # Ok(())
/// # }
/// ```
///
/// See [`LiveObject`].
pub struct HeapWalk<'s> {
    store: &'s StoreInner,
    marks: Marks,
    next: HeapRef,
}

/// An object that lives.
///
/// # Examples
/// ```
/// use mangrove::{Engine, ExternRef, GraphTarget, HeapReference, HeapSpace, HeapWalk, LiveObject, ObjectKind, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let kept = ExternRef::new(&mut store, 7)?;
/// let mut walk: HeapWalk<'_> = store.heap_walk()?;
/// let object: LiveObject<'_> = walk.next().expect("one object");
/// assert_eq!((object.kind(), object.type_name().as_str()), (ObjectKind::Host, "host"));
/// assert_eq!((object.space(), object.is_new()), (HeapSpace::Young, true));
/// assert!(object.offset() > 0 && object.bytes() >= 8);
/// assert_eq!(object.array_len(), None);
/// # let _ = object.type_id();
/// let references: Vec<HeapReference> = object.references().collect();
/// assert!(!references.iter().any(|found| matches!(found.to, GraphTarget::Object(_))));
/// # drop(references);
/// # drop(kept);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct LiveObject<'s> {
    store: &'s StoreInner,
    info: ObjectInfo,
}

/// A reference in an object.
///
/// # Examples
/// See [`LiveObject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapReference {
    /// Where in the object; none if its type is not known, which only a defect can bring.
    pub within: Option<Within>,
    /// What it is to.
    pub to: GraphTarget,
}

impl<'s> Iterator for HeapWalk<'s> {
    type Item = LiveObject<'s>;

    fn next(&mut self) -> Option<LiveObject<'s>> {
        let object = self.marks.next(self.next)?;
        let store = self.store;
        // SAFETY: marking has found the object, and since then the store was borrowed, so
        // nothing was allocated or collected; the context is the heap's.
        let info = unsafe { store.heap.object_info(store.ctx.as_ref(), object) };
        self.next = HeapRef(object.0 + info.bytes as u32);
        Some(LiveObject { store, info })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.marks.objects() as usize))
    }
}

impl std::fmt::Debug for HeapWalk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeapWalk")
            .field("objects", &self.objects())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LiveObject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.info.fmt(f)
    }
}

impl HeapWalk<'_> {
    /// How many objects live.
    pub fn objects(&self) -> u64 {
        self.marks.objects()
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> u64 {
        self.marks.bytes()
    }
}

impl LiveObject<'_> {
    object_facts!();

    /// Its type's name: see [`TypeStatistics::name`](crate::TypeStatistics::name). Looked up each time.
    pub fn type_name(&self) -> String {
        self.store.type_name(self.info.type_id)
    }

    /// What is in a field of a struct, or in an element of an array, if it is a number or a
    /// vector; packed ones zero-extended. None for references, and where there is no such
    /// place.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, StorageType, Store};
    /// # use mangrove::Val;
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::constant(StorageType::I8))?;
    /// let kept = ArrayRef::from_slice(&mut store, &ty, b"ab")?;
    /// let object = store.heap_walk()?.next().expect("it lives");
    /// assert_eq!(object.number(1), Some(Val::I32(98)));
    /// assert_eq!(object.number(2), None);
    /// # drop(kept);
    /// # Ok(())
    /// # }
    /// ```
    pub fn number(&self, index: u32) -> Option<Val> {
        if !matches!(self.info.kind, Kind::Struct | Kind::Array) {
            return None;
        }
        let part = match (
            ObjectLayout::of(&self.store.engine, self.type_id())?,
            self.info.len,
        ) {
            (ObjectLayout::Struct(parts, _), _) => *parts.get(index as usize)?,
            (ObjectLayout::Array(mut part), Some(len)) if index < len => {
                // Within an object, which has less than 4 GiB.
                part.offset += index * part.size;
                part
            }
            (ObjectLayout::Array(_), _) => return None,
        };
        // SAFETY: as in `next`; the object has that part.
        let slot =
            unsafe { read_field(&self.store.heap, self.info.object, part.offset, part.size) };
        let low = slot.words[0];
        Some(match part.kind {
            ValueKind::I32 => Val::I32(low as i32),
            ValueKind::I64 => Val::I64(low as i64),
            ValueKind::F32 => Val::F32(low as u32),
            ValueKind::F64 => Val::F64(low),
            ValueKind::V128 => Val::V128(slot.as_u128()),
            ValueKind::Func
            | ValueKind::Any
            | ValueKind::Extern
            | ValueKind::Exn
            | ValueKind::Cont(_) => return None,
        })
    }

    /// The references in it to objects and continuations: without null, `i31`s, and
    /// continuation references that were used before.
    pub fn references(&self) -> impl Iterator<Item = HeapReference> + '_ {
        let types = self.store.engine.types();
        // SAFETY: as in `next`.
        let fields = unsafe { self.store.heap.fields(self.info.object) };
        fields.filter_map(move |(offset, value)| {
            let to = target(value)?;
            let part = types.part_at(self.info.type_id, offset);
            let within = part.and_then(|(kind, index)| Within::of(kind, index));
            Some(HeapReference { within, to })
        })
    }
}

impl StoreInner {
    /// The objects that live.
    ///
    /// # Errors
    /// [`Error::Internal`] if a frame or the heap is not as it must be.
    pub fn heap_walk(&mut self) -> Result<HeapWalk<'_>, Error> {
        let marks = self.live_objects()?;
        Ok(HeapWalk {
            store: self,
            marks,
            next: HeapRef::NULL,
        })
    }

    fn live_objects(&mut self) -> Result<Marks, Error> {
        self.look(|parts| {
            let (parts, mut roots, _) = parts.split();
            // SAFETY: as in `collect_as`.
            unsafe { reachable(parts, &mut roots) }
        })
    }

    /// Shows everything that lives, and every reference, until `visit` says that it is
    /// enough.
    ///
    /// # Errors
    /// As [`StoreInner::heap_walk`].
    pub fn visit_graph(
        &mut self,
        visit: &mut dyn FnMut(GraphItem) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.look(|parts| {
            let (parts, mut roots, names) = parts.split();
            // SAFETY: as in `collect_as`.
            unsafe { graph(parts, &mut roots, &names, visit) }
        })
    }

    /// Everything that lives, and every reference.
    ///
    /// # Errors
    /// As [`StoreInner::heap_walk`]; [`Error::Limit`] if there are more than `most` nodes
    /// and edges.
    pub fn object_graph(&mut self, most: usize) -> Result<ObjectGraph, Error> {
        let built = self.look(|parts| {
            let (parts, mut roots, names) = parts.split();
            // SAFETY: as in `collect_as`.
            unsafe { object_graph(parts, &mut roots, &names, most) }
        })?;
        let mut graph = built.ok_or_else(|| {
            Error::Limit(format!("the graph has more than {most} nodes and edges"))
        })?;
        let ids = graph.type_ids();
        let mut names = self.type_names(ids.iter().copied());
        let name = |id| (id, names.remove(&id).unwrap_or_default());
        graph.types = ids.into_iter().map(name).collect();
        Ok(graph)
    }
}
