//! The walk through what a value refers to, part by part.

use crate::called::{TypeNames, brief};
use crate::handle::{ContHandle, HeapHandle, Lost};
use crate::kind::ValueKind;
use crate::shape::read_field;
use crate::store::StoreInner;
use crate::value::Val;
use hashbrown::HashMap;
use mangrove_abi::object::{ARRAY_ELEMENTS, HOST_PAYLOAD, HeapRef, exn_layout};
use mangrove_abi::{
    ContRef, FuncRef, Kind, RecordState, StructLayout, TagDef, TransferSlot, TypeId,
};
use mangrove_validate::number::{float32, float64};
use mangrove_validate::{CompositeType, HeapType, RefType, StorageType, SubType};
use std::fmt;
use std::fmt::Write as _;
use std::ptr;
use std::sync::Arc;

/// What is shown of what the store does not have.
const OF_ANOTHER_STORE: &str = "(of another store)";

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Levels of objects within objects.
    pub depth: u32,
    /// Parts of an object.
    pub items: u32,
    /// Bytes of text, after which it ends soon.
    pub bytes: usize,
}

/// An object that is being shown.
struct Open {
    object: HeapRef,
    /// Of its type; of an exception, its tag's function type.
    ty: Arc<SubType>,
    type_id: TypeId,
    /// Where its parts lie; of an array, nowhere in particular.
    layout: Option<Arc<StructLayout>>,
    /// The next part.
    next: u32,
    count: u32,
}

/// The text so far, and what in it is not closed yet.
pub struct Walk<'a> {
    store: &'a StoreInner,
    limits: Limits,
    /// What has been written.
    pub text: String,
    open: Vec<Open>,
    /// At which level each open object is.
    levels: HashMap<u32, usize>,
    names: TypeNames<'a>,
}

impl<'a> Walk<'a> {
    /// Nothing is written yet.
    pub fn new(store: &'a StoreInner, limits: Limits) -> Self {
        Self {
            store,
            limits,
            text: String::new(),
            open: Vec::new(),
            levels: HashMap::new(),
            names: TypeNames::new(store),
        }
    }

    /// Shows a value whole.
    pub fn value(&mut self, value: &Val) {
        let store = self.store;
        let heap = |handle: &HeapHandle| {
            let found = handle.get(store.id, &store.handles.scopes);
            found.map_err(|lost| match lost {
                Lost::Store => OF_ANOTHER_STORE,
                Lost::Scope => "(of a scope that is over)",
            })
        };
        let shown = match value {
            Val::I32(value) => {
                self.put(value);
                Ok(())
            }
            Val::I64(value) => {
                self.put(value);
                Ok(())
            }
            Val::F32(bits) => {
                self.put(float32(*bits));
                Ok(())
            }
            Val::F64(bits) => {
                self.put(float64(*bits));
                Ok(())
            }
            Val::V128(value) => {
                self.put(format_args!("0x{value:032x}"));
                Ok(())
            }
            Val::Func(Some(func)) if func.store == store.id => {
                // SAFETY: a function of this store.
                unsafe { self.function(func.as_ptr().as_ptr()) }
                Ok(())
            }
            Val::Any(Some(handle)) => heap(handle).map(|object| self.reference(object, "host")),
            Val::Extern(Some(handle)) => {
                heap(handle).map(|object| self.reference(object, "extern"))
            }
            Val::Exn(Some(handle)) => heap(handle).map(|object| self.reference(object, "exn")),
            Val::Cont(Some(handle)) => self.cont_handle(handle).ok_or(OF_ANOTHER_STORE),
            Val::Func(Some(_)) => Err(OF_ANOTHER_STORE),
            _ => {
                self.put("null");
                Ok(())
            }
        };
        if let Err(lost) = shown {
            self.text.push_str(lost);
        }
        self.parts();
    }

    fn put(&mut self, value: impl fmt::Display) {
        // Text takes whatever it is given.
        let _ = write!(self.text, "{value}");
    }

    /// Shows a value of the embedder: what people read as it is, else its type.
    fn host_value(&mut self, payload: u64) {
        let values = &self.store.host_values;
        let value = values.get(payload);
        let number = value.and_then(|value| {
            let unsigned = value.downcast_ref::<u64>().map(u64::to_string);
            unsigned.or_else(|| value.downcast_ref::<i64>().map(i64::to_string))
        });
        let text = value.and_then(|value| value.downcast_ref::<String>());
        match (number, text) {
            (Some(number), _) => self.text.push_str(&number),
            (_, Some(text)) => {
                let room = self.limits.bytes.saturating_sub(self.text.len());
                let shown = text.char_indices().take_while(|(at, _)| *at < room);
                let shown: String = shown.map(|(_, letter)| letter).collect();
                let _ = write!(self.text, "{shown:?}");
            }
            (None, None) => {
                let name = values.type_name(payload);
                self.text.push_str(name.unwrap_or("of nothing"));
            }
        }
    }

