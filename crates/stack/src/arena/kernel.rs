//! What the arena asks of the kernel, and how it explains a refusal.

use super::refusal::{Request, Requests};
#[cfg(miri)]
use mangrove_abi::interpreted as mm;
use rustix::io::Errno;
#[cfg(not(miri))]
use rustix::mm;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::ffi::c_void;
use std::{fs, io, ptr};

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
}

impl Kernel {
    fn ask(&mut self, request: Request) -> Result<(), Errno> {
        match self.requests.grants(request) {
            true => Ok(()),
            false => Err(Errno::NOMEM),
        }
    }

    /// Reserves address space, readable and writable, committed page by page
    /// when it is touched.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<usize, Errno> {
        self.ask(Request::Reserve)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
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

/// What to do about an `ENOMEM`, which for a mapping seldom means memory.
pub(super) fn hint(error: &io::Error) -> String {
    if error.raw_os_error() != Some(Errno::NOMEM.raw_os_error()) {
        return String::new();
    }
    let now = fs::read_to_string("/proc/sys/vm/max_map_count");
    let now = now
        .map(|text| format!(" (now {})", text.trim()))
        .unwrap_or_default();
    format!(
        "; most likely the process has as many mappings as vm.max_map_count{now} allows, \
         or as much address space as its limits do"
    )
}
