//! What puppet and model have words for: types of continuations, tags,
//! operations; beside this, [sets of handlers](super::handlers) and
//! [events](super::event). Both are made from these tables and share nothing else.

use super::handlers::{GUARDS, SETS, THROWING_SETS};

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
    /// No value.
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
    pub const ALL: [Self; 4] = [Self(0), Self(1), Self(2), Self::CONT];
    /// The one that brings a continuation.
    pub const CONT: Self = Self(3);

    /// Those that are thrown where objects hold continuations, or hold none.
    pub fn thrown(objects: bool) -> &'static [Self] {
        match objects {
            true => &Self::ALL,
            false => &Self::ALL[..Self::CONT.0],
        }
    }

    /// What travels.
    pub fn params(self) -> &'static [Ty] {
        [
            &[] as &[Ty],
            &[Ty::Object],
            &[Ty::Number, Ty::Object, Ty::Object],
            &[Ty::Object, Ty::Cont(Kind::K0)],
        ][self.0]
    }
}

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

/// Whether an operation throws what only objects that hold continuations can carry.
pub fn throws_a_continuation(op: Op) -> bool {
    const CONT: usize = Throws::CONT.0;
    matches!(
        op,
        Op::Throw(Throws::CONT) | Op::Resume(_, _, Verb::Throw(CONT))
    )
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
    fn operations_are_told_apart() {
        let ops = ops();
        let unique: std::collections::HashSet<_> = ops.iter().collect();
        assert_eq!(unique.len(), ops.len());
    }
}