    /// Shows parts of what is open until nothing is.
    fn parts(&mut self) {
        while let Some(top) = self.open.last_mut() {
            if self.text.len() >= self.limits.bytes {
                self.text.push_str(" …");
                let closing = self.open.len();
                self.text.extend(std::iter::repeat_n(')', closing));
                self.open.clear();
                self.levels.clear();
                return;
            }
            if top.next == top.count.min(self.limits.items) {
                let left = top.count - top.next;
                self.levels.remove(&top.object.0);
                self.open.pop();
                if left > 0 {
                    let _ = write!(self.text, " … {left} more");
                }
                self.text.push(')');
                continue;
            }
            let part = top.next;
            top.next += 1;
            self.part(part);
        }
    }

    /// Shows a part of the innermost object.
    fn part(&mut self, part: u32) {
        let top = self.open.last().expect("something is open");
        let (object, type_id) = (top.object, top.type_id);
        let is_struct = matches!(top.ty.composite, CompositeType::Struct(_));
        let (storage, place) = match &top.ty.composite {
            CompositeType::Struct(fields) => (fields[part as usize].storage, part as usize),
            CompositeType::Array(element) => (element.storage, 0),
            // The first is an exception's tag.
            CompositeType::Func(ty) => (
                StorageType::Val(ty.params[part as usize]),
                part as usize + 1,
            ),
            CompositeType::Cont(_) => return,
        };
        let size = self.store.engine.types().storage_size(storage);
        let offset = match &top.layout {
            Some(layout) => layout.offsets[place],
            None => ARRAY_ELEMENTS + part * size,
        };
        self.text.push(' ');
        if is_struct && let Some(name) = self.names.field(type_id, part) {
            let _ = write!(self.text, "{name}=");
        }
        // SAFETY: the object has this part, of that size; nothing has moved since it was
        // opened, because the store is borrowed.
        let slot = unsafe { read_field(&self.store.heap, object, offset, size) };
        let low = slot.words[0];
        let kind = match storage {
            StorageType::I8 | StorageType::I16 => {
                self.put(low);
                return;
            }
            StorageType::Val(ty) => self.store.engine.kind_of(ty),
        };
        // SAFETY: it was read from a part of that kind.
        unsafe { self.slot(slot, kind) };
    }

    /// # Safety
    /// The slot holds a value of that kind, of this store.
    unsafe fn slot(&mut self, slot: TransferSlot, kind: ValueKind) {
        let low = slot.words[0];
        match kind {
            ValueKind::I32 => self.put(low as i32),
            ValueKind::I64 => self.put(low as i64),
            ValueKind::F32 => self.put(float32(low as u32)),
            ValueKind::F64 => self.put(float64(low)),
            ValueKind::V128 => self.put(format_args!("0x{:032x}", slot.as_u128())),
            ValueKind::Func if low == 0 => self.text.push_str("null"),
            ValueKind::Func => {
                let func = ptr::with_exposed_provenance::<FuncRef>(low as usize);
                // SAFETY: by contract.
                unsafe { self.function(func) };
            }
            ValueKind::Any => self.reference(HeapRef(low as u32), "host"),
            ValueKind::Extern => self.reference(HeapRef(low as u32), "extern"),
            ValueKind::Exn => self.reference(HeapRef(low as u32), "exn"),
            ValueKind::Cont(ty) => {
                let reference = slot.as_cont();
                match reference.is_null() {
                    true => self.text.push_str("null"),
                    // SAFETY: by contract.
                    false => unsafe { self.continuation(reference, ty) },
                }
            }
        }
    }

    /// # Safety
    /// It is a function of this store.
    unsafe fn function(&mut self, func: *const FuncRef) {
        // SAFETY: by contract.
        let name = unsafe { self.store.function_called(func) };
        let _ = write!(self.text, "(func {name})");
    }

    /// Shows a reference of this store's heap; `host` is the word for what the embedder
    /// made. Of an object that holds something only the beginning, and it is open then.
    fn reference(&mut self, object: HeapRef, host: &str) {
        if object.is_null() {
            return self.text.push_str("null");
        }
        if object.is_i31() {
            // The sign is the highest of 31 bits.
            let value = (object.i31_value() << 1) as i32 >> 1;
            let _ = write!(self.text, "(ref.i31 {value})");
            return;
        }
        if let Some(&level) = self.levels.get(&object.0) {
            let up = self.open.len() - level;
            let _ = write!(self.text, "(cycle {up} up)");
            return;
        }
        // SAFETY: references come out of handles and slots of this store.
        let (type_id, kind) = unsafe {
            (
                self.store.heap.type_of(object),
                self.store.heap.kind_of(object),
            )
        };
        match kind {
            Kind::Host => {
                // SAFETY: a host object of this store's heap.
                let payload: u64 = unsafe { self.store.heap.read(object, HOST_PAYLOAD) };
                let _ = write!(self.text, "({host} ");
                self.host_value(payload);
                self.text.push(')');
            }
            // SAFETY: an exception, a struct, an array of this store's heap.
            Kind::Exn => unsafe { self.open_exception(object) },
            Kind::Struct => self.open_struct(object, type_id),
            // SAFETY: as above.
            Kind::Array => unsafe { self.open_array(object, type_id) },
            Kind::Unused | Kind::Func | Kind::Cont => unreachable!("an object of type {type_id}"),
        }
    }

