//! Making room: a stack is wanted, and as many are in use as the policy allows, so
//! others are parked first.
//!
//! Who is idle is nowhere written down: compiled code suspends a whole chain in
//! a few stores. So a *round* first marks the chains that run, and then goes
//! through the records with a stack, on from where the last round ended, until an
//! eighth fewer than `most` are in use. It may find nothing, since all may be
//! parents of the running one; the stacks given out pay for it ([`Rounds`]).
//!
//! Until a round is paid for, `most` is exceeded, by an eighth of what the last one
//! looked at, at most. The bound on the bytes of stacks is not. Where parking is all
//! that can make room, the stacks given out last are tried first (who was woken last
//! has mostly suspended again), and then there is a round, paid for or not.

use crate::registry::Registry;
use crate::rounds::Rounds;
use mangrove_abi::{ContRecord, RecordId, RecordState, Requests, StoreContext, make_room};

/// How many of the stacks given out last are tried at the bound on bytes.
const NEWEST: usize = 32;
/// Longest chain that is followed for one of these.
const CHAIN: usize = 8;

impl Registry {
    /// Before a stack is taken: when too many are in use, parks some, and says how
    /// many. All calls together take constant time for each stack that was given out.
    pub fn park_some(&mut self, ctx: &StoreContext) -> usize {
        let Some(parking) = &self.parking else {
            return 0;
        };
        let most = parking.policy.most;
        let due = parking.rounds.is_due();
        // An idle record's stack is taken before any other.
        if self.with_stack < most || !ctx.free_records.is_null() {
            return 0;
        }
        let full = self.with_stack >= self.max_with_stack();
        if full {
            let parked = self.park_newest(ctx);
            if parked > 0 {
                return parked;
            }
        }
        if !due && !full {
            return 0;
        }
        let enough = most.saturating_sub((most / 8).max(1));
        self.round(ctx, self.with_stack - enough)
    }

    /// Parks somebody because no further stack may be made, which the registry itself does
    /// not know. How many that was; none if nobody can be parked.
    pub fn park_for_room(&mut self, ctx: &StoreContext) -> usize {
        if self.parking.is_none() {
            return 0;
        }
        match self.park_newest(ctx) {
            0 => self.round(ctx, (self.with_stack / 8).max(1)),
            parked => parked,
        }
    }

    /// Goes through the records with a stack and parks that many of them.
    fn round(&mut self, ctx: &StoreContext, wanted: usize) -> usize {
        // Who cannot be told from those that run stays where it is.
        let Some((running, mut looks)) = self.running(ctx) else {
            return 0;
        };
        let (mut stacked, mut hand) = self.begin_looking();
        let mut parked = 0;
        for _ in 0..stacked.len() {
            if parked == wanted {
                break;
            }
            looks += 1;
            hand = if hand < stacked.len() { hand } else { 0 };
            let record = self.slab.get(stacked[hand]);
            if !running.contains(stacked[hand]) {
                // SAFETY: live, with a stack and on no chain that runs: fresh or
                // suspended, or just linked by a `resume_throw` and stopped at calls
                // like a parent, of which nobody holds an address while it asks.
                parked += usize::from(unsafe { has_stack(record) && self.park_idle(record) });
            }
            // SAFETY: a record of our slab, which only this thread uses.
            match unsafe { (*record).stack_limit } {
                // The last one takes its place, and is the next to be looked at.
                0 => drop(stacked.swap_remove(hand)),
                _ => hand += 1,
            }
        }
        let rounds = self.end_looking(stacked, hand, looks);
        if let Some(rounds) = rounds {
            rounds.round_took(looks);
        }
        parked
    }

    /// Parks one of those that got a stack last.
    fn park_newest(&mut self, ctx: &StoreContext) -> usize {
        let (mut stacked, hand) = self.begin_looking();
        let newest = stacked.len().saturating_sub(NEWEST)..stacked.len();
        let mut looks = 0;
        let place = newest.rev().find(|&place| {
            looks += 1;
            let record = self.slab.get(stacked[place]);
            // SAFETY: a record of our slab; with a stack, and on a chain that ends at
            // no host, it is fresh or suspended.
            unsafe {
                let idle = has_stack(record) && record != ctx.current && ends_soon(record);
                idle && self.park_idle(record)
            }
        });
        if let Some(place) = place {
            stacked.swap_remove(place);
        }
        self.end_looking(stacked, hand, looks);
        usize::from(place.is_some())
    }

    /// Takes the ids of those that have got a stack, with where the hand is, so
    /// that records can be parked meanwhile.
    fn begin_looking(&mut self) -> (Vec<RecordId>, usize) {
        let parking = self.parking.as_mut();
        parking.map_or((Vec::new(), 0), |parking| {
            (std::mem::take(&mut parking.stacked), parking.rounds.hand)
        })
    }

    /// Puts them back, and counts the looks.
    fn end_looking(
        &mut self,
        stacked: Vec<RecordId>,
        hand: usize,
        looks: u64,
    ) -> Option<&mut Rounds> {
        let parking = self.parking.as_mut()?;
        parking.stacked = stacked;
        parking.rounds.hand = hand;
        parking.rounds.looks += looks;
        Some(&mut parking.rounds)
    }

    /// The records on chains that run, and how many those are; none if there is no memory for
    /// the set.
    fn running(&self, ctx: &StoreContext) -> Option<(Ids, u64)> {
        let mut running = Ids::new(self.slab.len(), self.arena.requests())?;
        let mut count = 0;
        for id in self.active_ids(ctx) {
            running.insert(id);
            count += 1;
        }
        Some((running, count))
    }
}

/// Whether a record is live and has a stack.
///
/// # Safety
/// It is one of a registry's.
unsafe fn has_stack(record: *const ContRecord) -> bool {
    // SAFETY: by contract.
    unsafe { (*record).state == RecordState::Live as u32 && (*record).stack_limit != 0 }
}

/// Whether the record's chain ends within a few steps, and at no host.
///
/// # Safety
/// A live record of the registry.
unsafe fn ends_soon(record: *const ContRecord) -> bool {
    let mut at = record;
    for _ in 0..CHAIN {
        // SAFETY: by contract; parents are records of the same registry.
        unsafe {
            if (*at).parent.is_null() {
                return (*at).state == RecordState::Live as u32;
            }
            at = (*at).parent;
        }
    }
    false
}

/// A set of record ids.
struct Ids(Vec<u64>);

impl Ids {
    /// An empty set, of ids below `end`; none if there is no memory for it.
    fn new(end: u32, requests: &Requests) -> Option<Self> {
        let (mut words, len) = (Vec::new(), (end as usize).div_ceil(64));
        make_room(&mut words, len, requests).then(|| {
            words.resize(len, 0);
            Self(words)
        })
    }

    fn insert(&mut self, id: RecordId) {
        self.0[id.index() / 64] |= 1 << (id.index() % 64);
    }

    fn contains(&self, id: RecordId) -> bool {
        self.0[id.index() / 64] >> (id.index() % 64) & 1 != 0
    }
}
