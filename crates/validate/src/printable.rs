//! Text from modules and file names, as it may be shown.
//!
//! A name may be any text. Shown as it is, an escape sequence in it commands the
//! terminal, a line break makes a line that looks like one of ours, and marks of
//! direction turn around what stands next to it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything escaped that is not a character to look at: control
/// characters, line and paragraph separators, marks of direction. Escapes are those
/// of the text format: `\n`, `\t`, `\r`, and `\u{…}` with the character's number.
///
/// # Examples
/// ```
/// use mangrove_validate::printable;
///
/// assert_eq!(printable("naïve $f"), "naïve $f");
/// assert_eq!(printable("\u{1b}[31mred\n"), "\\u{1b}[31mred\\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(hidden));
            }
            seen => shown.push(seen),
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Arabic letter mark; the other marks, embeddings and overrides, isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separator.
            | '\u{2028}' | '\u{2029}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_stays() {
        for number in 0..=0x10_ffff {
            let Some(character) = char::from_u32(number) else {
                continue;
            };
            let text = character.to_string();
            let shown = printable(&text);
            assert!(!shown.contains(is_hidden), "{number:x}");
            assert_eq!(matches!(shown, Cow::Owned(_)), is_hidden(character));
        }
        assert_eq!(
            printable("a\u{9b}2Jb\u{202e}\u{7f}"),
            "a\\u{9b}2Jb\\u{202e}\\u{7f}"
        );
    }
}
