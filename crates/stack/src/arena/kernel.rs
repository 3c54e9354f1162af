//! What the arena asks of the kernel.

#[cfg(miri)]
use mangrove_abi::interpreted as mm;
use mangrove_abi::{Request, Requests};
use rustix::io::Errno;
#[cfg(not(miri))]
use rustix::mm;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::ffi::c_void;
use std::{io, ptr};

/// `MADV_GUARD_INSTALL`, which libc does not name yet.
const GUARD_INSTALL: libc::c_int = 102;

/// The address as a pointer for the kernel.
fn pointer(address: usize) -> *mut c_void {
    ptr::with_exposed_provenance_mut(address)
}

/// The kernel, with requests refused on purpose.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) requests: Requests,
    /// Whether it counts memory as used once it is writable.
    pub(super) strict_commit: bool,
}

impl Kernel {
    fn ask(&mut self, request: Request) -> Result<(), Errno> {
        match self.requests.grants(request) {
            true => Ok(()),
            false => Err(Errno::NOMEM),
        }
    }

    /// Reserves address space: readable and writable, and committed page by page
    /// when it is touched; under strict overcommit without access.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<usize, Errno> {
        self.ask(Request::Reserve)?;
        let (protection, flags) = match self.strict_commit {
            // Strict overcommit knows no mapping that is not counted.
            true => (ProtFlags::empty(), MapFlags::PRIVATE),
            false => (
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            ),
        };
        // SAFETY: a new mapping at an address the kernel chooses overlaps nothing.
        let base = unsafe { mm::mmap_anonymous(ptr::null_mut(), bytes, protection, flags)? };
        // A huge page would back several stacks at once: 2 MiB for the first touch
        // of one, and none of them could be given back alone. A kernel without huge
        // pages refuses, and has done what is wanted.
        // SAFETY: advice on the mapping just made.
        let _ = unsafe { mm::madvise(base, bytes, Advice::LinuxNoHugepage) };
        Ok(base.expose_provenance())
    }

    /// Gives a reservation back.
    ///
    /// # Safety
    /// The range is one made by [`Kernel::reserve`], and nothing in it is used
    /// any more.
    pub(super) unsafe fn unmap(&mut self, base: usize, len: usize) -> Result<(), Errno> {
        self.ask(Request::Unmap)?;
        // SAFETY: the caller's contract.
        unsafe { mm::munmap(pointer(base), len) }
    }

    /// Makes a range readable and writable.
    ///
    /// # Safety
    /// The range lies in a reservation, in slots that nobody uses.
    pub(super) unsafe fn commit(&mut self, base: usize, len: usize) -> Result<(), Errno> {
        self.ask(Request::Commit)?;
        let access = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: the caller's contract.
        unsafe { mm::mprotect(pointer(base), len, access) }
    }

    /// Gives the memory in a range of idle stacks back; under strict overcommit
    /// what it counts for as well, and all access with it.
    ///
    /// # Safety
    /// The range lies in a reservation, nobody needs what is in it, and whoever
    /// uses it next makes it accessible ([`Kernel::commit`]) before.
    pub(super) unsafe fn give_back(&mut self, base: usize, len: usize) -> Result<(), Errno> {
        if !self.strict_commit {
            // SAFETY: the caller's contract.
            return unsafe { self.discard(base, len) };
        }
        self.ask(Request::Discard)?;
        let flags = MapFlags::PRIVATE | MapFlags::FIXED;
        // SAFETY: the new mapping takes the place of a part of the reservation,
        // which by the contract nobody minds.
        unsafe { mm::mmap_anonymous(pointer(base), len, ProtFlags::empty(), flags)? };
        // As in `reserve`.
        // SAFETY: advice on the mapping just made.
        let _ = unsafe { mm::madvise(pointer(base), len, Advice::LinuxNoHugepage) };
        Ok(())
    }

    /// Gives the memory in a range back; it reads as zero from then on.
    ///
    /// # Safety
    /// The range lies in a reservation, and nobody needs what is in it.
    pub(super) unsafe fn discard(&mut self, base: usize, len: usize) -> Result<(), Errno> {
        self.ask(Request::Discard)?;
        // SAFETY: the caller's contract.
        unsafe { mm::madvise(pointer(base), len, Advice::LinuxDontNeed) }
    }

    /// Makes a range inaccessible by marks in the page tables.
    ///
    /// # Safety
    /// The range lies in a reservation, and nobody accesses it but by mistake.
    pub(super) unsafe fn lightweight_guard(
        &mut self,
        base: usize,
        len: usize,
    ) -> Result<(), Errno> {
        self.ask(Request::LightweightGuard)?;
        if cfg!(miri) {
            return Err(Errno::INVAL);
        }
        // rustix has no name for this advice.
        // SAFETY: the caller's contract.
        if unsafe { libc::madvise(pointer(base), len, GUARD_INSTALL) } == 0 {
            return Ok(());
        }
        Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL))
    }

    /// Makes a range inaccessible by splitting it off as a mapping of its own.
    ///
    /// # Safety
    /// As for [`Kernel::lightweight_guard`].
    pub(super) unsafe fn mprotect_guard(&mut self, base: usize, len: usize) -> Result<(), Errno> {
        self.ask(Request::MprotectGuard)?;
        // SAFETY: the caller's contract.
        unsafe { mm::mprotect(pointer(base), len, MprotectFlags::empty()) }
    }
}

/// How many pages of a range are in memory; `pages` has a byte for each.
pub(super) fn resident(base: usize, len: usize, pages: &mut [u8]) -> usize {
    debug_assert!(len.div_ceil(rustix::param::page_size()) <= pages.len());
    // SAFETY: the kernel writes a byte for each page of the range, for which
    // there is room, and refuses a range that is not mapped.
    if unsafe { libc::mincore(pointer(base), len, pages.as_mut_ptr()) } != 0 {
        return 0;
    }
    pages.iter().filter(|&&page| page & 1 != 0).count()
}
