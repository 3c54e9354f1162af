//! An object that a survey shows, and its contents in a form that means something outside
//! of the process.

use super::shapes::{FieldStorage, Part, Shape};
use crate::engine::EngineCore;
use crate::host_values::HostValues;
use crate::kind::ValueKind;
use crate::walk::object_facts;
use hashbrown::HashMap;
use mangrove_abi::object::{ARRAY_ELEMENTS, HOST_PAYLOAD, TYPE_EXN, exn_layout};
use mangrove_abi::{FuncRef, Kind, TagDef, TypeId};
use mangrove_collector::{FunctionId, ObjectInfo, SlotValue, Within, function_id};
use mangrove_heap::Heap;
use std::ptr;

/// Bytes in front of the fields of a struct or an exception.
pub(super) const HEADER: u32 = 4;

/// Reads objects, and knows how those of each type look.
pub(super) struct Reader<'a> {
    engine: &'a EngineCore,
    heap: &'a Heap,
    host_values: &'a HostValues,
    shapes: HashMap<TypeId, Shape>,
    /// The object that was read last.
    last: (TypeId, Kind),
}

impl<'a> Reader<'a> {
    pub(super) fn new(engine: &'a EngineCore, heap: &'a Heap, host_values: &'a HostValues) -> Self {
        Self {
            engine,
            heap,
            host_values,
            shapes: HashMap::new(),
            last: (TYPE_EXN, Kind::Unused),
        }
    }

    /// The parameters of a function type; none if it is none.
    pub(super) fn param_kinds(&self, id: TypeId) -> Vec<ValueKind> {
        let ty = self.engine.func_type(id);
        let params = ty.map(|ty| ty.params).unwrap_or_default();
        params.iter().map(|&ty| self.engine.kind_of(ty)).collect()
    }

    /// An object.
    ///
    /// # Safety
    /// It is one of the heap's, which stays as it is while this lives.
    pub(super) unsafe fn object(&mut self, info: ObjectInfo, identity: u32) -> SurveyedObject<'_> {
        let (engine, heap) = (self.engine, self.heap);
        self.last = (info.type_id, info.kind);
        let tag = match info.kind {
            // SAFETY: every exception has its tag's address first, and the tags of a store
            // live as long as it does.
            Kind::Exn => unsafe {
                let address: u64 = heap.read(info.object, exn_layout([]).offsets[0]);
                let tag = &*ptr::with_exposed_provenance::<TagDef>(address as usize);
                Some((tag.index, tag.type_id))
            },
            _ => None,
        };
        let shape = self.shapes.entry(info.type_id);
        let shape = shape.or_insert_with(|| match tag {
            Some((_, tag_type)) => Shape::of_payload(engine, tag_type),
            None => Shape::of(engine, info.type_id),
        });
        SurveyedObject {
            info,
            identity,
            tag: tag.map(|(index, _)| index),
            shape,
            heap,
            host_values: self.host_values,
        }
    }

    /// What lies in the object that was read last, so many bytes from its start.
    pub(super) fn within(&self, offset: u32) -> Option<Within> {
        let (id, kind) = self.last;
        self.shapes.get(&id)?.within(kind, offset)
    }
}

/// An object that a survey shows.
///
/// # Examples
/// ```
/// use mangrove::{Engine, FieldInfo, FieldStorage, HeapSpace, Linker, Module, ObjectKind, ObjectTypeInfo, Store, SurveyItem, SurveyOptions, SurveyedObject};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, "(module
///     (type $point (struct (field $x i16) (field $y i64)))
///     (global (ref $point) (struct.new $point (i32.const 7) (i64.const 8))))")?;
/// let mut store = Store::new(&engine, ())?;
/// Linker::new(&engine).instantiate(&mut store, &module)?;
///
/// let mut contents = Vec::new();
/// let mut found = None;
/// let mut show = |object: &SurveyedObject<'_>| {
///     assert_eq!(object.kind(), ObjectKind::Struct);
///     assert!(object.bytes() > 10 && object.offset() > 0);
///     assert!(object.is_new() && object.space() == HeapSpace::Young);
///     assert_eq!(object.identity(), 0, "objects are not followed");
///     // Of arrays, exceptions and objects of the embedder's only.
///     assert_eq!((object.array_len(), object.tag(), object.host_type()), (None, None, None));
///     object.contents(1000, &mut contents, &mut |function| function.index.into());
///     found = Some((object.type_id(), object.kind(), object.tag()));
/// };
/// store.survey(SurveyOptions::default(), &mut |item| {
///     if let SurveyItem::Object(object) = item {
///         show(object);
///     }
///     ControlFlow::Continue(())
/// })?;
///
/// // What it consists of is told by its type, afterwards.
/// let (id, kind, tag) = found.expect("the global's");
/// let info: ObjectTypeInfo = store.names().object_type(id, kind, tag).expect("it is known");
/// assert_eq!(info.name, "$point");
/// let y: &FieldInfo = &info.fields[1];
/// assert_eq!((y.name.as_deref(), y.storage), (Some("y"), FieldStorage::I64));
/// let y = &contents[y.offset as usize..][..y.storage.bytes() as usize];
/// assert_eq!(y, 8_i64.to_le_bytes());
/// # Ok(())
/// # }
/// ```
pub struct SurveyedObject<'a> {
    info: ObjectInfo,
    identity: u32,
    tag: Option<u32>,
    shape: &'a Shape,
    heap: &'a Heap,
    host_values: &'a HostValues,
}

