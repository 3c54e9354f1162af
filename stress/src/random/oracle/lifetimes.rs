//! How long what is in a variable is needed: a plain backward analysis of a function's
//! text.
//!
//! A variable is *live* at a point if something may still be done there with what is in
//! it: it is stored or looked into, compared, handed to another function, to a
//! continuation or to a handler, or returned. That it is moved from one variable to
//! another, or to the operand stack and back, is nothing of the kind: it passes on
//! whatever the place that it is moved to is needed for.
//!
//! ```text
//!  live before a statement = what it uses + (live behind it - what it sets)
//!  behind a block of a loop = behind the loop + before its block, until nothing is added
//! ```

use crate::random::ast::{Block, Program, Statement};
use crate::random::heap::lifetimes as heap;
use std::collections::{HashMap, HashSet};

/// Variables of a function: a bit for each. And which bodies with operands below them may
/// still come to their ends: a bit for each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::random) struct Live {
    objects: u8,
    continuations: u8,
    exceptions: u8,
    peers: u8,
    things: u8,
    externs: u8,
    ends: u64,
}

/// Asks for a variable's bit, sets it, and takes it away.
macro_rules! bits {
    ($($field:ident: $has:ident, $with:ident, $without:ident;)*) => { $(
        pub(in crate::random) fn $has(self, variable: u8) -> bool {
            self.$field & 1 << variable != 0
        }

        pub(in crate::random) fn $with(self, variable: u8) -> Self {
            Self { $field: self.$field | 1 << variable, ..self }
        }

        pub(in crate::random) fn $without(self, variable: u8) -> Self {
            Self { $field: self.$field & !(1 << variable), ..self }
        }
    )* };
}

impl Live {
    bits! {
        objects: has_object, with, without;
        continuations: has_continuation, with_continuation, without_continuation;
        exceptions: has_exception, with_exception, without_exception;
        peers: has_peer, with_peer, without_peer;
        things: has_thing, with_thing, without_thing;
        externs: has_extern, with_extern, without_extern;
        ends: has_end, with_end, without_end;
    }

    pub(in crate::random) fn and(self, other: Self) -> Self {
        Self {
            objects: self.objects | other.objects,
            continuations: self.continuations | other.continuations,
            exceptions: self.exceptions | other.exceptions,
            peers: self.peers | other.peers,
            things: self.things | other.things,
            externs: self.externs | other.externs,
            ends: self.ends | other.ends,
        }
    }
}

/// What is live behind each statement of a program.
pub(in crate::random) struct Lifetimes {
    behind: HashMap<*const Statement, Live>,
    /// What is while an instruction of it stands, its operands left out.
    across: HashMap<*const Statement, Live>,
    /// What is live where an exception arrives that is thrown here.
    pub(in crate::random) caught: Live,
    /// How many bodies with operands below them are around.
    level: u8,
    /// Loops whose parameter is needed.
    carried: HashSet<*const Statement>,
}

impl Lifetimes {
    pub(in crate::random) fn of(program: &Program) -> Self {
        let mut lifetimes = Self {
            behind: HashMap::new(),
            across: HashMap::new(),
            caught: Live::default(),
            level: 0,
            carried: HashSet::new(),
        };
        // A function returns what is in its first object variable.
        let end = Live::default().with(0);
        for body in &program.functions {
            lifetimes.before_block(body, end);
        }
        lifetimes
    }

    /// What is live behind a statement.
    pub(in crate::random) fn behind(&self, statement: &Statement) -> Live {
        self.behind[&std::ptr::from_ref(statement)]
    }

    /// What is live while a statement stands that calls, switches or allocates, beside what
    /// it was given.
    pub(in crate::random) fn across(&self, statement: &Statement) -> Live {
        self.across[&std::ptr::from_ref(statement)]
    }

    pub(in crate::random) fn note_across(&mut self, statement: &Statement, live: Live) {
        self.across.insert(std::ptr::from_ref(statement), live);
    }

    /// Whether a loop's parameter is needed.
    pub(super) fn carries(&self, statement: &Statement) -> bool {
        self.carried.contains(&std::ptr::from_ref(statement))
    }

    pub(in crate::random) fn carry(&mut self, statement: &Statement, needed: bool) {
        if needed {
            self.carried.insert(std::ptr::from_ref(statement));
        }
    }

    /// A body begins, backwards, that operands lie below.
    pub(in crate::random) fn inside(&mut self, end: Live) -> Live {
        self.level += 1;
        end.with_end(self.level - 1)
    }

    /// Whether the body that operands lie below may come to its end, from where this is live.
    pub(in crate::random) fn ends(&self, before: Live) -> bool {
        before.has_end(self.level - 1)
    }

    /// It is over.
    pub(in crate::random) fn outside(&mut self, before: Live) -> Live {
        self.level -= 1;
        before.without_end(self.level)
    }

    pub(in crate::random) fn before_block(&mut self, block: &Block, behind: Live) -> Live {
        block
            .iter()
            .rev()
            .fold(behind, |behind, statement| self.before(statement, behind))
    }

