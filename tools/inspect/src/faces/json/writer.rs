//! JSON as it is written: indented, item by item, with nothing hidden in it.

use mangrove::printable;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes a value, indented.
pub fn pretty(value: &impl Serialize, to: &mut dyn Write) -> io::Result<()> {
    let formatter = Visible(PrettyFormatter::new());
    let mut serializer = serde_json::Serializer::with_formatter(to, formatter);
    // Nothing that is written can fail but the writer.
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// A list whose items are made as they are written.
pub struct Seq<F>(pub F);

impl<F, I> Serialize for Seq<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Writes the entries of a small object into a larger one.
pub fn entries<M: SerializeMap>(map: &mut M, small: &Value) -> Result<(), M::Error> {
    let entries = small.as_object().into_iter().flatten();
    entries
        .into_iter()
        .try_for_each(|(name, value)| map.serialize_entry(name, value))
}

/// Writes the first of some items as a list, at most so many of this many, and how many that
/// leaves out.
pub fn first<M, F, I>(
    map: &mut M,
    name: &str,
    (most, of): (usize, usize),
    items: F,
) -> Result<(), M::Error>
where
    M: SerializeMap,
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    map.serialize_entry(name, &Seq(|| items().take(most)))?;
    match of.saturating_sub(most) {
        0 => Ok(()),
        many => map.serialize_entry(&format!("{name}_omitted"), &many),
    }
}

/// Indents, and escapes in strings what terminals and readers could take for something else: JSON
/// has its own escapes for the control characters of ASCII, and takes the rest as it is.
struct Visible<'a>(PrettyFormatter<'a>);

impl Formatter for Visible<'_> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if let Cow::Borrowed(plain) = printable(fragment) {
            return to.write_all(plain.as_bytes());
        }
        for character in fragment.chars() {
            let mut buffer = [0; 4];
            let text = &*character.encode_utf8(&mut buffer);
            match printable(text) {
                Cow::Borrowed(plain) => to.write_all(plain.as_bytes())?,
                Cow::Owned(_) => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(to, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_array(to)
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array(to)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(to, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array_value(to)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object(to)
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object(to)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(to, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object_value(to)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object_value(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_read_back() {
        let name = "a\u{1b}[2J\"\\\u{9b}\u{202e}ü\n\u{e0041}\u{308}";
        let mut text = Vec::new();
        pretty(&vec![name], &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(printable(&text.replace('\n', "")), text.replace('\n', ""));
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, [name]);
    }
}
