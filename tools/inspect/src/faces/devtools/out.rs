//! JSON written in pieces: numbers and strings with commas between them.

use std::io::{self, Write};

/// Bytes that are gathered before they are written.
const PIECE: usize = 64 << 10;

/// Gathers and writes.
pub(super) struct Out<W> {
    writer: W,
    buffer: Vec<u8>,
    /// Whether a comma comes before the next item.
    comma: bool,
}

impl<W: Write> Out<W> {
    pub(super) fn new(writer: W) -> Self {
        Self {
            writer,
            buffer: Vec::with_capacity(PIECE + 64),
            comma: false,
        }
    }

    fn flush_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= PIECE {
            self.writer.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Text as it is, behind which a list of items begins.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(text.as_bytes());
        self.comma = false;
        self.flush_full()
    }

    /// A number.
    pub(super) fn number(&mut self, number: u32) -> io::Result<()> {
        self.digits(number);
        self.flush_full()
    }

    /// Items of a list.
    pub(super) fn row(&mut self, numbers: &[u32]) -> io::Result<()> {
        for &number in numbers {
            self.separate();
            self.digits(number);
        }
        self.flush_full()
    }

    fn separate(&mut self) {
        if self.comma {
            self.buffer.push(b',');
        }
        self.comma = true;
    }

    fn digits(&mut self, mut number: u32) {
        let mut digits = [0; 10];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[first..]);
    }

    /// A string, an item of a list: in ASCII, because memlab reads pieces of bytes and makes each a
    /// text of its own, which cuts other letters in two.
    pub(super) fn string(&mut self, string: &str) -> io::Result<()> {
        self.separate();
        self.buffer.push(b'"');
        for c in string.chars() {
            match c {
                '"' | '\\' => self.buffer.extend_from_slice(&[b'\\', c as u8]),
                ' '..='~' => self.buffer.push(c as u8),
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(self.buffer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        self.buffer.push(b'"');
        self.flush_full()
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.writer.write_all(&self.buffer)?;
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::Out;

    #[test]
    fn numbers_and_strings_are_ascii_with_commas_between() {
        let mut bytes = Vec::new();
        let mut out = Out::new(&mut bytes);
        out.text("[").unwrap();
        out.row(&[0, 7, 10, u32::MAX]).unwrap();
        out.string("a\"b\\\u{0}\u{7f}é\u{1f333}").unwrap();
        out.text("]").unwrap();
        out.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            r#"[0,7,10,4294967295,"a\"b\\\u0000\u007f\u00e9\ud83c\udf33"]"#
        );
    }

    #[test]
    fn what_is_longer_than_a_piece_comes_whole() {
        let mut bytes = Vec::new();
        let mut out = Out::new(&mut bytes);
        (0..100_000).for_each(|number| out.row(&[number]).unwrap());
        out.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            (0..100_000)
                .map(|n| n.to_string())
                .eq(text.split(',').map(str::to_owned))
        );
    }
}
