//! Objects that the runtime makes.

use crate::error::Error;
use crate::refusals::heap_error;
use crate::resource::error::ResourceError;
use crate::store::StoreInner;
use crate::trap::TrapReason;
use mangrove_abi::object::{HeapRef, MAX_OBJECT, array_size};
use mangrove_abi::{StoreContext, TrapCode, TypeId};
use mangrove_heap::Heap;

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
        match self.zeal_moments.at_allocation() {
            true => self.collect_for_zeal(),
            false => Ok(()),
        }
    }

    /// With allocation zeal, or a policy that wants it, lets the next allocation of compiled
    /// code come to the runtime.
    pub(crate) fn close_window(&mut self) {
        if self.engine.settings().zeal.looks_at_allocations() {
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
