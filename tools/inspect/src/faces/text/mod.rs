//! Snapshots and answers as text: a page of it for each view.
//!
//! ```text
//!  view (summary, roots, stacks, …) ─▶ Page ─▶ writer
//!                                        │ table, units, style
//! ```
//!
//! A page is written as it is made: a list of a million lines is never in memory.

mod style;
mod table;
mod units;

pub use style::{Look, Paint};
pub use units::{bytes, count, counted, share};

use std::io::{self, Write};
use table::Table;

/// A text that is being written.
pub struct Page<'w> {
    to: &'w mut dyn Write,
    look: Look,
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("look", &self.look)
            .finish_non_exhaustive()
    }
}

impl<'w> Page<'w> {
    /// A text that goes there.
    ///
    /// # Examples
    /// ```
    /// use mangrove_inspect::faces::text::{Look, Page};
    ///
    /// let mut text = Vec::new();
    /// Page::new(&mut text, Look::default()).line("all roots are visible")?;
    /// assert_eq!(text, b"all roots are visible\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(to: &'w mut dyn Write, look: Look) -> Self {
        Self { to, look }
    }

    /// How it looks.
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// A line.
    ///
    /// # Errors
    /// As all that follow, of the writer.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.painted(0, Paint::Plain, text)
    }

    /// An empty line.
    ///
    /// # Errors
    /// Of the writer.
    pub fn gap(&mut self) -> io::Result<()> {
        self.to.write_all(b"\n")
    }

    /// An empty line, and the title of a section.
    ///
    /// # Errors
    /// Of the writer.
    pub fn section(&mut self, title: &str) -> io::Result<()> {
        self.gap()?;
        self.painted(0, Paint::Title, title)
    }

    /// A line, so many columns from the left.
    fn painted(&mut self, indent: usize, paint: Paint, text: &str) -> io::Result<()> {
        let room = self.look.width.map(|width| width.saturating_sub(indent));
        let text = style::clip(text, room);
        let text = self.look.paint(paint, &text);
        writeln!(self.to, "{:indent$}{text}", "")
    }

    /// The rows of a table.
    fn table(&mut self, table: &Table) -> io::Result<()> {
        table.write(self.to, &self.look)
    }

    /// Says how many lines of a list were left out, if any were.
    fn more(&mut self, indent: usize, shown: usize, all: usize) -> io::Result<()> {
        match all.saturating_sub(shown) {
            0 => Ok(()),
            more => {
                let text = format!("and {} more (--all shows them)", count(more as u64));
                self.painted(indent, Paint::Dim, &text)
            }
        }
    }
}
