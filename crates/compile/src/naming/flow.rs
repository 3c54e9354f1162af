//! What a few things are at the start of each block, from what they are at the ends of the
//! blocks before: known if all agree.

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Value};
use std::collections::HashMap;

/// What a thing is in some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// No way there has been gone yet.
    Unreached,
    /// This value, whichever way was gone.
    Value(Value),
    /// One thing or the other.
    Unknown,
}

impl Is {
    fn meet(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unreached, is) | (is, Self::Unreached) => is,
            (one, other) if one == other => one,
            _ => Self::Unknown,
        }
    }

    /// The value, if it is known.
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// What things are at the starts of blocks, by block and thing.
#[derive(Debug)]
pub struct AtStarts {
    things: usize,
    starts: Vec<Is>,
}

impl AtStarts {
    /// Of each thing what it is at the start of a block.
    pub fn of(&self, block: Block) -> &[Is] {
        &self.starts[block.as_u32() as usize * self.things..][..self.things]
    }

    /// Goes through the blocks until nothing changes. `last` is what a block makes of a
    /// thing, `fixed` what a thing is at a block's start whatever comes before. None if that
    /// takes more than `most` steps.
    ///
    /// A thing is unreached, then a value, then unknown: it changes twice at the most.
    pub fn find(
        function: &Function,
        things: usize,
        last: &HashMap<(Block, usize), Value>,
        fixed: &HashMap<(Block, usize), Value>,
        most: usize,
    ) -> Option<Self> {
        let blocks = function.dfg.num_blocks();
        let cells = blocks.checked_mul(things).filter(|&cells| cells <= most)?;
        let flow = ControlFlowGraph::with_function(function);
        let entry = function.layout.entry_block()?;
        let mut found = Self {
            things,
            starts: vec![Is::Unreached; cells],
        };
        let mut left = most;
        loop {
            let mut changed = false;
            for block in function.layout.blocks() {
                for thing in 0..things {
                    let mut is = match block == entry {
                        true => Is::Unknown,
                        false => Is::Unreached,
                    };
                    for before in flow.pred_iter(block) {
                        left = left.checked_sub(1)?;
                        is = is.meet(match last.get(&(before.block, thing)) {
                            Some(&value) => Is::Value(value),
                            None => found.of(before.block)[thing],
                        });
                    }
                    if let Some(&value) = fixed.get(&(block, thing)) {
                        is = Is::Value(value);
                    }
                    let at = block.as_u32() as usize * things + thing;
                    changed |= found.starts[at] != is;
                    found.starts[at] = is;
                }
            }
            if !changed {
                return Some(found);
            }
        }
    }
}
