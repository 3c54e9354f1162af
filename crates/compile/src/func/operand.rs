//! The operand stack, and the locals: as SSA values, or at homes in the frame.
//!
//! Everything the instruction families know of the difference is here: they
//! push and pop values, and branch with them.

use super::facts::Facts;
use super::homes::{Homes, Kept};
use super::state::{Handover, Label, Operand};
use super::translator::FuncTranslator;
use crate::naming::{Local, Tracking};
use crate::signature::clif_type;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use cranelift_frontend::Variable;
use mangrove_abi::FuncIndex;
use mangrove_validate::Repr;

impl FuncTranslator<'_, '_> {
    /// Pushes a value; a root is declared to the frontend.
    pub(super) fn push(&mut self, value: Value, repr: Repr) {
        self.declare_root(value, repr);
        self.push_value(value);
    }

    /// Pushes a value that is no root, or is declared one already.
    pub(super) fn push_value(&mut self, value: Value) {
        let operand = match &mut self.homes {
            None => Operand::Value(value, Facts::default()),
            Some(homes) => Operand::Kept(homes.keep(&mut self.b, self.stack.len(), value)),
        };
        self.stack.push(operand);
    }

    /// Pushes copies of the top `count` operands.
    pub(super) fn push_copies(&mut self, count: usize) {
        self.peek_each(count, |this, _, value| this.push_value(value));
    }

    /// Pushes what a block hands on: its parameters, or what lies at the homes.
    pub(super) fn push_block_params(&mut self, block: Block, reprs: &[Repr]) {
        if self.homes.is_some() {
            let kept = reprs.iter().map(|&repr| {
                Operand::Kept(Kept::at_home(clif_type(repr), repr.slot_kind().is_some()))
            });
            self.stack.extend(kept);
        } else {
            let params = self.b.block_params(block);
            self.stack.extend(
                params
                    .iter()
                    .map(|&param| Operand::Value(param, Facts::default())),
            );
        }
    }

    pub(super) fn declare_root(&mut self, value: Value, repr: Repr) {
        if repr.slot_kind().is_some() {
            self.b.declare_value_needs_stack_map(value);
            match &mut self.homes {
                Some(homes) => homes.declare_root(value),
                None => {
                    self.roots.insert(value);
                }
            }
        }
    }

    fn homes(&mut self) -> &mut Homes {
        let homes = self.homes.as_mut();
        homes.expect("operands with homes are in a frame of homes")
    }

    fn peek_at(&mut self, depth: usize) -> Value {
        match self.stack[depth] {
            Operand::Value(value, _) => value,
            Operand::Kept(kept) => {
                let homes = self.homes.as_mut().expect("operands with homes");
                homes.peek(&mut self.b, depth, kept)
            }
        }
    }

    /// # Panics
    /// If the operand stack is empty: the body was not validated.
    pub(super) fn pop(&mut self) -> Value {
        let value = self.top();
        self.release(1);
        value
    }

    /// Pops the top `count` operands.
    ///
    /// # Panics
    /// If there are fewer: the body was not validated.
    pub(super) fn release(&mut self, count: usize) {
        for _ in 0..count {
            let operand = self.stack.pop().expect("an operand of a validated body");
            if let Operand::Kept(kept) = operand {
                let homes = self.homes.as_mut().expect("operands with homes");
                homes.release(&mut self.b, self.stack.len(), kept);
            }
        }
    }

    /// Pops a few values, in the order they were pushed. Where there may be
    /// many, [`Self::take_each`] does not have them all at hand at once.
    pub(super) fn pop_n(&mut self, count: usize) -> Vec<Value> {
        let mut values: Vec<Value> = (0..count).map(|_| self.pop()).collect();
        values.reverse();
        values
    }

    /// Pops the top `count` operands, after something was done with each: in the
    /// order they were pushed, with its number, and without a call.
    pub(super) fn take_each(&mut self, count: usize, each: impl FnMut(&mut Self, usize, Value)) {
        self.peek_each(count, each);
        self.release(count);
    }

    /// [`Self::take_each`] without popping them.
    pub(super) fn peek_each(
        &mut self,
        count: usize,
        mut each: impl FnMut(&mut Self, usize, Value),
    ) {
        let from = self.stack.len() - count;
        for index in 0..count {
            let value = self.peek_at(from + index);
            each(self, index, value);
        }
    }

    /// # Panics
    /// If the operand stack is empty: the body was not validated.
    pub(super) fn top(&mut self) -> Value {
        self.peek_at(self.stack.len() - 1)
    }

    /// Whether the top operands lie where a label wants them.
    pub(super) fn in_place(&self, label: Label) -> bool {
        self.homes.is_some() && (label.count == 0 || self.stack.len() - label.count == label.height)
    }

    /// The arguments of a branch with the top operands, which stay in place.
    pub(super) fn branch_args(&mut self, label: Label) -> Vec<BlockArg> {
        if self.in_place(label) {
            return Vec::new();
        }
        let mut handover = Handover::to(label);
        // With homes they move down: none comes to where another still lies.
        self.peek_each(label.count, |this, _, value| {
            this.hand_over(&mut handover, value);
        });
        handover.args
    }

