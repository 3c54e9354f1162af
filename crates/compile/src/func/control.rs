//! Structured control: blocks, branches, returns.
//!
//! A Wasm block becomes a CLIF block for what follows its `end`, whose
//! parameters are the block's results; a loop has a header besides, whose
//! parameters are the loop's parameters. Code that cannot be reached is read
//! for its nesting and nothing else.

use super::{FuncTranslator, Known};
use crate::signature::{clif_type, is_root};
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value, types};
use mangrove_abi::TrapCode;
use mangrove_validate::Repr;
use wasmparser::{BlockType, BrTable, Catch, Operator, TryTable};

/// What opened a frame.
pub enum FrameKind {
    /// The function's body, or a `block`.
    Block,
    /// A `loop`: branches go to its header.
    Loop(Block),
    /// An `if` whose `else` has not been seen; the block to fill when it is,
    /// or at the `end`.
    If(Block),
    /// The second arm of an `if`.
    Else,
    /// A `try_table`, with its clauses.
    TryTable(Vec<Catch>),
}

/// An open block.
pub struct ControlFrame {
    kind: FrameKind,
    /// What follows the `end`.
    end: Block,
    params: Vec<Repr>,
    results: Vec<Repr>,
    /// Operand stack height below the block's parameters.
    height: usize,
    /// Whether the block's start can be reached.
    entered: bool,
    /// Whether anything branches to `end`.
    end_reached: bool,
}

/// Values as arguments of a branch.
pub fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|&value| BlockArg::Value(value)).collect()
}

