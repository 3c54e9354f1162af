//! A file, mapped to be read.

use rustix::mm::{self, MapFlags, ProtFlags};
use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

/// A file in memory, as far as it is looked at.
#[derive(Debug)]
pub struct MappedFile {
    start: NonNull<c_void>,
    len: usize,
}

impl MappedFile {
    /// Maps all of a file that has a length.
    ///
    /// # Errors
    /// It has none, or the system cannot map it.
    pub fn new(file: &File) -> io::Result<Self> {
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if len == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: a new mapping at an address the kernel chooses overlaps nothing.
        let start = unsafe {
            let (access, flags) = (ProtFlags::READ, MapFlags::PRIVATE);
            mm::mmap(ptr::null_mut(), len, access, flags, file, 0)?
        };
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, len })
    }

    /// Its bytes.
    ///
    /// # Safety
    /// Nobody writes to the file or cuts it off for as long as the result is used.
    pub unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: mapped to be read, and by contract what is there does not change.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len) }
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        // SAFETY: our mapping, and who has borrowed its bytes is gone.
        if let Err(error) = unsafe { mm::munmap(self.start.as_ptr(), self.len) } {
            tracing::error!(target: crate::trace::MEMORY, %error, "cannot unmap a file");
        }
    }
}
