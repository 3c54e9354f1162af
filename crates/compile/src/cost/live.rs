//! Where values are live, counted up to a limit.

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Value};
use std::collections::HashSet;

/// Roots, and the block parameters they arrive in.
pub fn with_params(function: &Function, roots: &HashSet<Value>) -> HashSet<Value> {
    let dfg = &function.dfg;
    let mut edges: Vec<(Value, Value)> = Vec::new();
    for block in function.layout.blocks() {
        let Some(branch) = function.layout.last_inst(block) else {
            continue;
        };
        for call in dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            let params = dfg.block_params(call.block(&dfg.value_lists));
            for (arg, &param) in call.args(&dfg.value_lists).zip(params) {
                if let Some(value) = arg.as_value() {
                    edges.push((dfg.resolve_aliases(value), param));
                }
            }
        }
    }
    edges.sort_unstable();
    let mut found: HashSet<Value> = roots
        .iter()
        .map(|&root| dfg.resolve_aliases(root))
        .collect();
    let mut todo: Vec<Value> = found.iter().copied().collect();
    while let Some(value) = todo.pop() {
        let from = edges.partition_point(|&(arg, _)| arg < value);
        for &(_, param) in edges[from..].iter().take_while(|&&(arg, _)| arg == value) {
            if found.insert(param) {
                todo.push(param);
            }
        }
    }
    found
}

/// Counts where values are live, up to a limit.
pub struct Liveness<'a> {
    function: &'a Function,
    /// By block: its predecessors.
    flow: ControlFlowGraph,
    /// By value: the block it is defined in.
    defined: Vec<Option<Block>>,
    /// What is live at the start of a block.
    pub into: Vec<(Value, Block)>,
    /// What is live at the end of a block.
    pub out: Vec<(Block, Value)>,
    /// What is left of the limit.
    pub left: u64,
}

impl<'a> Liveness<'a> {
    pub fn new(function: &'a Function, limit: u64) -> Self {
        let dfg = &function.dfg;
        let mut defined = vec![None; dfg.num_values()];
        for block in function.layout.blocks() {
            for &param in dfg.block_params(block) {
                defined[param.as_u32() as usize] = Some(block);
            }
            for inst in function.layout.block_insts(block) {
                for &result in dfg.inst_results(inst) {
                    defined[result.as_u32() as usize] = Some(block);
                }
            }
        }
        Self {
            function,
            flow: ControlFlowGraph::with_function(function),
            defined,
            into: Vec::new(),
            out: Vec::new(),
            left: limit,
        }
    }

    /// Each value that is used in a block that does not define it, and the block.
    fn uses(&self, wanted: &impl Fn(Value) -> bool) -> Vec<(Value, Block)> {
        let dfg = &self.function.dfg;
        let mut last: Vec<Option<Block>> = vec![None; self.defined.len()];
        let mut uses = Vec::new();
        for block in self.function.layout.blocks() {
            for inst in self.function.layout.block_insts(block) {
                for value in dfg.inst_values(inst) {
                    let value = dfg.resolve_aliases(value);
                    let index = value.as_u32() as usize;
                    let known = self.defined[index] == Some(block) || last[index] == Some(block);
                    if !known && wanted(value) {
                        last[index] = Some(block);
                        uses.push((value, block));
                    }
                }
            }
        }
        uses.sort_unstable();
        uses
    }

    /// Goes from each use back to the definition. False at the limit: it is found
    /// before anything is written down, so that what is too much takes no memory.
    pub fn run(&mut self, wanted: &impl Fn(Value) -> bool) -> bool {
        let uses = self.uses(wanted);
        let (mut into, mut out, limit) = (0, 0, self.left);
        if !self.walk(&uses, &mut |_, _| into += 1, &mut |_, _| out += 1) {
            return false;
        }
        self.left = limit;
        let (mut starts, mut ends) = (Vec::with_capacity(into), Vec::with_capacity(out));
        let within = self.walk(
            &uses,
            &mut |value, block| starts.push((value, block)),
            &mut |block, value| ends.push((block, value)),
        );
        (self.into, self.out) = (starts, ends);
        within
    }

    /// Tells of each block at whose start, and at whose end, a value is live.
    fn walk(
        &mut self,
        uses: &[(Value, Block)],
        starts: &mut impl FnMut(Value, Block),
        ends: &mut impl FnMut(Block, Value),
    ) -> bool {
        let mut seen: Vec<Option<Value>> = vec![None; self.function.dfg.num_blocks()];
        let mut left: Vec<Option<Value>> = seen.clone();
        let mut todo: Vec<Block> = Vec::new();
        for group in uses.chunk_by(|a, b| a.0 == b.0) {
            let value = group[0].0;
            let defined = self.defined[value.as_u32() as usize];
            todo.extend(group.iter().map(|&(_, block)| block));
            while let Some(block) = todo.pop() {
                if seen[block.as_u32() as usize].replace(value) == Some(value) {
                    continue;
                }
                let Some(rest) = self.left.checked_sub(1) else {
                    return false;
                };
                self.left = rest;
                starts(value, block);
                for before in self.flow.pred_iter(block) {
                    if left[before.block.as_u32() as usize].replace(value) != Some(value) {
                        ends(before.block, value);
                    }
                    if Some(before.block) != defined {
                        todo.push(before.block);
                    }
                }
            }
        }
        true
    }

    /// Counts what is live over each call. False at the limit.
    pub fn calls(&mut self, wanted: &impl Fn(Value) -> bool) -> bool {
        let dfg = &self.function.dfg;
        self.out.sort_unstable();
        let mut seen: Vec<Option<Block>> = vec![None; self.defined.len()];
        for block in self.function.layout.blocks() {
            let mut live: u64 = 0;
            let from = self.out.partition_point(|&(at, _)| at < block);
            for &(_, value) in self.out[from..].iter().take_while(|&&(at, _)| at == block) {
                seen[value.as_u32() as usize] = Some(block);
                live += 1;
            }
            let mut next = self.function.layout.last_inst(block);
            while let Some(inst) = next {
                for &result in dfg.inst_results(inst) {
                    if seen[result.as_u32() as usize].take() == Some(block) {
                        live -= 1;
                    }
                }
                if dfg.insts[inst].opcode().is_call() {
                    let Some(rest) = self.left.checked_sub(live) else {
                        return false;
                    };
                    self.left = rest;
                }
                for value in dfg.inst_values(inst) {
                    let value = dfg.resolve_aliases(value);
                    let index = value.as_u32() as usize;
                    if wanted(value) && seen[index].replace(block) != Some(block) {
                        live += 1;
                    }
                }
                next = self.function.layout.prev_inst(inst);
            }
        }
        true
    }
}
