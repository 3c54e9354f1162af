//! The statements, and what a program declares for them: shapes of payloads, tags, and
//! what its functions take.
//!
//! Every function and continuation takes a [`Pair`](crate::random::ast::Pair) last and
//! returns one. A *shape* is what comes before: values of any type. What is in front can be
//! bound bit by bit, so a continuation that waits for a shape has a type for each rest of it.

use crate::random::ast::{Block, Pair};

/// Function variables of a function.
pub const FUNCTIONS: u8 = 2;
/// Exception variables of a function.
pub const EXCEPTIONS: u8 = 2;
/// Variables of a function for continuations that were switched from.
pub const PEERS: u8 = 2;
/// Elements of the table of such continuations.
pub const PEER_SLOTS: u8 = 3;
/// Elements of the table of exceptions. The place behind them is a global.
pub const SHELVES: u8 = 2;

/// The tag that takes nothing: continuations switch by it, and may be suspended with it.
pub const YIELD: usize = 2;
/// The first of the tags that a program declares.
pub const FIRST_SIGNAL: usize = 3;

/// What an outcome is where a statement could not do what it is for.
pub const SKIPPED: i64 = -2;
/// An exception was caught; the clause's number is added.
pub const CAUGHT: i64 = 300;
/// What is kept of the first object there is, which nothing lets go of: its value.
pub const STONE: i64 = 7;

/// A type of values, and how a variable becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The low half of an integer.
    I32,
    /// An integer.
    I64,
    /// The bits of the low half of an integer.
    F32,
    /// The bits of an integer.
    F64,
    /// An integer, twice.
    V128,
    /// An object or null.
    Object,
    /// An object; the stone in place of null.
    Solid,
    /// An object as `anyref`.
    Any,
    /// An object as `externref`.
    Extern,
    /// A function or null.
    Function,
    /// An exception or null.
    Exception,
    /// A continuation or null. Whoever gives it has it no longer.
    Task,
}

/// A value that is given or taken: what it is, and the variable it comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// An object, integer, function, exception or continuation variable.
    pub variable: u8,
}

/// A payload: what its shape says, and the pair behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Values of the shape.
    pub items: Vec<Item>,
    /// The object and the integer.
    pub pair: Pair,
}

/// A tag continuations can be suspended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The shape of its payload.
    pub payload: usize,
    /// The shape of what the suspended continuation gets.
    pub results: usize,
}

/// What a function takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// A pair.
    Plain,
    /// A shape before it; where its values go.
    Wide { shape: usize, items: Vec<Item> },
    /// A continuation behind it, the one that was switched from; where that goes.
    Peer { variable: u8 },
}

/// What a program declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    /// Its shapes. The first is empty.
    pub shapes: Vec<Vec<Kind>>,
    /// Its tags for suspending, those that every program has left out.
    pub signals: Vec<Signal>,
    /// Its tags for exceptions: the shapes of their payloads.
    pub exceptions: Vec<usize>,
    /// What its functions take; those behind the last take a pair.
    pub signatures: Vec<Signature>,
    /// Whether exceptions hold continuations.
    pub held: bool,
    /// Whether anything switches.
    pub switches: bool,
}

/// Where a continuation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a slot.
    Slot(u8),
    /// In a slot for those that were switched from, or can be switched to.
    Peer(u8),
}

/// What a continuation goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Values: a pair; and null, for one that can be switched to.
    Values { give: Pair },
    /// The same, bound before. Not for one that can be switched to.
    Bound { give: Pair },
    /// A new exception: `resume_throw`.
    Throw { tag: usize, payload: Payload },
    /// An exception: `resume_throw_ref`. Skipped if it is null.
    ThrowRef { variable: u8 },
}

/// A clause of a `resume`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// `(on $tag $label)`: the payload is taken, what the continuation waits for is bound
    /// but for the pair, and it is put into a slot.
    On {
        tag: usize,
        take: Payload,
        bind: Vec<Item>,
        slot: u8,
    },
    /// `(on $tag switch)`, of the tag for it.
    Switch,
}

/// A clause of a `try_table`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The tag, and where its payload goes; none: it catches all.
    pub tag: Option<(usize, Payload)>,
    /// Where the exception itself goes, if it is wanted.
    pub reference: Option<u8>,
}

/// How a function is named that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By index: `call`.
    Index,
    /// Through the table: `call_indirect`.
    Table,
    /// By reference: `call_ref`.
    Reference,
}

/// How a program can end before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    Unreachable,
    ResumeNull,
    BindNull,
    ThrowIntoNull,
    SwitchNull,
    NewNull,
    ResumeConsumed,
    BindConsumed,
    ThrowIntoConsumed,
    SwitchConsumed,
    SuspendUnhandled,
    SwitchUnhandled,
    ThrowNull,
    CallNull,
    CallUndefined,
    CallUninitialized,
    CallMismatch,
    NullObject,
    NullReference,
    WrongCast,
    Uncaught,
}

