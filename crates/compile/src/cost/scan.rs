//! What the register allocator's search for block parameters costs.
//!
//! When values have their registers, it goes through them by number and looks,
//! for each that is there at the start of a block, through the list of all
//! parameters and where they come from, which is sorted by the same number. It
//! goes on from where it was only behind a value that has several ranges: as
//! long as none has, it starts anew, and the parameters count squared.

use cranelift_codegen::ir::{Block, Function, Value, ValueDef};
use std::collections::{HashMap, HashSet};

/// The entries looked at, at the most: registers run out in between and make
/// more ranges. Given what is live at the start and the end of each block.
pub fn entries(function: &Function, into: &[(Value, Block)], out: &[(Block, Value)]) -> u64 {
    let arrivals = arrivals(function);
    let total: u64 = arrivals.values().sum();
    if total == 0 {
        return 0;
    }
    let ranges = ranges(function, into, out);
    let dfg = &function.dfg;
    let (mut looked, mut start, mut before) = (0, 0, 0);
    // Parameters are numbered first.
    for block in function.layout.blocks() {
        for param in dfg.block_params(block) {
            before += arrivals.get(param).copied().unwrap_or(0);
            looked += before - start;
            if ranges.get(param).is_some_and(|&more| more > 0) {
                start = before;
            }
        }
    }
    let mut results: Vec<Value> = ranges.keys().copied().collect();
    results.sort_unstable();
    for value in results {
        if matches!(dfg.value_def(value), ValueDef::Result(..)) {
            looked += total - start;
            if ranges[&value] > 0 {
                start = total;
            }
        }
    }
    looked
}

/// By parameter: how many branches it arrives by.
fn arrivals(function: &Function) -> HashMap<Value, u64> {
    let dfg = &function.dfg;
    let mut arrivals = HashMap::new();
    for block in function.layout.blocks() {
        let Some(branch) = function.layout.last_inst(block) else {
            continue;
        };
        for call in dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            for &param in dfg.block_params(call.block(&dfg.value_lists)) {
                *arrivals.entry(param).or_insert(0) += 1;
            }
        }
    }
    arrivals
}

/// By value that is live at the start of some block: its ranges besides the
/// first. One begins where the block before in the layout does not end with it,
/// and behind a call, over which it lies in the frame.
fn ranges(
    function: &Function,
    into: &[(Value, Block)],
    out: &[(Block, Value)],
) -> HashMap<Value, u32> {
    let ends: HashSet<(Block, Value)> = out.iter().copied().collect();
    let calls: HashSet<Block> = function.layout.blocks().filter(calls(function)).collect();
    let mut ranges = HashMap::new();
    for &(value, block) in into {
        let continues = function
            .layout
            .prev_block(block)
            .is_some_and(|before| ends.contains(&(before, value)));
        *ranges.entry(value).or_insert(0) += u32::from(!continues);
    }
    for (block, value) in out {
        if let (true, Some(more)) = (calls.contains(block), ranges.get_mut(value)) {
            *more += 1;
        }
    }
    ranges
}

/// Whether a block makes a call.
fn calls(function: &Function) -> impl Fn(&Block) -> bool {
    |&block| {
        let mut insts = function.layout.block_insts(block);
        insts.any(|inst| function.dfg.insts[inst].opcode().is_call())
    }
}
