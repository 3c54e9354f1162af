//! What the slots of stack maps hold: which local, which operand. Only where it is asked for
//! ([`crate::Options::slot_names`]); the code is the same either way.
//!
//! ```text
//!  translation   local 2 is v7 now; a call, with v9 at depth 0       Tracking
//!  finished      at each call: v7 is local 2, v9 operand 0           locals
//!  spilled       v7 lies in ss0, v9 in ss1; the map of the call has ss0 and ss1   slots
//!  compiled      the site's slot at fp-40 holds local 2              crate::sites
//! ```
//!
//! The frontend makes values of locals, and parameters of blocks where several meet; and
//! later slots of values. It tells neither, so both are found again: what a local is at the
//! start of a block from what it is at the ends of those before (`locals`), what is in a
//! slot from the last store to it (`slots`). Both are facts about the finished code. What
//! cannot be found is not told, and what would be too much work is not looked for.
//!
//! A call is known in the machine code by its source position ([`crate::positions`]).
//!
//! What belongs to an inlined call has that call's number beside it, and is told as long as
//! that call lasts.

mod flow;
mod locals;
mod slots;

pub use locals::Known;
pub use slots::name_calls;

use cranelift_codegen::ir::{Block, Value};
use std::collections::HashSet;

/// Most entries that are noted of one function, and most steps to find out more: a second or
/// less.
const MOST: usize = 1 << 20;

/// The inlined call that something belongs to; none: the function itself.
pub type Inside = Option<u32>;

/// A local, and whose it is.
pub type Local = (Inside, u32);

/// What happens in a block, in the order in which it does.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A local is this value from here on, because it was given it.
    Set(Local, Value),
    /// A local is this value here.
    Got(Local, Value),
    /// The next call, with operands up to this many in the list of all, in an inlined call
    /// or the function itself.
    Call(usize, Inside),
}

/// What is noted while a function is translated.
#[derive(Debug, Default)]
pub struct Tracking {
    events: Vec<(Block, Event)>,
    /// Operands at calls: whose they are, the depth and the value.
    operands: Vec<(Inside, u32, Value)>,
    /// Parameters of blocks that operands come in as.
    params: HashSet<Value>,
    /// There is too much to note.
    given_up: bool,
}

impl Tracking {
    fn note(&mut self, block: Block, event: Event) {
        self.events.push((block, event));
        if self.events.len() + self.operands.len() > MOST {
            *self = Self {
                given_up: true,
                ..Self::default()
            };
        }
    }

    /// A local, whose type is a reference, was given a value.
    pub fn set(&mut self, block: Block, local: Local, value: Value) {
        if !self.given_up {
            self.note(block, Event::Set(local, value));
        }
    }

    /// A local, whose type is a reference, turned out to be a value.
    pub fn got(&mut self, block: Block, local: Local, value: Value) {
        if !self.given_up {
            self.note(block, Event::Got(local, value));
        }
    }

    /// An operand, whose type is a reference, comes into a block as this parameter.
    pub fn param(&mut self, value: Value) {
        self.params.insert(value);
    }

    /// Whether one does.
    pub fn is_param(&self, value: Value) -> bool {
        self.params.contains(&value)
    }

    /// A call is about to be made, with these references among the operands that stay.
    pub fn call(&mut self, block: Block, inside: Inside, operands: Vec<(Inside, u32, Value)>) {
        if !self.given_up {
            self.operands.extend(operands);
            let end = self.operands.len();
            self.note(block, Event::Call(end, inside));
        }
    }
}