    /// Hands the next value to a label.
    pub(super) fn hand_over(&mut self, handover: &mut Handover, value: Value) {
        let depth = handover.label.height + handover.count;
        handover.count += 1;
        match &mut self.homes {
            None => handover.args.push(BlockArg::Value(value)),
            Some(homes) => {
                homes.keep(&mut self.b, depth, value);
            }
        }
    }

    /// Goes to a label that was handed all its values.
    pub(super) fn jump(&mut self, handover: Handover) {
        let Handover { label, count, args } = handover;
        debug_assert_eq!(label.count, count);
        self.b.ins().jump(label.block, &args);
    }

    /// Gives the parameters of the function to its first locals: the arguments of
    /// the call, and what lies in transfer slots. Nothing may come before it that
    /// uses those.
    pub(super) fn define_params(&mut self, function: FuncIndex, arguments: &[Value]) {
        let reprs = self.signature.params.clone();
        let module = self.env.module;
        let types = &module.func_type(module.functions[function.index()]).params;
        let mut store = None;
        for (index, &repr) in reprs.iter().enumerate() {
            let value = match arguments.get(index) {
                Some(&value) => value,
                None => {
                    let store = *store.get_or_insert_with(|| self.store_context());
                    self.transfer_load(store, index, repr)
                }
            };
            self.declare_root(value, repr);
            self.locals.declare(1, repr, Facts::of(types[index]));
            self.set_param(index as u32, value);
        }
        self.locals.end_params();
    }

    fn set_param(&mut self, index: u32, value: Value) {
        self.locals.params = index + 1;
        self.set_local(index, value);
    }

    /// A local's value.
    pub(super) fn local(&mut self, index: u32) -> (Value, Repr) {
        let repr = self.locals.repr(index);
        let value = match &mut self.homes {
            None => {
                let variable = self.variable_of(index, repr);
                let value = self.b.use_var(variable);
                self.track_local(index, repr, value, Tracking::got);
                value
            }
            Some(homes) => {
                let param = index < self.locals.params;
                let home = homes.local(index, clif_type(repr), repr.slot_kind().is_some(), param);
                homes.load(&mut self.b, home)
            }
        };
        (value, repr)
    }

    /// Gives a local a value.
    pub(super) fn set_local(&mut self, index: u32, value: Value) {
        let repr = self.locals.repr(index);
        if self.homes.is_none() {
            let variable = self.variable_of(index, repr);
            self.track_local(index, repr, value, Tracking::set);
            return self.b.def_var(variable, value);
        }
        let param = index < self.locals.params;
        let home = self
            .homes()
            .local(index, clif_type(repr), repr.slot_kind().is_some(), param);
        if let Some(homes) = &mut self.homes {
            homes.store(&mut self.b, home, value);
        }
    }

    /// Notes what a local is, if somebody wants to know.
    fn track_local(
        &mut self,
        local: u32,
        repr: Repr,
        value: Value,
        note: impl FnOnce(&mut Tracking, Block, Local, Value),
    ) {
        if let Some(tracking) = &mut self.tracking
            && repr.slot_kind().is_some()
            && let Some(block) = self.b.current_block()
        {
            note(tracking, block, (self.inlining.inside(), local), value);
        }
    }

    /// Notes what the operands are at a call that is about to be made.
    pub(super) fn track_call(&mut self) {
        if let Some(tracking) = &mut self.tracking
            && let Some(block) = self.b.current_block()
        {
            let is_root = |value| self.roots.contains(&value) || tracking.is_param(value);
            let operands = self.stack.iter().enumerate();
            let operands = operands.filter_map(|(depth, operand)| {
                let Operand::Value(value, _) = *operand else {
                    return None;
                };
                let (whose, depth) = self.inlining.owner(depth);
                is_root(value).then_some((whose, depth, value))
            });
            let operands: Vec<_> = operands.collect();
            tracking.call(block, self.inlining.inside(), operands);
        }
    }

    /// The frontend's variable of a local. One that is read before it is written
    /// is zero there, and null: a non-null local is not read before.
    fn variable_of(&mut self, index: u32, repr: Repr) -> Variable {
        let block = self.b.current_block().map_or(0, Block::as_u32);
        if let Some((variable, last)) = self.locals.variables.get_mut(&index) {
            // The frontend keeps a table of blocks for each variable.
            self.variable_work += u64::from(block.saturating_sub(*last));
            *last = block.max(*last);
            return *variable;
        }
        let (variable, last) = match self.inlining.variable(repr) {
            Some(known) => known,
            None => {
                let variable = self.b.declare_var(clif_type(repr));
                if repr.slot_kind().is_some() {
                    self.b.declare_var_needs_stack_map(variable);
                }
                (variable, 0)
            }
        };
        self.variable_work += u64::from(block.saturating_sub(last));
        self.locals
            .variables
            .insert(index, (variable, block.max(last)));
        variable
    }
}
