//! An exception, as the embedder sees it. Making and reading one is in `exceptions`.

use crate::handle::{HeapHandle, Tag};
use crate::trap::Backtrace;
use crate::value::Val;
use std::fmt;

/// An exception that left the outermost Wasm function, or that a host function
/// throws by returning it as its [`Error::Exception`](crate::Error::Exception).
#[derive(Clone, Debug)]
pub struct Exception {
    /// The exception object.
    pub handle: HeapHandle,
    /// Its tag.
    pub tag: Tag,
    /// Its payload.
    pub values: Vec<Val>,
    /// Where it was thrown; empty for one the host made.
    pub backtrace: Backtrace,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uncaught exception")?;
        for value in &self.values {
            write!(f, " {value}")?;
        }
        Ok(())
    }
}