/// A statement. Names of fields say what the variables are used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A fresh continuation of a wide function, if there is fuel. The first `first` values
    /// are bound at once, the others after `body` has run, with what is half bound on the
    /// operand stack.
    Spawn {
        slot: u8,
        function: usize,
        give: Vec<Item>,
        first: usize,
        body: Block,
    },
    /// A fresh continuation that can be switched to, if there is fuel.
    SpawnPeer { slot: u8, function: usize },
    /// Exchanges a slot of those and a variable.
    StashPeer { slot: u8, variable: u8 },
    /// A continuation variable gets what is in a slot, which keeps it.
    CopyTask { slot: u8, variable: u8 },
    /// Takes a continuation out of where it is and runs it.
    Resume {
        source: Source,
        way: Way,
        clauses: Vec<Clause>,
        take: Pair,
        outcome: u8,
    },
    /// Suspends with one of the program's tags.
    Suspend {
        tag: usize,
        give: Payload,
        take: Payload,
    },
    /// Suspends with the tag that takes nothing.
    Yield { take: Pair },
    /// Switches to what is in a variable, if it is not null, and puts there what came.
    Switch { peer: u8, give: Pair, take: Pair },
    /// Throws a new exception.
    Throw { tag: usize, give: Payload },
    /// Throws what is in a variable, if it is not null.
    ThrowRef { variable: u8 },
    /// Runs `body`; what is thrown there is caught by the first clause that it is for.
    Try {
        clauses: Vec<Catch>,
        body: Block,
        outcome: u8,
    },
    /// Puts an exception on a shelf, or takes one from there; both have it then.
    Shelve {
        variable: u8,
        place: u8,
        store: bool,
    },
    /// A function variable gets a function.
    Function { to: u8, function: usize },
    /// Calls a function of any signature but that of a peer, if there is fuel.
    Call {
        by: By,
        function: usize,
        give: Payload,
        take: Pair,
    },
    /// Calls what is in a function variable, if it is not null and there is fuel.
    CallVariable {
        variable: u8,
        give: Pair,
        take: Pair,
    },
    /// The same as `Call`, in place of returning.
    Tail {
        by: By,
        function: usize,
        give: Payload,
    },
    /// The end of the program.
    Stop(Fault),
}

impl Declarations {
    /// What a function takes.
    pub fn signature(&self, function: usize) -> &Signature {
        self.signatures.get(function).unwrap_or(&Signature::Plain)
    }

    /// What a tag's payload has before the pair. The tag for switching has no pair either.
    pub fn payload(&self, tag: usize) -> &[Kind] {
        match tag.checked_sub(FIRST_SIGNAL) {
            Some(signal) => &self.shapes[self.signals[signal].payload],
            None => &[],
        }
    }

    /// The shape of what a continuation gets that was suspended with a tag.
    pub fn results(&self, tag: usize) -> usize {
        match tag.checked_sub(FIRST_SIGNAL) {
            Some(signal) => self.signals[signal].results,
            None => 0,
        }
    }
}

impl Clause {
    /// Whether it is for suspensions with this tag.
    pub fn is_on(&self, tag: usize) -> bool {
        matches!(self, Self::On { tag: own, .. } if *own == tag)
    }
}

impl By {
    /// The instruction that calls.
    pub fn call(self) -> &'static str {
        match self {
            Self::Index => "call",
            Self::Table => "call_indirect",
            Self::Reference => "call_ref",
        }
    }

    /// The one that calls in place of returning.
    pub fn tail_call(self) -> &'static str {
        match self {
            Self::Index => "return_call",
            Self::Table => "return_call_indirect",
            Self::Reference => "return_call_ref",
        }
    }
}

impl Control {
    /// The block inside this statement.
    pub fn block(&self) -> Option<&Block> {
        match self {
            Self::Spawn { body, .. } | Self::Try { body, .. } => Some(body),
            _ => None,
        }
    }

    /// The block inside this statement, to change.
    pub fn block_mut(&mut self) -> Option<&mut Block> {
        match self {
            Self::Spawn { body, .. } | Self::Try { body, .. } => Some(body),
            _ => None,
        }
    }
}

/// Which parameters of a shape are the variables that they go to: references that need no
/// conversion, the first for each. The others are moved at the function's start.
pub fn direct(items: &[Item]) -> Vec<bool> {
    let mut used = Vec::new();
    let is_direct = |item: &Item| {
        let own = match item.kind {
            Kind::Object => item.variable != 0,
            Kind::Function | Kind::Exception | Kind::Task => true,
            _ => false,
        };
        let first = own && !used.contains(item);
        if first {
            used.push(*item);
        }
        first
    };
    items.iter().map(is_direct).collect()
}
