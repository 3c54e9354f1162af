//! The address range of a heap and what lies in it.
//!
//! ```text
//!  │ log │ cards │ never │ young │ never │ old A: committed ┆ no access │ never │ old B … │
//!                ▲ base: references are offsets from here
//! ```
//!
//! The whole range, as much as the heap's limit needs, is reserved without access; log
//! and cards can be written from the start. A space commits from its start
//! upwards (`mprotect` to read and write: the system gives pages as they are
//! touched). A vacated space stays committed, and its pages stay in memory as
//! far as the next use will need them; beyond that they go back to the system.
//! Where the system counts what is writable and not what is touched (strict
//! overcommit), the rest is mapped anew, without access: nothing less takes it
//! off the count. With poison there are two young spaces, used by turns.

use crate::{HeapConfig, HeapError, TRACE};
#[cfg(miri)]
use mangrove_abi::interpreted as mm;
use mangrove_abi::object::{CARD_SHIFT, NULL_GUARD, OBJECT_ALIGN};
use mangrove_abi::{Request, Requests};
use rustix::io::Errno;
#[cfg(not(miri))]
use rustix::mm;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::ffi::c_void;
use std::ptr;

/// Bytes of the largest heap: what 32-bit offsets reach.
const LARGEST: u64 = 1 << 32;
/// What a vacated space is filled with when asked.
const POISON: u8 = 0xdd;
/// Pages kept beyond need are given back in pieces of at least this many bytes.
const RELEASE_STEP: u64 = 1 << 20;

/// Entries of the longest log: with more, collections look at everything.
const LONGEST_LOG: u64 = 256 << 10;
/// Bytes of the largest young space.
const LARGEST_YOUNG: u64 = 64 << 20;
/// The young space takes at most this part of the heap's limit.
const YOUNG_PART: u64 = 4;

/// A page, or what must stay unmapped at offset 0 if that is more.
fn page() -> u64 {
    (rustix::param::page_size() as u64).max(NULL_GUARD as u64)
}

/// Bytes the old space can hold at most.
pub(crate) fn largest_space() -> u64 {
    LARGEST / 2 - LARGEST_YOUNG - 2 * page()
}

/// Where everything lies. Offsets are from the heap's base.
#[derive(Debug)]
struct Plan {
    /// Entries of the log.
    log: u64,
    /// Bytes in front of the base: log and cards, in whole pages.
    front: u64,
    /// Bytes of a young space, and how many there are.
    young: u64,
    young_spaces: u64,
    /// Bytes of an old space.
    old: u64,
}

impl Plan {
    fn new(config: &HeapConfig) -> Self {
        let old = config.max_bytes.next_multiple_of(page());
        let young = largest_young(config).next_multiple_of(page());
        let young_spaces = if config.poison { 2 } else { 1 };
        let mut plan = Self {
            log: (config.max_bytes / 64).clamp(64, LONGEST_LOG),
            front: 0,
            young,
            young_spaces,
            old,
        };
        let cards = plan.end() >> CARD_SHIFT;
        plan.front = cards.next_multiple_of(8) + plan.log * size_of::<u64>() as u64;
        plan.front = plan.front.next_multiple_of(page());
        plan
    }

    /// Where a space starts: the young ones, then the old ones.
    fn start(&self, space: u64) -> u64 {
        let young = space.min(self.young_spaces);
        (space + 1) * page() + young * self.young + (space - young) * self.old
    }

    /// Where the last one ends.
    fn end(&self) -> u64 {
        self.start(self.young_spaces + 1) + self.old
    }

    fn space(&self, space: u64) -> Space {
        let start = self.start(space);
        let bytes = if space < self.young_spaces {
            self.young
        } else {
            self.old
        };
        Space {
            start,
            end: start + bytes,
            committed: start,
            touched: start,
        }
    }
}

