//! Slots of handles that go with a scope.
//!
//! ```text
//!  scopes   │ 5, from 0 │ 7, from 2 │               the innermost is open
//!  slots    │ 5: offset │ 5: offset │ 7: offset │   a root each; those from `old` on may be young
//!                                   ▲ ends with 7: cut off here
//! ```
//!
//! Making a handle is a push, and ending a scope makes the list shorter. A scope has a
//! number that no other scope of the process has, and a slot knows its scope's: so a
//! handle whose slot is gone, or another's now, is found out by one comparison.

use mangrove_abi::HeapRef;
use std::sync::atomic::{AtomicU64, Ordering};

/// A reference that a scope keeps.
pub(crate) struct ScopedSlot {
    scope: u64,
    pub(crate) offset: u32,
}

/// A scope that is open.
struct Scope {
    number: u64,
    /// Where its slots begin.
    from: usize,
}

/// The scopes of a store, and their slots.
#[derive(Default)]
pub(crate) struct Scopes {
    pub(crate) slots: Vec<ScopedSlot>,
    /// How many of those, from the first on, hold no young reference.
    pub(crate) old: usize,
    open: Vec<Scope>,
    /// How many of those are of callers of the host function that runs.
    hidden: usize,
}

/// What a host function found: to be put back when it returns.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hidden {
    scopes: usize,
    hidden: usize,
}

impl Scopes {
    /// Opens a scope; its number.
    pub(crate) fn open(&mut self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let from = self.slots.len();
        self.open.push(Scope { number, from });
        number
    }

    /// Ends a scope, and those that were opened in it and are not over. Does nothing if
    /// there is no such scope.
    pub(crate) fn close(&mut self, number: u64) {
        let found = self.open.iter().rposition(|scope| scope.number == number);
        if let Some(at) = found {
            self.cut(at);
        }
    }

    fn cut(&mut self, scopes: usize) {
        if let Some(scope) = self.open.get(scopes) {
            self.slots.truncate(scope.from);
            self.old = self.old.min(scope.from);
            self.open.truncate(scopes);
        }
    }

    /// A host function begins: what it makes is none of its callers' scopes'.
    pub(crate) fn enter(&mut self) -> Hidden {
        let (scopes, hidden) = (self.open.len(), self.hidden);
        self.hidden = scopes;
        Hidden { scopes, hidden }
    }

    /// Whether a scope is open, a hidden one too. If none is, none is hidden.
    #[inline(always)]
    pub(crate) fn are_open(&self) -> bool {
        debug_assert!(self.hidden <= self.open.len());
        !self.open.is_empty()
    }

    /// It is over, and so are the scopes it has left open. Where none was open before,
    /// that is [`Hidden::default`].
    pub(crate) fn leave(&mut self, before: Hidden) {
        self.cut(before.scopes);
        self.hidden = before.hidden;
    }

    /// A place for a reference, if a scope is open: its scope's number, and where.
    #[inline]
    pub(crate) fn push(&mut self, reference: HeapRef) -> Option<(u64, u32)> {
        let scope = self.open.get(self.hidden..)?.last()?.number;
        let index = u32::try_from(self.slots.len()).ok()?;
        let offset = reference.0;
        self.slots.push(ScopedSlot { scope, offset });
        Some((scope, index))
    }

    /// The reference at a place of a scope, if that is not over.
    #[inline]
    pub(crate) fn get(&self, scope: u64, index: u32) -> Option<HeapRef> {
        let slot = self.slots.get(index as usize)?;
        (slot.scope == scope).then_some(HeapRef(slot.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_goes_with_its_scope_and_is_not_taken_for_another() {
        let mut scopes = Scopes::default();
        assert_eq!(scopes.push(HeapRef(8)), None);
        let outer = scopes.open();
        let first = scopes.push(HeapRef(8)).unwrap();
        assert_eq!(first, (outer, 0));
        let inner = scopes.open();
        let second = scopes.push(HeapRef(16)).unwrap();
        scopes.old = 2;
        scopes.close(inner);
        assert_eq!(scopes.old, 1);
        let third = scopes.push(HeapRef(24)).unwrap();
        assert_eq!((third.1, second.1), (1, 1), "the same place");
        assert_eq!(scopes.get(second.0, second.1), None);
        assert_eq!(scopes.get(third.0, third.1), Some(HeapRef(24)));
        assert_eq!(scopes.get(first.0, first.1), Some(HeapRef(8)));
        scopes.close(inner);
        assert_eq!(scopes.slots.len(), 2, "it was over");
    }

    #[test]
    fn an_outer_scope_ends_those_that_were_forgotten() {
        let mut scopes = Scopes::default();
        let outer = scopes.open();
        scopes.push(HeapRef(8)).unwrap();
        scopes.open();
        scopes.push(HeapRef(16)).unwrap();
        scopes.close(outer);
        assert!(scopes.slots.is_empty() && scopes.open.is_empty());
    }

    #[test]
    fn a_host_function_has_scopes_of_its_own() {
        let mut scopes = Scopes::default();
        scopes.open();
        let before = scopes.enter();
        assert_eq!(scopes.push(HeapRef(8)), None);
        scopes.open();
        assert!(scopes.push(HeapRef(8)).is_some());
        let again = scopes.enter();
        assert_eq!(scopes.push(HeapRef(8)), None);
        scopes.leave(again);
        assert!(scopes.push(HeapRef(8)).is_some());
        scopes.leave(before);
        assert!(scopes.slots.is_empty());
        assert!(scopes.push(HeapRef(8)).is_some(), "the caller's is open");
    }
}
