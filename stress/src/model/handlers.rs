//! The sets of handlers and catches that operations have.

use super::vocabulary::{Tag, Throws};

/// One clause of a `resume`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// `(on $tag $label)`.
    Label(Tag),
    /// `(on $tag switch)`.
    Switch(Tag),
}

/// One clause of a `try_table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The tag; none for all.
    pub tag: Option<Throws>,
    /// Whether the exception itself is wanted.
    pub by_ref: bool,
}

/// The clauses of a `resume`, and of the `try_table` right around it.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Of the `resume`.
    pub clauses: &'static [Clause],
    /// Of the `try_table`; without one if empty.
    pub catches: &'static [Catch],
}

const fn catch(tag: usize) -> Catch {
    Catch {
        tag: Some(Throws(tag)),
        by_ref: false,
    }
}

const fn catch_ref(tag: usize) -> Catch {
    Catch {
        tag: Some(Throws(tag)),
        by_ref: true,
    }
}

const CATCH_ALL: Catch = Catch {
    tag: None,
    by_ref: false,
};

const CATCH_ALL_REF: Catch = Catch {
    tag: None,
    by_ref: true,
};

const fn on(tag: usize) -> Clause {
    Clause::Label(Tag(tag))
}

const fn switch(tag: usize) -> Clause {
    Clause::Switch(Tag(tag))
}

const fn set(clauses: &'static [Clause], catches: &'static [Catch]) -> Set {
    Set { clauses, catches }
}

/// The sets of handlers a `resume` can have.
pub const SETS: &[Set] = &[
    set(&[], &[]),
    set(&[on(0)], &[]),
    set(&[on(1)], &[]),
    set(&[on(2), on(6)], &[]),
    set(&[on(3), on(0)], &[]),
    set(&[switch(3)], &[]),
    set(&[switch(4), on(1), on(5)], &[]),
    set(&[switch(3), on(3)], &[]),
    set(&[on(3), switch(3), on(4)], &[]),
    set(&[on(0), on(1), on(2), on(3), on(4), on(5), on(6)], &[]),
    set(&[on(5), on(6), switch(4), switch(3)], &[]),
    set(&[on(1), on(0), on(1)], &[]),
    set(&[], &[catch(1), catch(3)]),
    set(&[on(0), switch(3)], &[CATCH_ALL_REF]),
    set(&[on(2), on(5), on(4)], &[catch_ref(2), catch(0)]),
];

/// The sets that `resume_throw` and `resume_throw_ref` have, by index.
pub const THROWING_SETS: [usize; 5] = [0, 4, 10, 13, 14];

/// The sets of catches a call can be made under.
pub const GUARDS: &[&[Catch]] = &[
    &[catch(0), catch(1), catch(3), catch(2)],
    &[catch_ref(3), catch_ref(1)],
    &[CATCH_ALL],
    &[CATCH_ALL_REF],
    &[catch(2), CATCH_ALL_REF],
];

/// The catches around a `suspend` in the same function.
pub const AROUND_SUSPEND: &[Catch] = &[catch_ref(0), catch(1)];
