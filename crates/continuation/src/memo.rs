//! The memos of searches for a handler (`outermost` and `passed` of a record), checked
//! against the handlers.
//!
//! The invariants, and why searches keep them, are in
//! `crates/compile/src/search.rs`.

use crate::registry::Registry;
use crate::violation::RegistryViolation;
use mangrove_abi::{ContRecord, HandlerTable, RecordState, StoreContext};
use std::collections::{HashMap, HashSet};

type Record = *mut ContRecord;

impl Registry {
    /// Checks I9 of all chains: the running ones, and those suspended, of which `inner`
    /// are all but the innermost records. None has a cycle.
    pub(crate) fn verify_memo(
        &self,
        ctx: &StoreContext,
        inner: &HashSet<Record>,
    ) -> Result<(), RegistryViolation> {
        let mut active = HashSet::new();
        let mut chain = Vec::new();
        for id in self.active_ids(ctx) {
            let record = self.slab.get(id);
            active.insert(record);
            // SAFETY: a record of our slab, which only this thread uses.
            if unsafe { (*record).state } != RecordState::Host as u32 {
                chain.push(record);
                continue;
            }
            verify_chain(&std::mem::take(&mut chain))?;
        }
        for record in self.records() {
            // SAFETY: as above.
            let host = unsafe { (*record).state } == RecordState::Host as u32;
            if host || active.contains(&record) || inner.contains(&record) {
                continue;
            }
            let mut at = record;
            while !at.is_null() {
                chain.push(at);
                // SAFETY: as above; parents are records of the same registry.
                at = unsafe { (*at).parent };
            }
            verify_chain(&std::mem::take(&mut chain))?;
        }
        Ok(())
    }
}

/// Checks the memos of a chain, given from the innermost record on. The bits of each
/// record's table are added up once: a memo that reaches beyond another record takes
/// what was added up for that record's memo.
fn verify_chain(chain: &[Record]) -> Result<(), RegistryViolation> {
    let places: HashMap<Record, usize> = (0..).zip(chain).map(|(at, &r)| (r, at)).collect();
    // For each place, how far that record remembers, and the bits up to there.
    let mut known = vec![(0, 0); chain.len()];
    for (place, &record) in chain.iter().enumerate().rev() {
        // SAFETY: records of a registry.
        let (id, outermost, passed) =
            unsafe { ((*record).id, (*record).outermost, (*record).passed) };
        let fault = |what| Err(RegistryViolation::Chain { record: id, what });
        let Some(&to) = places.get(&outermost).filter(|&&to| to >= place) else {
            return fault("remembers a search that ended outside its chain");
        };
        let (mut at, mut bits) = (place, 0);
        while at < to {
            at += 1;
            bits |= bits_of(chain[at])?;
            let (further, more) = known[at];
            if at < to && further > to {
                return fault("remembers less than a record inside of that");
            }
            if at < to {
                (at, bits) = (further, bits | more);
            }
        }
        if bits & !passed != 0 {
            return fault("remembers a search for a handler that would go another way");
        }
        known[place] = (to, bits);
    }
    Ok(())
}

/// The bits of the table of a record that has resumed another.
fn bits_of(record: Record) -> Result<u64, RegistryViolation> {
    // SAFETY: a record of a registry; the tables of those that resumed another
    // belong to instances of the store, as do the tags in them.
    unsafe {
        let table = (*record).handlers;
        let fault = |what| {
            Err(RegistryViolation::Chain {
                record: (*record).id,
                what,
            })
        };
        if table.is_null() {
            return fault("has resumed another without handlers");
        }
        let bits = HandlerTable::bits_of_entries(table);
        match (*table).bits == bits {
            true => Ok(bits),
            false => fault("its handlers are not those their summary says"),
        }
    }
}
