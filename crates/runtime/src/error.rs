//! What can go wrong, in one type.

use crate::compiled_error::CompiledError;
use crate::exception::Exception;
use crate::objects::error::ObjectError;
use crate::resource::error::ResourceError;
use crate::trap::{Backtrace, Trap, TrapReason};
use mangrove_collector::admission::AdmissionError;
use mangrove_validate::printable;
use std::path::PathBuf;

/// Anything that goes wrong in an embedding. Its message is one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Wasm execution ended in a trap.
    #[error("{}", .0.reason)]
    Trap(Box<Trap>),
    /// An exception left the outermost function.
    #[error("{0}")]
    Exception(Box<Exception>),
    /// The module is not valid.
    #[error("invalid module at offset {offset:#x}: {message}")]
    Invalid {
        /// Byte offset in the binary.
        offset: usize,
        /// Why.
        message: String,
    },
    /// The module is valid, but its continuations could reach places this
    /// engine's collector does not follow them to.
    #[error("module not admitted: {0}")]
    Admission(#[from] AdmissionError),
    /// Bytes that should hold a compiled module were refused.
    #[error("compiled module refused: {0}")]
    Compiled(#[from] CompiledError),
    /// The text could not be parsed.
    #[error("{0}")]
    Text(String),
    /// A file could not be read.
    #[error("{path}: {source}", path = printable(&.path.to_string_lossy()))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The module uses something this engine does not have, or exceeds what it can hold.
    #[error("{0}")]
    Unsupported(String),
    /// An import is missing or of another type.
    #[error("import {module:?} {name:?}: {message}")]
    Link {
        /// Module part of the import.
        module: String,
        /// Name part of the import.
        name: String,
        /// Why.
        message: String,
    },
    /// A limit of the embedder was reached outside of Wasm.
    #[error("{0}")]
    Limit(String),
    /// The system, or a bound on what the engine may take, gave no memory, no
    /// address space or no thread. Says nothing about the program.
    #[error("{0}")]
    Resource(Box<ResourceError>),
    /// What a host function gave as its reason to fail. Once it has crossed
    /// Wasm it is a [`Error::Trap`] with that reason.
    #[error("{0}")]
    Host(String),
    /// An object, a type of objects or a handle was not used as it is.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The embedder asked for something that has no meaning.
    #[error("{0}")]
    Usage(String),
    /// A defect of this crate, found by one of its checks.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// An error for a host function to return, with this message.
    pub fn host(message: impl Into<String>) -> Self {
        Self::Host(message.into())
    }

    /// The trap, if this is one.
    pub fn as_trap(&self) -> Option<&Trap> {
        match self {
            Self::Trap(trap) => Some(trap),
            _ => None,
        }
    }

    /// What was refused, if that is the reason: outside of Wasm, or as a trap.
    ///
    /// # Examples
    /// ```
    /// assert!(mangrove::Error::host("no more tea").resource().is_none());
    /// ```
    pub fn resource(&self) -> Option<&ResourceError> {
        match self {
            Self::Resource(error) => Some(error),
            Self::Trap(trap) => match &trap.reason {
                TrapReason::Resource(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a limit that the embedder set, or left as it was, is the reason: outside
    /// of Wasm, or as a trap. Like a lack of resources ([`Error::resource`]) it says
    /// nothing of how a program would have gone on.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Instance, Module, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(Config::new().instances_max(1))?;
    /// let module = Module::new(&engine, b"(module)")?;
    /// let mut store = Store::new(&engine, ())?;
    /// Instance::new(&mut store, &module, &[])?;
    /// let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    /// assert!(error.is_limit() && error.resource().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_limit(&self) -> bool {
        match self {
            Self::Limit(_) => true,
            Self::Trap(trap) => matches!(
                trap.reason,
                TrapReason::Limit(_) | TrapReason::HeapExhausted { .. }
            ),
            _ => false,
        }
    }

    /// An error of the embedder's.
    #[doc(hidden)]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// An error of this project's.
    #[doc(hidden)]
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::Internal(message.to_string())
    }

    /// The error for what is of another store.
    pub(crate) fn foreign(what: &str) -> Self {
        Self::usage(format!("a {what} of another store was used"))
    }

    /// A trap outside of Wasm code: nothing is on any stack.
    pub(crate) fn trap(reason: TrapReason) -> Self {
        Self::Trap(Box::new(Trap {
            reason,
            backtrace: Backtrace::default(),
        }))
    }
}
