//! Snapshots and answers as text: a page of it for each view.
//!
//! ```text
//!  view (summary, roots, stacks, …) ─▶ Page ─▶ writer
//!                                        │ table, units, style
//! ```
//!
//! A page is written as it is made: a list of a million lines is never in memory.

mod diff;
mod lists;
mod open;
mod roots;
mod stacks;
mod style;
mod summary;
mod table;
mod units;
mod why;

pub use style::{Look, Paint};
pub use units::{bytes, count, counted, share};

use super::{Asked, View};
use crate::questions::FilterError;
use std::io::{self, Write};
use table::Table;

pub(super) use lists::largest;
pub(super) use roots::{frame_title, state};
pub(super) use why::named;

/// Why a view could not be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// The writer's error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A filter names what is not there.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// There is nothing to compare with.
    #[error("there is no earlier moment to compare with")]
    NoEarlier,
}

/// Shows a view.
///
/// # Errors
/// The writer's; or a filter names what is not there, or changes are asked for and there is no
/// earlier snapshot.
///
/// # Examples
/// ```
/// # #[cfg(feature = "samples")] {
/// use mangrove_inspect::faces::{Asked, View, text};
/// use mangrove_inspect::snapshot::samples;
///
/// let snapshot = samples::generators(3, 4)?;
/// let mut page = Vec::new();
/// text::write(&Asked::new(&snapshot), &View::Summary, text::Look::default(), &mut page)?;
/// assert!(String::from_utf8(page)?.starts_with("20 roots, 4 continuations"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(
    asked: &Asked<'_>,
    view: &View,
    look: Look,
    to: &mut dyn Write,
) -> Result<(), FaceError> {
    let page = &mut Page::new(to, look);
    match view {
        View::Summary => summary::page(page, asked)?,
        View::Roots => roots::page(page, asked)?,
        View::Stacks(filter) => {
            let matcher = filter.as_ref().map(|filter| asked.matcher(filter));
            stacks::page(page, asked, matcher.transpose()?.as_ref())?;
        }
        View::Shapes => lists::shapes(page, asked)?,
        View::Types => lists::types(page, asked)?,
        View::Suspects => summary::suspected(page, asked)?,
        View::Diff => match asked.before().zip(asked.diff()) {
            Some((before, diff)) => diff::page(page, asked, before, diff)?,
            None => return Err(FaceError::NoEarlier),
        },
        View::Open { node, depth } => open::page(page, asked, *node, *depth)?,
        View::Why { node, ways } => why::page(page, asked, *node, *ways)?,
        View::Dropped(gone) => why::dropped(page, asked, gone)?,
        View::List(filter) => lists::nodes(page, asked, &asked.matcher(filter)?)?,
    }
    Ok(())
}

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

    /// A sentence, on as many lines as it takes where lines have an end. What follows the first
    /// is `hang` columns further to the right.
    fn wrapped(&mut self, indent: usize, hang: usize, paint: Paint, text: &str) -> io::Result<()> {
        let Some(width) = self.look.width else {
            return self.painted(indent, paint, text);
        };
        let mut line = String::new();
        let mut left = indent;
        for word in text.split(' ') {
            let taken = left + style::width(&line) + 1 + style::width(word);
            if !line.is_empty() && taken > width {
                self.painted(left, paint, &line)?;
                line.clear();
                left = indent + hang;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.painted(left, paint, &line)
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