impl FuncTranslator<'_, '_> {
    pub(super) fn control(&mut self, operator: &Operator<'_>) -> Known {
        match operator {
            Operator::Block { blockty } => self.open_block(*blockty),
            Operator::Loop { blockty } => self.open_loop(*blockty),
            Operator::If { blockty } => self.open_if(*blockty),
            Operator::TryTable { try_table } => self.open_try_table(try_table),
            Operator::Else => self.open_else(),
            Operator::End => self.end(),
            _ if !self.reachable => return Ok(false),
            Operator::Br { relative_depth } => self.br(*relative_depth),
            Operator::BrIf { relative_depth } => self.br_if(*relative_depth),
            Operator::BrTable { targets } => self.br_table(targets)?,
            Operator::Return => {
                // Here and not at the body's end: an epilogue is cheaper than a jump to one.
                let values = self.pop_n(self.signature.results.len());
                self.return_values(&values);
            }
            Operator::Unreachable => {
                self.b
                    .ins()
                    .trap(super::access::trap(TrapCode::Unreachable));
                self.reachable = false;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A block with parameters of these representations.
    pub(super) fn block_with(&mut self, reprs: &[Repr]) -> Block {
        let block = self.b.create_block();
        for &repr in reprs {
            let param = self.b.append_block_param(block, clif_type(repr));
            if is_root(repr) {
                self.b.declare_value_needs_stack_map(param);
            }
        }
        block
    }

    fn block_type(&self, ty: BlockType) -> (Vec<Repr>, Vec<Repr>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(ty) => (Vec::new(), vec![self.local_repr(ty)]),
            BlockType::FuncType(index) => {
                let ty = self.env.module.func_type(index);
                (self.reprs(&ty.params), self.reprs(&ty.results))
            }
        }
    }

    /// The frame of the whole body: its `end` is the function's return.
    pub(super) fn push_function_frame(&mut self) {
        let results = self.signature.results.clone();
        let end = self.block_with(&results);
        self.control.push(ControlFrame {
            kind: FrameKind::Block,
            end,
            params: Vec::new(),
            results,
            height: 0,
            entered: true,
            end_reached: false,
        });
    }

    fn push_frame(&mut self, kind: FrameKind, params: Vec<Repr>, results: Vec<Repr>, end: Block) {
        let height = if self.reachable {
            self.stack.len() - params.len()
        } else {
            self.stack.len()
        };
        let entered = self.reachable;
        let frame = ControlFrame {
            kind,
            end,
            params,
            results,
            height,
            entered,
            end_reached: false,
        };
        self.control.push(frame);
    }

    fn open_block(&mut self, ty: BlockType) {
        let (params, results) = self.block_type(ty);
        let end = self.block_with(&results);
        self.push_frame(FrameKind::Block, params, results, end);
    }

    fn open_try_table(&mut self, table: &TryTable) {
        let (params, results) = self.block_type(table.ty);
        let end = self.block_with(&results);
        if self.reachable {
            self.open_clauses(table);
        }
        self.push_frame(
            FrameKind::TryTable(table.catches.clone()),
            params,
            results,
            end,
        );
    }

    fn open_loop(&mut self, ty: BlockType) {
        let (params, results) = self.block_type(ty);
        let end = self.block_with(&results);
        let header = self.block_with(&params);
        self.push_frame(FrameKind::Loop(header), params.clone(), results, end);
        if self.reachable {
            let arguments = self.pop_n(params.len());
            self.b.ins().jump(header, &block_args(&arguments));
            self.b.switch_to_block(header);
            self.stack.extend_from_slice(self.b.block_params(header));
        }
    }

    fn open_if(&mut self, ty: BlockType) {
        let (params, results) = self.block_type(ty);
        let end = self.block_with(&results);
        let otherwise = self.b.create_block();
        if !self.reachable {
            self.push_frame(FrameKind::If(otherwise), params, results, end);
            return;
        }
        let condition = self.pop();
        self.push_frame(FrameKind::If(otherwise), params, results, end);
        let then = self.b.create_block();
        self.b.ins().brif(condition, then, &[], otherwise, &[]);
        self.b.seal_block(then);
        self.b.seal_block(otherwise);
        self.b.switch_to_block(then);
        // Both arms start with the same parameters: keep a copy below for the
        // second one, which the first cannot reach.
        let frame = self.control.last_mut().expect("just pushed");
        let params = self.stack[frame.height..].to_vec();
        frame.height += params.len();
        self.stack.extend(params);
    }

    /// The values an `if` kept for its second arm.
    fn take_kept_params(&mut self) -> Vec<Value> {
        let frame = self.control.last_mut().expect("inside an if");
        frame.height -= frame.params.len();
        let height = frame.height;
        self.stack.split_off(height)
    }

    fn open_else(&mut self) {
        self.jump_to_end();
        let frame = self.control.last_mut().expect("inside an if");
        let FrameKind::If(otherwise) = std::mem::replace(&mut frame.kind, FrameKind::Else) else {
            unreachable!("an else of a validated body belongs to an if");
        };
        if !frame.entered {
            return;
        }
        let height = frame.height;
        self.stack.truncate(height);
        let params = self.take_kept_params();
        self.stack.extend(params);
        self.b.switch_to_block(otherwise);
        self.reachable = true;
    }

    /// Falls through to the end of the innermost block.
    fn jump_to_end(&mut self) {
        if self.reachable {
            let count = self.control.last().expect("an open block").results.len();
            let values = self.pop_n(count);
            let frame = self.control.last_mut().expect("an open block");
            frame.end_reached = true;
            let end = frame.end;
            self.b.ins().jump(end, &block_args(&values));
        }
        self.reachable = false;
    }

    fn end(&mut self) {
        self.jump_to_end();
        let frame = self.control.last().expect("an open block");
        if let (FrameKind::If(otherwise), true) = (&frame.kind, frame.entered) {
            // No `else`: the parameters are the results.
            let otherwise = *otherwise;
            self.stack.truncate(frame.height);
            let params = self.take_kept_params();
            self.b.switch_to_block(otherwise);
            let frame = self.control.last_mut().expect("an open block");
            frame.end_reached = true;
            let end = frame.end;
            self.b.ins().jump(end, &block_args(&params));
        }
        let frame = self.control.pop().expect("an open block");
        if let (FrameKind::Loop(header), true) = (&frame.kind, frame.entered) {
            self.b.seal_block(*header);
        }
        self.stack.truncate(frame.height);
        if let (FrameKind::TryTable(catches), true) = (&frame.kind, frame.entered) {
            self.close_clauses(catches);
        }
        self.reachable = frame.end_reached;
        if self.reachable {
            self.b.seal_block(frame.end);
            self.b.switch_to_block(frame.end);
            let results = self.b.block_params(frame.end).to_vec();
            self.stack.extend_from_slice(&results);
            if self.control.is_empty() {
                self.return_values(&results);
            }
        }
    }

    /// Leaves the function with these values.
    pub(super) fn return_values(&mut self, values: &[Value]) {
        let fits = self.signature.in_registers.clone();
        let mut registers = Vec::new();
        for (index, (&value, fits)) in values.iter().zip(fits).enumerate() {
            if fits {
                registers.push(value);
            } else {
                let store = self.store_context();
                self.transfer_store(store, index, value);
            }
        }
        self.b.ins().return_(&registers);
        self.reachable = false;
    }

    /// Where a branch to this label goes, and what it takes along.
    pub(super) fn label(&mut self, depth: u32) -> (Block, usize) {
        let index = self.control.len() - 1 - depth as usize;
        let frame = &mut self.control[index];
        match frame.kind {
            FrameKind::Loop(header) => (header, frame.params.len()),
            _ => {
                frame.end_reached = true;
                (frame.end, frame.results.len())
            }
        }
    }

    /// The top `count` operands, left in place.
    pub(super) fn peek_n(&self, count: usize) -> &[Value] {
        &self.stack[self.stack.len() - count..]
    }

    pub(super) fn br(&mut self, depth: u32) {
        let (target, count) = self.label(depth);
        let values = self.pop_n(count);
        self.b.ins().jump(target, &block_args(&values));
        self.reachable = false;
    }

    fn br_if(&mut self, depth: u32) {
        let condition = self.pop();
        self.branch_if(condition, depth);
    }

    /// Branches to a label with the top operands if `condition` is not zero.
    pub(super) fn branch_if(&mut self, condition: Value, depth: u32) {
        let (target, count) = self.label(depth);
        let values = block_args(self.peek_n(count));
        let next = self.b.create_block();
        self.b.ins().brif(condition, target, &values, next, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
    }

    fn br_table(&mut self, targets: &BrTable<'_>) -> Result<(), crate::CompileError> {
        let index = self.pop();
        let mut depths = Vec::with_capacity(targets.len() as usize + 1);
        for depth in targets.targets() {
            depths.push(depth?);
        }
        depths.push(targets.default());
        let labels: Vec<(Block, usize)> = depths.iter().map(|&depth| self.label(depth)).collect();
        let count = labels[0].1;
        let values = block_args(&self.pop_n(count));
        let pool = &mut self.b.func.dfg.value_lists;
        let mut calls: Vec<BlockCall> = labels
            .iter()
            .map(|&(block, _)| BlockCall::new(block, values.iter().copied(), pool))
            .collect();
        let default = calls.pop().expect("the default was pushed last");
        debug_assert_eq!(self.b.func.dfg.value_type(index), types::I32);
        let table = self
            .b
            .create_jump_table(JumpTableData::new(default, &calls));
        self.b.ins().br_table(index, table);
        self.reachable = false;
        Ok(())
    }
}
