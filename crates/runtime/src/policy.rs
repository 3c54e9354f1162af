//! Who decides on collections: the embedder's policy, if there is one.

use mangrove_collector::{CollectionKind, PhaseReport};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a policy is asked.
///
/// # Examples
/// See [`CollectionPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionCause {
    /// There is no room for an object of so many bytes as the heap is divided now.
    Room {
        /// How many.
        requested: u64,
    },
    /// A continuation is to be made, and so many live or use so much memory that it is
    /// time to look for forgotten ones; or no more may live.
    Continuations,
    /// The policy wanted to be asked here.
    Asked,
}

/// What a policy decides on, right before an allocation or a `cont.new`.
///
/// # Examples
/// See [`CollectionPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectionDue {
    /// Why it is asked.
    pub cause: CollectionCause,
    /// What would be collected without a policy; where nothing would, the young space.
    pub kind: CollectionKind,
    /// Bytes that objects were given since the store was made or reset.
    pub allocated: u64,
    /// Objects that were made while the policy wanted them counted
    /// ([`NextAsk::AtAllocation`]).
    pub allocations: u64,
    /// Bytes in use, garbage included.
    pub used: u64,
    /// Most bytes that may be.
    pub limit: u64,
    /// Collections so far.
    pub collections: u64,
}

/// What a policy decides.
///
/// # Examples
/// See [`CollectionPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionDecision {
    /// Collect so. A minor collection becomes a full one where too much has changed to
    /// know of each change.
    Collect(CollectionKind),
    /// Not now. Room is made otherwise, as long as the heap's limit has any; after that
    /// the heap is exhausted.
    NotNow,
}

/// When a policy wants to be asked next.
///
/// # Examples
/// ```
/// use mangrove::{
///     CollectionCause, CollectionDecision, CollectionDue, CollectionKind, CollectionPolicy, NextAsk,
/// };
///
/// /// A minor collection each time that 64 KiB more were allocated, and what is due.
/// struct Often;
///
/// impl CollectionPolicy for Often {
///     fn due(&mut self, due: &CollectionDue) -> CollectionDecision {
///         CollectionDecision::Collect(match due.cause {
///             CollectionCause::Asked => CollectionKind::Minor,
///             CollectionCause::Room { .. } | CollectionCause::Continuations => due.kind,
///         })
///     }
///
///     fn next(&mut self, allocated: u64) -> NextAsk {
///         NextAsk::AtBytes(allocated + (64 << 10))
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NextAsk {
    /// When a collection is due.
    #[default]
    WhenDue,
    /// Also before the allocation by which more than so many bytes were allocated since
    /// the store was made or reset.
    AtBytes(u64),
    /// Also before the allocation with this number, the first being 1, of those since
    /// the policy was set. Every allocation asks the runtime meanwhile, which is slow.
    AtAllocation(u64),
}

/// Decides when there is a collection, and of which kind.
///
/// It is asked when the collector finds one due, and at points of its own. Collections
/// that somebody demands (`gc`, `gc_minor`, zeal) are not its business. It has no access
/// to the store. A panic is treated as one of a host function.
///
/// # Examples
/// ```
/// use mangrove::{CollectionDecision, CollectionDue, CollectionKind, CollectionPolicy};
///
/// /// No minor collections.
/// struct FullOnly;
///
/// impl CollectionPolicy for FullOnly {
///     fn due(&mut self, _: &CollectionDue) -> CollectionDecision {
///         CollectionDecision::Collect(CollectionKind::Full)
///     }
/// }
/// # use mangrove::{Config, Engine, Store};
/// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
/// store.collection_policy(FullOnly);
/// # Ok::<(), mangrove::Error>(())
/// ```
///
/// ```
/// use mangrove::{CollectionCause, CollectionDecision, CollectionDue, CollectionKind, CollectionPolicy, Engine, NextAsk, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// Collects everything each time, and is asked after each MiB besides.
/// struct Often;
///
/// impl CollectionPolicy for Often {
///     fn due(&mut self, due: &CollectionDue) -> CollectionDecision {
///         match due.cause {
///             // There is no room: what is proposed is as good.
///             CollectionCause::Room { .. } => CollectionDecision::Collect(due.kind),
///             _ => CollectionDecision::Collect(CollectionKind::Full),
///         }
///     }
///
///     fn next(&mut self, allocated: u64) -> NextAsk {
///         NextAsk::AtBytes(allocated + (1 << 20))
///     }
/// }
///
/// let mut store = Store::new(&Engine::default(), ())?;
/// store.collection_policy(Often);
/// # Ok(())
/// # }
/// ```
pub trait CollectionPolicy: Send {
    /// Decides.
    fn due(&mut self, due: &CollectionDue) -> CollectionDecision;

    /// When to be asked next: called when the policy is set, and after each decision and
    /// what came of it. A point that was passed already is the next allocation.
    fn next(&mut self, _allocated: u64) -> NextAsk {
        NextAsk::WhenDue
    }
}

/// A store's policy.
#[derive(Default)]
pub struct Policy {
    decides: Option<Box<dyn CollectionPolicy>>,
    /// When it is asked next.
    pub next: NextAsk,
    /// Allocations it has had counted.
    pub allocations: u64,
}

impl Policy {
    /// This one decides from now on. `allocated`: bytes so far.
    pub fn new(mut decides: Box<dyn CollectionPolicy>, allocated: u64) -> Self {
        let next = decides.next(allocated);
        Self {
            decides: Some(decides),
            next,
            allocations: 0,
        }
    }

    /// Whether there is one.
    pub fn is_set(&self) -> bool {
        self.decides.is_some()
    }

    /// Its decision; without one, to collect what is due.
    pub fn decide(&mut self, due: &CollectionDue) -> CollectionDecision {
        match &mut self.decides {
            Some(policy) => policy.due(due),
            None => CollectionDecision::Collect(due.kind),
        }
    }

    /// Asks for the next point.
    pub fn look_ahead(&mut self, allocated: u64) {
        if let Some(policy) = &mut self.decides {
            self.next = policy.next(allocated);
        }
    }
}

/// Somebody who is told of phases of collections.
pub type PhaseObserver = Box<dyn FnMut(&PhaseReport) + Send>;

/// Those who are told of phases of collections. A panic of one waits until the collection
/// is over, which cannot be left in the middle.
#[derive(Default)]
pub struct PhaseWatchers {
    /// Who.
    pub list: Vec<PhaseObserver>,
    panic: Option<Box<dyn Any + Send>>,
}

impl PhaseWatchers {
    /// Tells all.
    pub fn tell(&mut self, report: &PhaseReport) {
        for watcher in &mut self.list {
            let told = catch_unwind(AssertUnwindSafe(|| watcher(report)));
            if let Err(panic) = told {
                self.panic.get_or_insert(panic);
            }
        }
    }

    /// The first panic since the last time, to be gone on with.
    pub fn take_panic(&mut self) -> Option<Box<dyn Any + Send>> {
        self.panic.take()
    }
}
