//! Requests to the system and to the allocator that are refused on purpose, so that tests can
//! see what becomes of an engine that both let down.
//!
//! ```text
//!  Config::refuse ─▶ Requests (one of each engine) ◀─ asked by arenas, heaps, memories, tables,
//!                                                     code, the type table, lists ([`make_room`])
//! ```
//!
//! Each is counted where it is made, by its kind. All of them are system calls or allocations
//! that take far longer than the counting. What is not asked for here is small and bounded, or
//! in proportion to a module or to what an embedder has: docs/LIMITS.md says what.

use std::collections::TryReserveError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `mmap` of a reservation for stacks.
    Reserve,
    /// A lightweight guard (`madvise`).
    LightweightGuard,
    /// A guard by `mprotect`.
    MprotectGuard,
    /// Making a stack writable (`mprotect`), under strict overcommit.
    Commit,
    /// Giving a stack's memory back (`madvise`, or `mmap` under strict overcommit).
    Discard,
    /// `munmap` of a reservation for stacks.
    Unmap,
    /// Memory for the frames of a parked continuation.
    Buffer,
    /// Memory for further records.
    Records,
    /// `mmap` of a heap, and making its front writable.
    HeapReserve,
    /// Making a part of the heap accessible (`mprotect`).
    HeapCommit,
    /// Giving a part of the heap up (`madvise`, `mprotect`, or `mmap` under strict overcommit).
    HeapDiscard,
    /// `mmap` for a memory, code or the type table.
    Map,
    /// Making a part of such a mapping accessible or executable (`mprotect`).
    MapCommit,
    /// Giving a part of such a mapping back (`madvise`, `mprotect`, `munmap`).
    MapDiscard,
    /// Memory for the elements of a table.
    Elements,
    /// Room in a list that grows with what a program does.
    List,
}

impl Request {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Reserve,
        Self::LightweightGuard,
        Self::MprotectGuard,
        Self::Commit,
        Self::Discard,
        Self::Unmap,
        Self::Buffer,
        Self::Records,
        Self::HeapReserve,
        Self::HeapCommit,
        Self::HeapDiscard,
        Self::Map,
        Self::MapCommit,
        Self::MapDiscard,
        Self::Elements,
        Self::List,
    ];
}

/// Which requests are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Some of one kind.
    Of {
        /// The kind.
        request: Request,
        /// How many of these are granted before.
        after: u64,
        /// How many are refused then; later ones are granted again.
        times: u64,
    },
    /// Some, whatever they are.
    Any {
        /// How many are granted before.
        after: u64,
        /// How many are refused then; later ones are granted again.
        times: u64,
    },
    /// Of all, one in so many, by chance.
    Random {
        /// Decides which.
        seed: u64,
        /// One in so many.
        one_in: u64,
    },
}

impl Refusal {
    /// Whether the request is refused that is the `number`th of its kind and the `of_all`th of
    /// all, counted from 0.
    fn refuses(self, request: Request, number: u64, of_all: u64) -> bool {
        let due = |number: u64, after, times| {
            let later = number.checked_sub(after);
            later.is_some_and(|later| later < times)
        };
        match self {
            Self::Of {
                request: kind,
                after,
                times,
            } => kind == request && due(number, after, times),
            Self::Any { after, times } => due(of_all, after, times),
            Self::Random { seed, one_in } => {
                stirred(seed ^ of_all << 20).is_multiple_of(one_in.max(1))
            }
        }
    }
}

/// A number that depends on every bit of another (the last steps of `SplitMix64`).
fn stirred(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Counts requests and knows which to refuse. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    refusal: Option<Refusal>,
    /// Nothing is refused any more.
    over: AtomicBool,
    made: [AtomicU64; Request::ALL.len()],
    all: AtomicU64,
    refused: AtomicU64,
}

impl Requests {
    /// Counts nothing yet.
    pub fn new(refusal: Option<Refusal>) -> Self {
        Self(Arc::new(Counters {
            refusal,
            ..Counters::default()
        }))
    }

