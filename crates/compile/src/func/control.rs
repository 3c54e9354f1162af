//! Structured control: blocks, branches, returns.
//!
//! A Wasm block becomes a CLIF block for what follows its `end`, whose
//! parameters are the block's results; a loop has a header besides, whose
//! parameters are the loop's parameters. Code that cannot be reached is read
//! for its nesting and nothing else.

use super::state::{BlockReprs, ControlFrame, FrameKind, Label};
use super::translator::{FuncTranslator, Known};
use crate::signature::clif_type;
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value, types};
use mangrove_abi::{TrapCode, TypeIndex};
use mangrove_validate::Repr;
use std::collections::HashMap;
use std::rc::Rc;
use wasmparser::{BlockType, BrTable, Operator, TryTable};

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
            Operator::Return if self.is_inlined() => self.return_inlined(),
            // Here and not at the body's end: an epilogue is cheaper than a jump to one.
            Operator::Return => self.return_top(),
            Operator::Unreachable => {
                self.b
                    .ins()
                    .trap(super::regions::trap(TrapCode::Unreachable));
                self.reachable = false;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A block that takes operands of these representations.
    fn block_with(&mut self, reprs: &[Repr]) -> Block {
        let block = self.b.create_block();
        if self.homes.is_some() {
            return block;
        }
        for &repr in reprs {
            let param = self.b.append_block_param(block, clif_type(repr));
            if repr.slot_kind().is_some() {
                self.b.declare_value_needs_stack_map(param);
                if let Some(tracking) = &mut self.tracking {
                    tracking.param(param);
                }
            }
        }
        block
    }

    fn block_type(&mut self, ty: BlockType) -> BlockReprs {
        match ty {
            BlockType::Empty => (self.no_reprs.clone(), self.no_reprs.clone()),
            BlockType::Type(ty) => (self.no_reprs.clone(), Rc::new([self.local_repr(ty)])),
            BlockType::FuncType(index) => {
                let index = TypeIndex::new(index);
                let env = self.env;
                let known = self.block_types.entry(index).or_insert_with(|| {
                    let ty = env.module.func_type(index);
                    (env.reprs(&ty.params).into(), env.reprs(&ty.results).into())
                });
                known.clone()
            }
        }
    }

    /// The frame of the whole body: its `end` is the function's return.
    pub(super) fn push_function_frame(&mut self) {
        let results: Rc<[Repr]> = self.signature.results.as_slice().into();
        let end = self.block_with(&results);
        self.control.push(ControlFrame {
            kind: FrameKind::Block,
            end,
            params: self.no_reprs.clone(),
            results,
            height: self.stack.len(),
            base: self.stack.len(),
            entered: true,
            end_reached: false,
        });
    }

    fn push_frame(&mut self, kind: FrameKind, (params, results): BlockReprs, end: Block) {
        let height = if self.reachable {
            self.stack.len() - params.len()
        } else {
            self.stack.len()
        };
        self.loops += u32::from(matches!(kind, FrameKind::Loop(_)));
        let entered = self.reachable;
        let frame = ControlFrame {
            kind,
            end,
            params,
            results,
            height,
            base: height,
            entered,
            end_reached: false,
        };
        self.control.push(frame);
    }

    fn open_block(&mut self, ty: BlockType) {
        let reprs = self.block_type(ty);
        let end = self.block_with(&reprs.1);
        self.push_frame(FrameKind::Block, reprs, end);
    }

    fn open_try_table(&mut self, table: &TryTable) {
        let reprs = self.block_type(table.ty);
        let end = self.block_with(&reprs.1);
        if self.reachable {
            self.open_scope(table);
        }
        self.push_frame(FrameKind::TryTable(table.catches.clone()), reprs, end);
    }

    fn open_loop(&mut self, ty: BlockType) {
        let reprs = self.block_type(ty);
        let end = self.block_with(&reprs.1);
        let header = self.block_with(&reprs.0);
        let params = reprs.0.clone();
        self.push_frame(FrameKind::Loop(header), reprs, end);
        if self.reachable {
            let label = self.label(0);
            let arguments = self.branch_args(label);
            self.b.ins().jump(header, &arguments);
            self.b.switch_to_block(header);
            self.stack.truncate(label.height);
            self.push_block_params(header, &params);
            self.check_interrupts();
        }
    }

    fn open_if(&mut self, ty: BlockType) {
        let reprs = self.block_type(ty);
        let end = self.block_with(&reprs.1);
        let otherwise = self.b.create_block();
        if !self.reachable {
            self.push_frame(FrameKind::If(otherwise), reprs, end);
            return;
        }
        let condition = self.pop();
        let count = reprs.0.len();
        self.push_frame(FrameKind::If(otherwise), reprs, end);
        let then = self.b.create_block();
        self.b.ins().brif(condition, then, &[], otherwise, &[]);
        self.b.seal_block(then);
        self.b.seal_block(otherwise);
        self.b.switch_to_block(then);
        // Both arms start with the same parameters: keep a copy below for the
        // second one, which the first cannot reach.
        let frame = self.control.last_mut().expect("just pushed");
        frame.height += count;
        self.push_copies(count);
    }

    /// Starts the second arm of an `if` in its block, with the values kept for it.
    fn open_second_arm(&mut self, otherwise: Block) {
        let frame = self.control.last_mut().expect("inside an if");
        self.stack.truncate(frame.height);
        frame.height = frame.base;
        self.b.switch_to_block(otherwise);
        self.reachable = true;
    }

    fn open_else(&mut self) {
        self.jump_to_end();
        let frame = self.control.last_mut().expect("inside an if");
        let FrameKind::If(otherwise) = std::mem::replace(&mut frame.kind, FrameKind::Else) else {
            unreachable!("an else of a validated body belongs to an if");
        };
        if frame.entered {
            self.open_second_arm(otherwise);
        }
    }

    /// Falls through to the end of the innermost block.
    fn jump_to_end(&mut self) {
        if self.reachable {
            let label = self.end_label();
            let arguments = self.branch_args(label);
            self.b.ins().jump(label.block, &arguments);
        }
        self.reachable = false;
    }

    /// The end of the innermost block, which is now reached.
    fn end_label(&mut self) -> Label {
        let frame = self.control.last_mut().expect("an open block");
        frame.end_reached = true;
        Label {
            block: frame.end,
            count: frame.results.len(),
            height: frame.base,
        }
    }

    fn end(&mut self) {
        self.jump_to_end();
        let frame = self.control.last().expect("an open block");
        if let (FrameKind::If(otherwise), true) = (&frame.kind, frame.entered) {
            // No `else`: the parameters are the results.
            self.open_second_arm(*otherwise);
            self.jump_to_end();
        }
        let frame = self.control.pop().expect("an open block");
        if let FrameKind::Loop(header) = frame.kind {
            self.loops -= 1;
            if frame.entered {
                self.b.seal_block(header);
            }
        }
        self.stack.truncate(frame.height);
        if let (FrameKind::TryTable(catches), true) = (&frame.kind, frame.entered) {
            self.close_scope(catches);
        }
        self.reachable = frame.end_reached;
        if self.reachable {
            self.b.seal_block(frame.end);
            self.b.switch_to_block(frame.end);
            self.push_block_params(frame.end, &frame.results);
            if self.control.is_empty() && !self.is_inlined() {
                self.return_top();
            }
        }
    }

    /// Leaves the function with the top operands.
    fn return_top(&mut self) {
        self.save_fuel();
        let fits = self.signature.in_registers.clone();
        let mut registers = Vec::new();
        let mut store = None;
        self.peek_each(fits.len(), |this, index, value| {
            if fits[index] {
                registers.push(value);
            } else {
                let store = *store.get_or_insert_with(|| this.store_context());
                this.transfer_store(store, index, value);
            }
        });
        self.b.ins().return_(&registers);
        self.reachable = false;
    }

    /// Where a branch to this label goes, and what it takes along.
    pub(super) fn label(&mut self, depth: u32) -> Label {
        let index = self.control.len() - 1 - depth as usize;
        let frame = &mut self.control[index];
        let height = frame.base;
        match frame.kind {
            FrameKind::Loop(block) => Label {
                block,
                count: frame.params.len(),
                height,
            },
            _ => {
                frame.end_reached = true;
                Label {
                    block: frame.end,
                    count: frame.results.len(),
                    height,
                }
            }
        }
    }

    pub(super) fn br(&mut self, depth: u32) {
        let label = self.label(depth);
        let arguments = self.branch_args(label);
        self.b.ins().jump(label.block, &arguments);
        self.reachable = false;
    }

    fn br_if(&mut self, depth: u32) {
        let condition = self.pop();
        self.branch_if(condition, depth);
    }

    /// Branches to a label with the top operands if `condition` is not zero.
    pub(super) fn branch_if(&mut self, condition: Value, depth: u32) {
        let label = self.label(depth);
        let next = self.b.create_block();
        if self.homes.is_none() || self.in_place(label) {
            let values = self.branch_args(label);
            self.b
                .ins()
                .brif(condition, label.block, &values, next, &[]);
        } else {
            // Only who branches may move the operands.
            let edge = self.b.create_block();
            self.b.ins().brif(condition, edge, &[], next, &[]);
            self.fill_edge(edge, label);
        }
        self.b.seal_block(next);
        self.b.switch_to_block(next);
    }

    /// A block that goes on to a label with the top operands.
    fn fill_edge(&mut self, edge: Block, label: Label) {
        self.b.seal_block(edge);
        self.b.switch_to_block(edge);
        let arguments = self.branch_args(label);
        self.b.ins().jump(label.block, &arguments);
    }

    /// Values go through one block for each label, however many entries of the
    /// table have it.
    fn br_table(&mut self, targets: &BrTable<'_>) -> Result<(), crate::CompileError> {
        let index = self.pop();
        let mut blocks: Vec<Block> = Vec::with_capacity(targets.len() as usize + 1);
        let mut known: HashMap<u32, Block> = HashMap::new();
        let mut edges: Vec<(Block, Label)> = Vec::new();
        for depth in targets.targets().chain([Ok(targets.default())]) {
            let depth = depth?;
            if let Some(&block) = known.get(&depth) {
                blocks.push(block);
                continue;
            }
            let label = self.label(depth);
            let mut block = label.block;
            if label.count > 0 && !self.in_place(label) {
                block = self.b.create_block();
                edges.push((block, label));
            }
            known.insert(depth, block);
            blocks.push(block);
        }
        let pool = &mut self.b.func.dfg.value_lists;
        let mut calls: Vec<BlockCall> = blocks
            .into_iter()
            .map(|block| BlockCall::new(block, std::iter::empty::<BlockArg>(), pool))
            .collect();
        let default = calls.pop().expect("the default was pushed last");
        debug_assert_eq!(self.b.func.dfg.value_type(index), types::I32);
        let table = self
            .b
            .create_jump_table(JumpTableData::new(default, &calls));
        self.b.ins().br_table(index, table);
        for (edge, label) in edges {
            self.fill_edge(edge, label);
        }
        self.reachable = false;
        Ok(())
    }
}
