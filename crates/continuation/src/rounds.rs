//! When it is worth to look for someone to park: each look is paid for by stacks.
//!
//! ```text
//!  looks of a round      records of running chains + records looked at for parking
//!  the next one is due   when looks / PER_STACK further stacks were given out
//!  looks of all rounds   ≤ PER_STACK · stacks given out + looks of the last one
//! ```

/// How many looks each stack that is given out pays for.
const PER_STACK: u64 = 8;

/// When rounds are due, and where they go on.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// How many stacks were given out so far; those of idle records are not.
    given: u64,
    /// With so many, a round is due.
    due: u64,
    /// Where in `Parking::stacked` the next one begins.
    pub(crate) hand: usize,
    /// Records that were looked at so far.
    pub(crate) looks: u64,
}

impl Rounds {
    /// A record has got a stack.
    pub(crate) fn stack_given(&mut self) {
        self.given += 1;
    }

    /// Whether the stacks given out since the last round have paid for it.
    pub(crate) fn is_due(&self) -> bool {
        self.given >= self.due
    }

    /// A round is over that looked at so many records.
    pub(crate) fn round_took(&mut self, looks: u64) {
        self.due = self.given + looks / PER_STACK;
    }
}
