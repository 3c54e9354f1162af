//! Ready-made collection policies: collections at given points, so that a run can be had
//! again exactly.

use mangrove_collector::CollectionKind;
use mangrove_runtime::{
    CollectionCause, CollectionDecision, CollectionDue, CollectionPolicy, NextAsk,
};
use std::collections::VecDeque;
use std::time::Duration;

/// Collections at points of its own; by default also those that are due otherwise.
///
/// Points are counted in bytes and objects that the program allocates, which are the
/// same in each of its runs: two runs with one schedule collect at the same places.
///
/// # Examples
/// ```
/// use mangrove::{CollectionKind, Config, Engine, Schedule, Store};
///
/// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
/// store.collection_policy(Schedule::every_bytes(64 << 10, CollectionKind::Minor));
/// # Ok::<(), mangrove::Error>(())
/// ```
///
/// ```
/// use mangrove::{CollectionKind, Engine, Schedule, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let kind = CollectionKind::Full;
/// // As soon as so many bytes were allocated, and at no other time if there is room.
/// store.collection_policy(Schedule::at_bytes([(1 << 10, kind), (1 << 20, kind)]).only());
/// // By the number of objects instead.
/// store.collection_policy(Schedule::at_allocations([(100, kind), (10_000, kind)]));
/// # Ok(())
/// # }
/// ```
pub struct Schedule {
    points: Points,
    /// Whether nothing else is collected.
    only: bool,
}

type Clock = Box<dyn FnMut() -> Duration + Send>;

enum Points {
    EveryBytes {
        every: u64,
        kind: CollectionKind,
        at: u64,
    },
    AtBytes(VecDeque<(u64, CollectionKind)>),
    AtAllocations(VecDeque<(u64, CollectionKind)>),
    EveryTime {
        every: Duration,
        kind: CollectionKind,
        clock: Clock,
        due: Duration,
        look_every: u64,
        at: u64,
    },
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let points = match &self.points {
            Points::EveryBytes { every, .. } => format!("every {every} bytes"),
            Points::AtBytes(points) => format!("at {} points", points.len()),
            Points::AtAllocations(points) => format!("at {} allocations", points.len()),
            Points::EveryTime { every, .. } => format!("every {every:?}"),
        };
        f.debug_struct("Schedule")
            .field("points", &points)
            .field("only", &self.only)
            .finish()
    }
}

impl Schedule {
    fn of(points: Points) -> Self {
        Self {
            points,
            only: false,
        }
    }

    /// A collection before each allocation that takes what was allocated beyond a further
    /// multiple of so many bytes (of 8 at least).
    pub fn every_bytes(bytes: u64, kind: CollectionKind) -> Self {
        let every = bytes.max(8);
        Self::of(Points::EveryBytes {
            every,
            kind,
            at: every,
        })
    }

    /// A collection at each of these points: before the allocation by which more than so
    /// many bytes were allocated since the store was made or reset. In ascending order.
    ///
    /// What [`Store::allocated_bytes`](crate::Store::allocated_bytes) says at
    /// [`Moment::Collection`](crate::Moment::Collection) is such a point: a run that was
    /// recorded can be had again.
    pub fn at_bytes(points: impl IntoIterator<Item = (u64, CollectionKind)>) -> Self {
        Self::of(Points::AtBytes(points.into_iter().collect()))
    }

    /// A collection before each allocation with one of these numbers, the first since the
    /// schedule was set being 1. In ascending order. Each allocation up to the last of
    /// them asks the runtime, which is slow.
    pub fn at_allocations(points: impl IntoIterator<Item = (u64, CollectionKind)>) -> Self {
        Self::of(Points::AtAllocations(points.into_iter().collect()))
    }

    /// A collection whenever so much time has passed by the embedder's clock since the
    /// one before. The clock is looked at before each allocation that takes what was
    /// allocated beyond a further multiple of `look_every` bytes (of 8 at least). With a
    /// clock that counts something of the program, runs can be had again.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{CollectionKind, Schedule};
    /// use std::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let every = Duration::from_millis(5);
    /// Schedule::every(every, 16 << 10, CollectionKind::Full, move || start.elapsed());
    /// ```
    pub fn every(
        time: Duration,
        look_every: u64,
        kind: CollectionKind,
        clock: impl FnMut() -> Duration + Send + 'static,
    ) -> Self {
        let look_every = look_every.max(8);
        Self::of(Points::EveryTime {
            every: time,
            kind,
            clock: Box::new(clock),
            due: time,
            look_every,
            at: look_every,
        })
    }

    /// Nothing is collected elsewhere. Between its points the program has the heap up to
    /// its limit, and then it is exhausted.
    pub fn only(mut self) -> Self {
        self.only = true;
        self
    }

    /// What is to be collected at a point that was reached.
    fn reached(&mut self) -> CollectionDecision {
        match &mut self.points {
            Points::EveryBytes { every, kind, at } => {
                *at = at.saturating_add(*every);
                CollectionDecision::Collect(*kind)
            }
            Points::AtBytes(points) | Points::AtAllocations(points) => match points.pop_front() {
                Some((_, kind)) => CollectionDecision::Collect(kind),
                None => CollectionDecision::NotNow,
            },
            Points::EveryTime {
                every,
                kind,
                clock,
                due,
                look_every,
                at,
            } => {
                *at = at.saturating_add(*look_every);
                let now = clock();
                if now < *due {
                    return CollectionDecision::NotNow;
                }
                *due = now.saturating_add(*every);
                CollectionDecision::Collect(*kind)
            }
        }
    }
}

impl CollectionPolicy for Schedule {
    fn due(&mut self, due: &CollectionDue) -> CollectionDecision {
        match due.cause {
            CollectionCause::Asked => self.reached(),
            _ if self.only => CollectionDecision::NotNow,
            _ => CollectionDecision::Collect(due.kind),
        }
    }

    fn next(&mut self, allocated: u64) -> NextAsk {
        match &mut self.points {
            Points::EveryBytes { every, at, .. }
            | Points::EveryTime {
                look_every: every,
                at,
                ..
            } => {
                if *at < allocated {
                    // One object went beyond several.
                    *at = allocated
                        .checked_next_multiple_of(*every)
                        .unwrap_or(u64::MAX);
                }
                NextAsk::AtBytes(*at)
            }
            Points::AtBytes(points) => match points.front() {
                Some(&(at, _)) => NextAsk::AtBytes(at),
                None => NextAsk::WhenDue,
            },
            Points::AtAllocations(points) => match points.front() {
                Some(&(number, _)) => NextAsk::AtAllocation(number),
                None => NextAsk::WhenDue,
            },
        }
    }
}
