//! A snapshot with the answers that were worked out of it so far, each once.

use super::outline;
use crate::Snapshot;
use crate::questions::{Diff, Dominators, Filter, FilterError, Matcher, Retainers, Shapes};
use crate::questions::{Statistics, Suspects};
use crate::snapshot::{Kind, NodeId};
use std::cell::OnceCell;

/// A snapshot that questions are asked of, and one from before to compare it with.
///
/// # Examples
/// ```
/// # #[cfg(feature = "samples")] {
/// use mangrove_inspect::{faces::Asked, snapshot::samples};
///
/// let snapshot = samples::generators(3, 4)?;
/// let asked = Asked::new(&snapshot);
/// assert_eq!(asked.totals().continuations, 4);
/// assert_eq!(asked.totals().forgotten, 1);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Asked<'s> {
    snapshot: &'s Snapshot,
    before: Option<&'s Snapshot>,
    dominators: OnceCell<Dominators>,
    retainers: OnceCell<Retainers>,
    shapes: OnceCell<Shapes>,
    statistics: OnceCell<Statistics>,
    diff: OnceCell<Diff>,
    suspects: OnceCell<Suspects>,
    totals: OnceCell<Totals>,
}

/// How much there is that the roots reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Roots: places outside of objects that hold a reference to something.
    pub roots: u64,
    /// The other places there: they hold null, a number, an `i31`, a function or a reference to a
    /// continuation that was used.
    pub empty: u64,
    /// Those of both that lists show one by one: null elements of tables and segments stand
    /// together.
    pub listed: u64,
    /// Continuations.
    pub continuations: u64,
    /// Their frames, those of trampolines included.
    pub frames: u64,
    /// Objects.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
    /// Continuations that nothing reaches, and that no collection has ended yet.
    pub forgotten: u64,
}

impl<'s> Asked<'s> {
    /// Asks of a snapshot.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            before: None,
            dominators: OnceCell::new(),
            retainers: OnceCell::new(),
            shapes: OnceCell::new(),
            statistics: OnceCell::new(),
            diff: OnceCell::new(),
            suspects: OnceCell::new(),
            totals: OnceCell::new(),
        }
    }

    /// The same, compared with an earlier one.
    pub fn since(snapshot: &'s Snapshot, before: &'s Snapshot) -> Self {
        Self {
            before: Some(before),
            ..Self::new(snapshot)
        }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// The earlier one.
    pub fn before(&self) -> Option<&'s Snapshot> {
        self.before
    }

    /// What lives because of each node alone.
    pub fn dominators(&self) -> &Dominators {
        self.dominators
            .get_or_init(|| Dominators::of(self.snapshot))
    }

    /// What refers to each node.
    pub fn retainers(&self) -> &Retainers {
        self.retainers.get_or_init(|| Retainers::of(self.snapshot))
    }

    /// Which continuations are alike.
    pub fn shapes(&self) -> &Shapes {
        self.shapes
            .get_or_init(|| Shapes::of(self.snapshot, Some(self.dominators())))
    }

    /// What there is, in numbers.
    pub fn statistics(&self) -> &Statistics {
        self.statistics
            .get_or_init(|| Statistics::of(self.snapshot, Some(self.dominators())))
    }

    /// What changed, if there is one from before.
    pub fn diff(&self) -> Option<&Diff> {
        let before = self.before?;
        Some(self.diff.get_or_init(|| Diff::of(before, self.snapshot)))
    }

    /// What leaks, most likely.
    pub fn suspects(&self) -> &Suspects {
        self.suspects.get_or_init(|| {
            let earlier = self.before.zip(self.diff());
            let (retainers, dominators) = (self.retainers(), self.dominators());
            Suspects::of(self.snapshot, retainers, dominators, self.shapes(), earlier)
        })
    }

    /// How much there is.
    pub fn totals(&self) -> Totals {
        *self.totals.get_or_init(|| self.count())
    }

    /// The nodes that a filter means.
    ///
    /// # Errors
    /// It names what is not there.
    pub fn matcher(&self, filter: &Filter) -> Result<Matcher<'s>, FilterError> {
        filter.on(self.snapshot)
    }

    fn count(&self) -> Totals {
        let (snapshot, nodes) = (self.snapshot, self.snapshot.nodes());
        let (dominators, stacks) = (self.dominators(), &snapshot.names().stacks);
        let mut totals = Totals::default();
        for node in nodes.all() {
            let kind = nodes.kind(node);
            if node == NodeId::ROOTS || !dominators.is_reachable(node) {
                totals.forgotten += u64::from(kind == Kind::Continuation);
                continue;
            }
            match kind {
                Kind::Object => {
                    totals.objects += 1;
                    totals.object_bytes += nodes.bytes(node);
                    continue;
                }
                Kind::Continuation => {
                    totals.continuations += 1;
                    let row = nodes.continuation(node);
                    let stack = row.and_then(|row| stacks.get(row.stack as usize));
                    totals.frames += stack.map_or(0, Vec::len) as u64;
                }
                _ => {}
            }
            let roots = outline::roots_in(snapshot, node);
            let empty = outline::empty_in(snapshot, node);
            totals.roots += roots;
            totals.listed += match kind {
                Kind::Table | Kind::Segment => outline::elements(snapshot, node).count() as u64,
                _ => roots + empty,
            };
            // A file may claim tables of any length.
            totals.empty = totals.empty.saturating_add(empty);
        }
        totals
    }
}
