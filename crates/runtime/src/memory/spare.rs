//! Address space of memories that are gone, kept for those that follow in a store that is
//! reset: 8 GiB and its page tables, which the system takes its time to make and unmake.

use crate::ledger::Share;
use crate::mapping::Mapping;
use std::io;

/// Of so many bytes of a memory the pages that are there are written over with zeros, and
/// stay; what is beyond goes back to the system.
const KEPT: usize = 1 << 20;
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
        let kept = len.min(KEPT);
        let page = rustix::param::page_size();
        let mut at = 0;
        for run in mapping.resident(kept)?.chunk_by(|one, next| one == next) {
            let bytes = (run.len() * page).min(kept - at);
            // SAFETY: so many bytes are accessible, and by contract nobody else's.
            unsafe {
                match run[0] {
                    true => mapping.base().add(at).write_bytes(0, bytes),
                    // Never touched, or in the swap: both are zeros then.
                    false => mapping.discard(at, bytes)?,
                }
            }
            at += bytes;
        }
        if len > kept {
            // SAFETY: as above.
            unsafe { mapping.discard(kept, len - kept)? };
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
