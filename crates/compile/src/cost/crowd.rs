//! How many values are alive side by side.
//!
//! The register allocator looks for room for each value beside all that begin or
//! end while it is alive: where `n` values wait for their use, `n²` looks.

use cranelift_codegen::ir::{Block, Function, Opcode, Value, ValueDef};

/// Values that may be alive at an instruction without being counted: there are
/// registers for most of them.
const FEW: u64 = 32;

/// The values that the code of a function defines; translation makes others too.
pub fn defined(function: &Function) -> u64 {
    let (dfg, layout) = (&function.dfg, &function.layout);
    let of_block = |block| {
        let results = layout
            .block_insts(block)
            .map(|inst| dfg.inst_results(inst).len());
        dfg.num_block_params(block) + results.sum::<usize>()
    };
    layout.blocks().map(of_block).sum::<usize>() as u64
}

/// The values beyond a few that are alive at each instruction, added up. Given
/// what is live at the end of each block, sorted.
pub fn crowd(function: &Function, out: &[(Block, Value)]) -> u64 {
    let dfg = &function.dfg;
    // By value: the block at whose current place it is alive.
    let mut alive: Vec<Option<Block>> = vec![None; dfg.num_values()];
    let mut crowd: u64 = 0;
    for block in function.layout.blocks() {
        let mut now: u64 = 0;
        let from = out.partition_point(|&(at, _)| at < block);
        for &(_, value) in out[from..].iter().take_while(|&&(at, _)| at == block) {
            if !is_constant(function, value) {
                alive[value.as_u32() as usize] = Some(block);
                now += 1;
            }
        }
        let mut next = function.layout.last_inst(block);
        while let Some(inst) = next {
            for &result in dfg.inst_results(inst) {
                now -= u64::from(alive[result.as_u32() as usize].take() == Some(block));
            }
            crowd += now.saturating_sub(FEW);
            for value in dfg.inst_values(inst) {
                let value = dfg.resolve_aliases(value);
                let alive = &mut alive[value.as_u32() as usize];
                if *alive != Some(block) && !is_constant(function, value) {
                    *alive = Some(block);
                    now += 1;
                }
            }
            next = function.layout.prev_inst(inst);
        }
    }
    crowd
}

/// Constants are made where they are used.
fn is_constant(function: &Function, value: Value) -> bool {
    use Opcode::{F32const, F64const, Iconst, StackAddr, Vconst};
    match function.dfg.value_def(value) {
        ValueDef::Result(inst, _) => matches!(
            function.dfg.insts[inst].opcode(),
            F32const | F64const | Iconst | StackAddr | Vconst
        ),
        _ => false,
    }
}
