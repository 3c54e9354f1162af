//! An exception that nobody caught.

use crate::tag::Tag;
use crate::trap::Backtrace;
use crate::values::{HeapHandle, Val};
use std::fmt;

/// An exception that left the outermost Wasm function.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The exception itself, to be thrown again or looked at.
    pub handle: HeapHandle,
    /// Its tag.
    pub tag: Tag,
    /// Its payload.
    pub values: Vec<Val>,
    /// What was known of where it came from.
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
