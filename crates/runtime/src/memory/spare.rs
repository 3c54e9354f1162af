//! Address space of memories that are gone, kept for those that follow in a store that is
//! reset: 8 GiB and its page tables, which the system takes its time to make and unmake.

use crate::ledger::Share;
use crate::mapping::Mapping;
use std::io;

/// Up to so many bytes of a memory are written over with zeros, and keep their pages;
/// what is beyond goes back to the system.
const KEPT: usize = 64 << 10;
/// Most memories that are kept.
pub const MOST_SPARE: usize = 16;

/// The mapping of a 32-bit memory without checks that is gone.
#[derive(Debug)]
pub struct SpareMemory {
    mapping: Mapping,
    addresses: Share,
    /// Bytes from the start that are accessible. All are zero.
    accessible: usize,
}

impl SpareMemory {
    /// Of such a memory, whose first `len` bytes are accessible.
    ///
    /// # Errors
    /// The system refuses.
    ///
    /// # Safety
    /// Nobody accesses the mapping any more.
    pub unsafe fn new(mapping: Mapping, addresses: Share, len: usize) -> io::Result<Self> {
        // SAFETY: so many bytes are accessible, and by contract nobody else's.
        unsafe { mapping.base().write_bytes(0, len.min(KEPT)) };
        if len > KEPT {
            // SAFETY: as above.
            unsafe { mapping.discard(KEPT, len - KEPT)? };
        }
        Ok(Self {
            mapping,
            addresses,
            accessible: len,
        })
    }

    /// The mapping, with only the first `len` bytes accessible, all zero.
    ///
    /// # Errors
    /// The system refuses.
    pub fn into_parts(self, len: usize) -> io::Result<(Mapping, Share)> {
        let (kept, all) = (len.min(self.accessible), self.accessible);
        if all > kept {
            // SAFETY: a spare mapping, which nobody accesses.
            unsafe { self.mapping.hide(kept, all - kept)? };
        }
        Ok((self.mapping, self.addresses))
    }
}
