//! How long what is in a variable is needed, where control goes other ways.
//!
//! ```text
//!  what is live while a call stands = behind it, or in a clause around it that may go on
//!  behind a `throw`                 = in a clause around it, and nothing else
//!  behind a `resume`                = where it returns, and in each of its clauses
//! ```

use super::ast::{Catch, Clause, Control, Item, Kind, Payload, Way, YIELD};
use crate::random::ast::Statement;
use crate::random::oracle::lifetimes::{Lifetimes, Live};

impl Live {
    /// Before values are given.
    fn before_giving(self, items: &[Item]) -> Self {
        items.iter().rev().fold(self, |live, item| {
            let variable = item.variable;
            match item.kind {
                Kind::Object | Kind::Solid | Kind::Any | Kind::Extern => live.with(variable),
                Kind::Exception => live.with_exception(variable),
                Kind::Task => live.with_continuation(variable),
                _ => live,
            }
        })
    }

    fn before_payload(self, payload: &Payload) -> Self {
        self.with(payload.pair.object).before_giving(&payload.items)
    }

    /// Before values are taken.
    fn before_taking(self, payload: &Payload) -> Self {
        let live = self.without(payload.pair.object);
        payload.items.iter().fold(live, |live, item| {
            let variable = item.variable;
            match item.kind {
                Kind::Object | Kind::Solid | Kind::Any | Kind::Extern => live.without(variable),
                Kind::Exception => live.without_exception(variable),
                Kind::Task => live.without_continuation(variable),
                _ => live,
            }
        })
    }
}

impl Lifetimes {
    /// What is live before a statement of control; what is while it stands is noted.
    pub(in crate::random) fn before_control(
        &mut self,
        statement: &Statement,
        control: &Control,
        behind: Live,
    ) -> Live {
        let caught = self.caught;
        let across = self.across_control(control, behind);
        self.note_across(statement, across);
        // Most statements do nothing without fuel, or where there is null.
        let maybe = |live: Live| live.and(behind).and(caught);
        match control {
            Control::Spawn {
                give, first, body, ..
            } => {
                let end = self.inside(behind.before_giving(&give[*first..]));
                let before = self.before_block(body, end);
                maybe(self.outside(before).before_giving(&give[..*first]))
            }
            Control::SpawnPeer { .. } => maybe(behind),
            Control::StashPeer { variable, .. } => behind.with_peer(*variable),
            Control::CopyTask { variable, .. } => behind.without_continuation(*variable),
            Control::Resume { way, .. } => maybe(match way {
                Way::Values { give } | Way::Bound { give } => across.with(give.object),
                Way::Throw { payload, .. } => across.before_payload(payload),
                Way::ThrowRef { variable } => across.with_exception(*variable),
            }),
            Control::Suspend { give, .. } => across.before_payload(give),
            Control::Yield { .. } => across,
            Control::Switch { peer, give, .. } => maybe(across.with(give.object).with_peer(*peer)),
            Control::Throw { give, .. } => across.before_payload(give),
            Control::ThrowRef { variable } => maybe(across.with_exception(*variable)),
            Control::Try { clauses, body, .. } => {
                self.caught = self.in_clauses(clauses, behind);
                let before = self.before_block(body, behind);
                self.caught = caught;
                before
            }
            Control::Shelve {
                variable, store, ..
            } => match store {
                true => behind.with_exception(*variable),
                false => behind.without_exception(*variable),
            },
            Control::Function { .. } => behind,
            Control::Call { give, .. } => maybe(across.before_payload(give)),
            Control::CallVariable { give, .. } => maybe(across.with(give.object)),
            Control::Tail { give, .. } => maybe(Live::default().before_payload(give)),
            Control::Stop(_) => across,
        }
    }

    /// What is live while a statement stands, all that it gives left out.
    fn across_control(&self, control: &Control, behind: Live) -> Live {
        let caught = self.caught;
        match control {
            Control::Resume { clauses, take, .. } => {
                let returned = behind.without(take.object).and(caught);
                let suspended = first_ones(clauses).map(|clause| match clause {
                    Clause::On {
                        tag, take, bind, ..
                    } => {
                        let taken = behind.before_giving(bind);
                        match *tag {
                            YIELD => taken,
                            _ => taken.before_taking(take),
                        }
                    }
                    Clause::Switch => Live::default(),
                });
                suspended.fold(returned, Live::and)
            }
            Control::Suspend { take, .. } => behind.before_taking(take).and(caught),
            Control::Switch { peer, take, .. } => {
                let behind = behind.without(take.object).without_peer(*peer);
                behind.and(caught)
            }
            Control::Yield { take }
            | Control::Call { take, .. }
            | Control::CallVariable { take, .. } => behind.without(take.object).and(caught),
            Control::Throw { .. } | Control::ThrowRef { .. } => caught,
            Control::Stop(fault) if fault.calls() => caught,
            _ => Live::default(),
        }
    }

    /// What is live where an exception arrives at a `try_table`.
    fn in_clauses(&self, clauses: &[Catch], behind: Live) -> Live {
        let mut live = Live::default();
        for (index, clause) in clauses.iter().enumerate() {
            let tag = clause.tag.as_ref().map(|(tag, _)| *tag);
            let same = |earlier: &Catch| earlier.tag.as_ref().map(|(tag, _)| *tag) == tag;
            if clauses[..index].iter().any(same) {
                continue;
            }
            let mut taken = match &clause.tag {
                Some((_, payload)) => behind.before_taking(payload),
                None => behind,
            };
            if let Some(variable) = clause.reference {
                taken = taken.without_exception(variable);
            }
            live = live.and(taken);
            // Nobody looks behind a clause for all.
            if tag.is_none() {
                return live;
            }
        }
        live.and(self.caught)
    }
}

/// Clauses that something can arrive at: of those for one tag the first.
fn first_ones(clauses: &[Clause]) -> impl Iterator<Item = &Clause> {
    let reached = |&(index, clause): &(usize, &Clause)| match clause {
        Clause::On { tag, .. } => !clauses[..index].iter().any(|one| one.is_on(*tag)),
        Clause::Switch => false,
    };
    clauses
        .iter()
        .enumerate()
        .filter(reached)
        .map(|(_, clause)| clause)
}
