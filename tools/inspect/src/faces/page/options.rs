//! How much of a snapshot a page has, and why one was not written.

use std::io;

/// How much of each snapshot a page has. Totals, types and shapes are of everything,
/// whatever these say; the page tells what it leaves out.
///
/// ```
/// use mangrove_inspect::faces::page::PageOptions;
///
/// let mut options = PageOptions::default();
/// options.continuations = 100;
/// assert!(options.nodes > options.continuations);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageOptions {
    /// Continuations whose frames are in it: those that run, one of each shape, and those that
    /// retain most. By default 1,000.
    pub continuations: usize,
    /// Nodes in all: what those continuations hold, what retains most, and what is near to it.
    /// By default 40,000: a page of about 2 MB.
    pub nodes: usize,
    /// Of an array, a table or a struct: so many places from the first on, and beyond them only
    /// references to nodes that are in the page. By default 1,000.
    pub places: u32,
    /// What the page is called; by default the program and the moment.
    pub title: Option<String>,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self {
            continuations: 1_000,
            nodes: 40_000,
            places: 1_000,
            title: None,
        }
    }
}

/// Why a page was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// There was no snapshot to make it of.
    #[error("a page is of one snapshot at least")]
    NoSnapshot,
    /// A snapshot that was not taken: each has the roots.
    #[error("a snapshot has no nodes, not even the roots")]
    Empty,
    /// More snapshots than a page has room for.
    #[error("a page is of {most} snapshots at most, not of {given}")]
    TooManySnapshots {
        /// How many were given.
        given: usize,
        /// How many there may be.
        most: usize,
    },
    /// It could not be written.
    #[error("the page could not be written: {0}")]
    Write(#[from] io::Error),
}
