//! The small language random programs are made in.
//!
//! A program is a list of functions. The first is the main one; the others are
//! called, or become continuations. Each takes an object and an integer and
//! returns what its variables `objects[0]` and `integers[0]` hold at its end.
//! Functions call and spawn only those after them, and both use up fuel, so
//! every program ends.

use super::control::ast::{Control, Declarations};
use super::heap::ast::Heap;

/// Object variables of a function, all nullable.
pub const OBJECTS: u8 = 4;
/// Integer variables of a function.
pub const INTEGERS: u8 = 4;
/// Continuation variables of a function.
pub const CONTINUATIONS: u8 = 2;
/// Global object variables.
pub const GLOBALS: u8 = 3;
/// Global continuation variables.
pub const SLOTS: u8 = 5;
/// Tags a continuation can be suspended with.
pub const TAGS: u8 = 2;

/// What a variable is set to that says what became of a `resume`: the slot was empty.
pub const WAS_EMPTY: i64 = -1;
/// The continuation returned.
pub const RETURNED: i64 = 100;
/// It was suspended; the tag's number is added.
pub const SUSPENDED: i64 = 200;
/// What [`Statement::NoteObject`] takes null for.
pub const NULL_DIGEST: i64 = 77;
/// How many links [`Statement::NoteObject`] follows.
pub const DIGEST_DEPTH: u32 = 4;

/// An object and an integer variable: what passes into and out of functions
/// and continuations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Object variable.
    pub object: u8,
    /// Integer variable.
    pub integer: u8,
}

/// An operation on integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Wrapping sum.
    Add,
    /// Wrapping product.
    Multiply,
    /// Exclusive or.
    Xor,
}

/// A statement. Names of fields say what the variables are used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A new object with a value and two links.
    New {
        to: u8,
        value: u8,
        left: u8,
        right: u8,
    },
    /// `to` is the same object as `from`.
    Copy { to: u8, from: u8 },
    /// Follows a link; null stays as it is.
    Follow { to: u8, from: u8, right: bool },
    /// Changes a link; no effect on null.
    Attach { to: u8, what: u8, right: bool },
    /// Reads the value; no effect on null.
    Read { to: u8, from: u8 },
    /// Changes the value; no effect on null.
    Write { to: u8, from: u8 },
    /// Whether two variables hold the same object.
    Same { to: u8, one: u8, other: u8 },
    /// Integer arithmetic.
    Compute {
        to: u8,
        operation: Operation,
        one: u8,
        other: u8,
    },
    /// An integer constant.
    Constant { to: u8, value: i64 },
    /// Stores into a global.
    Publish { global: u8, from: u8 },
    /// Loads from a global.
    Fetch { to: u8, global: u8 },
    /// Folds an integer into the checksum.
    Note { from: u8 },
    /// Folds what is in an object and behind it into the checksum.
    NoteObject { from: u8 },
    /// A fresh continuation, if there is fuel.
    Spawn { slot: u8, function: usize },
    /// Exchanges two slots.
    Exchange { one: u8, other: u8 },
    /// Exchanges a slot and a continuation variable of this function.
    Stash { slot: u8, variable: u8 },
    /// Empties a slot.
    Forget { slot: u8 },
    /// Takes a continuation out of a slot and runs it until it returns or is
    /// suspended with a handled tag; then puts it back.
    Resume {
        slot: u8,
        give: Pair,
        take: Pair,
        outcome: u8,
        handles: [bool; TAGS as usize],
    },
    /// Suspends with a tag, giving and taking values.
    Suspend { tag: u8, give: Pair, take: Pair },
    /// Calls, if there is fuel.
    Call {
        function: usize,
        give: Pair,
        take: Pair,
    },
    /// A collection now.
    Collect,
    /// Makes so many objects that nothing holds.
    Litter { count: u32 },
    /// Runs `body` while these variables are null and their values lie on the
    /// operand stack; then puts the values back.
    Hold {
        objects: Vec<u8>,
        continuations: Vec<u8>,
        body: Block,
    },
    /// One of two blocks, by the integer's lowest bit.
    If {
        condition: u8,
        then: Block,
        otherwise: Block,
    },
    /// The same block several times.
    Repeat { times: u32, body: Block },
    /// Switches, exceptions, tail calls.
    Control(Control),
    /// Something with objects of every kind.
    Heap(Heap),
}

/// Statements in a row.
pub type Block = Vec<Statement>;

/// A program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// How many calls and spawns it may do.
    pub fuel: u32,
    /// The bodies of its functions, the main one first.
    pub functions: Vec<Block>,
    /// What its statements of control refer to, if it may have some.
    pub control: Option<Declarations>,
}

impl Statement {
    /// The blocks inside this statement.
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            Self::Hold { body, .. } | Self::Repeat { body, .. } => vec![body],
            Self::If {
                then, otherwise, ..
            } => vec![then, otherwise],
            Self::Control(control) => control.block().into_iter().collect(),
            Self::Heap(heap) => heap.blocks(),
            _ => Vec::new(),
        }
    }

    /// The blocks inside this statement, to change.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        match self {
            Self::Hold { body, .. } | Self::Repeat { body, .. } => vec![body],
            Self::If {
                then, otherwise, ..
            } => vec![then, otherwise],
            Self::Control(control) => control.block_mut().into_iter().collect(),
            Self::Heap(heap) => heap.blocks_mut(),
            _ => Vec::new(),
        }
    }
}

impl Program {
    /// How many statements there are, nested ones included.
    pub fn statements(&self) -> usize {
        fn count(block: &Block) -> usize {
            let inner = |statement: &Statement| {
                1 + statement.blocks().into_iter().map(count).sum::<usize>()
            };
            block.iter().map(inner).sum()
        }
        self.functions.iter().map(count).sum()
    }
}
