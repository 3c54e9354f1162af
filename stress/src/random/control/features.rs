//! What a program may use: other engines lack some of it, and some ways to run a program
//! do not get on with some of it.

/// What a program may use. It is made from its seed, its size and these, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Anything of this module at all: `cont.bind`, tags of several shapes, clauses in any
    /// order. Without it nothing below is used either.
    pub control: bool,
    /// `switch`, and clauses `(on $tag switch)`.
    pub switch: bool,
    /// `resume_throw`.
    pub resume_throw: bool,
    /// `resume_throw_ref`.
    pub resume_throw_ref: bool,
    /// Exceptions.
    pub exceptions: bool,
    /// Tail calls.
    pub tail_calls: bool,
    /// Programs that end in a trap.
    pub traps: bool,
    /// Continuation references that are used up while copies of them are kept. Where it is
    /// clones that are resumed, the reference is not used up.
    pub copies: bool,
    /// Continuations in objects: exceptions with continuations in their payloads.
    pub held: bool,
    /// Exceptions pass operands by. Where operands have homes in the frame, these keep them
    /// until another operand lies there.
    pub escapes: bool,
}

impl Features {
    /// All of it.
    pub const ALL: Self = Self {
        control: true,
        switch: true,
        resume_throw: true,
        resume_throw_ref: true,
        exceptions: true,
        tail_calls: true,
        traps: true,
        copies: true,
        held: true,
        escapes: true,
    };
}
