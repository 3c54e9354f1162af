//! A case: a program, and what it must compute.

use mangrove::Zeal;

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
    /// Whether its objects hold continuations, which the engine must let them then.
    pub continuations_in_objects: bool,
    /// Whether it clones continuations, which the engine must let it then.
    pub continuation_clone: bool,
    /// Says, for people, what the program means by a number in `where`.
    pub place: fn(i64) -> String,
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
