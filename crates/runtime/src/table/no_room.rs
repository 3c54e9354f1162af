//! Why a table cannot grow, and how that is told.

use crate::bound::Bound;
use crate::error::Error;
use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use rustix::io::Errno;

/// Why a table cannot grow.
pub(super) enum NoRoom {
    /// Its limit.
    Limit,
    /// The allocator gives no memory for so many bytes.
    Memory(u64),
    /// So many bytes go beyond a bound, of which so many are left.
    Bound(u64, Bound, u64),
}

impl NoRoom {
    /// The error, of a table with this limit.
    pub(super) fn error(self, what: String, limit: u64) -> Error {
        match self {
            Self::Limit => Error::Limit(format!("cannot {what}: it may have {limit}")),
            Self::Memory(bytes) => {
                let errno = Some(Errno::NOMEM.raw_os_error());
                ResourceError::of(Need::Allocate, what, Some(bytes), errno).into()
            }
            Self::Bound(bytes, bound, left) => {
                ResourceError::beyond(what, bytes, bound, left).into()
            }
        }
    }
}
