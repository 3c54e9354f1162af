//! Bounds on what an engine takes: of address space, and of memory.
//!
//! ```text
//!  Bound ─▶ Ledger ─┬─ Share: a heap       what a part may take at most is taken
//!                   ├─ Share: stacks       from the ledger when the part is made,
//!                   ├─ Share: a memory     and comes back when it is dropped
//!                   └─ …                   (plan: who gets how much)
//! ```
//!
//! A ledger without a bound counts nothing.

use crate::bound::Bound;
use crate::error::Error;
use crate::resource::error::ResourceError;
use mangrove_abi::Requests;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is taken of a bound. Clones are the same ledger.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    book: Option<Arc<Book>>,
    requests: Requests,
}

#[derive(Debug)]
struct Book {
    bound: Bound,
    taken: AtomicU64,
}

impl Book {
    fn left(&self) -> u64 {
        // Whoever takes says so with the bound in view: see `take`.
        self.bound.bytes - self.taken.load(Ordering::Relaxed)
    }

    /// Takes bytes; where they are not left, says how many are.
    fn take(&self, bytes: u64) -> Result<(), u64> {
        let most = self.bound.bytes;
        let order = Ordering::Relaxed;
        let taken = self.taken.fetch_update(order, order, |taken| {
            taken.checked_add(bytes).filter(|&sum| sum <= most)
        });
        taken.map(drop).map_err(|taken| most - taken)
    }
}

impl Ledger {
    pub(crate) fn new(bound: Option<Bound>, requests: Requests) -> Self {
        let book = bound.map(|bound| {
            Arc::new(Book {
                bound,
                taken: AtomicU64::new(0),
            })
        });
        Self { book, requests }
    }

    /// Who counts the requests of those who take shares.
    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// The bound, if there is one.
    pub(crate) fn bound(&self) -> Option<Bound> {
        self.book.as_ref().map(|book| book.bound)
    }

    /// Bytes left; none without a bound.
    pub(crate) fn left(&self) -> Option<u64> {
        self.book.as_ref().map(|book| book.left())
    }

    /// Takes a share, to `what`.
    ///
    /// # Errors
    /// Less is left.
    pub(crate) fn take(&self, what: &str, bytes: u64) -> Result<Share, Error> {
        let mut share = Share {
            ledger: self.clone(),
            bytes: 0,
        };
        match share.grow(bytes) {
            Ok(()) => Ok(share),
            Err((bound, left)) => Err(ResourceError::beyond(what, bytes, bound, left).into()),
        }
    }
}

/// What someone has taken from a ledger; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    ledger: Ledger,
    bytes: u64,
}

impl Share {
    /// Who counts the requests of whoever has it.
    pub(crate) fn requests(&self) -> &Requests {
        self.ledger.requests()
    }

    /// The bound it is part of, and what is left of that.
    pub(crate) fn bound(&self) -> Option<(Bound, u64)> {
        let book = self.ledger.book.as_ref()?;
        Some((book.bound, book.left()))
    }

    /// Takes more; where it is not left, the bound, and what is left of it.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), (Bound, u64)> {
        if let Some(book) = &self.ledger.book {
            book.take(bytes).map_err(|left| (book.bound, left))?;
            self.bytes += bytes;
        }
        Ok(())
    }

    /// Gives a part back.
    pub(crate) fn shrink(&mut self, bytes: u64) {
        if let Some(book) = &self.ledger.book {
            let bytes = bytes.min(self.bytes);
            book.taken.fetch_sub(bytes, Ordering::Relaxed);
            self.bytes -= bytes;
        }
    }

    /// Never gives it back.
    pub(crate) fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::BoundSource;

    #[test]
    fn shares_never_exceed_the_bound_and_come_back() {
        let source = BoundSource::AddressSpace;
        let bound = Bound { bytes: 100, source };
        let ledger = Ledger::new(Some(bound), Requests::default());
        let mut first = ledger.take("have it", 60).unwrap();
        assert_eq!(ledger.left(), Some(40));
        let error = ledger.take("have more", 41).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot have more: 41 bytes; 100 bytes of address space may be reserved \
             (address_space), of which 40 are left"
        );
        assert_eq!(first.grow(41), Err((bound, 40)));
        assert_eq!(first.grow(u64::MAX), Err((bound, 40)));
        first.grow(40).unwrap();
        first.shrink(10);
        assert_eq!(ledger.left(), Some(10));
        drop(first);
        ledger.take("keep it", 30).unwrap().keep();
        assert_eq!(ledger.left(), Some(70));
        let free = Ledger::new(None, Requests::default());
        free.take("have everything", u64::MAX).unwrap();
        assert_eq!(free.left(), None);
    }
}
