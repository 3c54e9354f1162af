//! Columns of text, as wide as what is in them.

use super::style::{Look, Paint, clip, width};
use std::io::{self, Write};

/// On which side of its column a text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// A table. Its last column takes what is left of the line.
#[derive(Debug, Default)]
pub struct Table {
    indent: usize,
    sides: Vec<Side>,
    rows: Vec<(Paint, Vec<String>)>,
}

impl Table {
    /// One whose columns have these heads; those of numbers lie on the right.
    pub fn new(indent: usize, heads: &[(&str, Side)]) -> Self {
        let mut table = Self::plain(indent, heads.iter().map(|&(_, side)| side));
        let heads = heads.iter().map(|&(head, _)| head.to_owned());
        table.rows.push((Paint::Dim, heads.collect()));
        table
    }

    /// One without heads.
    pub fn plain(indent: usize, sides: impl IntoIterator<Item = Side>) -> Self {
        Self {
            indent,
            sides: sides.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.painted(Paint::Plain, cells);
    }

    /// Adds a row in a colour.
    pub fn painted<const N: usize>(&mut self, paint: Paint, cells: [String; N]) {
        self.rows.push((paint, cells.into()));
    }

    /// Writes it.
    pub fn write(&self, to: &mut dyn Write, look: &Look) -> io::Result<()> {
        let mut widths = vec![0; self.sides.len()];
        for (_, cells) in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(cells) {
                *widest = (*widest).max(width(cell));
            }
        }
        for (paint, cells) in &self.rows {
            let mut line = String::new();
            let columns = widths.iter().zip(&self.sides).zip(cells);
            for (index, ((&widest, side), cell)) in columns.enumerate() {
                if index > 0 {
                    line.push_str("  ");
                }
                let blank = " ".repeat(widest - width(cell));
                match side {
                    Side::Left => line.extend([cell, blank.as_str()]),
                    Side::Right => line.extend([blank.as_str(), cell]),
                }
            }
            let room = look.width.map(|width| width.saturating_sub(self.indent));
            let line = clip(line.trim_end(), room);
            let indent = self.indent;
            writeln!(to, "{:indent$}{}", "", look.paint(*paint, &line))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let mut table = Table::new(2, &[("count", Side::Right), ("type", Side::Left)]);
        table.row(["7".to_owned(), "$node".to_owned()]);
        table.row(["1,000,000".to_owned(), "(array i8)".to_owned()]);
        let mut text = Vec::new();
        table.write(&mut text, &Look::default()).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(
            text,
            "      count  type\n          7  $node\n  1,000,000  (array i8)\n"
        );
    }
}
