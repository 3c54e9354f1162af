//! Allocation in the heap, inline.
//!
//! ```text
//!         large, as far as is known here? ──▶ GcReserve(size) ──▶ again
//!  again: next = alloc_next; end = next + size
//!         end > alloc_limit ? ──▶ GcReserve(size) ──▶ again
//!         the object is at next: header, fields
//!         alloc_next = end
//! ```
//!
//! From `next` being read to the last store there is no safepoint, so nobody
//! else allocates there. The last store makes the object one of the heap's: a
//! fault before it (the first spill of a frame can hit the guard of the stack)
//! leaves nothing half made.

use super::regions::{fixed, plain};
use super::translator::FuncTranslator;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use mangrove_abi::object::LARGE_OBJECT;
use mangrove_abi::{Libcall, StoreContext, TypeIndex};
use std::mem::offset_of;

/// An object that is being made.
pub struct Allocation {
    /// The reference to it.
    pub reference: Value,
    /// Its address.
    pub address: Value,
    /// The offset of its end.
    end: Value,
}

impl FuncTranslator<'_, '_> {
    /// Allocates an object of a type of the module; see [`Self::allocate_with`].
    pub(super) fn allocate(&mut self, type_index: TypeIndex, size: Value) -> Allocation {
        let header = self.type_id(type_index);
        self.allocate_with(header, size)
    }

    /// Allocates an array of a type of the module, as [`Self::allocate`]. One that is
    /// too large for the young space asks the runtime first, which has the window moved
    /// to the old one.
    pub(super) fn allocate_array(&mut self, type_index: TypeIndex, size: Value) -> Allocation {
        let header = self.type_id(type_index);
        let again = self.b.create_block();
        let large = self.b.create_block();
        self.b.set_cold_block(large);
        let most = self.const_word(LARGE_OBJECT);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, size, most);
        self.b.ins().brif(beyond, large, &[], again, &[]);
        self.b.seal_block(large);
        self.b.switch_to_block(large);
        self.libcall(Libcall::GcReserve, &[size]);
        self.b.ins().jump(again, &[]);
        self.allocate_at(again, header, size)
    }

    /// Finds room for an object of `size` bytes (a word, a multiple of 8) and
    /// writes its header. The caller writes the rest and [`Self::publish`]es it.
    pub(super) fn allocate_with(&mut self, header: Value, size: Value) -> Allocation {
        let again = self.b.create_block();
        self.b.ins().jump(again, &[]);
        self.allocate_at(again, header, size)
    }

    fn allocate_at(&mut self, again: Block, header: Value, size: Value) -> Allocation {
        let slow = self.b.create_block();
        let done = self.b.create_block();
        self.b.set_cold_block(slow);

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
        let base = self.heap_base();
        let address = self.b.ins().iadd(base, next);
        let flags = plain(self.regions.shapes);
        self.b.ins().store(flags, header, address, 0);
        Allocation {
            reference: self.b.ins().ireduce(types::I32, next),
            address,
            end,
        }
    }

    /// Makes an object whose last field is written one of the heap's.
    pub(super) fn publish(&mut self, object: Allocation) -> Value {
        let store = self.store_context();
        self.context_store(object.end, store, offset_of!(StoreContext, alloc_next));
        object.reference
    }

    /// The canonical id of a type of the module.
    pub(super) fn type_id(&mut self, type_index: TypeIndex) -> Value {
        let offset = self.env.layout.type_id(type_index);
        let instance = self.instance();
        self.b.ins().load(types::I32, fixed(), instance, offset)
    }
}
