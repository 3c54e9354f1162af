//! Objects: those the runtime makes, and what the embedder asks of a handle to one.

use crate::error::Error;
use crate::handle::{HandleKind, HeapHandle};
use crate::refusals::heap_error;
use crate::resource::error::ResourceError;
use crate::shape::{Shape, read_field};
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::trap::TrapReason;
use crate::value::Val;
use mangrove_abi::object::{
    ARRAY_ELEMENTS, HOST_PAYLOAD, HOST_SIZE, HeapRef, MAX_OBJECT, array_size,
};
use mangrove_abi::{StoreContext, TrapCode, TypeId};
use mangrove_heap::Heap;
use mangrove_validate::{FieldType, StorageType};

impl StoreInner {
    /// Runs an allocation, with a collection in between if it asks for one.
    /// `None` if the object cannot be had. What the caller holds must be rooted.
    pub(crate) fn allocate_with(
        &mut self,
        size: u64,
        allocate: impl Fn(&mut Heap, &mut StoreContext) -> Option<HeapRef>,
    ) -> Result<Option<HeapRef>, Error> {
        self.before_allocation(size)?;
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { self.ctx.as_mut() };
        if let Some(object) = allocate(&mut self.heap, ctx) {
            self.close_window();
            return Ok(Some(object));
        }
        if !self.make_room(size)? {
            return Ok(None);
        }
        // SAFETY: as above.
        let ctx = unsafe { self.ctx.as_mut() };
        let object = allocate(&mut self.heap, ctx);
        self.close_window();
        Ok(object)
    }

    /// With allocation zeal, collects when it is time.
    pub(crate) fn count_allocation(&mut self) -> Result<(), Error> {
        if let Some(every) = self.engine.settings().zeal.alloc {
            self.zeal_left -= 1;
            if self.zeal_left == 0 {
                self.zeal_left = every;
                self.collect_for_zeal()?;
            }
        }
        Ok(())
    }

    /// With allocation zeal, or a policy that wants it, lets the next allocation of compiled
    /// code come to the runtime.
    pub(crate) fn close_window(&mut self) {
        if self.engine.settings().zeal.alloc.is_some() {
            let ctx = self.context();
            ctx.alloc_limit = ctx.alloc_next;
        }
        self.narrow_window(0);
    }

    /// A new object of `size` bytes, all zero but the header.
    ///
    /// # Safety
    /// The type is one of structs or exceptions whose objects have that size.
    pub(crate) unsafe fn new_object(
        &mut self,
        type_id: TypeId,
        size: u64,
    ) -> Result<HeapRef, Error> {
        // SAFETY: by contract.
        let object = self.allocate_with(size, |heap, ctx| unsafe {
            heap.allocate(ctx, type_id, size)
        })?;
        object.ok_or_else(|| self.exhausted(size))
    }

    /// A new array, all zero.
    ///
    /// # Safety
    /// The type is one of arrays, of elements of `element` bytes.
    pub(crate) unsafe fn new_array(
        &mut self,
        type_id: TypeId,
        element: u32,
        len: u32,
    ) -> Result<HeapRef, Error> {
        let size = array_size(element, len);
        // SAFETY: by contract.
        let array = self.allocate_with(size, |heap, ctx| unsafe {
            heap.allocate_array(ctx, type_id, element, len)
        })?;
        array.ok_or_else(|| self.exhausted(size))
    }

    fn exhausted(&self, size: u64) -> Error {
        Error::trap(self.exhaustion(size))
    }

    /// Why there is no room for `size` bytes.
    pub(crate) fn exhaustion(&self, size: u64) -> TrapReason {
        if size > MAX_OBJECT {
            TrapReason::Code(TrapCode::AllocationTooLarge)
        } else if let Some(error) = self.heap.refused() {
            match heap_error(error) {
                Error::Resource(error) => TrapReason::Resource(error),
                other => TrapReason::Limit(format!("heap exhausted: {other}")),
            }
        } else if let Some(bound) = self.heap_bound {
            let limit = self.heap.limit();
            let what = format!("allocate an object in a heap of {limit} bytes (heap_max)");
            let error = ResourceError::beyond(what, size, bound, None);
            TrapReason::Resource(Box::new(error.so("heap exhausted".into())))
        } else {
            TrapReason::HeapExhausted {
                requested: size,
                limit: self.heap.limit(),
                refused_by: self.heap_refused_by,
            }
        }
    }
}

