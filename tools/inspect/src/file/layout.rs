//! What reading and writing agree on.

use crate::snapshot::{Kind, Nodes};

/// A file begins with this.
pub const MAGIC: [u8; 8] = *b"\x8eMGSNAP\n";

/// The format's version, counted up with each change to it.
pub(super) const VERSION: u32 = 2;

/// What of a node its edges are like those of: the type of an object, the site of a frame.
pub(super) fn class(nodes: &Nodes, index: usize) -> u32 {
    let row = nodes.rows[index] as usize;
    match nodes.kinds[index] {
        Kind::Object => nodes.objects.get(row).map_or(0, |row| row.ty),
        Kind::Frame => nodes.frames.get(row).map_or(0, |row| row.site),
        _ => 0,
    }
}

/// What an edge is expected to be: as far from its node as that of the last node of the same
/// class, and at the same place.
pub(super) struct Expected {
    pub(super) distances: Vec<i64>,
    pub(super) places: Vec<u32>,
}

impl Expected {
    /// A power of two.
    pub(super) const CLASSES: usize = 1 << 12;
    /// Edges of a node that are told apart.
    pub(super) const FIRST: u32 = 7;

    pub(super) fn new() -> Self {
        Self {
            distances: vec![0; Self::CLASSES],
            places: vec![0; Self::CLASSES],
        }
    }

    pub(super) fn class(kind: Kind, class: u32, number: u32) -> usize {
        let class = class.wrapping_mul(9).wrapping_add(kind as u32);
        let class = class.wrapping_mul(8).wrapping_add(number.min(Self::FIRST));
        class as usize % Self::CLASSES
    }
}
