//! What the register allocator's search for block parameters costs.
//!
//! When values have their registers, it goes through them by number and looks,
//! for each that is there at the start of a block, through the list of all
//! parameters and where they come from, which is sorted by the same number. It
//! goes on from where it was only behind a value that has several ranges: as
//! long as none has, it starts anew, and the parameters count squared.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Value, ValueDef};
use std::collections::HashMap;

/// The entries looked at, at the most: registers run out in between and make
/// more ranges. Given what is live at the start and the end of each block, and whether
/// cold blocks are taken to lie behind all others. The allocator has them in between; what
/// it splits at calls makes up for that, in functions whose values are not in homes.
pub fn entries(
    function: &Function,
    into: &[(Value, Block)],
    out: &[(Block, Value)],
    cold_last: bool,
) -> u64 {
    let arrivals = arrivals(function);
    let total: u64 = arrivals.values().sum();
    if total == 0 {
        return 0;
    }
    let ranges = ranges(function, into, out, cold_last);
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
/// first. One begins where the block before, in the order of the machine code,
/// does not end with it. Both lists have a value's entries together, values in the same order.
fn ranges(
    function: &Function,
    into: &[(Value, Block)],
    out: &[(Block, Value)],
    cold_last: bool,
) -> HashMap<Value, u32> {
    let mut ends: Vec<Option<Value>> = vec![None; function.dfg.num_blocks()];
    let before = predecessors_in_code(function, cold_last);
    let mut ranges = HashMap::new();
    let mut ending = out.chunk_by(|a, b| a.1 == b.1).peekable();
    for group in into.chunk_by(|a, b| a.0 == b.0) {
        let value = group[0].0;
        while let Some(group) = ending.next_if(|group| group[0].1 == value) {
            for &(block, _) in group {
                ends[block.as_u32() as usize] = Some(value);
            }
        }
        let begins = |&&(_, block): &&(Value, Block)| {
            let before = before[block.as_u32() as usize];
            before.is_none_or(|before| ends[before.as_u32() as usize] != Some(value))
        };
        ranges.insert(value, group.iter().filter(begins).count() as u32);
    }
    ranges
}

/// By block: the one whose code is in front of it. Code is generated in reverse
/// postorder, and emitted with cold blocks last.
fn predecessors_in_code(function: &Function, cold_last: bool) -> Vec<Option<Block>> {
    let flow = ControlFlowGraph::with_function(function);
    let dominators = DominatorTree::with_function(function, &flow);
    let mut order: Vec<Block> = dominators.cfg_rpo().copied().collect();
    if cold_last {
        order.sort_by_key(|&block| function.layout.is_cold(block));
    }
    let mut before = vec![None; function.dfg.num_blocks()];
    for pair in order.windows(2) {
        before[pair[1].as_u32() as usize] = Some(pair[0]);
    }
    before
}
