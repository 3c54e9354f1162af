//! What is held at a moment, in a form that both derivations come to: no places in
//! memory, no numbers that one side gives and the other does not know.
//!
//! An object is its number in the order in which the program made them. A suspended
//! continuation is what it holds: the frames of its chain, each with its function, the
//! place it stands at, and what it must not let go of.

use std::collections::HashMap;
use std::fmt::{self, Write};

/// A suspended chain, or a fresh continuation: what is known by this number holds the same.
pub type Label = u32;

/// Numbers of exceptions begin here: those of objects are smaller.
pub const EXCEPTIONS: u64 = 1 << 40;
/// Elements of the second table of continuations are counted from here.
pub const PEERS: u64 = 1 << 32;

/// An element of the table of exceptions, among the globals that hold something.
pub const fn element(element: u32) -> u32 {
    (1 << 31) + element
}

/// What a frame holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameSet {
    /// Its function, by index in the module.
    pub function: u32,
    /// Where it stands: the instruction's offset in the module.
    pub offset: u32,
    /// Objects, in order, each once.
    pub objects: Vec<u64>,
    /// Continuations, in order.
    pub continuations: Vec<Label>,
}

/// What the frames of a stack hold, the innermost first. Those that hold nothing are left out.
pub type Stack = Vec<FrameSet>;

/// What is held at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The stacks that run, the innermost first.
    pub running: Vec<Stack>,
    /// By global, and what it holds.
    pub globals: Vec<(u32, u64)>,
    /// By element of the table.
    pub slots: Vec<(u64, Label)>,
    /// By table and element.
    pub tables: Vec<(u32, u64, u64)>,
    /// By segment and element.
    pub segments: Vec<(u32, u32, u64)>,
    /// Every object in reach.
    pub reachable: Vec<u64>,
    /// Continuations that live, those that run left out.
    pub waiting: usize,
}

impl FrameSet {
    /// What is bound to a continuation: it is told apart from what a frame holds.
    pub fn bound() -> Self {
        Self {
            function: u32::MAX,
            ..Self::default()
        }
    }

    /// Puts in order what was collected in any.
    pub fn sorted(mut self) -> Self {
        self.objects.sort_unstable();
        self.objects.dedup();
        self.continuations.sort_unstable();
        self
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.continuations.is_empty()
    }
}

/// Gives each chain its label.
#[derive(Debug, Default)]
pub struct Labels {
    known: HashMap<Vec<Stack>, Label>,
    chains: Vec<Vec<Stack>>,
    exceptions: HashMap<FrameSet, u64>,
}

impl Labels {
    /// The label of a chain, its innermost stack first.
    pub fn of(&mut self, chain: Vec<Stack>) -> Label {
        if let Some(&label) = self.known.get(&chain) {
            return label;
        }
        let label = self.chains.len() as Label;
        self.chains.push(chain.clone());
        self.known.insert(chain, label);
        label
    }

    /// The number of an exception that holds this.
    pub fn exception(&mut self, content: FrameSet) -> u64 {
        let next = EXCEPTIONS + self.exceptions.len() as u64;
        *self.exceptions.entry(content).or_insert(next)
    }

    /// Everything that is held by frames, as (function, offset, object): of those that run, and
    /// of all that is in reach from there, from globals and from slots.
    pub(super) fn triples(&self, picture: &Picture) -> Vec<(u32, u32, u64)> {
        let mut triples = Vec::new();
        let mut seen = vec![false; self.chains.len()];
        let mut next: Vec<Label> = picture.slots.iter().map(|&(_, label)| label).collect();
        let mut stacks: Vec<&Stack> = picture.running.iter().collect();
        loop {
            for frame in stacks.drain(..).flatten() {
                let of = |&object| (frame.function, frame.offset, object);
                triples.extend(frame.objects.iter().map(of));
                next.extend(&frame.continuations);
            }
            let Some(label) = next.pop() else { break };
            if !std::mem::replace(&mut seen[label as usize], true) {
                stacks.extend(&self.chains[label as usize]);
            }
        }
        triples.sort_unstable();
        triples.dedup();
        triples
    }

    /// How two pictures differ: what only one of them has.
    pub fn difference(&self, expected: &Picture, found: &Picture) -> String {
        let (wanted, had) = (self.triples(expected), self.triples(found));
        let mut text = String::new();
        let mut only = |what: &str, one: &[(u32, u32, u64)], other: &[(u32, u32, u64)]| {
            for triple @ &(function, offset, object) in one {
                if other.binary_search(triple).is_err() {
                    let _ = write!(
                        text,
                        "\n  {what}: func {function} at {offset:#x}, object {object}"
                    );
                }
            }
        };
        only("held, and not needed", &had, &wanted);
        only("needed, and not held", &wanted, &had);
        if text.is_empty() {
            let _ = write!(
                text,
                "\n  expected: {}\n  found:    {}",
                Shown(self, expected),
                Shown(self, found)
            );
        }
        text
    }
}

/// A picture as text.
struct Shown<'a>(&'a Labels, &'a Picture);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(labels, picture) = self;
        write!(f, "running {:?}", picture.running)?;
        write!(f, ", globals {:?}, slots ", picture.globals)?;
        for (slot, label) in &picture.slots {
            write!(f, "{slot}: {:?} ", labels.chains[*label as usize])?;
        }
        let (tables, segments) = (&picture.tables, &picture.segments);
        write!(f, ", tables {tables:?}, segments {segments:?}")?;
        let (reachable, waiting) = (&picture.reachable, picture.waiting);
        write!(f, ", in reach {reachable:?}, {waiting} continuations wait")
    }
}