    fn open_struct(&mut self, object: HeapRef, type_id: TypeId) {
        let types = self.store.engine.types();
        let ty = types.get(type_id);
        let CompositeType::Struct(fields) = &ty.composite else {
            unreachable!("a struct of type {type_id}")
        };
        let count = fields.len() as u32;
        self.text.push_str("(struct");
        match (self.names.name(type_id), self.names.number(type_id)) {
            (Some(name), _) => self.put(format_args!(" {name}")),
            (None, Some(number)) => self.put(format_args!(" (type {number})")),
            (None, None) => {}
        }
        let layout = Some(types.struct_layout(type_id));
        self.begin(object, ty, type_id, layout, count);
    }

    /// # Safety
    /// It is an array of this store's heap, of that type.
    unsafe fn open_array(&mut self, array: HeapRef, type_id: TypeId) {
        let ty = self.store.engine.types().get(type_id);
        let CompositeType::Array(element) = &ty.composite else {
            unreachable!("an array of type {type_id}")
        };
        // SAFETY: by contract.
        let len = unsafe { self.store.heap.array_len(array) };
        self.text.push_str("(array");
        if let Some(name) = self.names.name(type_id) {
            let _ = write!(self.text, " {name}");
        }
        // SAFETY: by contract.
        match unsafe { self.store.array_text(array, element.storage, len) } {
            Some((text, 0)) => self.put(format_args!(" \"{text}\")")),
            Some((text, left)) => self.put(format_args!(" \"{text}…\" … {left} more)")),
            None => self.begin(array, ty, type_id, None, len),
        }
    }

    /// # Safety
    /// It is an exception of this store's heap.
    unsafe fn open_exception(&mut self, exn: HeapRef) {
        // SAFETY: every exception has its tag's address first, and the tags of a store
        // live as long as it does.
        let (type_id, index) = unsafe {
            let address: u64 = self.store.heap.read(exn, exn_layout([]).offsets[0]);
            let tag = &*ptr::with_exposed_provenance::<TagDef>(address as usize);
            (tag.type_id, tag.index)
        };
        let types = self.store.engine.types();
        let ty = types.get(type_id);
        let CompositeType::Func(function) = &ty.composite else {
            unreachable!("a tag of type {type_id}")
        };
        let count = function.params.len() as u32;
        let sizes = function.params.iter().map(|&ty| types.repr(ty).size());
        let layout = Some(Arc::new(exn_layout(sizes)));
        let name = self.store.tag_called(index);
        let name = name.as_deref().unwrap_or("of the host");
        let _ = write!(self.text, "(exn {name}");
        self.begin(exn, ty, type_id, layout, count);
    }

    /// Opens an object whose beginning is written, unless that is all there is to show.
    fn begin(
        &mut self,
        object: HeapRef,
        ty: Arc<SubType>,
        type_id: TypeId,
        layout: Option<Arc<StructLayout>>,
        count: u32,
    ) {
        if count == 0 {
            return self.text.push(')');
        }
        if self.open.len() >= self.limits.depth as usize {
            return self.text.push_str(" …)");
        }
        self.levels.insert(object.0, self.open.len());
        self.open.push(Open {
            object,
            ty,
            type_id,
            layout,
            next: 0,
            count,
        });
    }

    fn cont_handle(&mut self, handle: &ContHandle) -> Option<()> {
        let reference = handle.get(self.store.id)?;
        // SAFETY: a handle of this store has the address of one of its records.
        unsafe { self.continuation(reference, handle.ty()) };
        Some(())
    }

    /// # Safety
    /// It has the address of one of this store's records.
    unsafe fn continuation(&mut self, reference: ContRef, ty: RefType) {
        self.text.push_str("(cont");
        if let HeapType::Concrete(id) = ty.heap
            && let Some(name) = self.names.name(id)
        {
            let _ = write!(self.text, " {name}");
        }
        let record = reference.record;
        // SAFETY: by contract; one with a current reference is fresh or suspended, so
        // it is stopped, and its function lives as long as the store.
        unsafe {
            let is_live = (*record).state == RecordState::Live as u32;
            if !is_live || (*record).revision != reference.revision {
                return self.text.push_str(" consumed)");
            }
            if (*record).fp == 0 {
                let name = self.store.function_called((*record).func);
                let _ = write!(self.text, " fresh, of func {name}");
            } else {
                self.text.push_str(" suspended");
                if let Some(place) = self.store.stopped_at(record) {
                    let _ = write!(self.text, " in {}", brief(&place));
                }
            }
            match (*record).bound_count() {
                0 => {}
                1 => self.text.push_str(", 1 argument bound"),
                more => self.put(format_args!(", {more} arguments bound")),
            }
            match self.store.created_at(record) {
                Some(place) => self.put(format_args!(", made in {})", brief(&place))),
                None => self.text.push_str(", made by the host)"),
            }
        }
    }
}
