//! Why a file cannot be read.

use super::check::CheckError;
use std::io;

/// Why a file could not be read as a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader's error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no saved snapshot")]
    Magic,
    /// It was written by a later Mangrove.
    #[error(
        "this snapshot has format {found}, and formats up to {known} are known: it was saved by a \
         later version"
    )]
    Version {
        /// What it says.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// It ends too early.
    #[error("the file ends in the middle of the snapshot")]
    Truncated,
    /// Its bytes are not those that were written.
    #[error("the snapshot is damaged, in its part `{section}`: {what}")]
    Damaged {
        /// Which part.
        section: &'static str,
        /// What was found.
        what: &'static str,
    },
    /// Its parts do not fit together.
    #[error("the snapshot is damaged: {0}")]
    Check(#[from] CheckError),
}
