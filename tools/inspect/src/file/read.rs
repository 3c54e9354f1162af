//! Reads a snapshot: nothing in a file is trusted.

use super::CheckError;
use crate::Snapshot;
use std::io::{self, Read};

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
        "the snapshot has format {found}, and this Mangrove reads up to {known}: it was written by a later one"
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
    #[error("the file is damaged in its section `{section}`: {what}")]
    Damaged {
        /// Where.
        section: &'static str,
        /// What was found.
        what: &'static str,
    },
    /// Its parts do not fit together.
    #[error("the file is damaged")]
    Check(#[from] CheckError),
}

pub(super) fn read(from: impl Read) -> Result<Snapshot, ReadError> {
    let _ = from;
    todo!()
}
