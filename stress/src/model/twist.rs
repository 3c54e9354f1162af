//! Models that are wrong on purpose: what a run compares with one of them must
//! differ, or the comparison would find nothing.

use super::handlers::{Clause, SETS};
use super::machine::search;
use super::state::{Member, Wait};

/// What a model gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// It takes the outermost handler.
    OutermostHandler,
    /// Of several clauses for a tag it takes the last.
    LastClause,
    /// A clause for `switch` handles suspensions, and the other way round.
    EitherClause,
    /// A reference can be used twice.
    ReferencesLast,
    /// It remembers that there was no handler for a tag up to the outermost
    /// member of a chain, and never forgets it.
    StaleMemo,
    /// Collections find what only a consumed continuation held.
    KeepsGarbage,
}

impl Twist {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OutermostHandler,
        Self::LastClause,
        Self::EitherClause,
        Self::ReferencesLast,
        Self::StaleMemo,
        Self::KeepsGarbage,
    ];

    /// Which member handles this, and with which clause, as this model has it.
    pub fn handler(self, running: &mut [Member], wanted: Clause) -> Option<(usize, usize)> {
        let inner = running.len() - 1;
        let found = search(running, inner, wanted);
        match self {
            Self::OutermostHandler => {
                let (mut at, mut found) = (inner, found);
                while let Some(further) = search(running, at, wanted) {
                    (at, found) = (further.0, Some(further));
                }
                found
            }
            Self::LastClause => found.map(|(at, first)| {
                let Some(Wait::Resume { set, .. }) = running[at].wait else {
                    return (at, first);
                };
                let clauses = SETS[set].clauses;
                let last = clauses.iter().rposition(|&clause| clause == wanted);
                (at, last.unwrap_or(first))
            }),
            Self::EitherClause => match (found, wanted) {
                (None, Clause::Label(tag)) => search(running, inner, Clause::Switch(tag)),
                (found, _) => found,
            },
            Self::StaleMemo => {
                let memo = &running[inner].memo;
                let known = memo.iter().find(|(clause, _)| *clause == wanted);
                let place = known.and_then(|(_, outermost)| {
                    running
                        .iter()
                        .position(|member| member.number == *outermost)
                });
                let found = search(running, place.unwrap_or(inner), wanted);
                if let Some((at, _)) = found {
                    let outermost = running[at + 1].number;
                    let memo = &mut running[inner].memo;
                    memo.retain(|(clause, _)| *clause != wanted);
                    memo.push((wanted, outermost));
                }
                found
            }
            Self::ReferencesLast | Self::KeepsGarbage => found,
        }
    }
}