    fn before(&mut self, statement: &Statement, behind: Live) -> Live {
        self.behind.insert(std::ptr::from_ref(statement), behind);
        match statement {
            Statement::If {
                then, otherwise, ..
            } => {
                let then = self.before_block(then, behind);
                then.and(self.before_block(otherwise, behind))
            }
            Statement::Repeat { body, .. } => {
                let mut before = Live::default();
                loop {
                    let again = self.before_block(body, behind.and(before));
                    if again == before {
                        return before;
                    }
                    before = again;
                }
            }
            Statement::Hold {
                objects,
                continuations,
                body,
            } => {
                let mut inside = behind;
                for &variable in objects {
                    inside = inside.without(variable);
                }
                for &variable in continuations {
                    inside = inside.without_continuation(variable);
                }
                let inside = self.inside(inside);
                let before = self.before_block(body, inside);
                // The body begins with null in them; what they held goes on to the end, if it
                // can come to that.
                let ends = self.ends(before);
                let mut before = self.outside(before);
                for &variable in objects {
                    before = before.without(variable);
                    if ends && behind.has_object(variable) {
                        before = before.with(variable);
                    }
                }
                for &variable in continuations {
                    before = before.without_continuation(variable);
                    if ends && behind.has_continuation(variable) {
                        before = before.with_continuation(variable);
                    }
                }
                before
            }
            Statement::Control(control) => self.before_control(statement, control, behind),
            Statement::Heap(heap) => heap::before(self, statement, heap, behind),
            simple => {
                let caught = if calls(simple) {
                    self.caught
                } else {
                    Live::default()
                };
                self.note_across(simple, across(simple, behind).and(caught));
                before_simple(simple, behind).and(caught)
            }
        }
    }
}

/// Whether there is a call in it, from which a clause around it may go on.
fn calls(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Note { .. }
            | Statement::NoteObject { .. }
            | Statement::Spawn { .. }
            | Statement::Call { .. }
            | Statement::Resume { .. }
            | Statement::Suspend { .. }
            | Statement::Collect
            | Statement::Litter { .. }
    )
}

/// What is live while a statement stands, and is not caught: what it sets is not.
fn across(statement: &Statement, behind: Live) -> Live {
    match *statement {
        Statement::Call { take, .. }
        | Statement::Resume { take, .. }
        | Statement::Suspend { take, .. } => behind.without(take.object),
        Statement::New { to, .. } => behind.without(to),
        _ => behind,
    }
}

/// Statements without blocks.
fn before_simple(statement: &Statement, behind: Live) -> Live {
    match *statement {
        Statement::New {
            to, left, right, ..
        } => behind.without(to).with(left).with(right),
        Statement::Copy { to, from } if behind.has_object(to) => behind.without(to).with(from),
        Statement::Copy { to, .. } | Statement::Fetch { to, .. } => behind.without(to),
        // Null is left as it is, so what was in `to` may be there afterwards.
        Statement::Follow { from, .. } => behind.with(from),
        Statement::Attach { to, what, .. } => behind.with(to).with(what),
        Statement::Read { from, .. }
        | Statement::Publish { from, .. }
        | Statement::NoteObject { from } => behind.with(from),
        Statement::Write { to, .. } => behind.with(to),
        Statement::Same { one, other, .. } => behind.with(one).with(other),
        Statement::Suspend { give, take, .. } => behind.without(take.object).with(give.object),
        // The slot may be empty, and the fuel used up: then nothing is set.
        Statement::Resume { give, .. } | Statement::Call { give, .. } => behind.with(give.object),
        Statement::Stash { variable, .. } => behind.with_continuation(variable),
        Statement::Compute { .. }
        | Statement::Constant { .. }
        | Statement::Note { .. }
        | Statement::Spawn { .. }
        | Statement::Exchange { .. }
        | Statement::Forget { .. }
        | Statement::Collect
        | Statement::Litter { .. } => behind,
        Statement::If { .. }
        | Statement::Repeat { .. }
        | Statement::Hold { .. }
        | Statement::Control(_)
        | Statement::Heap(_) => {
            unreachable!("{statement:?} is not simple")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lifetimes, Live};
    use crate::random::ast::{Pair, Program, Statement};

    fn collect_then(rest: Vec<Statement>) -> Live {
        let mut body = vec![Statement::Collect];
        body.extend(rest);
        let program = Program {
            functions: vec![body],
            ..Program::default()
        };
        Lifetimes::of(&program).behind(&program.functions[0][0])
    }

    #[test]
    fn a_move_passes_on_what_its_target_is_needed_for() {
        let copy = |to, from| Statement::Copy { to, from };
        // Variable 0 is returned.
        assert_eq!(collect_then(vec![copy(2, 1)]), Live::default().with(0));
        let chain = vec![copy(2, 1), copy(0, 2)];
        assert_eq!(collect_then(chain), Live::default().with(1));
    }

    #[test]
    fn what_is_held_is_needed_if_it_is_needed_behind_the_body() {
        let hold = |variable| Statement::Hold {
            objects: vec![variable],
            continuations: vec![],
            body: vec![Statement::NoteObject { from: 0 }],
        };
        let note = Statement::NoteObject { from: 1 };
        let live = |variables: &[u8]| {
            let none = Live::default();
            variables.iter().fold(none, |live, &one| live.with(one))
        };
        assert_eq!(collect_then(vec![hold(1)]), live(&[0]));
        assert_eq!(collect_then(vec![hold(1), note]), live(&[0, 1]));
    }

    #[test]
    fn a_loop_may_come_again() {
        let body = vec![
            Statement::NoteObject { from: 3 },
            Statement::Suspend {
                tag: 0,
                give: Pair {
                    object: 2,
                    integer: 0,
                },
                take: Pair {
                    object: 1,
                    integer: 0,
                },
            },
        ];
        let program = Program {
            functions: vec![vec![Statement::Repeat { times: 2, body }]],
            ..Program::default()
        };
        let Statement::Repeat { body, .. } = &program.functions[0][0] else {
            panic!("it is a loop");
        };
        let behind = Lifetimes::of(&program).behind(&body[1]);
        // The next round begins with what it notes, and gives.
        assert_eq!(behind, Live::default().with(0).with(2).with(3));
    }
}
