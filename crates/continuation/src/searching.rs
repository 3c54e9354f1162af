//! The search for a handler as the runtime makes it, for a host function that suspends its
//! caller or switches away from it: what `suspend` and `switch` do in compiled code.
//!
//! The invariants of what records remember, and why this keeps them, are in
//! `crates/compile/src/search.rs`, whose steps these are.

use crate::registry::Registry;
use crate::waking::make_current;
use mangrove_abi::{ContRecord, Defect, HandlerTable, StoreContext, Waking, reason};
use std::ptr;

/// A handler that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerPlace {
    /// The record whose `resume` handles the entry.
    pub target: *mut ContRecord,
    /// What it is switched to with, by a suspension.
    pub reason: i64,
    /// The outermost record of the chain that is to be cut off.
    outermost: *mut ContRecord,
}

impl Registry {
    /// Finds who handles an entry of a handler table, from the parent of the running
    /// continuation outwards. None if nobody does before the host.
    ///
    /// # Panics
    /// If nothing runs.
    ///
    /// # Safety
    /// The entry is one of a table of the context's store.
    pub unsafe fn find_handler(&self, ctx: &StoreContext, entry: u64) -> Option<HandlerPlace> {
        let running = self.check(ctx.current);
        // SAFETY: the running chain consists of records of our slab; the tables of parents
        // and the tags in them are the store's.
        unsafe {
            let bit = HandlerTable::bit_of(entry);
            let (mut x, mut passed) = (running, 0);
            // The first record of a run, and what it has passed.
            let mut run: Option<(*mut ContRecord, u64)> = None;
            loop {
                // What a host record remembers is nothing.
                if (*x).parent.is_null() {
                    return None;
                }
                while (*x).outermost != x && (*x).passed & bit == 0 {
                    remember(&mut run, x);
                    passed |= (*x).passed;
                    x = (*x).outermost;
                }
                let parent = (*x).parent;
                let table = (*parent).handlers;
                if let Some(index) = index_of(table, entry) {
                    remember(&mut run, x);
                    (*x).outermost = x;
                    (*running).passed = passed;
                    (*running).outermost = x;
                    return Some(HandlerPlace {
                        target: parent,
                        reason: reason::HANDLED + index as i64,
                        outermost: x,
                    });
                }
                (*x).outermost = x;
                passed |= (*table).bits;
                run = match run {
                    None => Some((parent, 0)),
                    Some((begun, bits)) => Some((begun, bits | (*table).bits)),
                };
                x = parent;
            }
        }
    }

    /// Cuts the chain from the running continuation up to a handler off: the handler is the
    /// current one. The caller has found it just now, and switches to it.
    ///
    /// # Safety
    /// `handler` is what the last search has found, and nothing ran since.
    pub unsafe fn suspend_to(&mut self, ctx: &mut StoreContext, handler: HandlerPlace) {
        // SAFETY: records of our slab, by contract.
        unsafe {
            if !ctx.has(Defect::UncutByHost) {
                (*handler.outermost).parent = ptr::null_mut();
            }
            make_current(ctx, handler.target, Waking::Suspended);
        }
    }

    /// Cuts the chain off in the same way and puts another one in its place, whose innermost
    /// record is the current one then.
    ///
    /// # Safety
    /// As for [`Registry::suspend_to`]; `other` is fresh or suspended, and its reference was
    /// used up.
    pub unsafe fn switch_to(
        &mut self,
        ctx: &mut StoreContext,
        handler: HandlerPlace,
        other: *mut ContRecord,
    ) {
        let other = self.check(other);
        // SAFETY: records of our slab, by contract.
        unsafe {
            (*handler.outermost).parent = ptr::null_mut();
            (*(*other).outermost).parent = handler.target;
            make_current(ctx, other, Waking::Resumed);
        }
    }
}

/// Ends a run: the first record it came to gets what it has passed, up to `end`. A run that
/// ends where it began would overwrite what is jumped by.
///
/// # Safety
/// Records of a registry.
unsafe fn remember(run: &mut Option<(*mut ContRecord, u64)>, end: *mut ContRecord) {
    if let Some((begun, bits)) = run.take()
        && begun != end
    {
        // SAFETY: by contract.
        unsafe {
            (*begun).passed = bits;
            (*begun).outermost = end;
        }
    }
}

