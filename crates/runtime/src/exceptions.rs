//! Exceptions that the embedder makes and reads.

use crate::error::Error;
use crate::exception::Exception;
use crate::handle::{HandleKind, HeapHandle, Tag};
use crate::shape::{Door, read_field, write_field};
use crate::store::{AsStoreMut, StoreInner, inner_mut};
use crate::trap::Backtrace;
use crate::value::Val;
use mangrove_abi::object::{HeapRef, exn_layout};
use mangrove_abi::{StructLayout, TagDef};
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_validate::{FuncType, StorageType, ValType};

impl Exception {
    /// A new exception.
    ///
    /// # Errors
    /// Values that do not fit the tag's parameters, a continuation among them unless
    /// the engine lets objects hold continuations, or no room in the heap.
    pub fn new(store: &mut impl AsStoreMut, tag: Tag, values: Vec<Val>) -> Result<Self, Error> {
        let store = inner_mut(store);
        store.check_same_store(tag.store, "tag")?;
        let (ty, layout) = store.exception_layout(tag.index)?;
        if values.len() != ty.params.len() {
            return Err(Error::usage(format!(
                "{} values for a tag of {} parameters",
                values.len(),
                ty.params.len()
            )));
        }
        let policy = store.engine.settings().continuations_in_objects;
        if policy == ContinuationsInObjects::Reject
            && values.iter().any(|value| matches!(value, Val::Cont(_)))
        {
            return Err(Error::usage(
                "a continuation cannot be thrown, because objects hold none \
                 (continuations-in-objects is reject)",
            ));
        }
        let lower = |store: &StoreInner| -> Result<Vec<_>, Error> {
            values
                .iter()
                .zip(&ty.params)
                .map(|(value, &ty)| store.lower(value, ty))
                .collect()
        };
        lower(store)?;
        // SAFETY: the tag is this store's.
        let TagDef { exn_type, .. } = *unsafe { store.tags[tag.index as usize].def.as_ref() };
        // SAFETY: the layout is that of the tag's exceptions.
        let object = unsafe { store.new_object(exn_type, u64::from(layout.size))? };
        // Only now: making the object may have moved what they refer to.
        let slots = lower(store)?;
        let address = store.tags[tag.index as usize]
            .def
            .as_ptr()
            .expose_provenance() as u64;
        // SAFETY: the object was just made with this layout.
        unsafe {
            store.heap.write(object, layout.offsets[0], address);
            for ((slot, &ty), &offset) in
                slots.into_iter().zip(&ty.params).zip(&layout.offsets[1..])
            {
                let storage = StorageType::Val(ty);
                let storage = (storage, store.engine.types().storage_size(storage));
                let ctx = store.ctx.as_mut();
                write_field(
                    &mut store.heap,
                    ctx,
                    object,
                    offset,
                    storage,
                    slot,
                    Door::Init,
                );
            }
        }
        // SAFETY: it was just made.
        let handle = unsafe { store.owned_handle(object) };
        Ok(Self {
            handle,
            tag,
            values,
            backtrace: Backtrace::default(),
        })
    }
}

impl StoreInner {
    /// Type and object layout of a tag's exceptions.
    fn exception_layout(&self, tag: u32) -> Result<(FuncType, StructLayout), Error> {
        let id = self.tag_type(tag);
        let ty = self
            .engine
            .func_type(id)
            .ok_or_else(|| Error::internal("a tag without a type"))?;
        let types = self.engine.types();
        let sizes: Vec<u32> = ty.params.iter().map(|&ty| types.repr(ty).size()).collect();
        Ok((ty, exn_layout(sizes)))
    }

    /// The exception object of an [`Exception`], whose handle anyone may set.
    pub(crate) fn exception_ref(&self, exception: &Exception) -> Result<HeapRef, Error> {
        let object = self.heap_ref(&exception.handle)?;
        match self.kind_of_object(object) {
            HandleKind::Exn => Ok(object),
            _ => Err(Error::usage("what was thrown is no exception")),
        }
    }

    /// What the embedder gets to see of an exception nobody caught.
    pub(crate) fn exception(
        &mut self,
        handle: HeapHandle,
        backtrace: Backtrace,
    ) -> Result<Exception, Error> {
        // It leaves whatever scope is open, with what it carries.
        let before = self.handles.scopes.enter();
        let read = self.read_exception(&handle);
        self.handles.scopes.leave(before);
        let (tag, values) = read?;
        Ok(Exception {
            handle,
            tag,
            values,
            backtrace,
        })
    }

    fn read_exception(&mut self, handle: &HeapHandle) -> Result<(Tag, Vec<Val>), Error> {
        let object: HeapRef = self.heap_ref(handle)?;
        // SAFETY: every exception has its tag's address first, and the tags of
        // a store live as long as it does.
        let index = unsafe {
            let address: u64 = self.heap.read(object, exn_layout([]).offsets[0]);
            (*std::ptr::with_exposed_provenance::<TagDef>(address as usize)).index
        };
        let (ty, layout) = self.exception_layout(index)?;
        let mut values = Vec::with_capacity(ty.params.len());
        for (&ty, &offset) in ty.params.iter().zip(&layout.offsets[1..]) {
            let kind = self.engine.kind_of(ty);
            // SAFETY: the object has this layout.
            let slot = unsafe { read_field(&self.heap, object, offset, self.field_size(ty)) };
            // Handles allocate nothing in the heap: `object` stays where it is.
            // SAFETY: it was read from a field of that kind.
            values.push(unsafe { self.lift(slot, kind) });
        }
        Ok((
            Tag {
                store: self.id,
                index,
            },
            values,
        ))
    }

    fn field_size(&self, ty: ValType) -> u32 {
        self.engine.types().repr(ty).size()
    }
}
