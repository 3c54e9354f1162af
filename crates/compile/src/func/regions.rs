//! What functions and trampolines share: the kinds of memory, flags of accesses,
//! payload words, and calls out of compiled code.
//!
//! Each kind of memory has an alias region of its own, so that a store to an
//! array does not make Cranelift forget what it knows of a table.

use crate::function::Callee;
use crate::signature::clif_type;
use cranelift_codegen::ir::{
    self, AliasRegion, AliasRegionData, ExtFuncData, ExternalName, InstBuilder, MemFlagsData,
    Signature, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::{InstanceContext, Libcall, StoreContext, TransferSlot, TrapCode};
use mangrove_validate::Repr;
use std::mem::{offset_of, size_of};
use types::{I32, I64};

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
    /// What changes in heap objects.
    pub heap: AliasRegion,
    /// What does not: their types, lengths and immutable fields. What is written there is
    /// written where the object is made.
    pub shapes: AliasRegion,
    /// The bits of headers that say who is watched. They lie beside the types, in a word of
    /// which each of the two reads its own part.
    pub watches: AliasRegion,
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
            shapes: region("shapes"),
            watches: region("watches"),
        }
    }
}

impl Regions {
    /// Of the fields that can be changed, or of those that cannot.
    pub fn of_field(&self, mutable: bool) -> AliasRegion {
        if mutable { self.heap } else { self.shapes }
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

/// A value as a payload word.
pub fn to_word(b: &mut FunctionBuilder<'_>, value: Value, repr: Repr) -> Value {
    match repr {
        Repr::I64 | Repr::FuncRef => value,
        Repr::I32 | Repr::HeapRef => b.ins().uextend(I64, value),
        Repr::F32 => {
            let bits = b.ins().bitcast(I32, MemFlagsData::new(), value);
            b.ins().uextend(I64, bits)
        }
        Repr::F64 => b.ins().bitcast(I64, MemFlagsData::new(), value),
        Repr::V128 | Repr::ContRef => unreachable!("does not travel in the payload register"),
    }
}

/// A payload word as a value.
pub fn from_word(b: &mut FunctionBuilder<'_>, word: Value, repr: Repr) -> Value {
    match repr {
        Repr::I64 | Repr::FuncRef => word,
        Repr::I32 | Repr::HeapRef => b.ins().ireduce(I32, word),
        Repr::F32 => {
            let bits = b.ins().ireduce(I32, word);
            b.ins().bitcast(clif_type(repr), MemFlagsData::new(), bits)
        }
        Repr::F64 => b.ins().bitcast(clif_type(repr), MemFlagsData::new(), word),
        Repr::V128 | Repr::ContRef => unreachable!("does not travel in the payload register"),
    }
}

/// Declares near code by name.
pub fn import(b: &mut FunctionBuilder<'_>, callee: Callee, signature: Signature) -> ir::FuncRef {
    let signature = b.import_signature(signature);
    let name = b.func.declare_imported_user_function(callee.name());
    b.import_function(ExtFuncData {
        name: ExternalName::user(name),
        signature,
        colocated: true,
        patchable: false,
    })
}

/// The host-call stub's arguments for a libcall with up to four operands.
pub fn libcall_arguments(
    b: &mut FunctionBuilder<'_>,
    instance: Value,
    libcall: Libcall,
    operands: &[Value],
) -> Vec<Value> {
    debug_assert_eq!(operands.len(), libcall.operands().len(), "{libcall:?}");
    let store = load_store_context(b, instance);
    let table = offset_of!(StoreContext, libcalls) as i32;
    let table = b.ins().load(types::I64, fixed(), store, table);
    let entry = libcall as usize * size_of::<usize>();
    let address = b.ins().load(types::I64, fixed(), table, entry as i32);
    let mut arguments = vec![instance];
    arguments.extend_from_slice(operands);
    while arguments.len() < 5 {
        arguments.push(b.ins().iconst(types::I64, 0));
    }
    arguments.push(address);
    arguments
}
