//! The address range of a heap and the two spaces in it.
//!
//! ```text
//!  0        page                    2 GiB    +page                   4 GiB
//!  │ never  │ A: committed ┆ no access │ never  │ B: committed ┆ no access │
//! ```
//!
//! The whole range is reserved without access. A space commits from its start
//! upwards (`mprotect` to read and write: the system gives pages as they are
//! touched). A vacated space stays committed, and its pages stay in memory as
//! far as the next use will need them; beyond that they go back to the system.

use crate::{CommitRefusal, HeapError};
#[cfg(miri)]
use mangrove_abi::interpreted as mm;
use mangrove_abi::object::NULL_GUARD;
use rustix::io::Errno;
#[cfg(not(miri))]
use rustix::mm;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// Bytes of a whole heap: what 32-bit offsets reach. Miri writes down what it knows of
/// each byte, and gets less.
const HEAP_BYTES: u64 = if cfg!(miri) { 1 << 28 } else { 1 << 32 };
/// What a vacated space is filled with when asked.
const POISON: u8 = 0xdd;
/// Pages kept beyond need are given back in pieces of at least this many bytes.
const RELEASE_STEP: u64 = 1 << 20;

/// A page, or what must stay unmapped at offset 0 if that is more.
fn page() -> u64 {
    (rustix::param::page_size() as u64).max(NULL_GUARD as u64)
}

/// Bytes one space can hold.
pub(crate) fn space_bytes() -> u64 {
    HEAP_BYTES / 2 - page()
}

/// The reserved address range.
#[derive(Debug)]
pub(crate) struct Reservation {
    base: *mut c_void,
    refusal: Option<CommitRefusal>,
    /// How many commits were asked for.
    commits: Cell<u64>,
}

impl Reservation {
    pub(crate) fn new(refusal: Option<CommitRefusal>) -> Result<Self, HeapError> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new anonymous mapping at an address of the system's choice
        // touches nothing that exists.
        let mapped = unsafe {
            mm::mmap_anonymous(
                ptr::null_mut(),
                HEAP_BYTES as usize,
                ProtFlags::empty(),
                flags,
            )
        };
        let base = mapped.map_err(|source| HeapError::Reserve {
            bytes: HEAP_BYTES,
            source,
        })?;
        Ok(Self {
            base,
            refusal,
            commits: Cell::new(0),
        })
    }

    /// Counts a commit. Whether it is to be refused.
    fn refuses_commit(&self) -> bool {
        let number = self.commits.replace(self.commits.get() + 1);
        self.refusal.is_some_and(|refusal| {
            let later = number.checked_sub(refusal.after);
            later.is_some_and(|later| later < refusal.times)
        })
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.base.cast()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the range is this reservation's own, and whoever drops the
        // heap gives up every offset into it.
        if let Err(error) = unsafe { mm::munmap(self.base, HEAP_BYTES as usize) } {
            tracing::error!(%error, "cannot unmap a heap");
        }
    }
}

/// One half of the heap. Offsets are from the heap's base.
#[derive(Debug)]
pub(crate) struct Space {
    start: u64,
    /// End of what can be read and written; a multiple of the page size.
    committed: u64,
    /// End of what may have pages in memory.
    touched: u64,
}

impl Space {
    /// Both spaces of a heap, nothing committed.
    pub(crate) fn pair() -> [Self; 2] {
        [page(), HEAP_BYTES / 2 + page()].map(|start| Self {
            start,
            committed: start,
            touched: start,
        })
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn committed(&self) -> u64 {
        self.committed
    }

    /// Makes `[start, end)` readable and writable.
    pub(crate) fn commit(&mut self, heap: &Reservation, end: u64) -> Result<(), HeapError> {
        debug_assert!(end <= self.start + space_bytes());
        if end > self.committed {
            let end = end.next_multiple_of(page());
            if heap.refuses_commit() {
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
                Err(error) => tracing::warn!(%error, "cannot protect a vacated space"),
            }
        } else if self.touched.saturating_sub(keep) >= RELEASE_STEP {
            let keep = keep.next_multiple_of(page());
            let end = self.touched.next_multiple_of(page());
            // SAFETY: the range lies in this vacated space, so nobody needs
            // its contents.
            let released = unsafe {
                let from = heap.base().add(keep as usize);
                mm::madvise(from.cast(), (end - keep) as usize, Advice::LinuxDontNeed)
            };
            match released {
                Ok(()) => self.touched = keep,
                Err(error) => tracing::warn!(%error, "cannot give heap memory back"),
            }
        }
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
