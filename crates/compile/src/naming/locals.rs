//! Which values the locals and operands are at each call of a function that is translated,
//! and not finalized yet.

use super::flow::{AtStarts, Is};
use super::{Event, Inside, Local, MOST, Tracking};
use cranelift_codegen::ir::{Block, Function, Value, ValueDef};
use mangrove_abi::{InlinedCall, SlotContent, SlotHolds};
use std::collections::{HashMap, HashSet};

/// By call, in the order in which they were made: what values are of the program.
#[derive(Debug, Default)]
pub struct Known {
    calls: Vec<Vec<(Value, SlotContent)>>,
}

impl Known {
    /// How many calls there are.
    pub(super) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// What a value is at a call.
    pub(super) fn of(&self, call: usize, value: Value) -> Vec<SlotContent> {
        let known = self.calls.get(call).map_or(&[][..], |known| known);
        let holds = known.iter().filter(|(known, _)| *known == value);
        holds.map(|&(_, holds)| holds).collect()
    }
}

impl Tracking {
    /// What is known at the calls; none if it is too much to find out.
    pub fn known(self, function: &Function, inlined: &[InlinedCall]) -> Option<Known> {
        if self.given_up {
            return None;
        }
        let mut numbers: HashMap<Local, usize> = HashMap::new();
        let mut locals: Vec<Local> = Vec::new();
        for (_, event) in &self.events {
            if let Event::Set(local, _) | Event::Got(local, _) = *event {
                numbers.entry(local).or_insert_with(|| {
                    locals.push(local);
                    locals.len() - 1
                });
            }
        }
        let resolved = |value| function.dfg.resolve_aliases(value);
        let mut last = HashMap::new();
        for &(block, event) in &self.events {
            if let Event::Set(local, value) | Event::Got(local, value) = event {
                last.insert((block, numbers[&local]), resolved(value));
            }
        }
        let met = self.met(function, &numbers);
        let starts = AtStarts::find(function, locals.len(), &last, &met, MOST)?;
        self.at_calls((&numbers, &locals), &starts, inlined, &resolved)
    }

    /// The block parameters that the frontend made where values of a local meet. A value that
    /// a local turned out to be without having been given it is one, if it is a parameter;
    /// and so is a parameter that is handed on to such a one, and is nothing else.
    fn met(
        &self,
        function: &Function,
        numbers: &HashMap<Local, usize>,
    ) -> HashMap<(Block, usize), Value> {
        let dfg = &function.dfg;
        // Of these none was made by the frontend.
        let mut mentioned: HashSet<Value> = self.params.clone();
        let mut todo: Vec<(Value, usize)> = Vec::new();
        for &(_, event) in &self.events {
            match event {
                Event::Set(_, value) => {
                    mentioned.insert(value);
                }
                Event::Got(local, value) => {
                    let first = mentioned.insert(value);
                    if first && !dfg.value_is_alias(value) {
                        todo.push((value, numbers[&local]));
                    }
                }
                Event::Call(..) => {}
            }
        }
        let branches = Branches::of(function);
        let mut met = HashMap::new();
        while let Some((value, local)) = todo.pop() {
            let ValueDef::Param(block, index) = dfg.value_def(value) else {
                continue;
            };
            if met.insert((block, local), value).is_some() {
                continue;
            }
            for &argument in branches.arguments(block, index) {
                let is_param = matches!(dfg.value_def(argument), ValueDef::Param(..));
                if is_param && mentioned.insert(argument) {
                    todo.push((argument, local));
                }
            }
        }
        met
    }

    fn at_calls(
        &self,
        (numbers, locals): (&HashMap<Local, usize>, &[Local]),
        starts: &AtStarts,
        inlined: &[InlinedCall],
        resolved: &impl Fn(Value) -> Value,
    ) -> Option<Known> {
        let mut known = Known::default();
        let (mut current, mut here) = (Vec::new(), None);
        let (mut operands, mut entries) = (0, 0);
        for &(block, event) in &self.events {
            if here != Some(block) {
                here = Some(block);
                current = starts.of(block).to_vec();
            }
            match event {
                Event::Set(local, value) | Event::Got(local, value) => {
                    current[numbers[&local]] = Is::Value(resolved(value));
                }
                Event::Call(end, inside) => {
                    let frames = frames(inside, inlined);
                    let held = |whose: Inside, what| {
                        let frame = frames.iter().position(|&frame| frame == whose)? as u32;
                        Some(SlotContent { frame, what })
                    };
                    let values = current.iter().zip(locals);
                    let values = values.filter_map(|(is, &(whose, local))| {
                        Some((is.value()?, held(whose, SlotHolds::Local(local))?))
                    });
                    let mut at: Vec<_> = values.collect();
                    let on_stack = self.operands[operands..end].iter();
                    at.extend(on_stack.filter_map(|&(whose, depth, value)| {
                        Some((resolved(value), held(whose, SlotHolds::Operand(depth))?))
                    }));
                    operands = end;
                    entries += at.len();
                    known.calls.push(at);
                }
            }
            if entries > MOST {
                return None;
            }
        }
        Some(known)
    }
}

/// The frames of the program at a place, innermost first.
fn frames(inside: Inside, inlined: &[InlinedCall]) -> Vec<Inside> {
    let outwards = |&frame: &Inside| frame.map(|call| inlined[call as usize].inside);
    std::iter::successors(Some(inside), outwards).collect()
}

/// What is handed to the parameters of blocks.
struct Branches {
    arguments: HashMap<(Block, usize), Vec<Value>>,
}

impl Branches {
    fn of(function: &Function) -> Self {
        let dfg = &function.dfg;
        let mut arguments: HashMap<(Block, usize), Vec<Value>> = HashMap::new();
        for block in function.layout.blocks() {
            let Some(branch) = function.layout.last_inst(block) else {
                continue;
            };
            let calls =
                dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
            for call in calls {
                let target = call.block(&dfg.value_lists);
                for (index, argument) in call.args(&dfg.value_lists).enumerate() {
                    if let Some(value) = argument.as_value() {
                        let known = arguments.entry((target, index)).or_default();
                        known.push(dfg.resolve_aliases(value));
                    }
                }
            }
        }
        Self { arguments }
    }

    fn arguments(&self, block: Block, index: usize) -> &[Value] {
        self.arguments.get(&(block, index)).map_or(&[], |all| all)
    }
}
