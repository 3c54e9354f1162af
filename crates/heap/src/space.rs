//! The address range of a heap and the two spaces in it.
//!
//! ```text
//!  0        page                    half     +page                   2 × half
//!  │ never  │ A: committed ┆ no access │ never  │ B: committed ┆ no access │
//! ```
//!
//! The whole range, as much as the heap's limit needs, is reserved without access. A space commits from its start
//! upwards (`mprotect` to read and write: the system gives pages as they are
//! touched). A vacated space stays committed, and its pages stay in memory as
//! far as the next use will need them; beyond that they go back to the system.
//! Where the system counts what is writable and not what is touched (strict
//! overcommit), the rest is mapped anew, without access: nothing less takes it
//! off the count.

use crate::{HeapConfig, HeapError, TRACE};
#[cfg(miri)]
use mangrove_abi::interpreted as mm;
use mangrove_abi::object::NULL_GUARD;
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

/// A page, or what must stay unmapped at offset 0 if that is more.
fn page() -> u64 {
    (rustix::param::page_size() as u64).max(NULL_GUARD as u64)
}

/// Bytes one space can hold at most.
pub(crate) fn largest_space() -> u64 {
    LARGEST / 2 - page()
}

/// Bytes of address space for a heap whose spaces hold `limit` bytes each.
pub(crate) fn reserved_bytes(limit: u64) -> u64 {
    debug_assert!(limit <= largest_space());
    2 * (page() + limit.next_multiple_of(page()))
}

/// The reserved address range.
#[derive(Debug)]
pub(crate) struct Reservation {
    base: *mut c_void,
    bytes: u64,
    /// Whether the system counts what is writable.
    strict_commit: bool,
    requests: Requests,
}

impl Reservation {
    /// A range for spaces of `config.max_bytes`, which the caller has checked.
    pub(crate) fn new(config: &HeapConfig) -> Result<Self, HeapError> {
        let bytes = reserved_bytes(config.max_bytes);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new anonymous mapping at an address of the system's choice
        // touches nothing that exists.
        let mapped = unsafe {
            mm::mmap_anonymous(ptr::null_mut(), bytes as usize, ProtFlags::empty(), flags)
        };
        let base = mapped.map_err(|source| HeapError::Reserve { bytes, source })?;
        Ok(Self {
            base,
            bytes,
            strict_commit: config.strict_commit,
            requests: Requests::new(config.refusal),
        })
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.base.cast()
    }

    /// Both spaces, nothing committed.
    pub(crate) fn spaces(&self) -> [Space; 2] {
        [0, self.bytes / 2].map(|half| Space {
            start: half + page(),
            end: half + self.bytes / 2,
            committed: half + page(),
            touched: half + page(),
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the range is this reservation's own, and whoever drops the
        // heap gives up every offset into it.
        if let Err(error) = unsafe { mm::munmap(self.base, self.bytes as usize) } {
            tracing::error!(target: TRACE, %error, "cannot unmap a heap");
        }
    }
}

/// One half of the heap. Offsets are from the heap's base.
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
            match self.protect(heap, self.start..self.committed, MprotectFlags::empty()) {
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
