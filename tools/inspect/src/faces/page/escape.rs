//! Data in a page: JSON that no parser of HTML takes for anything else.
//!
//! ```text
//!  <script type="application/json"> … \u003c/script> … </script>
//!                                     └ data            └ the end
//! ```
//!
//! JSON has `<`, `>` and `&` in texts only, where an escape means the same.

use serde::Serialize;
use serde_json::ser::Formatter;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// Writes a value as JSON in which no markup can begin, and no mark of direction stands.
///
/// # Errors
/// What `out` says.
pub(super) fn json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Escaped);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// The text of a title.
pub(super) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Compact JSON, which is what a formatter writes that does not say otherwise.
struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_escaped) {
            let (before, behind) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut characters = behind.chars();
            let mut units = [0; 2];
            if let Some(character) = characters.next() {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// All but ASCII that is nothing to HTML: what is left cannot be read in a wrong encoding either.
fn is_escaped(character: char) -> bool {
    !character.is_ascii() || matches!(character, '<' | '>' | '&' | '\u{7f}')
}

/// What a policy calls a style or a script: its SHA-256 in base 64.
pub(super) fn hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::from("sha256-");
    for bytes in Sha256::digest(text).chunks(3) {
        let mut group = [0; 3];
        group[..bytes.len()].copy_from_slice(bytes);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for digit in 0..4 {
            encoded.push(match digit <= bytes.len() {
                true => DIGITS[(bits >> (18 - 6 * digit) & 63) as usize].into(),
                false => '=',
            });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{hash, json, markup};

    #[test]
    fn no_markup_begins_in_data() {
        let hostile = "</script><!--<script>\u{0}\u{1b}\"'\\&\u{7f}\u{2028}\u{202e}é\u{1f333}";
        let mut out = Vec::new();
        json(&[hostile], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.is_ascii(), "{text}");
        assert!(!text.contains(['<', '>', '&', '\0', '\x1b']), "{text}");
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, [hostile]);
    }

    #[test]
    fn titles_are_not_markup() {
        assert_eq!(
            markup("<a href=\"&'\">"),
            "&lt;a href=&quot;&amp;&#39;&quot;&gt;"
        );
    }

    #[test]
    fn hashes_are_as_policies_have_them() {
        assert_eq!(
            hash("abc"),
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }
}
