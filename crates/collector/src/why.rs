//! Why continuations are alive: one way from a root to each.
//!
//! ```text
//!  running chain ─▶ 3 ── slot of its frame 0 ──▶ 17 ── bound argument 1 ──▶ 4
//!  element 5 of table 0 ──▶ 9 ── suspended inside it ──▶ 8
//! ```
//!
//! A marking pass of its own, for reports: whatever holds the first current
//! reference that marking comes upon is taken for the reason. A collection does
//! not pay for it.

use crate::mark::{MarkInput, Sink, SlotOwner, mark};
use crate::{Code, CollectError, RootOwner, Roots};
use mangrove_abi::{ContRef, RecordState, StoreContext};
use mangrove_continuation::{Registry, State};
use serde::Serialize;

/// Most links of a way that are told: the first, and the last of the others.
pub const LINKS: usize = 9;

/// What keeps a continuation alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It runs, or is a parent of the one that runs.
    Running,
    /// It was suspended together with one inside it, which goes on first.
    Chain {
        /// Id of the one that it had resumed.
        inner: u32,
    },
    /// A slot holds a reference to it.
    Slot {
        /// Who has the slot.
        #[serde(flatten)]
        owner: RootOwner,
    },
}

impl Reason {
    /// The continuation this reason depends on.
    fn continuation(&self) -> Option<u32> {
        match self {
            Self::Running => None,
            Self::Chain { inner } => Some(*inner),
            Self::Slot { owner } => match owner {
                RootOwner::Frame(frame) => Some(frame.continuation),
                RootOwner::BoundArgument { continuation, .. } => Some(*continuation),
                _ => None,
            },
        }
    }
}

/// A continuation and what keeps it alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Its id.
    pub continuation: u32,
    /// What holds it.
    pub by: Reason,
}

/// A way from a root to a continuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// From the root on; the last one is the continuation itself.
    pub links: Vec<Link>,
    /// How many links between the first and the second of these are left out.
    pub omitted: u32,
}

/// Why each continuation of a store is alive.
pub(crate) struct Reasons {
    /// By id.
    first: Vec<Option<Reason>>,
    /// By id: the first continuation of the way, and how many there are.
    origins: Vec<Option<(u32, u32)>>,
}

impl Reasons {
    /// Finds a way to every live continuation that has one.
    ///
    /// # Safety
    /// As for [`crate::collect`].
    pub(crate) unsafe fn find(
        registry: &mut Registry,
        ctx: &StoreContext,
        code: &dyn Code,
        roots: &mut dyn Roots,
    ) -> Result<Self, CollectError> {
        let mut first: Vec<Option<Reason>> = Vec::new();
        for (record, state) in registry.states(ctx) {
            let runs = matches!(state, State::Running | State::Parent);
            debug_assert_eq!(first.len(), id_of(record) as usize, "ids are dense");
            first.push(runs.then_some(Reason::Running));
        }
        let mut recorder = Recorder { first };
        let input = MarkInput::new(registry, ctx, code, None);
        // SAFETY: by contract.
        unsafe { mark(input, roots, &mut recorder)? };
        let mut first = recorder.first;
        // Who was not reached by a reference was reached by a chain.
        for (record, state) in registry.states(ctx) {
            // SAFETY: the registry's records are never freed.
            let parent = unsafe { (*record).parent };
            if state != State::Suspended || parent.is_null() || !registry.is_marked(parent) {
                continue;
            }
            let inner = id_of(record);
            first[id_of(parent) as usize].get_or_insert(Reason::Chain { inner });
        }
        let origins = origins(&first);
        Ok(Self { first, origins })
    }

    /// The way to a continuation; none if nothing reaches it.
    pub(crate) fn why(&self, id: u32) -> Option<Why> {
        let (origin, length) = self.origins[id as usize]?;
        let link = |continuation: u32| {
            let by = self.first[continuation as usize].expect("it is on a way");
            Link { continuation, by }
        };
        let mut links = vec![link(id)];
        while links.len() < LINKS.min(length as usize) {
            let last = links[links.len() - 1];
            let Some(before) = last.by.continuation() else {
                break;
            };
            links.push(link(before));
        }
        let omitted = length - links.len() as u32;
        if omitted > 0 {
            // The nearest that is told makes room for the first.
            links.pop();
            links.push(link(origin));
        }
        links.reverse();
        Some(Why { links, omitted })
    }
}

/// For each continuation: where the way to it begins, and how long it is. Each
/// link is followed once.
fn origins(first: &[Option<Reason>]) -> Vec<Option<(u32, u32)>> {
    let mut known: Vec<Option<(u32, u32)>> = vec![None; first.len()];
    let mut path: Vec<u32> = Vec::new();
    for id in 0..first.len() as u32 {
        let mut at = id;
        let end = loop {
            if let Some(end) = known[at as usize] {
                break Some(end);
            }
            let Some(reason) = &first[at as usize] else {
                break None;
            };
            path.push(at);
            match reason.continuation() {
                // As many links as there are continuations would be a cycle: a
                // fault, which must not hang a report.
                Some(before) if path.len() <= first.len() => at = before,
                Some(_) => break None,
                None => break Some((at, 0)),
            }
        };
        let Some((origin, mut length)) = end else {
            path.clear();
            continue;
        };
        while let Some(id) = path.pop() {
            length += 1;
            known[id as usize] = Some((origin, length));
        }
    }
    known
}

/// Writes down who holds the first reference to each continuation.
struct Recorder {
    first: Vec<Option<Reason>>,
}

impl Sink for Recorder {
    unsafe fn heap_ref(&mut self, _: SlotOwner<'_>, _: *mut u32) {}

    unsafe fn cont_ref(&mut self, owner: SlotOwner<'_>, slot: *mut ContRef) {
        // SAFETY: by contract.
        let current = unsafe {
            let reference = slot.read_unaligned();
            reference.record.as_ref().filter(|record| {
                record.revision == reference.revision && record.state == RecordState::Live as u32
            })
        };
        if let Some(record) = current {
            let reason = &mut self.first[record.id.index()];
            reason.get_or_insert_with(|| Reason::Slot {
                owner: owner.root_owner(),
            });
        }
    }
}

fn id_of(record: *const mangrove_abi::ContRecord) -> u32 {
    // SAFETY: the registry's records are never freed.
    unsafe { (*record).id.as_u32() }
}
