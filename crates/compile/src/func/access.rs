//! Loads and stores of everything compiled code shares with the runtime.

use super::regions::{fixed, load_store_context, plain, transfer_offset, trap};
use super::translator::FuncTranslator;
use crate::signature::clif_type;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::{InstanceContext, TrapCode};
use mangrove_validate::Repr;
use std::mem::offset_of;

impl FuncTranslator<'_, '_> {
    /// The instance. A function with homes keeps it in the frame too: a value that
    /// is alive everywhere would be in the way of all others.
    pub(super) fn instance(&mut self) -> Value {
        match &mut self.homes {
            None => self.instance,
            Some(homes) => homes.instance(&mut self.b),
        }
    }

    /// A word of the instance that never changes.
    pub(super) fn instance_word(&mut self, offset: i32) -> Value {
        let instance = self.instance();
        self.b.ins().load(types::I64, fixed(), instance, offset)
    }

    /// The store's context.
    pub(super) fn store_context(&mut self) -> Value {
        let instance = self.instance();
        load_store_context(&mut self.b, instance)
    }

    /// The heap's base.
    pub(super) fn heap_base(&mut self) -> Value {
        self.instance_word(offset_of!(InstanceContext, heap_base) as i32)
    }

    /// The address of a heap object. Holds until the next safepoint only.
    pub(super) fn object(&mut self, reference: Value) -> Value {
        let base = self.heap_base();
        let offset = self.b.ins().uextend(types::I64, reference);
        self.b.ins().iadd(base, offset)
    }

    /// Loads a word of a context or record.
    pub(super) fn context_load(&mut self, base: Value, offset: usize) -> Value {
        let flags = plain(self.regions.context);
        self.b.ins().load(types::I64, flags, base, offset as i32)
    }

    /// Stores a value to a context or record.
    pub(super) fn context_store(&mut self, value: Value, base: Value, offset: usize) {
        let flags = plain(self.regions.context);
        self.b.ins().store(flags, value, base, offset as i32);
    }

    /// Reads a transfer slot.
    pub(super) fn transfer_load(&mut self, context: Value, index: usize, repr: Repr) -> Value {
        let flags = plain(self.regions.context);
        self.b
            .ins()
            .load(clif_type(repr), flags, context, transfer_offset(index))
    }

    /// Writes a transfer slot.
    pub(super) fn transfer_store(&mut self, context: Value, index: usize, value: Value) {
        let flags = plain(self.regions.context);
        self.b
            .ins()
            .store(flags, value, context, transfer_offset(index));
    }

    /// Traps with `code` if `value` is zero.
    pub(super) fn trap_if_zero(&mut self, value: Value, code: TrapCode) {
        self.b.ins().trapz(value, trap(code));
    }

    /// Traps with `code` if `value` is not zero.
    pub(super) fn trap_if(&mut self, value: Value, code: TrapCode) {
        self.b.ins().trapnz(value, trap(code));
    }

    /// Zero-extends a 32-bit value to a word.
    pub(super) fn extend(&mut self, value: Value) -> Value {
        self.b.ins().uextend(types::I64, value)
    }

    /// `high << 32 | low`, both 32-bit.
    pub(super) fn pack(&mut self, low: Value, high: u32) -> Value {
        let low = self.extend(low);
        let high = self.const_word(u64::from(high) << 32);
        self.b.ins().bor(low, high)
    }
}