/// Bytes a young space can grow to, by these settings.
pub(crate) fn largest_young(config: &HeapConfig) -> u64 {
    let most = config
        .young_max
        .max(config.young_min)
        .min(LARGEST_YOUNG)
        .min(config.max_bytes / YOUNG_PART);
    // A multiple of what objects take, and never nothing.
    (most & !(OBJECT_ALIGN - 1)).max(OBJECT_ALIGN)
}

/// Bytes of address space for a heap with these settings.
pub(crate) fn reserved_bytes(config: &HeapConfig) -> u64 {
    debug_assert!(config.max_bytes <= largest_space());
    let plan = Plan::new(config);
    plan.front + plan.end()
}

/// The reserved address range.
#[derive(Debug)]
pub(crate) struct Reservation {
    start: *mut c_void,
    bytes: u64,
    plan: Plan,
    /// Whether the system counts what is writable.
    strict_commit: bool,
    requests: Requests,
}

impl Reservation {
    /// A range for spaces of `config.max_bytes`, which the caller has checked.
    pub(crate) fn new(config: &HeapConfig) -> Result<Self, HeapError> {
        let plan = Plan::new(config);
        let bytes = plan.front + plan.end();
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let mapped = match config.requests.grants(Request::HeapReserve) {
            // SAFETY: a new anonymous mapping at an address of the system's choice
            // touches nothing that exists.
            true => unsafe {
                mm::mmap_anonymous(ptr::null_mut(), bytes as usize, ProtFlags::empty(), flags)
            },
            false => Err(Errno::NOMEM),
        };
        let start = mapped.map_err(|source| HeapError::Reserve { bytes, source })?;
        let reservation = Self {
            start,
            bytes,
            plan,
            strict_commit: config.strict_commit,
            requests: config.requests.clone(),
        };
        let front = reservation.plan.front;
        let access = MprotectFlags::READ | MprotectFlags::WRITE;
        let opened = match config.requests.grants(Request::HeapReserve) {
            // SAFETY: the front of the range just mapped.
            true => unsafe { mm::mprotect(start, front as usize, access) },
            false => Err(Errno::NOMEM),
        };
        opened.map_err(|source| HeapError::Commit {
            bytes: front,
            source,
        })?;
        Ok(reservation)
    }

    /// Who counts its requests.
    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// The first place of the log, and its last.
    pub(crate) fn log(&self) -> (*mut u64, *mut u64) {
        let first: *mut u64 = self.start.cast();
        // SAFETY: the range begins with the log.
        (first, unsafe { first.add(self.plan.log as usize - 1) })
    }

    /// The first card.
    pub(crate) fn cards(&self) -> *mut u8 {
        // SAFETY: behind the log, in front of the base.
        unsafe {
            self.start
                .cast::<u8>()
                .add(self.plan.log as usize * size_of::<u64>())
        }
    }

    /// Where the young spaces end.
    pub(crate) fn young_end(&self) -> u64 {
        self.plan.start(self.plan.young_spaces - 1) + self.plan.young
    }

    /// The young spaces, one or two, and the old ones; nothing committed.
    pub(crate) fn spaces(&self) -> (Space, Option<Space>, [Space; 2]) {
        let young = self.plan.young_spaces;
        let space = |nth| self.plan.space(nth);
        let spare = (young > 1).then(|| space(1));
        (space(0), spare, [space(young), space(young + 1)])
    }

    /// The end of the last space.
    #[cfg(test)]
    pub(crate) fn end(&self) -> u64 {
        self.plan.end()
    }

    pub(crate) fn base(&self) -> *mut u8 {
        // SAFETY: the front is a part of the range.
        unsafe { self.start.cast::<u8>().add(self.plan.front as usize) }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the range is this reservation's own, and whoever drops the
        // heap gives up every offset into it.
        if let Err(error) = unsafe { mm::munmap(self.start, self.bytes as usize) } {
            tracing::error!(target: TRACE, %error, "cannot unmap a heap");
        }
    }
}

