//! A file that grows beyond `RLIMIT_FSIZE`: an error, where the system would end the
//! process by a signal.

use super::cause::Cause;
use super::error::ResourceError;
use super::facts;
use crate::trace;
use rustix::io::Errno;
use std::io;

/// From now on a write beyond `RLIMIT_FSIZE` (`ulimit -f`) fails with `EFBIG`. As a rule
/// it is the signal `SIGXFSZ`, which ends the process without a word.
///
/// For programs, not for libraries: it takes the signal.
///
/// # Examples
/// ```
/// mangrove::ignore_file_size_signal();
/// ```
pub fn ignore_file_size_signal() {
    // SAFETY: ignoring a signal runs no code.
    let before = unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    if before == libc::SIG_ERR {
        let error = io::Error::last_os_error();
        tracing::warn!(target: trace::RESOURCE, %error, "a file beyond RLIMIT_FSIZE will end the process");
    }
}

impl ResourceError {
    /// A write that went beyond `RLIMIT_FSIZE`, for what "cannot" is to be said of; none
    /// if the error is another, or there is no such limit.
    ///
    /// # Examples
    /// ```
    /// use mangrove::ResourceError;
    /// use std::io::{Error, ErrorKind};
    ///
    /// let error = Error::from(ErrorKind::StorageFull);
    /// assert!(ResourceError::file_size("write the file", &error).is_none());
    /// ```
    pub fn file_size(what: impl Into<String>, error: &io::Error) -> Option<Self> {
        let errno = error.raw_os_error()?;
        if errno != Errno::FBIG.raw_os_error() {
            return None;
        }
        let limit = facts::file_size()?;
        Some(Self::because(what, errno, Cause::FileSize { limit }))
    }
}