/// The number of an entry in a table.
///
/// # Safety
/// It is a table, with as many entries as it says.
unsafe fn index_of(table: *const HandlerTable, entry: u64) -> Option<usize> {
    // SAFETY: by contract.
    unsafe {
        let first = (&raw const (*table).first).cast::<u64>();
        (0..(*table).count as usize).find(|&index| first.add(index).read() == entry)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Record, World, parent};
    use mangrove_abi::{ContRef, HandlerTable, TagDef, TypeId};
    use proptest::prelude::*;

    const TAGS: usize = 4;

    /// A table of these entries, in words, as it lies in an instance.
    fn table(entries: &[u64]) -> Box<[u64]> {
        // SAFETY: each entry has the address of a tag.
        let bits = entries.iter().map(|&e| unsafe { HandlerTable::bit_of(e) });
        let bits = bits.fold(0, |all, bit| all | bit);
        let mut words = vec![entries.len() as u64, bits];
        words.extend(entries);
        words.resize(words.len().max(3), 0);
        words.into_boxed_slice()
    }

    /// Who has the entry, by looking at each.
    fn plainly(running: Record, entry: u64) -> Option<(Record, i64)> {
        let mut at = parent(running);
        while !parent(at).is_null() || at != running {
            // SAFETY: a parent has a table of its tests', or an empty one.
            let found = unsafe {
                let table = (*at).handlers;
                let first = (&raw const (*table).first).cast::<u64>();
                (0..(*table).count as usize).find(|&i| first.add(i).read() == entry)
            };
            if let Some(index) = found {
                return Some((at, index as i64 + 1));
            }
            at = parent(at);
            if at.is_null() {
                return None;
            }
        }
        None
    }

    #[derive(Clone, Debug)]
    enum Step {
        New,
        Resume(usize, Vec<u64>),
        Suspend(u64),
        Switch(usize, u64),
        Clone(usize),
        Return,
    }

    fn entry() -> impl Strategy<Value = u64> {
        0..2 * TAGS as u64
    }

    fn step() -> impl Strategy<Value = Step> {
        let entries = proptest::collection::vec(entry(), 0..3);
        prop_oneof![
            3 => Just(Step::New),
            6 => (any::<usize>(), entries).prop_map(|(n, entries)| Step::Resume(n, entries)),
            5 => entry().prop_map(Step::Suspend),
            2 => (any::<usize>(), entry()).prop_map(|(n, entry)| Step::Switch(n, entry)),
            2 => any::<usize>().prop_map(Step::Clone),
            1 => Just(Step::Return),
        ]
    }

    proptest! {
        /// Whatever was found before, the innermost handler is found, and what is
        /// remembered stays true.
        #[test]
        fn the_search_finds_what_a_walk_finds(
            steps in proptest::collection::vec(step(), 1..120)
        ) {
            let number = |index: usize| TagDef::new(TypeId::new(0), TypeId::new(0), index as u32);
            let tags: Vec<TagDef> = (0..TAGS).map(number).collect();
            let entry = |code: u64| {
                let tag = (&raw const tags[code as usize % TAGS]).expose_provenance() as u64;
                tag | if code < TAGS as u64 { 0 } else { HandlerTable::SWITCH }
            };
            let mut world = World::new(40);
            let mut tables = Vec::new();
            let mut refs: Vec<ContRef> = Vec::new();
            world.enter().unwrap();
            for step in steps {
                if world.ctx.current.is_null() {
                    world.enter().unwrap();
                }
                match step {
                    Step::New => refs.extend(world.new_by_runtime().ok()),
                    Step::Clone(n) if !refs.is_empty() => {
                        let cont = refs[n % refs.len()];
                        refs.extend(world.clone_chain(cont).ok());
                    }
                    Step::Resume(n, entries) if !refs.is_empty() => {
                        let cont = refs.swap_remove(n % refs.len());
                        let running = world.ctx.current;
                        let entries: Vec<u64> = entries.into_iter().map(entry).collect();
                        tables.push(table(&entries));
                        world.resume(cont);
                        let table = tables.last().unwrap().as_ptr();
                        // SAFETY: a record of the world; tables stay to the end.
                        unsafe { (*running).handlers = table.cast() };
                    }
                    Step::Suspend(code) => {
                        let expected = plainly(world.ctx.current, entry(code));
                        let found = world.suspend_to(entry(code));
                        prop_assert_eq!(found.map(|(_, at)| at), expected);
                        refs.extend(found.map(|(cont, _)| cont));
                    }
                    Step::Switch(n, code) if !refs.is_empty() => {
                        let cont = refs.swap_remove(n % refs.len());
                        let expected = plainly(world.ctx.current, entry(code));
                        let found = world.switch_to(cont, entry(code));
                        prop_assert_eq!(found.map(|(_, at)| at), expected);
                        refs.push(found.map_or(cont, |(left, _)| left));
                    }
                    Step::Return => world.finish(),
                    Step::Clone(_) | Step::Resume(..) | Step::Switch(..) => {}
                }
                world.check();
            }
        }
    }
}
