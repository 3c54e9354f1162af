//! What joining values costs the register allocator.
//!
//! It tries to give a block's parameter and its arguments one place, and an
//! instruction's result the place of an operand that ends there. The values of
//! such a *web* lie in one sorted list, which is sorted again for each that
//! joins: in a long chain of `if`s that set the same local, each joins all that
//! come after. This goes through the same steps in the same order, with one
//! range for each value, and counts.

use cranelift_codegen::ir::{Block, Function, Inst, Value, ValueDef};
use std::collections::HashMap;

/// Beyond so many comparisons the allocator does not merge.
const MOST_COMPARED: usize = 200;

/// Ranges that move in the time one is sorted.
const MOVED_AT_ONCE: usize = 8;

/// From a value's definition to its last use, in the order of the layout.
type Range = (u32, u32);

/// The steps that merging takes, given what is live at the end of each block;
/// none if they are more than `limit`.
pub fn steps(function: &Function, live_out: &[(Block, Value)], limit: u64) -> Option<u64> {
    let mut webs = Webs::new(function, live_out);
    let order: Vec<Inst> = function
        .layout
        .blocks()
        .flat_map(|block| function.layout.block_insts(block))
        .collect();
    for &inst in &order {
        let dfg = &function.dfg;
        if let (Some(&first), [result]) = (dfg.inst_args(inst).first(), dfg.inst_results(inst))
            && dfg.value_type(first) == dfg.value_type(*result)
        {
            webs.merge(first, *result);
            if webs.steps > limit {
                return None;
            }
        }
    }
    for (from, to) in edges(function) {
        webs.merge(from, to);
        if webs.steps > limit {
            return None;
        }
    }
    Some(webs.steps)
}

/// Arguments and parameters, in the order the allocator takes them: by the
/// argument's number. Parameters are numbered first, results from the last
/// instruction to the first.
fn edges(function: &Function) -> Vec<(Value, Value)> {
    let dfg = &function.dfg;
    let (mut of_params, mut of_results) = (Vec::new(), Vec::new());
    for block in function.layout.blocks() {
        let Some(branch) = function.layout.last_inst(block) else {
            continue;
        };
        for call in dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            let params = dfg.block_params(call.block(&dfg.value_lists));
            for (arg, &param) in call.args(&dfg.value_lists).zip(params) {
                let Some(value) = arg.as_value() else {
                    continue;
                };
                match dfg.value_def(value) {
                    ValueDef::Param(..) => of_params.push((value, param)),
                    _ => of_results.push((value, param)),
                }
            }
        }
    }
    of_params.extend(of_results.into_iter().rev());
    of_params
}

/// Which values have become one.
struct Webs {
    /// By value: a value of the same web that is nearer to its first.
    nearer: Vec<u32>,
    /// By value: its own range.
    alone: Vec<Range>,
    /// By the first value of a web of several: their ranges, sorted.
    joined: HashMap<usize, Vec<Range>>,
    steps: u64,
}

impl Webs {
    fn new(function: &Function, live_out: &[(Block, Value)]) -> Self {
        let dfg = &function.dfg;
        let count = dfg.num_values();
        let mut ranges: Vec<Range> = vec![(u32::MAX, 0); count];
        let mut bounds: Vec<Range> = vec![(0, 0); dfg.num_blocks()];
        let mut at = 0;
        let mut cover = |value: Value, from: u32, to: u32| {
            let range = &mut ranges[value.as_u32() as usize];
            *range = (range.0.min(from), range.1.max(to));
        };
        for block in function.layout.blocks() {
            let start = at;
            for &param in dfg.block_params(block) {
                cover(param, at, at + 1);
            }
            for inst in function.layout.block_insts(block) {
                at += 1;
                for value in dfg.inst_values(inst) {
                    cover(value, at, at);
                }
                for &result in dfg.inst_results(inst) {
                    cover(result, at, at + 1);
                }
            }
            at += 1;
            bounds[block.as_u32() as usize] = (start, at);
        }
        for &(block, value) in live_out {
            let (_, end) = bounds[block.as_u32() as usize];
            cover(value, end, end);
        }
        Self {
            nearer: (0..count as u32).collect(),
            alone: ranges,
            joined: HashMap::new(),
            steps: 0,
        }
    }

    fn first(&mut self, value: Value) -> usize {
        let mut at = value.as_u32() as usize;
        while self.nearer[at] as usize != at {
            self.nearer[at] = self.nearer[self.nearer[at] as usize];
            at = self.nearer[at] as usize;
        }
        at
    }

    fn ranges(&self, web: usize) -> &[Range] {
        match self.joined.get(&web) {
            Some(ranges) => ranges,
            None => std::slice::from_ref(&self.alone[web]),
        }
    }

    fn merge(&mut self, from: Value, to: Value) {
        let (from, to) = (self.first(from), self.first(to));
        if from == to || overlap(self.ranges(from), self.ranges(to)) {
            return;
        }
        let other = self.ranges(from).to_vec();
        self.joined.remove(&from);
        self.nearer[from] = to as u32;
        let alone = self.alone[to];
        let web = self.joined.entry(to).or_insert_with(|| vec![alone]);
        if let [range] = other[..] {
            // It is put in its place, and what lies behind it moves.
            self.steps += (web.len() / MOVED_AT_ONCE) as u64 + 1;
            web.insert(web.partition_point(|known| *known < range), range);
        } else {
            web.extend(other);
            self.steps += web.len() as u64;
            web.sort_unstable();
        }
    }
}

/// Whether two webs overlap, or it would take too long to say.
fn overlap(from: &[Range], to: &[Range]) -> bool {
    let (mut at_from, mut at_to) = (0, 0);
    let mut compared = 0;
    while let (Some(one), Some(other)) = (from.get(at_from), to.get(at_to)) {
        compared += 1;
        if compared > MOST_COMPARED {
            return true;
        }
        if one.0 >= other.1 {
            at_to += 1;
        } else if other.0 >= one.1 {
            at_from += 1;
        } else {
            return true;
        }
    }
    false
}
