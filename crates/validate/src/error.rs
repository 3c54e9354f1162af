//! What is said of a module that is not valid.

use crate::printable;

/// Why some bytes are not a module this runtime accepts.
///
/// Of several faults the one with the smallest offset is reported, whatever
/// the order in which the function bodies were looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at offset {offset:#x})")]
pub struct ValidateError {
    /// Byte offset in the module.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl From<wasmparser::Error> for ValidateError {
    fn from(error: wasmparser::Error) -> Self {
        Self {
            offset: error.offset() as usize,
            // It may quote names.
            message: printable(error.message()).into_owned(),
        }
    }
}
