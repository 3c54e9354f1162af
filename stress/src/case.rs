//! A case: a program, and what it must compute.

use crate::random::End;
use crate::suite::Figures;
use mangrove::{Store, Zeal};

/// How large cases should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    factor: f64,
}

impl Size {
    /// Full size is 1. Zeal that collects at every few steps takes a collection
    /// over every suspended continuation each time: sizes shrink to a hundredth.
    pub fn new(scale: f64, zeal: Zeal) -> Self {
        let often = zeal.switch
            || zeal.call
            || zeal.interrupt
            || zeal.random.is_some()
            || zeal.alloc.is_some_and(|every| every < 10_000);
        Self {
            factor: if often { scale / 100.0 } else { scale },
        }
    }

    /// A part of this size, or several times as much.
    pub fn scaled(self, by: f64) -> Self {
        Self {
            factor: self.factor * by,
        }
    }

    /// Whether there are collections at every few steps, or it is as small as if there were.
    pub fn is_small(self) -> bool {
        self.factor < 0.01
    }

    /// `full` in this size, `least` at the least.
    pub fn of(self, full: u32, least: u32) -> u32 {
        ((f64::from(full) * self.factor) as u32).max(least)
    }
}

/// A program and what it must compute.
///
/// The program exports `run`, which takes the arguments, all i32, and returns
/// the checksum as an i64. As globals of type i64 it exports `faults`, how many
/// values it found wrong; `where`, which one was the first; and `found`, what
/// was there instead. It may import the module `mangrove`.
#[derive(Clone, Debug)]
pub struct Case {
    /// What was chosen for it, for people.
    pub parameters: String,
    /// Its text.
    pub wat: String,
    /// What `run` is called with.
    pub arguments: Vec<i32>,
    /// What `run` must return.
    pub checksum: i64,
    /// How many collections must have happened by then.
    pub collections: u64,
    /// How it ends, and what it does until then, where an oracle says so.
    pub told: Told,
    /// Whether its objects hold continuations, which the engine must let them then.
    pub continuations_in_objects: bool,
    /// Whether it clones continuations, which the engine must let it then.
    pub continuation_clone: bool,
    /// Says, for people, what the program means by a number in `where`.
    pub place: fn(i64) -> String,
}

/// What an oracle tells of a program beside its checksum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// How it ends. Where it does not return, the checksum is what is in its global `sum` then.
    pub end: End,
    /// Steps that the oracle took.
    pub steps: u64,
    /// Times control went from one stack to another.
    pub switches: u64,
}

impl Told {
    /// What was done by a store that ran the program.
    pub(crate) fn figures<T>(self, store: &Store<T>) -> Figures {
        Figures {
            steps: self.steps,
            switches: self.switches,
            ..Figures::of_store(store)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;
    use mangrove::Zeal;

    #[test]
    fn zeal_makes_cases_small() {
        assert_eq!(Size::new(1.0, Zeal::NONE).of(10_000, 10), 10_000);
        assert_eq!(Size::new(0.5, Zeal::NONE).of(10_000, 10), 5_000);
        let alloc = Zeal {
            alloc: Some(1),
            ..Zeal::NONE
        };
        assert_eq!(Size::new(1.0, alloc).of(10_000, 10), 100);
        assert_eq!(Size::new(0.01, alloc).of(10_000, 10), 10);
    }
}
