//! Snapshots in files: saved where a program ran, opened anywhere.
//!
//! ```text
//!  file    = magic, version (4 bytes), block…, end
//!  block   = raw length, packed length, checksum (4 bytes each), data
//!  end     = a block of raw length 0
//!
//!  what the blocks hold, one after another:
//!  about · names: modules, functions, types, sites, stacks, origins
//!  nodes: kinds, bytes · rows: fixed, continuations, frames, objects, identities
//!  edges: how many, places, targets · plain values · contents
//! ```
//!
//! All numbers of one kind lie together, small ones in a byte, most as the difference to what was
//! to be expected: so LZ4 finds little that does not repeat itself. A block takes at least an
//! eighth of what it holds, by zeros at its end if need be: what is read is in proportion to what
//! was sent, whoever sent it. Nothing is allocated for what a file claims, only for what it has.
//! The checksum of a block (CRC-32) counts its number too, so that none can be missing.

mod blocks;
mod check;
mod columns;
mod error;
mod layout;
mod places;
mod read;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_shown;
mod write;

pub use check::CheckError;
pub use error::ReadError;
pub use layout::MAGIC;

use crate::Snapshot;
use std::io::{self, Read, Write};

impl Snapshot {
    /// Writes it, in a stream.
    ///
    /// ```
    /// # use mangrove_inspect::snapshot::*;
    /// use mangrove_inspect::Snapshot;
    ///
    /// # let snapshot = Builder::new().finish(About::default())?;
    /// let mut file = Vec::new();
    /// snapshot.write(&mut file)?;
    /// assert_eq!(Snapshot::read(&file[..])?, snapshot);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of the writer. [`io::ErrorKind::InvalidData`] with a [`CheckError`] if its parts do
    /// not fit together, as [`Snapshot::check`] tells.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        self.check()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        write::write(self, to)
    }

    /// Reads what was written, to the end.
    ///
    /// # Errors
    /// The reader's; what was read is no snapshot, one of a later version, cut off or damaged.
    pub fn read(from: impl Read) -> Result<Self, ReadError> {
        read::read(from)
    }

    /// Whether all parts fit together: what each index names is there, and all is in the order in
    /// which a snapshot has it. So it is in each that was read from a file; one that was built or
    /// deserialized from elsewhere can be checked.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self) -> Result<(), CheckError> {
        check::check(self)
    }
}
