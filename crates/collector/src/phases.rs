//! Who is told of each phase of a collection, as it ends. Where nobody listens, nothing
//! is timed or told.

use mangrove_heap::CollectionKind;
use serde::Serialize;
use std::fmt;
use std::time::Instant;

/// A part of a collection. Full ones have all but `Remembered`; minor ones neither
/// `Chain`, `Continuations` nor `Reclaim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Heap, roots and registry were checked; only where that is asked for. Counts
    /// the continuations in reach.
    VerifyBefore,
    /// Memory was made ready for what is copied.
    Begin,
    /// The stacks of the running chain were looked at. Counts continuations.
    Chain,
    /// What the log has was looked at: stacks that ran, old objects that were written to.
    /// Counts its entries.
    Remembered,
    /// Globals, tables, segments and handles were looked at (in a full collection also
    /// continuations they refer to, if they are many). Counts slots.
    Roots,
    /// The stacks of suspended continuations were looked at, and where objects hold
    /// continuations what those refer to was copied, by turns. Counts continuations.
    Continuations,
    /// What the copies refer to was copied. Counts all objects that were copied, in the
    /// phases before too.
    Copy,
    /// What refers to objects and keeps none was looked at: weak handles, watches, values of
    /// the host. Counts nothing.
    Weak,
    /// What was vacated was given up, and the window opened for what follows. Counts the
    /// bytes in use.
    Flip,
    /// Nothing counts as young or as changed any more. Counts entries of the log.
    Clean,
    /// Continuations that nothing reached were reclaimed. Counts them.
    Reclaim,
    /// As `VerifyBefore`, on what the collection left.
    VerifyAfter,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VerifyBefore => "verify before",
            Self::Begin => "begin",
            Self::Chain => "chain",
            Self::Remembered => "remembered",
            Self::Roots => "roots",
            Self::Continuations => "continuations",
            Self::Copy => "copy",
            Self::Weak => "weak",
            Self::Flip => "flip",
            Self::Clean => "clean",
            Self::Reclaim => "reclaim",
            Self::VerifyAfter => "verify after",
        })
    }
}

/// A phase of a collection that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseReport {
    /// Number of the collection, from 1.
    pub collection: u64,
    /// Its kind.
    pub kind: CollectionKind,
    /// Which phase.
    pub phase: Phase,
    /// Nanoseconds it took.
    pub ns: u64,
    /// How much there was: see [`Phase`].
    pub count: u64,
}

/// Who listens, if anyone does.
#[derive(Default)]
pub struct Phases<'a> {
    listener: Option<Listener<'a>>,
}

struct Listener<'a> {
    tell: &'a mut dyn FnMut(PhaseReport),
    since: Instant,
    collection: u64,
    kind: CollectionKind,
}

impl<'a> Phases<'a> {
    /// This one is told.
    pub fn told(tell: &'a mut dyn FnMut(PhaseReport)) -> Self {
        Self {
            listener: Some(Listener {
                tell,
                since: Instant::now(),
                collection: 0,
                kind: CollectionKind::Full,
            }),
        }
    }

    /// A collection begins.
    pub(crate) fn begin(&mut self, collection: u64, kind: CollectionKind) {
        if let Some(listener) = &mut self.listener {
            (listener.collection, listener.kind) = (collection, kind);
            listener.since = Instant::now();
        }
    }

    /// A phase has ended. The next one begins when everybody has been told.
    #[inline]
    pub(crate) fn ended(&mut self, phase: Phase, count: u64) {
        if let Some(listener) = &mut self.listener {
            listener.ended(phase, count);
        }
    }
}

impl Listener<'_> {
    #[cold]
    fn ended(&mut self, phase: Phase, count: u64) {
        (self.tell)(PhaseReport {
            collection: self.collection,
            kind: self.kind,
            phase,
            ns: self.since.elapsed().as_nanos() as u64,
            count,
        });
        self.since = Instant::now();
    }
}
