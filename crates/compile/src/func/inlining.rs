//! Where the translation of a function is, of those that are inlined in it ([`super::inline`]).

use crate::candidates::Budget;
use crate::naming::Inside;
use cranelift_frontend::Variable;
use mangrove_abi::FuncIndex;
use mangrove_validate::Repr;
use std::collections::HashMap;

/// The inlined calls around the current position, and what there is left to inline.
#[derive(Debug, Default)]
pub struct Inlining {
    pub(super) open: Vec<OpenCall>,
    /// Variables of calls that are over, with the last block of each, by what they can hold.
    /// Whoever takes one sets it first.
    pub(super) free: HashMap<Repr, Vec<(Variable, u32)>>,
    /// None: nothing is inlined.
    pub(super) budget: Option<Budget>,
}

/// An inlined call around the current position.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenCall {
    /// Its number.
    pub(super) number: u32,
    pub(super) function: FuncIndex,
    /// Operands below its own.
    pub(super) height: usize,
    /// `try_table`s open around it.
    pub(super) scopes: usize,
}

impl Inlining {
    /// With so much to inline.
    pub fn new(budget: Option<Budget>) -> Self {
        Self {
            open: Vec::new(),
            free: HashMap::new(),
            budget,
        }
    }

    /// A variable for a local of an inlined call that was another's before.
    pub fn variable(&mut self, repr: Repr) -> Option<(Variable, u32)> {
        if self.open.is_empty() {
            return None;
        }
        self.free.get_mut(&repr)?.pop()
    }

    /// The innermost inlined call that the current position is in.
    pub fn inside(&self) -> Inside {
        self.open.last().map(|call| call.number)
    }

    /// The inlined call that the operand at a depth of the stack belongs to, and its depth in
    /// that one's.
    pub fn owner(&self, depth: usize) -> (Inside, u32) {
        let open = self.open.iter().rev().find(|call| call.height <= depth);
        let (inside, height) = open.map_or((None, 0), |call| (Some(call.number), call.height));
        (inside, (depth - height) as u32)
    }
}
