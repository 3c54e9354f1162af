//! References that keep nothing, and who wants to know what died.
//!
//! ```text
//!  WeakHandle ──Arc──▶ WeakSlot { offset } ◀──Arc── the store's list
//!  watch { object, queue, token }           a dead object's token goes to its queue
//! ```
//!
//! A collection that has found all that lives sweeps these lists, in this order, before
//! anything else runs: dead objects' weak handles are empty, then their tokens are in
//! the queue. So who reads a token can get its object from nowhere.

use crate::aged::Aged;
use crate::id::StoreId;
use mangrove_abi::{ContRef, Defect, HeapRef, Requests, TypeId, make_room};
use mangrove_collector::{CollectionKind, Survivors};
use mangrove_validate::RefType;
use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How many weak handles there are at least before unused ones are looked for.
const FEWEST: usize = 1024;

/// Where a weak reference lies; null once its object is dead. The collector writes it:
/// only who has access to the store may read it.
#[derive(Debug)]
pub(crate) struct WeakSlot {
    offset: AtomicU32,
    /// The object's type, which is known when it is dead, too: types live as long as the store.
    pub(crate) ty: TypeId,
    store: StoreId,
}

impl WeakSlot {
    /// The reference now, if the slot is of this store.
    pub(crate) fn get(&self, store: StoreId) -> Option<HeapRef> {
        (self.store == store).then(|| HeapRef(self.offset.load(Ordering::Relaxed)))
    }
}

/// The same of a continuation, which does not move.
#[derive(Debug)]
pub(crate) struct WeakContSlot {
    record: usize,
    revision: u64,
    pub(crate) ty: RefType,
    dead: AtomicBool,
    store: StoreId,
}

impl WeakContSlot {
    fn reference(&self) -> ContRef {
        ContRef {
            record: ptr::with_exposed_provenance_mut(self.record),
            revision: self.revision,
        }
    }

    /// The reference, if the slot is of this store; null if it was found dead.
    pub(crate) fn get(&self, store: StoreId) -> Option<ContRef> {
        let dead = self.dead.load(Ordering::Relaxed);
        (self.store == store).then(|| match dead {
            true => ContRef::NULL,
            false => self.reference(),
        })
    }
}

/// Who is told of a death.
#[derive(Clone, Copy)]
struct Mourner {
    queue: u32,
    token: u64,
}

/// All of a store.
#[derive(Default)]
pub(crate) struct WeakTables {
    objects: Aged<Arc<WeakSlot>>,
    conts: Vec<Arc<WeakContSlot>>,
    watched: Aged<(HeapRef, Mourner)>,
    watched_conts: Vec<(ContRef, Mourner)>,
    /// Those of weak handles that somebody has, to what a collection found dead: they are shown,
    /// and cost a collection nothing.
    dead: Vec<Arc<WeakSlot>>,
    dead_conts: Vec<Arc<WeakContSlot>>,
    queues: Vec<VecDeque<u64>>,
    /// How many tokens they have.
    queued: usize,
    /// Number of weak handles at which those that nobody has are dropped.
    prune_at: usize,
}

impl WeakTables {
    /// A weak reference to an object.
    pub(crate) fn object(
        &mut self,
        store: StoreId,
        object: HeapRef,
        ty: TypeId,
        young: bool,
    ) -> Arc<WeakSlot> {
        self.make_room();
        let slot = Arc::new(WeakSlot {
            offset: AtomicU32::new(object.0),
            ty,
            store,
        });
        self.objects.add(slot.clone(), young);
        slot
    }

    /// A weak reference to a continuation.
    pub(crate) fn continuation(
        &mut self,
        store: StoreId,
        reference: ContRef,
        ty: RefType,
    ) -> Arc<WeakContSlot> {
        self.make_room();
        let slot = Arc::new(WeakContSlot {
            record: reference.record.expose_provenance(),
            revision: reference.revision,
            ty,
            dead: AtomicBool::new(false),
            store,
        });
        self.conts.push(slot.clone());
        slot
    }

    /// Makes room for one entry more in each list, and in a queue for the tokens of all that are
    /// watched. Whether there is room.
    pub(crate) fn reserve_one(&mut self, queue: Option<u32>, requests: &Requests) -> bool {
        let watched = self.watched.len() + self.watched_conts.len();
        let mut tokens = queue.map(|queue| &mut self.queues[queue as usize]);
        self.objects.reserve_one(requests)
            && self.watched.reserve_one(requests)
            && make_room(&mut self.conts, 1, requests)
            && make_room(&mut self.watched_conts, 1, requests)
            && tokens
                .as_mut()
                .is_none_or(|tokens| make_room(*tokens, watched + 1, requests))
    }

    /// Without this a program that makes weak handles and never allocates would fill
    /// memory with slots.
    fn make_room(&mut self) {
        if self.slots() >= self.prune_at.max(FEWEST) {
            self.prune();
        }
    }

    /// Slots of all weak handles, those to what is dead included.
    fn slots(&self) -> usize {
        self.objects.len() + self.conts.len() + self.dead.len() + self.dead_conts.len()
    }

    /// Drops the slots whose weak handles are gone.
    pub(crate) fn prune(&mut self) {
        self.objects.prune(|slot| Arc::strong_count(slot) > 1);
        self.conts.retain(|slot| Arc::strong_count(slot) > 1);
        self.dead.retain(|slot| Arc::strong_count(slot) > 1);
        self.dead_conts.retain(|slot| Arc::strong_count(slot) > 1);
        self.prune_at = 2 * self.slots();
    }

