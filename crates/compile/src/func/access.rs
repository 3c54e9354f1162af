//! Loads and stores of everything compiled code shares with the runtime.
//!
//! Each kind of memory has an alias region of its own, so that a store to an
//! array does not make Cranelift forget what it knows of a table.

use super::FuncTranslator;
use crate::signature::clif_type;
use cranelift_codegen::ir::{
    self, AliasRegion, AliasRegionData, InstBuilder, MemFlagsData, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::{InstanceContext, StoreContext, TransferSlot, TrapCode};
use mangrove_validate::Repr;
use std::mem::{offset_of, size_of};

/// The kinds of memory.
#[derive(Clone, Copy)]
pub struct Regions {
    /// Store context, records, stacks, transfer area.
    pub context: AliasRegion,
    /// Global cells.
    pub globals: AliasRegion,
    /// Table definitions and elements.
    pub tables: AliasRegion,
    /// Linear memories.
    pub memory: AliasRegion,
    /// Heap objects.
    pub heap: AliasRegion,
}

impl Regions {
    /// Declares them in a function.
    pub fn new(b: &mut FunctionBuilder<'_>) -> Self {
        let mut number = 0;
        let mut region = |description: &'static str| {
            number += 1;
            let data = AliasRegionData {
                user_id: number,
                description: description.into(),
            };
            b.func.dfg.alias_regions.insert(data)
        };
        Self {
            context: region("context"),
            globals: region("globals"),
            tables: region("tables"),
            memory: region("memory"),
            heap: region("heap"),
        }
    }
}

/// Our trap code as Cranelift carries it.
pub fn trap(code: TrapCode) -> ir::TrapCode {
    ir::TrapCode::unwrap_user(code as u8)
}

/// Flags of an access that cannot fault. Not "aligned": vectors in the heap are
/// aligned to 8 bytes only.
pub fn plain(region: AliasRegion) -> MemFlagsData {
    MemFlagsData::new()
        .with_notrap()
        .with_alias_region(Some(region))
}

/// Flags of an access whose fault is a trap.
pub fn trapping(region: AliasRegion, code: TrapCode) -> MemFlagsData {
    MemFlagsData::new()
        .with_alias_region(Some(region))
        .with_trap_code(Some(trap(code)))
}

/// Flags of a load from a place that never changes while the instance lives.
pub fn fixed() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

/// Offset of a transfer slot from the store context.
pub fn transfer_offset(index: usize) -> i32 {
    (offset_of!(StoreContext, transfer) + index * size_of::<TransferSlot>()) as i32
}

/// Loads the store context of an instance.
pub fn load_store_context(b: &mut FunctionBuilder<'_>, instance: Value) -> Value {
    b.ins().load(
        types::I64,
        fixed(),
        instance,
        offset_of!(InstanceContext, store) as i32,
    )
}

impl FuncTranslator<'_, '_> {
    /// The instance. A function with homes keeps it in the frame too: a value that
    /// is alive everywhere would be in the way of all others.
    pub(super) fn instance(&mut self) -> Value {
        match &mut self.frame {
            None => self.instance,
            Some(frame) => frame.instance(&mut self.b),
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
        let high = self.word(u64::from(high) << 32);
        self.b.ins().bor(low, high)
    }
}
