//! The states of a continuation, the verbs that change them, and the one table
//! that says how.
//!
//! ```text
//!         new, clone      resume              return, throw
//!   Gone ─────────▶ Fresh ────────▶ Running ────────────────▶ Gone
//!                     │              │  ▲ │
//!                     │      suspend │  │ │ resumes another
//!                     │     (switch) │  │ │
//!                     │              ▼  │ ▼     ▲ the other returns,
//!                     │       Suspended │ Parent│ throws or suspends
//!                     ▼              │
//!                    Gone ◀──────────┘   collect
//! ```
//!
//! A clone begins as what it is a clone of: fresh or suspended.
//!
//! Only what cannot be derived is stored in a record (`RecordState`): of the
//! states below, `Fresh`, `Running`, `Parent` and `Suspended` are all `Live`.
//! Who lies on the chain from the store's current record to a host record is
//! running (the first) or a parent; of the others, those with a saved frame
//! pointer are suspended and those without are fresh.

/// Where a continuation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, and never resumed.
    Fresh,
    /// The store's current one; it may be calling the host.
    Running,
    /// Waits for one it resumed, or for the host, that has called Wasm again.
    Parent,
    /// Waits to be resumed, alone or inside a chain suspended as one.
    Suspended,
    /// Over, or never begun. Its record may be used again.
    Gone,
    /// No continuation: the record stands for the host.
    Host,
}

impl State {
    /// Its name, as in the glossary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Running => "running",
            Self::Parent => "parent",
            Self::Suspended => "suspended",
            Self::Gone => "gone",
            Self::Host => "host",
        }
    }
}

/// What happens to continuations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `cont.new`, or the host calling into Wasm.
    New,
    /// `cont.bind`.
    Bind,
    /// A second continuation is made that goes on where this one is stopped.
    Clone,
    /// `resume`, or the host entering Wasm.
    Resume,
    /// `suspend`.
    Suspend,
    /// `switch`: the running one suspends and another takes its place.
    Switch,
    /// `resume_throw`, `resume_throw_ref`.
    ResumeThrow,
    /// The continuation's function returned.
    Return,
    /// An exception left the continuation.
    Throw,
    /// A trap ended the activation it is part of.
    Trap,
    /// The collector found that nothing refers to it.
    Collect,
}

/// Whose state a transition changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The continuation the verb is about: the one made, resumed, suspended or
    /// ended. For `switch`, the one that executes it.
    Subject,
    /// Who resumes the subject, or had resumed it. For `suspend`, the parent
    /// with the handler.
    Resumer,
    /// In the chain above the subject: between it and the handling parent for
    /// `suspend` and `switch`, suspended with it for `resume`.
    Between,
    /// The continuation a `switch` goes to.
    Target,
    /// In the chain suspended with the target of a `switch`.
    BetweenTarget,
    /// What `Clone` makes of one that is suspended,
    Clone,
    /// and of one that is fresh.
    FreshClone,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The verb.
    pub verb: Verb,
    /// Whose state changes.
    pub role: Role,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
}

const fn row(verb: Verb, role: Role, from: State, to: State) -> Transition {
    Transition {
        verb,
        role,
        from,
        to,
    }
}

