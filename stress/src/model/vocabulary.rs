//! What puppet and model have words for: types of continuations, tags, sets of
//! handlers, operations, events. Both are made from these tables and share
//! nothing else.

/// What a payload is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// An i64.
    Number,
    /// A reference to a box: a struct with a number in it.
    Object,
    /// A reference to a continuation.
    Cont(Kind),
}

/// A type of continuations, by what they are resumed with. All return two boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing.
    K0,
    /// A box.
    K1,
    /// Two boxes.
    K2,
    /// A number and two boxes.
    K3,
    /// A box and a continuation of this type: what `switch` needs.
    Ks,
    /// A continuation of type `Ks`.
    Kt,
    /// A continuation of type `K1`.
    Ku,
}

impl Kind {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::K0,
        Self::K1,
        Self::K2,
        Self::K3,
        Self::Ks,
        Self::Kt,
        Self::Ku,
    ];

    /// What one is resumed with.
    pub fn params(self) -> &'static [Ty] {
        match self {
            Self::K0 => &[],
            Self::K1 => &[Ty::Object],
            Self::K2 => &[Ty::Object, Ty::Object],
            Self::K3 => &[Ty::Number, Ty::Object, Ty::Object],
            Self::Ks => &[Ty::Object, Ty::Cont(Self::Ks)],
            Self::Kt => &[Ty::Cont(Self::Ks)],
            Self::Ku => &[Ty::Cont(Self::K1)],
        }
    }

    /// Its type once `count` arguments are bound; none if it has fewer.
    pub fn bound(self, count: usize) -> Option<Self> {
        let left = self.params().get(count..)?;
        // Of the type itself, when nothing is bound.
        let mut kinds = std::iter::once(self).chain(Self::ALL);
        kinds.find(|kind| kind.params() == left)
    }

    /// What a continuation becomes that switches to one of this type; none if
    /// nothing can.
    pub fn back(self) -> Option<Self> {
        match self.params().last() {
            Some(Ty::Cont(kind)) => Some(*kind),
            _ => None,
        }
    }

    /// As it is written in the puppet, without `$`.
    pub fn name(self) -> &'static str {
        ["k0", "k1", "k2", "k3", "ks", "kt", "ku"][self as usize]
    }
}

/// A tag to suspend or switch with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub usize);

impl Tag {
    /// How many there are.
    pub const COUNT: usize = 7;

    /// What travels out.
    pub fn params(self) -> &'static [Ty] {
        match self.0 {
            1 | 5 => &[Ty::Object],
            2 => &[Ty::Number, Ty::Object, Ty::Object],
            6 => &[Ty::Cont(Kind::K0)],
            _ => &[],
        }
    }

    /// The type of a continuation that suspended with it: what travels in.
    pub fn suspended(self) -> Kind {
        [
            Kind::K0,
            Kind::K1,
            Kind::K3,
            Kind::K2,
            Kind::K2,
            Kind::Ks,
            Kind::K0,
        ][self.0]
    }
}

/// The tags that `switch` can use as well.
pub const SWITCHING: [Tag; 2] = [Tag(3), Tag(4)];

/// An exception's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Throws(pub usize);

impl Throws {
    /// All of them.
    pub const ALL: [Self; 3] = [Self(0), Self(1), Self(2)];

    /// What travels.
    pub fn params(self) -> &'static [Ty] {
        [
            &[] as &[Ty],
            &[Ty::Object],
            &[Ty::Number, Ty::Object, Ty::Object],
        ][self.0]
    }
}

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
    set(&[], &[catch(1)]),
    set(&[on(0), switch(3)], &[CATCH_ALL_REF]),
    set(&[on(2), on(5), on(4)], &[catch_ref(2), catch(0)]),
];

/// The sets that `resume_throw` and `resume_throw_ref` have, by index.
pub const THROWING_SETS: [usize; 5] = [0, 4, 10, 13, 14];

/// The sets of catches a call can be made under.
pub const GUARDS: &[&[Catch]] = &[
    &[catch(0), catch(1), catch(2)],
    &[catch_ref(1)],
    &[CATCH_ALL],
    &[CATCH_ALL_REF],
    &[catch(2), CATCH_ALL_REF],
];

