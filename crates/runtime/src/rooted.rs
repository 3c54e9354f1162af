//! What a store holds for its handles, and for zeal that moves stacks.

use crate::handle::{ContSlot, HeapHandle, HeapSlot};
use crate::id::StoreId;
use crate::scopes::Scopes;
use mangrove_abi::{ContRecord, HeapRef};
use std::sync::Arc;

/// How many handles there are at least before unused ones are looked for.
const FEWEST_HANDLES: usize = 1024;

/// Slots without a handle that are kept to be used again, at most.
const MOST_SPARE: usize = 64;

/// The slots behind the embedder's handles.
#[derive(Default)]
pub struct Handles {
    /// Of heap references: the collector rewrites what is in them.
    pub heap: Vec<Arc<HeapSlot>>,
    /// How many of those, from the first on, hold no young reference.
    pub old: usize,
    /// Of continuations, which stay where they are.
    pub conts: Vec<Arc<ContSlot>>,
    /// Slots of heap references that are in no list and no handle.
    spare: Vec<Arc<HeapSlot>>,
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

    /// A handle of its own on an object of this store.
    ///
    /// As a rule handles are dropped soon and the last one first, like arguments: the
    /// slots at the end of the list that no handle has are used again, so that such a
    /// handle takes no memory from the system.
    pub(crate) fn own(&mut self, store: StoreId, object: HeapRef) -> HeapHandle {
        while let Some(slot) = self.heap.pop_if(|slot| Arc::strong_count(slot) == 1) {
            if self.spare.len() < MOST_SPARE {
                self.spare.push(slot);
            }
        }
        self.old = self.old.min(self.heap.len());
        self.make_room();
        let slot = match self.spare.pop() {
            Some(slot) => {
                slot.reuse(object);
                slot
            }
            None => HeapSlot::new(store, object),
        };
        self.heap.push(slot.clone());
        HeapHandle::with_slot(slot)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets in the list.
    fn offsets(handles: &Handles) -> Vec<u32> {
        // SAFETY: nobody else looks at the slots.
        let offset = |slot: &Arc<HeapSlot>| unsafe { slot.address().read() };
        handles.heap.iter().map(offset).collect()
    }

    #[test]
    fn slots_of_dropped_handles_are_used_again() {
        let (mut handles, store) = (Handles::default(), StoreId(1));
        let kept = handles.own(store, HeapRef(8));
        handles.old = 1;
        for n in 1..1000u32 {
            let three = [1, 2, 3].map(|m| handles.own(store, HeapRef(8 * (n + m))));
            assert_eq!(
                offsets(&handles),
                [8, 8 * (n + 1), 8 * (n + 2), 8 * (n + 3)]
            );
            // All that were made since the collection are looked at.
            assert_eq!(handles.old, 1);
            handles.old = 4;
            drop(three);
        }
        drop(kept);
        let last = handles.own(store, HeapRef(16));
        assert_eq!((offsets(&handles), handles.old), (vec![16], 0));
        assert!(handles.spare.len() <= MOST_SPARE);
        drop(last);
    }

    #[test]
    fn the_young_are_pruned_and_the_old_stay() {
        let (mut handles, store) = (Handles::default(), StoreId(1));
        let mut all: Vec<_> = (1..=10)
            .map(|n| handles.own(store, HeapRef(8 * n)))
            .collect();
        handles.old = 5;
        // Of each half the first two.
        all.drain(5..7);
        all.drain(..2);
        handles.prune_young();
        let mut left = offsets(&handles);
        left.sort_unstable();
        assert_eq!(left, [8, 16, 24, 32, 40, 64, 72, 80]);
        assert_eq!(handles.old, 5);
        handles.prune();
        assert_eq!((offsets(&handles).len(), handles.old), (6, 3));
    }
}
