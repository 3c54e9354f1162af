//! Takes away parameters of blocks that nobody reads.
//!
//! The frontend gives a block a parameter for a variable that is read behind it, whatever
//! comes of the read. A local that is only moved to another one, or to the operand stack
//! and back, is read so:
//!
//! ```text
//!  (if … (then (local.set $a (call $other))))        block2(v7):      v7 is $a
//!  (local.set $b (local.get $a))                       …              and nobody uses $b
//! ```
//!
//! Stack maps are made from what is alive then, and an argument of a branch counts as a
//! use. Frames would keep objects that the program cannot get at any more.

use cranelift_codegen::entity::{EntitySet, SecondaryMap};
use cranelift_codegen::ir::{
    Block, BlockArg, DataFlowGraph, ExceptionTableItem, Function, Inst, Value, ValueDef,
};

/// A branch: the instruction, and which of its destinations.
type Branch = (Inst, usize);

/// Takes them away, and the arguments of branches for them. For functions whose blocks are
/// all sealed, before they are finalized. Takes time in proportion to the function.
pub fn remove_unread_params(function: &mut Function) {
    let Some(entry) = function.layout.entry_block() else {
        return;
    };
    let mut branches: SecondaryMap<Block, Vec<Branch>> = SecondaryMap::new();
    let mut reads = Reads::default();
    let layout = &function.layout;
    for inst in layout.blocks().flat_map(|block| layout.block_insts(block)) {
        let dfg = &function.dfg;
        reads.add(dfg, dfg.inst_args(inst).iter().copied());
        // What a frame keeps for whoever throws through it is no argument.
        if let Some(table) = dfg.insts[inst].exception_table() {
            let items = dfg.exception_tables[table].items();
            let contexts = items.filter_map(|item| match item {
                ExceptionTableItem::Context(value) => Some(value),
                _ => None,
            });
            reads.add(dfg, contexts);
        }
        let destinations =
            dfg.insts[inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
        for (index, call) in destinations.iter().enumerate() {
            if call.len(&dfg.value_lists) > 0 {
                branches[call.block(&dfg.value_lists)].push((inst, index));
            }
        }
    }
    reads.follow(&function.dfg, &branches);
    let blocks: Vec<Block> = layout.blocks().filter(|&block| block != entry).collect();
    for block in blocks {
        let params = function.dfg.block_params(block);
        let kept: Vec<bool> = params
            .iter()
            .map(|&param| reads.read.contains(param))
            .collect();
        if kept.contains(&false) {
            keep(&mut function.dfg, block, &branches[block], &kept);
        }
    }
}

/// Values that are read: by an instruction, or as arguments for parameters that are.
#[derive(Default)]
struct Reads {
    read: EntitySet<Value>,
    /// Those whose own arguments have not been looked at.
    new: Vec<Value>,
}

impl Reads {
    fn add(&mut self, dfg: &DataFlowGraph, values: impl IntoIterator<Item = Value>) {
        for value in values {
            let value = dfg.resolve_aliases(value);
            if self.read.insert(value) {
                self.new.push(value);
            }
        }
    }

    fn follow(&mut self, dfg: &DataFlowGraph, branches: &SecondaryMap<Block, Vec<Branch>>) {
        while let Some(value) = self.new.pop() {
            let ValueDef::Param(block, number) = dfg.value_def(value) else {
                continue;
            };
            for &(inst, index) in &branches[block] {
                let destinations =
                    dfg.insts[inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
                let argument = destinations[index].args(&dfg.value_lists).nth(number);
                // Others are what a call returns or throws.
                if let Some(BlockArg::Value(argument)) = argument {
                    self.add(dfg, [argument]);
                }
            }
        }
    }
}

/// Leaves a block those of its parameters that are kept.
fn keep(dfg: &mut DataFlowGraph, block: Block, branches: &[Branch], kept: &[bool]) {
    for &(inst, index) in branches {
        let destinations =
            dfg.insts[inst].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
        let call = &mut destinations[index];
        let arguments = call.args(&dfg.value_lists).zip(kept);
        let arguments: Vec<BlockArg> = arguments
            .filter(|(_, kept)| **kept)
            .map(|(argument, _)| argument)
            .collect();
        call.clear(&mut dfg.value_lists);
        call.extend(arguments, &mut dfg.value_lists);
    }
    let params = dfg.block_params(block).to_vec();
    dfg.detach_block_params(block);
    for (param, _) in params.into_iter().zip(kept).filter(|(_, kept)| **kept) {
        dfg.attach_block_param(block, param);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::func::block_args;
    use cranelift_codegen::cursor::{Cursor, FuncCursor};
    use cranelift_codegen::ir::types::{I32, I64};
    use cranelift_codegen::ir::{BlockCall, ExceptionTableData, InstBuilder, Signature};
    use cranelift_codegen::isa::CallConv;

    /// Blocks that hand a value on, of which the last reads it or not; how many parameters
    /// are left.
    fn left(reads: bool) -> usize {
        let mut function = Function::new();
        let mut cursor = FuncCursor::new(&mut function);
        let blocks = [(); 4].map(|()| {
            let block = cursor.func.dfg.make_block();
            cursor.insert_block(block);
            block
        });
        cursor.goto_bottom(blocks[0]);
        let value = cursor.ins().iconst(I32, 1);
        let unread = cursor.ins().iconst(I32, 2);
        cursor.ins().jump(blocks[1], &block_args(&[unread, value]));
        for pair in blocks[1..].windows(2) {
            let first = cursor.func.dfg.append_block_param(pair[0], I32);
            let second = cursor.func.dfg.append_block_param(pair[0], I32);
            cursor.goto_bottom(pair[0]);
            cursor.ins().jump(pair[1], &block_args(&[first, second]));
        }
        let last = [(); 2].map(|()| cursor.func.dfg.append_block_param(blocks[3], I32));
        cursor.goto_bottom(blocks[3]);
        if reads {
            cursor
                .ins()
                .trapz(last[1], cranelift_codegen::ir::TrapCode::unwrap_user(1));
        }
        cursor.ins().return_(&[]);
        remove_unread_params(&mut function);
        let of = |&block: &Block| function.dfg.block_params(block).len();
        let counts: Vec<usize> = blocks[1..].iter().map(of).collect();
        assert!(counts.iter().all(|&count| count == counts[0]), "{counts:?}");
        counts[0]
    }

    #[test]
    fn a_context_of_an_exception_table_is_read() {
        let mut function = Function::new();
        let mut cursor = FuncCursor::new(&mut function);
        let blocks = [(); 3].map(|()| {
            let block = cursor.func.dfg.make_block();
            cursor.insert_block(block);
            block
        });
        cursor.goto_bottom(blocks[0]);
        let value = cursor.ins().iconst(I64, 1);
        cursor.ins().jump(blocks[1], &block_args(&[value, value]));
        let context = cursor.func.dfg.append_block_param(blocks[1], I64);
        let _unread = cursor.func.dfg.append_block_param(blocks[1], I64);
        cursor.goto_bottom(blocks[1]);
        let signature = Signature::new(CallConv::Tail);
        let signature = cursor.func.import_signature(signature);
        let back = BlockCall::new(blocks[2], [], &mut cursor.func.dfg.value_lists);
        let items = [ExceptionTableItem::Context(context)];
        let table = ExceptionTableData::new(signature, back, items);
        let table = cursor.func.dfg.exception_tables.push(table);
        let callee = cursor.ins().iconst(I64, 0);
        cursor.ins().try_call_indirect(callee, &[], table);
        cursor.goto_bottom(blocks[2]);
        cursor.ins().return_(&[]);
        remove_unread_params(&mut function);
        assert_eq!(function.dfg.block_params(blocks[1]), [context]);
    }

    #[test]
    fn a_chain_of_parameters_goes_with_its_end() {
        assert_eq!(left(false), 0);
        assert_eq!(left(true), 1);
    }
}
