//! What of a program's continuations is drawn: the chains that run, slice in slice.
//!
//! ```text
//!  running   call ─ A ─ B ─ C        one slice open for each, on tracks of their own; a further
//!                                    one in each that waits for the next
//!  suspend   to A: B and C are cut off and lie under C, the innermost
//! ```
//!
//! All open slices together are a stack, so they nest on any track, also where several
//! continuations share one.

use std::collections::HashMap;

/// Of a chain that is resumed as one so many continuations are drawn, the innermost ones: else
/// each resumption of a chain would take time by its length.
pub const MOST_DRAWN: usize = 32;

/// A continuation on the running chain.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// The number of its record.
    pub id: u32,
    /// Whether its slice is open.
    pub open: bool,
    /// Whether one is open in it, for what it waits for.
    pub waits: bool,
    /// Whether it is the outermost of an activation.
    pub base: bool,
    /// The arrow that leads to it; 0 if there is none.
    pub flow: u64,
}

/// A continuation that lives.
#[derive(Clone, Copy, Debug)]
pub struct Living {
    /// Its track.
    pub track: u64,
    /// Whether it is the only one there.
    pub own: bool,
    /// What its slices are called: the number of a text.
    pub name: u32,
    /// The arrow from where it was made to where it runs first; 0 once it has run.
    pub made: u64,
}

/// Chains that run and chains that wait.
#[derive(Default)]
pub struct Chains {
    /// All activations, the innermost continuation last.
    pub running: Vec<Running>,
    /// Chains of more than one that are suspended as one, by the innermost.
    waiting: HashMap<u32, Box<[u32]>>,
    /// Who lives, as far as was told.
    pub living: HashMap<u32, Living>,
}

impl Chains {
    /// The chain of which this is the innermost continuation, outermost first.
    pub fn take(&mut self, innermost: u32) -> Box<[u32]> {
        let chain = self.waiting.remove(&innermost);
        chain.unwrap_or_else(|| Box::new([innermost]))
    }

    /// Notes what is about to be cut off, of the running chain what is inside of so many.
    pub fn keep_from(&mut self, stays: usize) {
        let chain = self.running.get(stays..).unwrap_or_default();
        if let [_, .., innermost] = chain {
            let ids = chain.iter().map(|running| running.id).collect();
            self.waiting.insert(innermost.id, ids);
        }
    }

    /// How much of the running chain stays if it is cut off below this continuation, or below
    /// the activation if it is the host that handles that.
    pub fn cut_at(&self, handler: Option<u32>) -> usize {
        let mut inside = self.running.iter().enumerate().rev();
        match handler {
            Some(handler) => inside
                .find(|(_, running)| running.id == handler)
                .map_or(0, |(at, _)| at + 1),
            None => inside
                .find(|(_, running)| running.base)
                .map_or(0, |(at, _)| at),
        }
    }

    /// Forgets one that has ended.
    pub fn forget(&mut self, id: u32) -> Option<Living> {
        self.waiting.remove(&id);
        self.living.remove(&id)
    }
}
