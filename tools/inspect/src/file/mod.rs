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
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use check::CheckError;
pub use read::ReadError;

use crate::Snapshot;
use crate::snapshot::{Kind, Nodes};
use std::io::{self, Read, Write};

/// A file begins with this.
pub const MAGIC: [u8; 8] = *b"\x8eMGSNAP\n";

/// The format's version, counted up with each change to it.
const VERSION: u32 = 1;

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

/// What of a node its edges are like those of: the type of an object, the site of a frame.
fn class(nodes: &Nodes, index: usize) -> u32 {
    let row = nodes.rows[index] as usize;
    match nodes.kinds[index] {
        Kind::Object => nodes.objects.get(row).map_or(0, |row| row.ty),
        Kind::Frame => nodes.frames.get(row).map_or(0, |row| row.site),
        _ => 0,
    }
}

/// What an edge is expected to be: as far from its node as that of the last node of the same
/// class, and at the same place.
struct Expected {
    distances: Vec<i64>,
    places: Vec<u32>,
}

impl Expected {
    /// A power of two.
    const CLASSES: usize = 1 << 12;
    /// Edges of a node that are told apart.
    const FIRST: u32 = 7;

    fn new() -> Self {
        Self {
            distances: vec![0; Self::CLASSES],
            places: vec![0; Self::CLASSES],
        }
    }

    fn class(kind: Kind, class: u32, number: u32) -> usize {
        let class = class.wrapping_mul(9).wrapping_add(kind as u32);
        let class = class.wrapping_mul(8).wrapping_add(number.min(Self::FIRST));
        class as usize % Self::CLASSES
    }
}