/// One space of the heap. Offsets are from the heap's base.
#[derive(Debug)]
pub(crate) struct Space {
    start: u64,
    /// End of what is reserved for it.
    end: u64,
    /// End of what can be read and written; a multiple of the page size.
    committed: u64,
    /// End of what may have pages in memory.
    touched: u64,
}

impl Space {
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn committed(&self) -> u64 {
        self.committed
    }

    /// Makes `[start, end)` readable and writable.
    pub(crate) fn commit(&mut self, heap: &Reservation, end: u64) -> Result<(), HeapError> {
        debug_assert!(end <= self.end);
        if end > self.committed {
            let end = end.next_multiple_of(page());
            if !heap.requests.grants(Request::HeapCommit) {
                let (bytes, source) = (end - self.committed, Errno::NOMEM);
                return Err(HeapError::Commit { bytes, source });
            }
            let access = MprotectFlags::READ | MprotectFlags::WRITE;
            self.protect(heap, self.committed..end, access)?;
            self.committed = end;
        }
        Ok(())
    }

    /// Gives the space up after a collection: objects ended at `used`, and the
    /// next use is expected to reach `keep`.
    pub(crate) fn vacate(&mut self, heap: &Reservation, used: u64, keep: u64, poison: bool) {
        self.touched = self.touched.max(used);
        if poison {
            // SAFETY: `[start, used)` is committed and of this space, and the
            // collection has moved every object worth keeping out of it.
            unsafe {
                let from = heap.base().add(self.start as usize);
                from.write_bytes(POISON, (used - self.start) as usize);
            }
            let granted = heap.requests.grants(Request::HeapDiscard);
            let protect = || {
                let all = self.start..self.committed;
                self.protect(heap, all, MprotectFlags::empty())
            };
            let refused = HeapError::Commit {
                bytes: self.committed - self.start,
                source: Errno::NOMEM,
            };
            match granted.then(protect).unwrap_or(Err(refused)) {
                Ok(()) => self.committed = self.start,
                // The space stays poisoned and usable; only the fault is lost.
                Err(error) => {
                    tracing::warn!(target: TRACE, %error, "cannot protect a vacated space")
                }
            }
        } else if self.touched.saturating_sub(keep) >= RELEASE_STEP {
            match self.release(heap, keep.next_multiple_of(page())) {
                Ok(()) => {}
                Err(error) => tracing::warn!(target: TRACE, %error, "cannot give heap memory back"),
            }
        }
    }

    /// Gives the memory of a vacated space back from `keep`, a multiple of the
    /// page size, upwards.
    fn release(&mut self, heap: &Reservation, keep: u64) -> Result<(), Errno> {
        let from = heap.base().wrapping_add(keep as usize).cast::<c_void>();
        if !heap.requests.grants(Request::HeapDiscard) {
            return Err(Errno::NOMEM);
        }
        if !heap.strict_commit {
            let len = self.touched.next_multiple_of(page()) - keep;
            // SAFETY: the range lies in this vacated space, so nobody needs its
            // contents.
            unsafe { mm::madvise(from, len as usize, Advice::LinuxDontNeed)? };
        } else if self.committed > keep {
            let len = (self.committed - keep) as usize;
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
            // SAFETY: as above; the new mapping takes the place of a part of the
            // reservation, which stays reserved and becomes inaccessible, as
            // `committed` says from here on.
            unsafe { mm::mmap_anonymous(from, len, ProtFlags::empty(), flags)? };
            self.committed = keep;
        }
        self.touched = keep;
        Ok(())
    }

    fn protect(
        &self,
        heap: &Reservation,
        range: std::ops::Range<u64>,
        access: MprotectFlags,
    ) -> Result<(), HeapError> {
        let bytes = range.end - range.start;
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: the range lies in this space of the reservation; access is
        // taken away only from a vacated space.
        unsafe {
            let from = heap.base().add(range.start as usize);
            mm::mprotect(from.cast(), bytes as usize, access)
        }
        .map_err(|source| HeapError::Commit { bytes, source })
    }
}
