//! Which values lie in the slots of the stack maps, in a function that is finalized: what was
//! stored there last. The frontend stores a value where it is made, and keeps its slot for
//! it as long as it is needed.

use super::flow::{AtStarts, Is};
use super::{Known, MOST};
use crate::positions::Positions;
use cranelift_codegen::ir::{Block, Function, Inst, Opcode, StackSlot, Value, ValueDef};
use mangrove_abi::SlotContent;
use std::collections::HashMap;

/// Says of each call what the slots of its map hold: in its source position.
pub fn name_calls(function: &mut Function, known: &Known, positions: &mut Positions) {
    for (inst, slots) in find(function, known).unwrap_or_default() {
        let named = positions.name(function.srcloc(inst), slots);
        function.set_srcloc(inst, named);
    }
}

type Found = Vec<(Inst, Vec<(StackSlot, Vec<SlotContent>)>)>;

/// The calls with what is known of their slots; none if it is too much to find out.
fn find(function: &Function, known: &Known) -> Option<Found> {
    let dfg = &function.dfg;
    let insts = || {
        let blocks = function.layout.blocks();
        blocks.flat_map(|block| {
            function
                .layout
                .block_insts(block)
                .map(move |inst| (block, inst))
        })
    };
    // They are numbered as they are made, and were noted then.
    let is_call = |inst: Inst| {
        let opcode = dfg.insts[inst].opcode();
        opcode.is_call() && !opcode.is_return()
    };
    let mut calls: Vec<Inst> = insts()
        .map(|(_, inst)| inst)
        .filter(|&inst| is_call(inst))
        .collect();
    calls.sort_unstable();
    if calls.len() != known.calls() {
        return None;
    }
    let numbers: HashMap<Inst, usize> = calls.iter().copied().zip(0..).collect();
    // The slots that maps have.
    let mut slots: HashMap<StackSlot, usize> = HashMap::new();
    for &call in &calls {
        for entry in dfg.user_stack_map_entries(call).into_iter().flatten() {
            let next = slots.len();
            slots.entry(entry.slot).or_insert(next);
        }
    }
    let stored =
        |inst| stored(function, inst).and_then(|(slot, value)| Some((*slots.get(&slot)?, value)));
    let mut last: HashMap<(Block, usize), Value> = HashMap::new();
    for (block, inst) in insts() {
        if let Some((slot, value)) = stored(inst) {
            last.insert((block, slot), value);
        }
    }
    let starts = AtStarts::find(function, slots.len(), &last, &HashMap::new(), MOST)?;
    let (mut current, mut here) = (Vec::new(), None);
    let mut found = Vec::new();
    for (block, inst) in insts() {
        if here != Some(block) {
            here = Some(block);
            current = starts.of(block).to_vec();
        }
        if let Some((slot, value)) = stored(inst) {
            current[slot] = Is::Value(value);
        }
        let (Some(&number), Some(entries)) = (numbers.get(&inst), dfg.user_stack_map_entries(inst))
        else {
            continue;
        };
        let holds = entries.iter().filter_map(|entry| {
            let value = current[slots[&entry.slot]].value()?;
            let holds = known.of(number, value);
            (!holds.is_empty()).then_some((entry.slot, holds))
        });
        let holds: Vec<_> = holds.collect();
        if !holds.is_empty() {
            found.push((inst, holds));
        }
    }
    Some(found)
}

/// What an instruction stores to a slot, if it does.
fn stored(function: &Function, inst: Inst) -> Option<(StackSlot, Value)> {
    let dfg = &function.dfg;
    if dfg.insts[inst].opcode() != Opcode::Store {
        return None;
    }
    let &[value, address] = dfg.inst_args(inst) else {
        return None;
    };
    let ValueDef::Result(of, _) = dfg.value_def(address) else {
        return None;
    };
    let slot = dfg.insts[of].stack_slot()?;
    Some((slot, dfg.resolve_aliases(value)))
}
