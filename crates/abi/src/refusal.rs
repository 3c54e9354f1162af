//! Requests to the system that are refused on purpose, so that tests can see what
//! becomes of a store that the system lets down.
//!
//! Each is counted where it is made, by its kind. All of them are system calls
//! or allocations that take far longer than the counting. Stacks and heap share
//! this one counter's code; each has a counter of its own.

use std::cell::Cell;

/// A request to the system on behalf of stacks, records and the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `mmap` of a reservation.
    Reserve,
    /// A lightweight guard (`madvise`).
    LightweightGuard,
    /// A guard by `mprotect`.
    MprotectGuard,
    /// Making a stack writable (`mprotect`), under strict overcommit.
    Commit,
    /// Giving a stack's memory back (`madvise`, or `mmap` under strict overcommit).
    Discard,
    /// `munmap` of a reservation.
    Unmap,
    /// Memory for the frames of a parked continuation.
    Buffer,
    /// Memory for further records.
    Records,
    /// Making a part of the heap accessible (`mprotect`).
    HeapCommit,
}

impl Request {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Reserve,
        Self::LightweightGuard,
        Self::MprotectGuard,
        Self::Commit,
        Self::Discard,
        Self::Unmap,
        Self::Buffer,
        Self::Records,
        Self::HeapCommit,
    ];
}

/// Which requests are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// Their kind.
    pub request: Request,
    /// How many of these are granted before.
    pub after: u64,
    /// How many are refused then; later ones are granted again.
    pub times: u64,
}

/// Counts requests and knows which to refuse.
#[derive(Debug)]
pub struct Requests {
    refusal: Option<Refusal>,
    made: [Cell<u64>; Request::ALL.len()],
}

impl Requests {
    /// Counts nothing yet.
    pub fn new(refusal: Option<Refusal>) -> Self {
        Self {
            refusal,
            made: Default::default(),
        }
    }

    /// Counts a request. Whether it may be made.
    pub fn grants(&self, request: Request) -> bool {
        let made = &self.made[request as usize];
        let number = made.replace(made.get() + 1);
        self.refusal.is_none_or(|refusal| {
            let later = number.checked_sub(refusal.after);
            refusal.request != request || later.is_none_or(|later| later >= refusal.times)
        })
    }

    /// How many of a kind were made, refused ones included.
    pub fn made(&self, request: Request) -> u64 {
        self.made[request as usize].get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_requests_are_refused() {
        let requests = Requests::new(Some(Refusal {
            request: Request::Buffer,
            after: 2,
            times: 3,
        }));
        let granted: Vec<_> = (0..7).map(|_| requests.grants(Request::Buffer)).collect();
        assert_eq!(granted, [true, true, false, false, false, true, true]);
        assert!((0..7).all(|_| requests.grants(Request::Records)));
        assert_eq!(requests.made(Request::Buffer), 7);
        for (index, request) in Request::ALL.into_iter().enumerate() {
            assert_eq!(request as usize, index);
        }
    }
}
