//! What a store holds for its handles, and for zeal that moves stacks.

use crate::handle::{ContSlot, HeapSlot};
use crate::scopes::Scopes;
use mangrove_abi::ContRecord;
use std::sync::Arc;

/// How many handles there are at least before unused ones are looked for.
const FEWEST_HANDLES: usize = 1024;

/// The slots behind the embedder's handles.
#[derive(Default)]
pub struct Handles {
    /// Of heap references: the collector rewrites what is in them.
    pub heap: Vec<Arc<HeapSlot>>,
    /// How many of those, from the first on, hold no young reference.
    pub old: usize,
    /// Of continuations, which stay where they are.
    pub conts: Vec<Arc<ContSlot>>,
    /// Of heap references, by scopes.
    pub(crate) scopes: Scopes,
    /// Number of slots at which those without a handle are dropped.
    prune_at: usize,
}

impl Handles {
    /// Drops the slots whose handles are gone, of those that were made since the last
    /// collection: the others are not looked at.
    pub fn prune_young(&mut self) {
        let mut kept = self.old;
        for at in self.old..self.heap.len() {
            if Arc::strong_count(&self.heap[at]) > 1 {
                self.heap.swap(kept, at);
                kept += 1;
            }
        }
        self.heap.truncate(kept);
    }

    /// Drops the slots whose handles are gone.
    pub fn prune(&mut self) {
        let held = |slot: &Arc<HeapSlot>| Arc::strong_count(slot) > 1;
        self.old = self.heap[..self.old]
            .iter()
            .filter(|slot| held(slot))
            .count();
        self.heap.retain(held);
        self.conts.retain(|slot| Arc::strong_count(slot) > 1);
        self.prune_at = (2 * (self.heap.len() + self.conts.len())).max(FEWEST_HANDLES);
    }

    /// Without this a program that hands references to the host and never
    /// allocates would fill memory with slots.
    pub fn make_room(&mut self) {
        if self.heap.len() + self.conts.len() >= self.prune_at {
            self.prune();
        }
    }
}

/// What zeal still has to move.
#[derive(Default)]
pub struct Moving {
    /// The one that is about to be suspended, with those its suspension takes along.
    pub next: Option<*mut ContRecord>,
    /// How many were.
    pub moved: u64,
}
