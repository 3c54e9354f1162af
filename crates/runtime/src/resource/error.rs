//! The error that says what was refused, and why.

use super::diagnose;
use crate::bound::Bound;
use crate::resource::cause::Cause;
use crate::resource::facts::Facts;
use crate::resource::need::Need;
use rustix::io::Errno;
use std::{fmt, io};

/// A request for memory, address space or a thread that was refused.
///
/// # Examples
/// ```
/// use mangrove::{Cause, Config, Engine, Error, Store};
///
/// # fn main() -> Result<(), Error> {
/// let mut config = Config::new();
/// config.heap_max(1 << 30).address_space(1 << 20);
/// let error = Engine::new(&config).and_then(|engine| Store::new(&engine, ())).unwrap_err();
/// let refused = error.resource().expect("a heap of 1 GiB takes more than 1 MiB");
/// assert!(matches!(refused.causes()[0], Cause::Bound { .. }));
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use mangrove::{Bound, BoundSource, Cause, Config, Engine, Linker, Module, ResourceError, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // An engine for which this process has too little address space.
/// let engine = Engine::new(Config::new().address_space(64 << 20))?;
/// let module = Module::new(&engine, "(module (memory 2000))")?;
/// let mut store = Store::new(&engine, ())?;
/// let error = Linker::new(&engine).instantiate(&mut store, &module).unwrap_err();
/// let error: &ResourceError = error.resource().expect("the system, or a bound, refused it");
/// assert!(error.request().contains("memory"));
/// assert!(error.bytes() > Some(64 << 20));
/// assert_eq!(error.errno(), None, "the system was not asked");
/// let Cause::Bound { bound: Bound { bytes, source }, .. } = &error.causes()[0] else { panic!() };
/// assert_eq!((*bytes, *source), (64 << 20, BoundSource::AddressSpace));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceError {
    /// What it was for; may be empty.
    purpose: String,
    what: String,
    bytes: Option<u64>,
    errno: Option<i32>,
    causes: Vec<Cause>,
}

impl ResourceError {
    /// A request to the system that failed with this error just now.
    pub(crate) fn of(
        need: Need,
        what: impl Into<String>,
        bytes: Option<u64>,
        errno: Option<i32>,
    ) -> Self {
        let facts = Facts::read(need);
        Self {
            purpose: String::new(),
            what: what.into(),
            bytes,
            errno,
            causes: diagnose::causes(need, bytes.unwrap_or(0), errno, &facts),
        }
    }

    /// Memory that the allocator did not give, for what "cannot" is to be said of.
    ///
    /// # Examples
    /// ```
    /// let refused = mangrove::ResourceError::memory("read the file", Some(1 << 40));
    /// assert!(refused.to_string().starts_with("cannot read the file: 1099511627776 bytes"));
    /// ```
    pub fn memory(what: impl Into<String>, bytes: Option<u64>) -> Self {
        Self::of(
            Need::Allocate,
            what,
            bytes,
            Some(Errno::NOMEM.raw_os_error()),
        )
    }

    /// A thread that could not be started, for what "cannot" is to be said of.
    ///
    /// # Examples
    /// ```
    /// use std::io::{Error, ErrorKind};
    ///
    /// let error = Error::from(ErrorKind::WouldBlock);
    /// let refused = mangrove::ResourceError::thread("start a thread to watch", &error);
    /// assert!(refused.to_string().starts_with("cannot start a thread to watch"));
    /// ```
    pub fn thread(what: impl Into<String>, error: &io::Error) -> Self {
        Self::of(Need::Thread, what, None, error.raw_os_error())
    }

    /// A request that would have gone beyond a bound of the engine's own.
    pub(crate) fn beyond(
        what: impl Into<String>,
        bytes: impl Into<Option<u64>>,
        bound: Bound,
        left: impl Into<Option<u64>>,
    ) -> Self {
        Self {
            purpose: String::new(),
            what: what.into(),
            bytes: bytes.into(),
            errno: None,
            causes: vec![Cause::Bound {
                bound,
                left: left.into(),
            }],
        }
    }

    /// A request to the system whose failure with this error has one cause.
    pub(super) fn because(what: impl Into<String>, errno: i32, cause: Cause) -> Self {
        Self {
            purpose: String::new(),
            what: what.into(),
            bytes: None,
            errno: Some(errno),
            causes: vec![cause],
        }
    }

    /// With what it was for, in words that stand before the request.
    pub(crate) fn so(self, purpose: String) -> Self {
        Self { purpose, ..self }
    }

    /// What was asked for, as in "reserve address space for a memory".
    pub fn request(&self) -> &str {
        &self.what
    }

    /// How much was asked for, where that is known.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// The system's error number; none where the system was not asked.
    pub fn errno(&self) -> Option<i32> {
        self.errno
    }

    /// The limits that the request exceeds; empty if none was found.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }
}

impl fmt::Display for ResourceError {
    /// One line: the request, the system's answer, the causes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.purpose.is_empty() {
            write!(f, "{}: ", self.purpose)?;
        }
        write!(f, "cannot {}", self.what)?;
        if let Some(bytes) = self.bytes {
            write!(f, ": {bytes} bytes")?;
        }
        if let Some(errno) = self.errno {
            write!(f, ": {}", io::Error::from_raw_os_error(errno))?;
        }
        for cause in &self.causes {
            write!(f, "; {cause}")?;
        }
        if self.causes.is_empty() && self.errno.is_some() {
            f.write_str("; no limit of the process explains it")?;
        }
        Ok(())
    }
}

impl std::error::Error for ResourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_with_request_answer_and_causes() {
        let error = ResourceError {
            purpose: String::new(),
            what: "reserve address space for the heap".into(),
            bytes: Some(4096),
            errno: Some(Errno::NOMEM.raw_os_error()),
            causes: vec![Cause::AddressSpace {
                limit: 9999,
                used: 8888,
            }],
        };
        assert_eq!(
            error.to_string(),
            "cannot reserve address space for the heap: 4096 bytes: Cannot allocate memory (os \
             error 12); RLIMIT_AS (ulimit -v) is 9999 bytes, 8888 are in use: raise it, or have \
             less reserved (address_space)"
        );
    }
}
