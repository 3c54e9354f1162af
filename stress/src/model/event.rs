//! What the puppet tells of, and the numbers it says it with.

use super::handlers::{AROUND_SUSPEND, Clause, GUARDS, SETS, Set};
use super::vocabulary::{Kind, Tag};

/// Where an exception was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// By the guard of this number.
    Guard(usize),
    /// Around the `resume` with this set.
    Resume(usize),
    /// Around a `suspend`.
    Suspend,
}

/// What the puppet tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command loop ends; the box it has held since it began.
    Live,
    /// A called command loop has returned its boxes.
    Returned,
    /// What was kept in locals: a number and two boxes, then three boxes.
    Wide(usize),
    /// A fresh continuation of this type runs.
    Enter(Kind),
    /// A `suspend` with this tag goes on.
    Resumed(Tag),
    /// A `switch` to this type goes on.
    Switched(Kind),
    /// The `resume` with this set has the results.
    Done(usize),
    /// A suspension is at this clause of this set.
    Clause(usize, usize),
    /// An exception is at this catch of this site.
    Caught(Site, usize),
    /// A continuation reference has come along: is it null? The answer is its slot.
    Cont,
    /// An exception reference has. The answer is its slot.
    Exception,
    /// The box that the operation has held meanwhile.
    Kept,
    /// The activation is at its end.
    Finished,
    /// The host has returned.
    HostReturned,
}

impl Event {
    /// As the puppet says it.
    pub fn code(self) -> i32 {
        let (major, a, b) = match self {
            Self::Live => (0, 0, 0),
            Self::Returned => (1, 0, 0),
            Self::Wide(part) => (2, part, 0),
            Self::Enter(kind) => (3, kind as usize, 0),
            Self::Resumed(tag) => (4, tag.0, 0),
            Self::Switched(kind) => (5, kind as usize, 0),
            Self::Done(set) => (6, set, 0),
            Self::Clause(set, clause) => (7, set, clause),
            Self::Caught(Site::Guard(guard), at) => (8, guard, at),
            Self::Caught(Site::Resume(set), at) => (9, set, at),
            Self::Caught(Site::Suspend, at) => (10, 0, at),
            Self::Cont => (11, 0, 0),
            Self::Exception => (12, 0, 0),
            Self::Kept => (13, 0, 0),
            Self::Finished => (14, 0, 0),
            Self::HostReturned => (15, 0, 0),
        };
        (major << 8 | a << 4 | b) as i32
    }

    /// How many there are, told apart by what they carry.
    pub fn count() -> usize {
        let labels = |set: &Set| {
            let clauses = set.clauses.iter().enumerate();
            let taken = clauses.filter(|(at, clause)| {
                matches!(clause, Clause::Label(_)) && !set.clauses[..*at].contains(clause)
            });
            taken.count()
        };
        let clauses: usize = SETS.iter().map(labels).sum();
        let guards: usize = GUARDS.iter().map(|guard| guard.len()).sum();
        let around: usize = SETS.iter().map(|set| set.catches.len()).sum();
        let switches = Kind::ALL.iter().filter(|kind| kind.back().is_some());
        // Live, Returned, two of Wide, Cont, Exception, Kept, Finished, HostReturned.
        9 + Kind::ALL.len()
            + Tag::COUNT
            + switches.count()
            + SETS.len()
            + clauses
            + guards
            + around
            + AROUND_SUSPEND.len()
    }

    /// What the puppet said, for people.
    pub fn describe(code: i32) -> String {
        const WORDS: [&str; 16] = [
            "Live",
            "Returned",
            "Wide",
            "Enter",
            "Resumed",
            "Switched",
            "Done",
            "Clause",
            "Caught by a guard",
            "Caught around a resume",
            "Caught around a suspend",
            "Cont",
            "Exception",
            "Kept",
            "Finished",
            "HostReturned",
        ];
        match WORDS.get(code as usize >> 8) {
            Some(word) => format!("{word} {} {}", code >> 4 & 15, code & 15),
            None => format!("event {code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_room() {
        assert!(SETS.len() <= 16 && SETS.iter().all(|set| set.clauses.len() <= 16));
        let caught = Event::Caught(Site::Resume(1), 0).code();
        assert_ne!(caught, Event::Clause(1, 0).code());
        assert_eq!(Event::describe(caught), "Caught around a resume 1 0");
        assert_eq!(Event::describe(-1), "event -1");
    }
}