impl HeapHandle {
    /// A new external object that carries `payload`: an `externref`, as
    /// [`Val::Extern`], or, as [`Val::Any`], what `any.convert_extern` makes of it.
    ///
    /// # Errors
    /// There is no room in the heap.
    pub fn new_host(store: &mut impl AsStoreMut, payload: u64) -> Result<Self, Error> {
        let store = inner_mut(store);
        let size = u64::from(HOST_SIZE);
        let object = store.allocate_with(size, |heap, ctx| heap.allocate_host(ctx, payload))?;
        match object {
            // SAFETY: it was just made.
            Some(object) => Ok(unsafe { store.heap_handle(object) }),
            None => Err(store.exhausted(size)),
        }
    }

    /// The payload of an object made by [`HeapHandle::new_host`]; none for
    /// anything else, and for handles of another store.
    pub fn host_value(&self, store: &impl AsStore) -> Option<u64> {
        let store = inner(store);
        let object = self.get(store.id)?;
        (store.kind_of_object(object) == HandleKind::Host)
            // SAFETY: the object is a host object of this store's heap.
            .then(|| unsafe { store.heap.read(object, HOST_PAYLOAD) })
    }

    /// What it refers to.
    ///
    /// # Errors
    /// It is of another store.
    pub fn kind(&self, store: &impl AsStore) -> Result<HandleKind, Error> {
        let store = inner(store);
        Ok(store.kind_of_object(store.heap_ref(self)?))
    }

    /// How many elements an array has; none for anything else, and for handles
    /// of another store.
    pub fn array_len(&self, store: &impl AsStore) -> Option<u32> {
        let store = inner(store);
        let object = self.get(store.id)?;
        matches!(store.kind_of_object(object), HandleKind::Array(_))
            // SAFETY: the object is an array of this store's heap.
            .then(|| unsafe { store.heap.array_len(object) })
    }

    /// A struct's field or an array's element by its index, packed ones
    /// zero-extended; none where there is no such thing.
    ///
    /// # Errors
    /// It is of another store.
    pub fn item(&self, store: &mut impl AsStoreMut, index: u32) -> Result<Option<Val>, Error> {
        let store = inner_mut(store);
        let object = store.heap_ref(self)?;
        let (HandleKind::Struct(id) | HandleKind::Array(id)) = store.kind_of_object(object) else {
            return Ok(None);
        };
        let (field, offset): (FieldType, u32) = match Shape::of(&store.engine, id) {
            Shape::Struct { fields, layout } => match fields.get(index as usize) {
                Some(&field) => (field, layout.offsets[index as usize]),
                None => return Ok(None),
            },
            // SAFETY: the object is an array of this store's heap.
            Shape::Array { element, size } if index < unsafe { store.heap.array_len(object) } => {
                (element, ARRAY_ELEMENTS + index * size)
            }
            _ => return Ok(None),
        };
        let size = store.engine.types().storage_size(field.storage);
        // SAFETY: the field exists and has that size.
        let slot = unsafe { read_field(&store.heap, object, offset, size) };
        let kind = match field.storage {
            StorageType::I8 | StorageType::I16 => crate::kind::ValueKind::I32,
            StorageType::Val(ty) => store.engine.kind_of(ty),
        };
        // SAFETY: it was read from a field of that kind.
        Ok(Some(unsafe { store.lift(slot, kind) }))
    }

    /// Whether both refer to the same object, or are the same `i31`.
    ///
    /// Objects move, so this is a question to their store: the only one who
    /// knows that no collection is under way.
    ///
    /// # Errors
    /// Either is of another store.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{AbstractHeap, Config, Engine, Error, Global, GlobalType, HeapHandle};
    /// # use mangrove::{HeapType, RefType, Store, Val, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// # let reference = RefType { nullable: true, heap: HeapType::Abstract(AbstractHeap::Extern) };
    /// # let ty = GlobalType { content: ValType::Ref(reference), mutable: false };
    /// let object = HeapHandle::new_host(&mut store, 7)?;
    /// let global = Global::new(&mut store, ty, Val::Extern(Some(object.clone())))?;
    /// let Val::Extern(Some(again)) = global.get(&mut store)? else { unreachable!() };
    /// assert!(object.same_object(&store, &again)?);
    /// assert_ne!(object, again, "a handle of its own");
    /// # Ok(())
    /// # }
    /// ```
    pub fn same_object(&self, store: &impl AsStore, other: &Self) -> Result<bool, Error> {
        let store = inner(store);
        Ok(store.heap_ref(self)? == store.heap_ref(other)?)
    }
}