impl std::fmt::Debug for SurveyedObject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.info.fmt(f)
    }
}

impl SurveyedObject<'_> {
    object_facts!();

    /// What tells it from all others of the run, if objects are followed; else 0.
    pub fn identity(&self) -> u32 {
        self.identity
    }

    /// The number in the store of an exception's tag.
    pub fn tag(&self) -> Option<u32> {
        self.tag
    }

    /// Of an object of the embedder's, the type of the value that it stands for.
    pub fn host_type(&self) -> Option<&'static str> {
        if self.info.kind != Kind::Host {
            return None;
        }
        // SAFETY: a host object has its payload there.
        let payload = unsafe { self.heap.read(self.info.object, HOST_PAYLOAD) };
        self.host_values.type_name(payload)
    }

    /// Adds its bytes behind the header to `out`, as many as `most`: of an array its
    /// elements, of an object of the embedder's nothing. What are addresses in the process
    /// is something else there: functions are what `function` makes of them and 0 is null;
    /// a continuation is 0 if it is null, else its id and one, and in the second word
    /// whether the reference is current.
    pub fn contents(
        &self,
        most: usize,
        out: &mut Vec<u8>,
        function: &mut dyn FnMut(FunctionId) -> u64,
    ) {
        let from = match self.info.kind {
            Kind::Host => return,
            Kind::Array => ARRAY_ELEMENTS,
            _ => HEADER,
        };
        let bytes = self.content_bytes(from).min(most as u64) as usize;
        let start = out.len();
        // SAFETY: the object has that many bytes behind its header.
        unsafe { self.heap.append_bytes(self.info.object, from, bytes, out) };
        let out = &mut out[start..];
        if let (Kind::Exn, Some(tag)) = (self.info.kind, self.tag) {
            let at = exn_layout([]).offsets[0] - from;
            put(out, at, u64::from(tag));
        }
        if self.shape.addresses {
            self.replace(from, out, function);
        }
    }

    /// Bytes behind the header, without what fills the last word of an array.
    fn content_bytes(&self, from: u32) -> u64 {
        match (self.info.len, self.shape.parts.first()) {
            (Some(len), Some(element)) => u64::from(len) * u64::from(element.storage.bytes()),
            _ => self.info.bytes - u64::from(from),
        }
    }

    /// Puts something else in the place of each address.
    fn replace(&self, from: u32, out: &mut [u8], function: &mut dyn FnMut(FunctionId) -> u64) {
        let room = out.len() as u32;
        let mut part = |part: &Part| {
            let at = part.offset - from;
            let words = match part.storage {
                // SAFETY: there is a function reference, or a continuation reference; what
                // they are to lives as long as the store.
                FieldStorage::Func => unsafe {
                    let address: u64 = self.heap.read(self.info.object, part.offset);
                    let func = ptr::with_exposed_provenance::<FuncRef>(address as usize);
                    match func.is_null() {
                        true => [0, 0],
                        false => [function(function_id(func)), 0],
                    }
                },
                // SAFETY: as above.
                FieldStorage::Cont => unsafe {
                    let reference = self.heap.read_cont(self.info.object, part.offset);
                    match SlotValue::of_cont(reference) {
                        SlotValue::Continuation(id) => [u64::from(id) + 1, 1],
                        SlotValue::Used(id) => [u64::from(id) + 1, 0],
                        _ => [0, 0],
                    }
                },
                _ => return,
            };
            put(out, at, words[0]);
            if part.storage == FieldStorage::Cont {
                put(out, at + 8, words[1]);
            }
        };
        match (self.info.len, self.shape.parts.first()) {
            (Some(len), Some(&element)) => {
                let size = element.storage.bytes();
                // What is beyond what was kept is not looked at.
                let kept = room.div_ceil(size).min(len);
                (0..kept).for_each(|index| {
                    part(&Part {
                        offset: element.offset + index * size,
                        ..element
                    });
                });
            }
            _ => self.shape.parts.iter().for_each(part),
        }
    }
}

/// Writes a word, or what of it there is room for.
fn put(out: &mut [u8], at: u32, word: u64) {
    let Some(out) = out.get_mut(at as usize..) else {
        return;
    };
    let room = out.len().min(8);
    out[..room].copy_from_slice(&word.to_le_bytes()[..room]);
}