/// The catches around a `suspend` in the same function.
pub const AROUND_SUSPEND: &[Catch] = &[catch_ref(0), catch(1)];

/// How a continuation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `resume`.
    Resume,
    /// `resume_throw` with the exception's tag of this number.
    Throw(usize),
    /// `resume_throw_ref`.
    ThrowRef,
}

/// A way to trap that has nothing to do with continuations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mishap {
    /// `unreachable`.
    Unreachable,
    /// A division by zero.
    Division,
    /// A field of a null reference.
    Null,
}

/// An operation of the puppet: a function of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `cont.new`.
    New(Kind),
    /// Sets a slot to null.
    Drop(Kind),
    /// Sets a slot of an exception to null.
    Forget,
    /// Copies a slot to another.
    Copy(Kind),
    /// `cont.bind` of so many arguments.
    Bind(Kind, usize),
    /// `resume` and its kin, with the set of handlers of this number.
    Resume(Kind, usize, Verb),
    /// `suspend`, maybe within a `try_table`.
    Suspend(Tag, bool),
    /// `switch` to a continuation of this type.
    Switch(Kind, Tag),
    /// `throw`.
    Throw(Throws),
    /// `throw_ref`.
    ThrowRef,
    /// A call of the command loop.
    Call,
    /// The same, with many values kept in locals meanwhile.
    Wide,
    /// The same, within the `try_table` of this number.
    Guard(usize),
    /// The same, with a continuation in a local.
    Hold(Kind),
    /// A trap.
    Trap(Mishap),
    /// A call of the host, which calls the puppet.
    Host,
}

/// All operations; an operation's number is its place.
pub fn ops() -> Vec<Op> {
    let mut ops = vec![Op::ThrowRef, Op::Forget, Op::Call, Op::Wide, Op::Host];
    ops.extend([Mishap::Unreachable, Mishap::Division, Mishap::Null].map(Op::Trap));
    ops.extend(Throws::ALL.map(Op::Throw));
    ops.extend((0..GUARDS.len()).map(Op::Guard));
    ops.extend((0..Tag::COUNT).flat_map(|tag| [false, true].map(|t| Op::Suspend(Tag(tag), t))));
    for kind in Kind::ALL {
        ops.extend([
            Op::New(kind),
            Op::Drop(kind),
            Op::Copy(kind),
            Op::Hold(kind),
        ]);
        ops.extend((0..=kind.params().len()).map(|count| Op::Bind(kind, count)));
        if kind.back().is_some() {
            ops.extend(SWITCHING.map(|tag| Op::Switch(kind, tag)));
        }
        ops.extend((0..SETS.len()).map(|set| Op::Resume(kind, set, Verb::Resume)));
        for set in THROWING_SETS {
            let tags = (0..Throws::ALL.len()).map(Verb::Throw);
            let verbs = tags.chain([Verb::ThrowRef]);
            ops.extend(verbs.map(|verb| Op::Resume(kind, set, verb)));
        }
    }
    ops
}

/// In place of an operation's number: return from the command loop.
pub const RETURN: i32 = -1;
/// … and tail-call it.
pub const TAIL: i32 = -2;

/// Slots for each type of continuations.
pub const SLOTS: usize = 6;
/// Slots for exceptions.
pub const EXCEPTIONS: usize = 4;

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
    fn every_binding_has_a_type() {
        for kind in Kind::ALL {
            assert_eq!(kind.bound(0), Some(kind));
            for count in 0..=kind.params().len() {
                let bound = kind.bound(count).unwrap();
                assert_eq!(bound.params(), &kind.params()[count..]);
            }
            assert_eq!(kind.bound(kind.params().len() + 1), None);
        }
    }

    #[test]
    fn operations_and_events_are_told_apart() {
        let ops = ops();
        let unique: std::collections::HashSet<_> = ops.iter().collect();
        assert_eq!(unique.len(), ops.len());
        assert!(SETS.len() <= 16 && SETS.iter().all(|set| set.clauses.len() <= 16));
        assert_ne!(
            Event::Caught(Site::Resume(1), 0).code(),
            Event::Clause(1, 0).code()
        );
    }
}