/// Every change of state there is. What is not here does not happen.
pub const TRANSITIONS: &[Transition] = {
    use Role::{Between, BetweenTarget, FreshClone, Resumer, Subject, Target};
    use State::{Fresh, Gone, Parent, Running, Suspended};
    &[
        row(Verb::New, Subject, Gone, Fresh),
        row(Verb::Bind, Subject, Fresh, Fresh),
        row(Verb::Bind, Subject, Suspended, Suspended),
        row(Verb::Clone, Subject, Fresh, Fresh),
        row(Verb::Clone, Subject, Suspended, Suspended),
        row(Verb::Clone, Between, Suspended, Suspended),
        row(Verb::Clone, Role::Clone, Gone, Suspended),
        row(Verb::Clone, FreshClone, Gone, Fresh),
        row(Verb::Resume, Subject, Fresh, Running),
        row(Verb::Resume, Subject, Suspended, Running),
        row(Verb::Resume, Resumer, Running, Parent),
        row(Verb::Resume, Between, Suspended, Parent),
        row(Verb::Suspend, Subject, Running, Suspended),
        row(Verb::Suspend, Resumer, Parent, Running),
        row(Verb::Suspend, Between, Parent, Suspended),
        row(Verb::Switch, Subject, Running, Suspended),
        row(Verb::Switch, Between, Parent, Suspended),
        row(Verb::Switch, Target, Fresh, Running),
        row(Verb::Switch, Target, Suspended, Running),
        row(Verb::Switch, BetweenTarget, Suspended, Parent),
        // A fresh one is not even entered: it is thrown out of at once.
        row(Verb::ResumeThrow, Subject, Fresh, Gone),
        row(Verb::ResumeThrow, Subject, Suspended, Running),
        row(Verb::ResumeThrow, Resumer, Running, Parent),
        row(Verb::ResumeThrow, Between, Suspended, Parent),
        row(Verb::Return, Subject, Running, Gone),
        row(Verb::Return, Resumer, Parent, Running),
        row(Verb::Throw, Subject, Running, Gone),
        row(Verb::Throw, Between, Parent, Gone),
        row(Verb::Throw, Resumer, Parent, Running),
        row(Verb::Trap, Subject, Running, Gone),
        row(Verb::Trap, Between, Parent, Gone),
        row(Verb::Trap, Resumer, Parent, Running),
        row(Verb::Collect, Subject, Fresh, Gone),
        row(Verb::Collect, Subject, Suspended, Gone),
    ]
};

/// The state the table gives; none where the verb cannot happen to that state.
pub fn next_state(verb: Verb, role: Role, from: State) -> Option<State> {
    let same = |row: &&Transition| row.verb == verb && row.role == role && row.from == from;
    TRANSITIONS.iter().find(same).map(|row| row.to)
}

/// How a continuation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Its function returned.
    Returned,
    /// An exception left it, or was thrown into it before it ran.
    Thrown,
    /// A trap ended the activation it was part of.
    Trapped,
    /// Nothing referred to it.
    Collected,
}

impl End {
    /// Whether the table lets a continuation in this state end so.
    pub(crate) fn allowed(self, state: State) -> bool {
        let verbs: &[(Verb, Role)] = match self {
            Self::Returned => &[(Verb::Return, Role::Subject)],
            Self::Thrown => &[
                (Verb::Throw, Role::Subject),
                (Verb::Throw, Role::Between),
                (Verb::ResumeThrow, Role::Subject),
            ],
            Self::Trapped => &[(Verb::Trap, Role::Subject), (Verb::Trap, Role::Between)],
            Self::Collected => &[(Verb::Collect, Role::Subject)],
        };
        verbs
            .iter()
            .any(|&(verb, role)| next_state(verb, role, state) == Some(State::Gone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 6] = [
        State::Fresh,
        State::Running,
        State::Parent,
        State::Suspended,
        State::Gone,
        State::Host,
    ];

    #[test]
    fn no_two_rows_for_one_question() {
        for (index, a) in TRANSITIONS.iter().enumerate() {
            for b in &TRANSITIONS[index + 1..] {
                assert!(
                    (a.verb, a.role, a.from) != (b.verb, b.role, b.from),
                    "{a:?} {b:?}"
                );
            }
            assert!(a.from != State::Host && a.to != State::Host, "{a:?}");
        }
    }

    #[test]
    fn everything_begins_and_ends_in_gone() {
        for state in [
            State::Fresh,
            State::Running,
            State::Parent,
            State::Suspended,
        ] {
            assert!(
                TRANSITIONS.iter().any(|row| row.to == state),
                "{state:?} is reached"
            );
            let ends = TRANSITIONS
                .iter()
                .any(|row| row.from == state && row.to == State::Gone);
            assert!(ends, "{state:?} can end");
        }
        let begins = TRANSITIONS.iter().filter(|row| row.from == State::Gone);
        let begins: Vec<_> = begins.map(|row| (row.verb, row.to)).collect();
        let expected = [
            (Verb::New, State::Fresh),
            (Verb::Clone, State::Suspended),
            (Verb::Clone, State::Fresh),
        ];
        assert_eq!(begins, expected);
    }

    #[test]
    fn each_end_fits_these_states_only() {
        let fitting = |end: End| STATES.into_iter().filter(move |&s| end.allowed(s));
        assert!(fitting(End::Returned).eq([State::Running]));
        assert!(fitting(End::Thrown).eq([State::Fresh, State::Running, State::Parent]));
        assert!(fitting(End::Trapped).eq([State::Running, State::Parent]));
        assert!(fitting(End::Collected).eq([State::Fresh, State::Suspended]));
    }
}
