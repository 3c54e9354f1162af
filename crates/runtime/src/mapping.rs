//! A stretch of address space: reserved whole, made accessible bit by bit.

use crate::trace;
use mangrove_abi::{Request, Requests};
use rustix::io::Errno;
// Miri has no kernel.
#[cfg(miri)]
use mangrove_abi::interpreted as mm;
#[cfg(not(miri))]
use rustix::mm;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::ffi::c_void;
use std::{io, ptr};

/// Reserved address space; given back when dropped.
#[derive(Debug)]
pub struct Mapping {
    base: *mut u8,
    len: usize,
    requests: Requests,
}

// SAFETY: a mapping is a range of addresses; who accesses what is in it argues
// at the access.
unsafe impl Send for Mapping {}

// SAFETY: as above; `&self` methods change nothing but page protections.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes (rounded up to pages), none of them accessible. This request is
    /// counted there, and those that follow.
    pub fn reserve(len: usize, requests: &Requests) -> io::Result<Self> {
        let len = len
            .max(1)
            .checked_next_multiple_of(rustix::param::page_size())
            .ok_or(io::ErrorKind::OutOfMemory)?;
        ask(requests, Request::Map)?;
        // SAFETY: a new mapping at an address the kernel chooses overlaps nothing.
        let base = unsafe {
            mm::mmap_anonymous(
                ptr::null_mut(),
                len,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )?
        };
        Ok(Self {
            base: base.cast(),
            len,
            requests: requests.clone(),
        })
    }

    /// The first byte; a multiple of the page size.
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    fn ask(&self, request: Request) -> io::Result<()> {
        ask(&self.requests, request)
    }

    fn range(&self, from: usize, len: usize) -> *mut c_void {
        assert!(from.checked_add(len).is_some_and(|end| end <= self.len));
        self.base.wrapping_add(from).cast()
    }

    /// Makes all of it readable, as zeros.
    pub fn make_readable(&self) -> io::Result<()> {
        self.ask(Request::MapCommit)?;
        // SAFETY: the range is ours, and gaining access breaks nobody's reasoning.
        unsafe { mm::mprotect(self.base.cast(), self.len, MprotectFlags::READ)? };
        Ok(())
    }

    /// Makes a part readable and writable. What was never committed reads as zero.
    pub fn commit(&self, from: usize, len: usize) -> io::Result<()> {
        if len == 0 {
            return Ok(());
        }
        self.ask(Request::MapCommit)?;
        let flags = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: the range is ours, and gaining access breaks nobody's reasoning.
        unsafe { mm::mprotect(self.range(from, len), len, flags)? };
        Ok(())
    }

    /// Gives the end of the reservation back, from `len` (rounded up to pages) on.
    ///
    /// # Safety
    /// Nobody accesses it any more.
    pub unsafe fn truncate(&mut self, len: usize) -> io::Result<()> {
        let len = len.max(1).next_multiple_of(rustix::param::page_size());
        // What Miri's allocator gave goes back as a whole.
        if len < self.len && !cfg!(miri) {
            self.ask(Request::MapDiscard)?;
            let tail = self.range(len, self.len - len);
            // SAFETY: the range is ours, and by the contract nobody minds.
            unsafe { mm::munmap(tail, self.len - len)? };
            self.len = len;
        }
        Ok(())
    }

    /// Makes a part readable and executable, and no longer writable.
    ///
    /// # Safety
    /// Nobody writes to the part until it is committed again.
    pub unsafe fn seal(&self, from: usize, len: usize) -> io::Result<()> {
        self.ask(Request::MapCommit)?;
        let flags = MprotectFlags::READ | MprotectFlags::EXEC;
        // SAFETY: the range is ours, and by the contract nobody minds.
        unsafe { mm::mprotect(self.range(from, len), len, flags)? };
        Ok(())
    }

    /// Whether each page that the first `len` bytes lie in is in main memory. Others were
    /// never touched, or are in the swap.
    pub fn resident(&self, len: usize) -> io::Result<Vec<bool>> {
        let mut pages = vec![0u8; len.div_ceil(rustix::param::page_size())];
        if !pages.is_empty() {
            // SAFETY: the kernel writes a byte for each page of the range, for which there
            // is room.
            let answer = unsafe { libc::mincore(self.range(0, len), len, pages.as_mut_ptr()) };
            if answer != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(pages.into_iter().map(|page| page & 1 != 0).collect())
    }

    /// Gives a part's memory back: it reads as zeros.
    ///
    /// # Safety
    /// Nobody needs what is there.
    pub unsafe fn discard(&self, from: usize, len: usize) -> io::Result<()> {
        self.ask(Request::MapDiscard)?;
        // SAFETY: the range is ours, and by the contract nobody minds.
        unsafe { mm::madvise(self.range(from, len), len, Advice::LinuxDontNeed)? };
        Ok(())
    }

    /// Makes a part inaccessible; what is in it stays.
    ///
    /// # Safety
    /// Nobody accesses the part until it is committed again.
    pub unsafe fn hide(&self, from: usize, len: usize) -> io::Result<()> {
        self.ask(Request::MapDiscard)?;
        // SAFETY: the range is ours, and by the contract nobody minds.
        unsafe { mm::mprotect(self.range(from, len), len, MprotectFlags::empty())? };
        Ok(())
    }

    /// Gives a part's memory back and makes it inaccessible. It is mapped anew:
    /// under strict overcommit, nothing less takes it off what the system counts.
    ///
    /// # Safety
    /// Nobody accesses the part until it is committed again.
    pub unsafe fn release(&self, from: usize, len: usize) -> io::Result<()> {
        if cfg!(miri) {
            // SAFETY: by contract.
            return unsafe { self.discard(from, len) };
        }
        self.ask(Request::MapDiscard)?;
        let range = self.range(from, len);
        // SAFETY: the range is ours, and by the contract nobody accesses it.
        unsafe {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
            mm::mmap_anonymous(range, len, ProtFlags::empty(), flags)?;
        }
        Ok(())
    }
}

/// Counts a request; refuses it on purpose, if it is one of those.
pub fn ask(requests: &Requests, request: Request) -> io::Result<()> {
    match requests.grants(request) {
        true => Ok(()),
        false => Err(Errno::NOMEM.into()),
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: we mapped exactly this range, and its owner is done with it.
        if let Err(error) = unsafe { mm::munmap(self.base.cast(), self.len) } {
            tracing::error!(target: trace::MEMORY, %error, len = self.len, "cannot unmap");
        }
    }
}