    /// Counts a request. Whether it may be made. Of two threads that ask at once one may not be
    /// counted.
    pub fn grants(&self, request: Request) -> bool {
        let count = |counter: &AtomicU64| {
            let number = counter.load(Ordering::Relaxed);
            counter.store(number + 1, Ordering::Relaxed);
            number
        };
        let counters = &*self.0;
        let number = count(&counters.made[request as usize]);
        let Some(refusal) = counters.refusal else {
            return true;
        };
        let of_all = count(&counters.all);
        let refused =
            refusal.refuses(request, number, of_all) && !counters.over.load(Ordering::Relaxed);
        if refused {
            count(&counters.refused);
        }
        !refused
    }

    /// Refuses nothing any more.
    pub fn grant_all(&self) {
        self.0.over.store(true, Ordering::Relaxed);
    }

    /// How many of a kind were made, refused ones included.
    pub fn made(&self, request: Request) -> u64 {
        self.0.made[request as usize].load(Ordering::Relaxed)
    }

    /// How many were refused.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// A list that grows with what a program does.
pub trait List {
    /// How many entries it has room for.
    fn capacity(&self) -> usize;
    /// Makes room for `more` entries than there are.
    ///
    /// # Errors
    /// The allocator has no memory.
    fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError>;
    /// How many entries there are.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! list {
    ($($ty:ty),*) => {$(
        impl<T> List for $ty {
            fn capacity(&self) -> usize {
                self.capacity()
            }

            fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
                self.try_reserve(more)
            }

            fn len(&self) -> usize {
                self.len()
            }
        }
    )*};
}

list!(Vec<T>, std::collections::VecDeque<T>);

/// Makes room for `more` entries, so that adding these needs no memory. Whether there is room.
///
/// # Examples
/// ```
/// use mangrove_abi::{Refusal, Request, Requests, make_room};
///
/// let refusal = Refusal::Of { request: Request::List, after: 1, times: 1 };
/// let (requests, mut list) = (Requests::new(Some(refusal)), vec![1]);
/// assert!(make_room(&mut list, 10, &requests), "the first is granted");
/// assert!(make_room(&mut list, 5, &requests), "there is room, so nobody is asked");
/// assert!(!make_room(&mut list, 1000, &requests), "the second is refused");
/// ```
#[must_use]
pub fn make_room(list: &mut impl List, more: usize, requests: &Requests) -> bool {
    if list.capacity() - list.len() >= more {
        return true;
    }
    requests.grants(Request::List) && list.try_reserve(more).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(refusal: Refusal, asked: &[Request]) -> (Vec<bool>, Requests) {
        let requests = Requests::new(Some(refusal));
        let granted = asked.iter().map(|&request| requests.grants(request));
        (granted.collect(), requests)
    }

    #[test]
    fn only_the_named_requests_are_refused() {
        let refusal = Refusal::Of {
            request: Request::Buffer,
            after: 2,
            times: 3,
        };
        let (all, requests) = granted(refusal, &[Request::Buffer; 7]);
        assert_eq!(all, [true, true, false, false, false, true, true]);
        assert!((0..7).all(|_| requests.grants(Request::Records)));
        assert_eq!((requests.made(Request::Buffer), requests.refused()), (7, 3));
        for (index, request) in Request::ALL.into_iter().enumerate() {
            assert_eq!(request as usize, index);
        }
    }

    #[test]
    fn some_of_all_kinds_are_refused() {
        use Request::{Buffer, List, Map};
        let refusal = Refusal::Any { after: 1, times: 2 };
        let (all, _) = granted(refusal, &[List, Map, Buffer, List, Map]);
        assert_eq!(all, [true, false, false, true, true]);
        let refusal = |seed| Refusal::Random { seed, one_in: 4 };
        let (once, requests) = granted(refusal(1), &[List; 400]);
        assert_eq!(once, granted(refusal(1), &[List; 400]).0);
        assert_ne!(once, granted(refusal(2), &[List; 400]).0);
        assert!((60..140).contains(&requests.refused()), "{requests:?}");
        requests.clone().grant_all();
        assert!((0..400).all(|_| requests.grants(List)));
    }
}