    /// A new queue's number.
    pub(crate) fn add_queue(&mut self) -> u32 {
        self.queues.push(VecDeque::new());
        self.queues.len() as u32 - 1
    }

    /// The tokens of a queue.
    pub(crate) fn queue(&self, queue: u32) -> &VecDeque<u64> {
        &self.queues[queue as usize]
    }

    /// The oldest token of a queue, if there is one.
    pub(crate) fn next(&mut self, queue: u32) -> Option<u64> {
        let token = self.queues[queue as usize].pop_front();
        self.queued -= usize::from(token.is_some());
        token
    }

    /// A token for a queue when the object is dead.
    pub(crate) fn watch(&mut self, queue: u32, object: HeapRef, young: bool, token: u64) {
        self.watched.add((object, Mourner { queue, token }), young);
    }

    /// A token for a queue when nobody can resume the continuation by this reference.
    pub(crate) fn watch_continuation(&mut self, queue: u32, reference: ContRef, token: u64) {
        self.watched_conts
            .push((reference, Mourner { queue, token }));
    }

    /// Follows what was kept; the rest is dead.
    ///
    /// # Safety
    /// The survivors are of the collection of this store's heap and registry.
    pub(crate) unsafe fn sweep(&mut self, survivors: &Survivors<'_, '_>, defect: Option<Defect>) {
        let kind = survivors.kind();
        // SAFETY: what the lists refer to were objects when the collection began: the
        // last one has followed them, or removed them.
        let now = |object| unsafe { survivors.object(object) };
        let dead = &mut self.dead;
        self.objects.sweep(kind, |slot| {
            let moved = now(HeapRef(slot.offset.load(Ordering::Relaxed)));
            let offset = moved.unwrap_or(HeapRef::NULL).0;
            if moved.is_some() || !Defect::KeepWeak.is_in(defect) {
                slot.offset.store(offset, Ordering::Relaxed);
            }
            let is_held = Arc::strong_count(slot) > 1;
            if is_held && moved.is_none() {
                dead.push(slot.clone());
            }
            moved.is_some() && is_held
        });
        let (queues, queued) = (&mut self.queues, &mut self.queued);
        let mut tell = |Mourner { queue, token }: Mourner| {
            let times = 1 + usize::from(Defect::TellTwice.is_in(defect));
            queues[queue as usize].extend(std::iter::repeat_n(token, times));
            *queued += times;
            false
        };
        self.watched
            .sweep(kind, |(object, mourner)| match now(*object) {
                Some(moved) => {
                    *object = moved;
                    true
                }
                None => tell(*mourner),
            });
        if kind == CollectionKind::Minor {
            return;
        }
        // SAFETY: they are to records of this store's registry.
        let lives = |reference| unsafe { survivors.continuation(reference) };
        let dead = &mut self.dead_conts;
        self.conts.retain(|slot| {
            let lives = lives(slot.reference());
            slot.dead.store(!lives, Ordering::Relaxed);
            let is_held = Arc::strong_count(slot) > 1;
            if is_held && !lives {
                dead.push(slot.clone());
            }
            lives && is_held
        });
        self.watched_conts
            .retain(|&(reference, mourner)| lives(reference) || tell(mourner));
    }

    /// Every object that something here is for, and whether it is known as an old one.
    pub(crate) fn all_objects(&self) -> impl Iterator<Item = (HeapRef, bool)> {
        let weak = self.objects.all().map(|(slot, old)| {
            let object = HeapRef(slot.offset.load(Ordering::Relaxed));
            (object, old)
        });
        weak.chain(self.watched.all().map(|(&(object, _), old)| (object, old)))
    }

    /// What weak handles are to, with its type; null where a collection found it dead.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (HeapRef, TypeId)> {
        let slots = self.objects.all().map(|(slot, _)| slot).chain(&self.dead);
        slots.map(|slot| (HeapRef(slot.offset.load(Ordering::Relaxed)), slot.ty))
    }

    /// The same of those to continuations: what they were to, and whether that was found dead.
    pub(crate) fn continuations(&self) -> impl Iterator<Item = (ContRef, bool)> {
        let slots = self.conts.iter().chain(&self.dead_conts);
        slots.map(|slot| (slot.reference(), slot.dead.load(Ordering::Relaxed)))
    }

    /// How many entries the lists have, tokens that nobody has taken included; without those
    /// to what is dead.
    pub(crate) fn len(&self) -> usize {
        let objects = self.objects.len() + self.watched.len();
        objects + self.conts.len() + self.watched_conts.len() + self.queued
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mangrove_abi::object::TYPE_EXN;

    #[test]
    fn slots_that_nobody_has_do_not_pile_up() {
        let (mut tables, store) = (WeakTables::default(), StoreId(1));
        let kept: Vec<_> = (0..3 * FEWEST as u32)
            .map(|n| tables.object(store, HeapRef(8 * (n + 1)), TYPE_EXN, n % 2 == 0))
            .collect();
        for _ in 0..100 * FEWEST {
            tables.object(store, HeapRef(8), TYPE_EXN, false);
        }
        assert!(tables.len() <= 2 * kept.len() + FEWEST, "{}", tables.len());
        let mut found: Vec<u32> = tables.all_objects().map(|(object, _)| object.0).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), kept.len());
    }
}
