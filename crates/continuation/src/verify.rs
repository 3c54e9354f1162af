//! The invariants of a registry: what holds whenever no compiled code runs, and
//! the check of it.
//!
//! ```text
//!  R        the records of the slab            live(r)   r.state = Live
//!  S        the suspended records              in S, r is inner if no s in S has s.parent = r
//!  base(r)  the word at r.stack_top - 8
//!
//!  I1  for each r in R:  slab[r.id] = r;  r.state is Gone, Live or Host
//!  I2  live(r):          r.outermost in R;  r.parent in R, or null
//!  I3  live(r), not running:
//!                        r.stack_limit <= r.sp < r.stack_top;  base(r) = 0, where every walk ends
//!                        (a parked one has stack_limit 0, and the ends of its buffer)
//!  I4  fresh r:          r.parent = null;  r.outermost = r;  r.fp = 0, and in no suspended one or parent
//!  I5  chains of S:      r, s in S with r.parent = s.parent /= null are the same record;
//!                        from an inner r, parent by parent, null is reached, over live
//!                        records, and the one before it is r.outermost; so each of S is in one
//!                        such chain, and none in a cycle
//!  I6  free list:        finite and without a cycle; each r of it is Gone, has a stack, and
//!                        base(r) = 0: compiled code takes it as it is
//!  I7  bound arguments:  kept for r exactly as many as r.unready says, and none unless r is
//!                        fresh or suspended
//!  I8  counts:           live = created + entered - returned - thrown - trapped - collected;
//!                        stacks in use = records with a stack = live + free list - parked
//!                        - calls of the host; likewise the stacks of those calls
//!  I9  memos:            INV 1 and 2 of `crates/compile/src/search.rs`, on every chain
//!  I10 activations:      from ctx.current, by parent, and by interrupted from a host record,
//!                        each host record is met once, and the last record met is one
//!  I11 waking:           the current record is not clean
//! ```
//!
//! The states are derived ([`State`]), so that running ones and parents are a chain
//! from `ctx.current` to a host record is no invariant but their definition.

use crate::registry::Registry;
use crate::states::State;
use crate::violation::RegistryViolation;
use mangrove_abi::{ContRecord, RecordState, StoreContext};
use mangrove_stack::{StackArena, is_parked};
use std::collections::HashSet;
use std::ptr;

impl Registry {
    /// Checks I1 to I11.
    ///
    /// # Errors
    /// The first fault found.
    pub fn verify(&self, ctx: &StoreContext) -> Result<(), RegistryViolation> {
        // The states are derived from the running chain.
        self.verify_activations(ctx)?;
        if !ctx.current.is_null() && self.is_clean(ctx.current) {
            return Err(RegistryViolation::Clean);
        }
        let idle = self.verify_free_list(ctx)?;
        let inner = self.suspended_parents(ctx)?;
        let (mut live, mut suspended, mut in_chains, mut parked) = (0, 0, 0, 0);
        for (record, state) in self.states(ctx) {
            self.verify_record(record, state)?;
            live += u64::from(!matches!(state, State::Gone | State::Host));
            // SAFETY: a record of our slab, which only this thread uses.
            parked += u64::from(unsafe { is_parked(record) });
            if state == State::Suspended {
                suspended += 1;
                if !inner.contains(&record) {
                    in_chains += self.verify_chain(record)?;
                }
            }
        }
        self.verify_memo(ctx, &inner)?;
        // Less would be a chain without an innermost one: a cycle.
        count("records of suspended chains", in_chains, suspended)?;
        let ended = self.counts.thrown + self.counts.trapped + self.counts.collected;
        let expected = (ctx.created + self.counts.entered)
            .checked_sub(ctx.returned)
            .and_then(|n| n.checked_sub(ended));
        count("live continuations", live, expected.unwrap_or(0))?;
        count("parked continuations", parked, self.parked() as u64)?;
        let with_stack = self.with_stack as u64;
        let calls = self.initial.in_use() as u64;
        count(
            "records with a stack",
            live + idle - parked - calls,
            with_stack,
        )?;
        let in_use = |arena: &StackArena| {
            let stacks = arena.stats();
            (stacks.stacks - stacks.idle) as u64
        };
        count("stacks in use", in_use(&self.arena), with_stack)?;
        count(
            "stacks of initial continuations",
            in_use(&self.initial.arena),
            calls + self.initial.idle().len() as u64,
        )
    }

    /// I6; the length of the free list.
    fn verify_free_list(&self, ctx: &StoreContext) -> Result<u64, RegistryViolation> {
        let fault = |what| Err(RegistryViolation::FreeList { what });
        let mut seen = 0;
        let mut record = ctx.free_records;
        while !record.is_null() {
            if self.slab.id_of(record).is_none() {
                return fault("leads to no record of this registry");
            }
            if seen == self.slab.len() {
                return fault("has a cycle");
            }
            // SAFETY: a record of our slab, which only this thread uses.
            unsafe {
                if (*record).state != RecordState::Gone as u32 {
                    return fault("holds a record that is not gone");
                }
                if (*record).stack_top == 0 {
                    return fault("holds a record without a stack");
                }
                if base_word(record) != 0 {
                    return fault("holds a record on whose stack no walk would end");
                }
                record = (*record).next_free;
            }
            seen += 1;
        }
        Ok(u64::from(seen))
    }

