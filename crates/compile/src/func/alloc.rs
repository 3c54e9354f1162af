//! Allocation in the heap, inline.
//!
//! ```text
//!  again: next = alloc_next; end = next + size
//!         end > alloc_limit ? ──▶ GcReserve(size) ──▶ again
//!         alloc_next = end; the object is at next
//! ```
//!
//! Between the allocation and the last store that initialises the object there
//! is no safepoint: the collector never sees a half-made one.

use super::FuncTranslator;
use super::access::{fixed, plain};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::{Libcall, StoreContext};
use std::mem::offset_of;

impl FuncTranslator<'_, '_> {
    /// Allocates an object of a type of the module; see [`Self::allocate_with`].
    pub(super) fn allocate(&mut self, type_index: u32, size: Value) -> (Value, Value) {
        let header = self.type_id(type_index);
        self.allocate_with(header, size)
    }

    /// Allocates an object of `size` bytes (a word, a multiple of 8) and
    /// writes its header. Returns the reference and the object's address.
    pub(super) fn allocate_with(&mut self, header: Value, size: Value) -> (Value, Value) {
        let again = self.b.create_block();
        let slow = self.b.create_block();
        let done = self.b.create_block();
        self.b.set_cold_block(slow);
        self.b.ins().jump(again, &[]);

        self.b.switch_to_block(again);
        let store = self.store_context();
        let next = self.context_load(store, offset_of!(StoreContext, alloc_next));
        let limit = self.context_load(store, offset_of!(StoreContext, alloc_limit));
        let end = self.b.ins().iadd(next, size);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        self.b.ins().brif(beyond, slow, &[], done, &[]);
        self.b.seal_block(slow);
        self.b.seal_block(done);

        self.b.switch_to_block(slow);
        self.libcall(Libcall::GcReserve, &[size]);
        self.b.ins().jump(again, &[]);
        self.b.seal_block(again);

        self.b.switch_to_block(done);
        let store = self.store_context();
        self.context_store(end, store, offset_of!(StoreContext, alloc_next));
        let base = self.heap_base();
        let address = self.b.ins().iadd(base, next);
        let flags = plain(self.regions.heap);
        self.b.ins().store(flags, header, address, 0);
        (self.b.ins().ireduce(types::I32, next), address)
    }

    /// The canonical id of a type of the module.
    pub(super) fn type_id(&mut self, type_index: u32) -> Value {
        let offset = self.env.layout.type_id(type_index);
        self.b
            .ins()
            .load(types::I32, fixed(), self.instance, offset)
    }
}
