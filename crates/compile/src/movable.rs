//! Keeps stack addresses out of registers that live over a call, so that a
//! stack can be moved.
//!
//! A suspended stack may go on elsewhere in memory. Nothing on it points into
//! it but the chain of saved frame pointers, which the mover shifts; an address
//! of a slot that a frame keeps for later would still mean the old place.
//!
//! The frontend writes spilled roots as `stack_addr` and a load or store. The
//! backend folds the address into plain loads and stores, but a load it *sinks*
//! into the arithmetic that uses it needs the address in a register:
//!
//! ```text
//!  v1 = stack_addr ss0          lea  rbx, [rsp + 32]     merged with the other
//!  v2 = load v1                 …                        uses of ss0: rbx lives on
//!  v3 = iadd v2, v0             add  rax, [rbx]          over the calls in between
//! ```
//!
//! An instruction with a side effect between the load and its use forbids the
//! sinking. `sequence_point` is one, and no machine code.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{Function, Inst, InstBuilder, Opcode, Value, ValueDef};

/// Puts a `sequence_point` behind every load from a stack slot. For finalized
/// functions: the frontend adds most of these loads when it is done.
pub fn pin_stack_loads(function: &mut Function) {
    let mut cursor = FuncCursor::new(function);
    while cursor.next_block().is_some() {
        let mut loaded = false;
        while let Some(inst) = cursor.next_inst() {
            // New instructions go in front of the one the cursor is at, and a
            // load is never the last of a block.
            if loaded {
                cursor.ins().sequence_point();
            }
            loaded = loads_from_slot(cursor.func, inst);
        }
        debug_assert!(!loaded, "a block ends with a load");
    }
}

fn loads_from_slot(function: &Function, inst: Inst) -> bool {
    let opcode = function.dfg.insts[inst].opcode();
    let arguments = function.dfg.inst_args(inst);
    opcode.can_load()
        && !opcode.is_call()
        && arguments
            .iter()
            .any(|&value| is_slot_address(function, value))
}

fn is_slot_address(function: &Function, value: Value) -> bool {
    match function.dfg.value_def(value) {
        ValueDef::Result(inst, _) => function.dfg.insts[inst].opcode() == Opcode::StackAddr,
        _ => false,
    }
}
