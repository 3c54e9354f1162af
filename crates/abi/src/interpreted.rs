//! What the kernel does for heaps and stacks, for Miri, which has no kernel: all
//! memory is there, zero, and accessible from the start.

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::c_void;

const PAGE: usize = crate::PAGE_MIN as usize;

fn layout(len: usize) -> Layout {
    Layout::from_size_align(len, PAGE).expect("it fits the address space")
}

/// As `mmap` does it.
///
/// # Errors
/// It never fails.
///
/// # Safety
/// The length is not 0.
pub unsafe fn mmap_anonymous(
    _: *mut c_void,
    len: usize,
    _: ProtFlags,
    _: MapFlags,
) -> Result<*mut c_void, Errno> {
    // SAFETY: by contract.
    Ok(unsafe { alloc_zeroed(layout(len)) }.cast())
}

/// As `munmap` does it.
///
/// # Errors
/// It never fails.
///
/// # Safety
/// The range is one that [`mmap_anonymous`] made.
pub unsafe fn munmap(base: *mut c_void, len: usize) -> Result<(), Errno> {
    // SAFETY: by contract.
    unsafe { dealloc(base.cast(), layout(len)) };
    Ok(())
}

/// Nothing: access is not taken away, nor given.
///
/// # Errors
/// It never fails.
///
/// # Safety
/// None is needed.
pub unsafe fn mprotect(_: *mut c_void, _: usize, _: MprotectFlags) -> Result<(), Errno> {
    Ok(())
}

/// What was given back reads as zero.
///
/// # Errors
/// It never fails.
///
/// # Safety
/// Nobody else uses the range.
pub unsafe fn madvise(from: *mut c_void, len: usize, _: Advice) -> Result<(), Errno> {
    // SAFETY: by contract.
    unsafe { from.write_bytes(0, len) };
    Ok(())
}
