//! What the model's stacks are made of.

use super::event::Event;
use super::handlers::Clause;
use super::vocabulary::{Kind, Op, Tag, Throws};
use mangrove::TrapCode;

/// One use of a continuation.
pub type Token = u64;

/// A value of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// An i64.
    Number(i64),
    /// A box with this number.
    Object(i64),
    /// A continuation, or null.
    Cont(Option<Token>),
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub tag: Throws,
    pub values: Vec<Value>,
}

/// How an activation ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Returned,
    Exception(Exception),
    Trap(TrapCode),
}

impl Ending {
    /// As the host sees it, to whom all continuations are the same.
    pub fn as_seen(&self) -> Self {
        let mut seen = self.clone();
        if let Self::Exception(exception) = &mut seen {
            for value in &mut exception.values {
                if let Value::Cont(token) = value {
                    *token = None;
                }
            }
        }
        seen
    }

    /// For people.
    pub fn name(&self) -> String {
        match self {
            Self::Returned => "returned".to_owned(),
            Self::Exception(exception) => format!("exception {}", exception.tag.0),
            Self::Trap(code) => code.to_string(),
        }
    }
}

/// An event the puppet must tell of, and the answer it gets.
#[derive(Clone, Debug)]
pub struct Expected {
    pub event: Event,
    pub values: [i64; 3],
    pub answer: i64,
}

/// The operation that called a command loop, and what it has in locals.
#[derive(Clone, Debug)]
pub enum Over {
    Entry,
    Plain,
    Wide(i64),
    Guard(usize, i64),
    Hold(Kind, Option<Token>),
}

/// A command loop.
#[derive(Clone, Debug)]
pub struct Frame {
    pub live: i64,
    pub over: Over,
}

/// What the innermost operation of a member waits for.
#[derive(Clone, Debug)]
pub enum Wait {
    Resume { set: usize, base: i64 },
    Suspend { tag: Tag, guarded: bool, base: i64 },
    Switch { kind: Kind, base: i64 },
    Host { base: i64 },
}

/// A continuation of a chain.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub frames: Vec<Frame>,
    pub wait: Option<Wait>,
    /// Whether the host called it: nothing is searched or captured beyond it.
    pub first: bool,
    /// Its name among all there ever were.
    pub number: u64,
    /// For [`Twist::StaleMemo`]: up to which member there was no such clause.
    pub memo: Vec<(Clause, u64)>,
}

/// A continuation that someone may hold a reference to.
#[derive(Clone, Debug)]
pub struct Held {
    /// Arguments bound so far.
    pub bound: Vec<Value>,
    pub state: State,
}

#[derive(Clone, Debug)]
pub enum State {
    /// Has not run; the type it was made with.
    Fresh(Kind),
    /// Was captured, outermost first.
    Suspended(Vec<Member>),
}

/// What the puppet is told to do.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Return,
    Tail,
    Do(Op),
}

/// A step with its operands.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub step: Step,
    /// A slot: what the operation is on.
    pub slot: usize,
    /// Another, for what it needs besides.
    pub arg: usize,
    /// What it makes is numbered from here.
    pub base: i64,
}
