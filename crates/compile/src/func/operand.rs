//! The operand stack, and the locals: as SSA values, or at homes in the frame.
//!
//! Everything the instruction families know of the difference is here: they
//! push and pop values, and branch with them.

use super::FuncTranslator;
use super::homes::{Homes, Kept};
use crate::signature::{clif_type, is_root};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use cranelift_frontend::Variable;
use mangrove_validate::Repr;
use std::collections::HashMap;

/// An entry of the operand stack.
#[derive(Clone, Copy)]
pub enum Operand {
    /// The value itself.
    Value(Value),
    /// It lies in the frame.
    Kept(Kept),
}

/// Where a branch goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    /// The block.
    pub block: Block,
    /// How many operands it takes.
    pub count: usize,
    /// The depth of the first of them.
    pub height: usize,
}

/// Values on their way to a label: arguments of a branch, or at its homes already.
pub struct Handover {
    label: Label,
    count: usize,
    args: Vec<BlockArg>,
}

impl Handover {
    /// None yet.
    pub fn to(label: Label) -> Self {
        Self {
            label,
            count: 0,
            args: Vec::new(),
        }
    }
}

/// The locals. A declaration of 50,000 takes four bytes: only those that are
/// used cost anything.
#[derive(Default)]
pub struct Locals {
    /// One past the last local of each declaration, and how they are represented.
    groups: Vec<(u32, Repr)>,
    /// Those that were used.
    variables: HashMap<u32, (Variable, u32)>,
    params: u32,
}

impl Locals {
    /// Declares some more.
    pub fn declare(&mut self, count: u32, repr: Repr) {
        let before = self.groups.last().map_or(0, |&(end, _)| end);
        self.groups.push((before.saturating_add(count), repr));
    }

    /// What was declared so far are the parameters.
    pub fn end_params(&mut self) {
        self.params = self.groups.last().map_or(0, |&(end, _)| end);
    }

    /// # Panics
    /// If there is no such local: the body was not validated.
    fn repr(&self, index: u32) -> Repr {
        let group = self.groups.partition_point(|&(end, _)| end <= index);
        self.groups[group].1
    }
}

impl FuncTranslator<'_, '_> {
    /// Pushes a value; a root is declared to the frontend.
    pub(super) fn push(&mut self, value: Value, repr: Repr) {
        self.declare_root(value, repr);
        self.push_value(value);
    }

    /// Pushes a value that is no root, or is declared one already.
    pub(super) fn push_value(&mut self, value: Value) {
        let operand = match &mut self.frame {
            None => Operand::Value(value),
            Some(frame) => Operand::Kept(frame.keep(&mut self.b, self.stack.len(), value)),
        };
        self.stack.push(operand);
    }

    /// Pushes copies of the top `count` operands.
    pub(super) fn push_copies(&mut self, count: usize) {
        self.peek_each(count, |this, _, value| this.push_value(value));
    }

    /// Pushes what a block hands on: its parameters, or what lies at the homes.
    pub(super) fn push_block_params(&mut self, block: Block, reprs: &[Repr]) {
        if self.frame.is_some() {
            let kept = reprs
                .iter()
                .map(|&repr| Operand::Kept(Kept::at_home(clif_type(repr), is_root(repr))));
            self.stack.extend(kept);
        } else {
            let params = self.b.block_params(block);
            self.stack
                .extend(params.iter().map(|&param| Operand::Value(param)));
        }
    }

    pub(super) fn declare_root(&mut self, value: Value, repr: Repr) {
        if is_root(repr) {
            self.b.declare_value_needs_stack_map(value);
            match &mut self.frame {
                Some(frame) => frame.declare_root(value),
                None => {
                    self.roots.insert(value);
                }
            }
        }
    }

    fn frame(&mut self) -> &mut Homes {
        let frame = self.frame.as_mut();
        frame.expect("operands with homes are in a frame of homes")
    }

    fn peek_at(&mut self, depth: usize) -> Value {
        match self.stack[depth] {
            Operand::Value(value) => value,
            Operand::Kept(kept) => {
                let frame = self.frame.as_mut().expect("a frame of homes");
                frame.peek(&mut self.b, depth, kept)
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
                let frame = self.frame.as_mut().expect("a frame of homes");
                frame.release(&mut self.b, self.stack.len(), kept);
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
        self.frame.is_some() && (label.count == 0 || self.stack.len() - label.count == label.height)
    }

    /// The arguments of a branch with the top operands, which stay in place.
    pub(super) fn branch_args(&mut self, label: Label) -> Vec<BlockArg> {
        if self.in_place(label) {
            return Vec::new();
        }
        let mut handover = Handover::to(label);
        // With homes they move down: none lands where another still lies.
        self.peek_each(label.count, |this, _, value| {
            this.hand_over(&mut handover, value);
        });
        handover.args
    }

    /// Hands the next value to a label.
    pub(super) fn hand_over(&mut self, handover: &mut Handover, value: Value) {
        let depth = handover.label.height + handover.count;
        handover.count += 1;
        match &mut self.frame {
            None => handover.args.push(BlockArg::Value(value)),
            Some(frame) => {
                frame.keep(&mut self.b, depth, value);
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
    pub(super) fn define_params(&mut self, arguments: &[Value]) {
        let reprs = self.signature.params.clone();
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
            self.locals.declare(1, repr);
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
        let value = match &mut self.frame {
            None => {
                let variable = self.variable_of(index, repr);
                self.b.use_var(variable)
            }
            Some(frame) => {
                let param = index < self.locals.params;
                let home = frame.local(index, clif_type(repr), is_root(repr), param);
                frame.load(&mut self.b, home)
            }
        };
        (value, repr)
    }

    /// Gives a local a value.
    pub(super) fn set_local(&mut self, index: u32, value: Value) {
        let repr = self.locals.repr(index);
        if self.frame.is_none() {
            let variable = self.variable_of(index, repr);
            return self.b.def_var(variable, value);
        }
        let param = index < self.locals.params;
        let home = self
            .frame()
            .local(index, clif_type(repr), is_root(repr), param);
        if let Some(frame) = &mut self.frame {
            frame.store(&mut self.b, home, value);
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
        self.variable_work += u64::from(block);
        let variable = self.b.declare_var(clif_type(repr));
        if is_root(repr) {
            self.b.declare_var_needs_stack_map(variable);
        }
        self.locals.variables.insert(index, (variable, block));
        variable
    }
}