    /// I10. A chain that is cut short would hide what the activations around hold.
    fn verify_activations(&self, ctx: &StoreContext) -> Result<(), RegistryViolation> {
        let (mut met, mut ends_at_host) = (0, true);
        for id in self.active_ids(ctx) {
            // SAFETY: a record of our slab, which only this thread uses.
            ends_at_host = unsafe { (*self.slab.get(id)).state } == RecordState::Host as u32;
            met += u64::from(ends_at_host);
        }
        if !ends_at_host {
            return Err(RegistryViolation::RunningChain);
        }
        let hosts = |&r: &*mut ContRecord| {
            // SAFETY: as above.
            unsafe { (*r).state == RecordState::Host as u32 }
        };
        let hosts = self.records().filter(hosts).count() as u64;
        count("host records", hosts, self.activations() as u64)?;
        count("activations on the running chain", met, hosts)
    }

    /// The parents of suspended continuations, each one's only (I5).
    fn suspended_parents(
        &self,
        ctx: &StoreContext,
    ) -> Result<HashSet<*mut ContRecord>, RegistryViolation> {
        let mut parents = HashSet::new();
        for (record, state) in self.states(ctx) {
            // SAFETY: a record of our slab, which only this thread uses.
            let (id, parent) = unsafe { ((*record).id, (*record).parent) };
            if state == State::Suspended && !parent.is_null() && !parents.insert(parent) {
                return Err(RegistryViolation::Chain {
                    record: id,
                    what: "shares its parent",
                });
            }
        }
        Ok(parents)
    }

    /// I1 to I4 and I7.
    fn verify_record(
        &self,
        record: *mut ContRecord,
        state: State,
    ) -> Result<(), RegistryViolation> {
        // SAFETY: a record of our slab, which only this thread uses.
        let r = unsafe { &*record };
        let id = r.id;
        if self.slab.get(id) != record {
            return Err(RegistryViolation::Chain {
                record: id,
                what: "has another's id",
            });
        }
        if r.state > RecordState::Host as u32 {
            return Err(RegistryViolation::State {
                record: id,
                state: r.state,
            });
        }
        let chain = |what| Err(RegistryViolation::Chain { record: id, what });
        if r.bound_count() != 0 && !matches!(state, State::Fresh | State::Suspended) {
            return chain("has bound arguments");
        }
        if matches!(state, State::Gone | State::Host) {
            return Ok(());
        }
        if self.slab.id_of(r.outermost).is_none() {
            return Err(RegistryViolation::Foreign {
                record: id,
                field: "outermost",
            });
        }
        if !r.parent.is_null() && self.slab.id_of(r.parent).is_none() {
            return Err(RegistryViolation::Foreign {
                record: id,
                field: "parent",
            });
        }
        let saved = !matches!(state, State::Running);
        if saved && !(r.stack_limit..r.stack_top).contains(&r.sp) {
            return Err(RegistryViolation::StackPointer {
                record: id,
                state,
                sp: r.sp,
            });
        }
        // SAFETY: a record with a stack, as its sp has just shown.
        if saved && unsafe { base_word(record) } != 0 {
            return chain("the base of its stack was overwritten");
        }
        if state == State::Fresh && (!r.parent.is_null() || r.outermost != record) {
            return chain("is fresh and linked to another");
        }
        if state == State::Parent && r.fp == 0 {
            return chain("is a parent that never ran");
        }
        let bound = self.bound.get(&id).map_or(0, |bound| bound.values().len());
        if bound != r.bound_count() as usize {
            return chain("its bound arguments are not those kept for it");
        }
        Ok(())
    }

    /// I5 for the chain whose innermost record this is; how many records it has.
    fn verify_chain(&self, record: *mut ContRecord) -> Result<u64, RegistryViolation> {
        // SAFETY: records of our slab, which only this thread uses.
        unsafe {
            let fault = |what| {
                Err(RegistryViolation::Chain {
                    record: (*record).id,
                    what,
                })
            };
            let mut at = record;
            let mut length = 1;
            while !(*at).parent.is_null() {
                at = (*at).parent;
                if (*at).state != RecordState::Live as u32 {
                    return fault("is suspended inside one that is gone");
                }
                length += 1;
                if length > u64::from(self.slab.len()) {
                    return fault("its parents form a cycle");
                }
            }
            if (*record).outermost != at {
                return fault("its outermost record is not the end of its chain");
            }
            Ok(length)
        }
    }
}

/// The word at the base of a stack, the trampoline's return address.
///
/// # Safety
/// The record has a stack.
unsafe fn base_word(record: *const ContRecord) -> u64 {
    // SAFETY: the word below the top was written when the stack was taken.
    unsafe { ptr::with_exposed_provenance::<u64>((*record).stack_top as usize - 8).read() }
}

fn count(what: &'static str, counted: u64, expected: u64) -> Result<(), RegistryViolation> {
    if counted == expected {
        return Ok(());
    }
    Err(RegistryViolation::Count {
        what,
        counted,
        expected,
    })
}
