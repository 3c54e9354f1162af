//! Snapshots in files: saved where a program ran, opened anywhere.

mod read;
mod write;

pub use read::ReadError;

/// What a file with a snapshot begins with.
pub const MAGIC: [u8; 8] = *b"\0mgsnap\n";

use crate::Snapshot;
use crate::snapshot::NodeId;
use std::io::{self, Read, Write};

/// Parts of a snapshot that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A node's row, or what it names, is not there.
    #[error("node {0:?} refers to what is not there")]
    Row(NodeId),
}

impl Snapshot {
    /// Writes it, in a stream.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        write::write(self, to)
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// The reader's; what was read is no snapshot, one of a later version, cut off or damaged.
    pub fn read(from: impl Read) -> Result<Self, ReadError> {
        read::read(from)
    }

    /// Whether all parts fit together, as they do in each snapshot that was built or read.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self) -> Result<(), CheckError> {
        todo!()
    }
}
