//! What a translation keeps while it reads a body: operands, locals, open blocks
//! and open `try_table`s.

use super::facts::Facts;
use super::homes::Kept;
use cranelift_codegen::ir::{Block, BlockArg, Value};
use cranelift_frontend::Variable;
use mangrove_validate::Repr;
use std::collections::HashMap;
use std::rc::Rc;
use wasmparser::Catch;

/// An entry of the operand stack.
#[derive(Clone, Copy)]
pub enum Operand {
    /// The value itself, and what is known of it.
    Value(Value, Facts),
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
    pub(super) label: Label,
    pub(super) count: usize,
    pub(super) args: Vec<BlockArg>,
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
    /// One past the last local of each declaration, how they are represented, and what is
    /// known of their values.
    pub(super) groups: Vec<(u32, Repr, Facts)>,
    /// Those that were used.
    pub(super) variables: HashMap<u32, (Variable, u32)>,
    pub(super) params: u32,
}

impl Locals {
    /// Declares some more.
    pub fn declare(&mut self, count: u32, repr: Repr, facts: Facts) {
        let before = self.count();
        self.groups
            .push((before.saturating_add(count), repr, facts));
    }

    /// How many were declared.
    pub fn count(&self) -> u32 {
        self.groups.last().map_or(0, |&(end, ..)| end)
    }

    /// What was declared so far are the parameters.
    pub fn end_params(&mut self) {
        self.params = self.count();
    }

    /// # Panics
    /// If there is no such local: the body was not validated.
    pub(super) fn repr(&self, index: u32) -> Repr {
        self.declared(index).0
    }

    /// How a local is represented, and what is known of its values.
    ///
    /// # Panics
    /// As [`Self::repr`].
    pub(super) fn declared(&self, index: u32) -> (Repr, Facts) {
        let group = self.groups.partition_point(|&(end, ..)| end <= index);
        let (_, repr, facts) = self.groups[group];
        (repr, facts)
    }
}

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
    pub(super) kind: FrameKind,
    /// What follows the `end`.
    pub(super) end: Block,
    pub(super) params: Rc<[Repr]>,
    pub(super) results: Rc<[Repr]>,
    /// Operand stack height below the block's parameters; of an `if` with its
    /// second arm ahead, below the copies its first arm has.
    pub(super) height: usize,
    /// Operand stack height below the block's results.
    pub(super) base: usize,
    /// Whether the block's start can be reached.
    pub(super) entered: bool,
    /// Whether anything branches to `end`.
    pub(super) end_reached: bool,
}

/// How a block's parameters and results are represented.
pub type BlockReprs = (Rc<[Repr]>, Rc<[Repr]>);

/// Values as arguments of a branch.
pub fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|&value| BlockArg::Value(value)).collect()
}

/// An open `try_table` with clauses.
#[derive(Clone, Copy)]
pub struct OpenScope {
    /// Its number in the function's scopes.
    pub(super) number: u32,
    /// Where an exception arrives, its reference extended to 64 bits.
    pub catch_block: Block,
}

/// How a packed value becomes an `i32`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// The value is not packed.
    None,
    /// Sign-extended.
    Signed,
    /// Zero-extended.
    Unsigned,
}
