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

/// Variables of a function: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    objects: u8,
    continuations: u8,
    things: u8,
    externs: u8,
}

impl Live {
    pub(in crate::random) fn has_object(self, variable: u8) -> bool {
        self.objects & 1 << variable != 0
    }

    pub(super) fn has_continuation(self, variable: u8) -> bool {
        self.continuations & 1 << variable != 0
    }

    pub(in crate::random) fn with(self, variable: u8) -> Self {
        Self {
            objects: self.objects | 1 << variable,
            ..self
        }
    }

    pub(in crate::random) fn without(self, variable: u8) -> Self {
        Self {
            objects: self.objects & !(1 << variable),
            ..self
        }
    }

    pub(in crate::random) fn has_thing(self, variable: u8) -> bool {
        self.things & 1 << variable != 0
    }

    pub(in crate::random) fn with_thing(mut self, variable: u8) -> Self {
        self.things |= 1 << variable;
        self
    }

    pub(in crate::random) fn without_thing(mut self, variable: u8) -> Self {
        self.things &= !(1 << variable);
        self
    }

    pub(in crate::random) fn has_extern(self, variable: u8) -> bool {
        self.externs & 1 << variable != 0
    }

    pub(in crate::random) fn with_extern(mut self, variable: u8) -> Self {
        self.externs |= 1 << variable;
        self
    }

    pub(in crate::random) fn without_extern(mut self, variable: u8) -> Self {
        self.externs &= !(1 << variable);
        self
    }

    fn with_continuation(self, variable: u8) -> Self {
        Self {
            continuations: self.continuations | 1 << variable,
            ..self
        }
    }

    fn without_continuation(self, variable: u8) -> Self {
        Self {
            continuations: self.continuations & !(1 << variable),
            ..self
        }
    }

    pub(in crate::random) fn and(self, other: Self) -> Self {
        Self {
            objects: self.objects | other.objects,
            continuations: self.continuations | other.continuations,
            things: self.things | other.things,
            externs: self.externs | other.externs,
        }
    }
}

/// What is live behind each statement of a program.
pub struct Lifetimes {
    behind: HashMap<*const Statement, Live>,
    /// Loops whose parameter is needed.
    carried: HashSet<*const Statement>,
}

impl Lifetimes {
    pub(super) fn of(program: &Program) -> Self {
        let mut lifetimes = Self {
            behind: HashMap::new(),
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
    pub(super) fn behind(&self, statement: &Statement) -> Live {
        self.behind[&std::ptr::from_ref(statement)]
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
                let mut before = self.before_block(body, inside);
                // The body begins with null in them; what they held goes on to the end.
                for &variable in objects {
                    before = before.without(variable);
                    if behind.has_object(variable) {
                        before = before.with(variable);
                    }
                }
                for &variable in continuations {
                    before = before.without_continuation(variable);
                    if behind.has_continuation(variable) {
                        before = before.with_continuation(variable);
                    }
                }
                before
            }
            Statement::Heap(heap) => heap::before(self, statement, heap, behind),
            simple => before_simple(simple, behind),
        }
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
        | Statement::Heap(_) => {
            unreachable!("{statement:?} is treated elsewhere")
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
            fuel: 0,
            functions: vec![body],
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
            fuel: 0,
            functions: vec![vec![Statement::Repeat { times: 2, body }]],
        };
        let Statement::Repeat { body, .. } = &program.functions[0][0] else {
            panic!("it is a loop");
        };
        let behind = Lifetimes::of(&program).behind(&body[1]);
        // The next round begins with what it notes, and gives.
        assert_eq!(behind, Live::default().with(0).with(2).with(3));
    }
}
