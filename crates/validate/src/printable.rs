//! Text from modules and file names, as it may be shown.
//!
//! A name may be any text. Shown as it is, an escape sequence in it commands the
//! terminal, a line break makes a line that looks like one of ours, marks of
//! direction turn around what stands next to it, and what is not seen makes two names
//! that look like one.
//!
//! What is escaped is decided by properties of Unicode (18.0, of which a character of a
//! later version is unassigned):
//!
//! | property | examples |
//! |-|-|
//! | `General_Category` Cc, Cf | controls, marks of direction, joiners, tags |
//! | Zl, Zp, and Zs but for the space | line and paragraph separator, blanks of other widths |
//! | Cn, Co | unassigned, private use: nobody knows what is seen |
//! | `Default_Ignorable_Code_Point` | fillers, variation selectors |
//! | Mn, Mc, Me at the start of a text | accents, which would change what stands before |
//!
//! Letters that look like others are not escaped.

use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The text with everything escaped that is not a character to look at: control
/// characters, separators, marks of direction, and all that is not seen. Escapes are those
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
    if !text.contains(is_hidden) && !text.starts_with(is_mark) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (index, character) in text.chars().enumerate() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) || index == 0 && is_mark(hidden) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(hidden));
            }
            seen => shown.push(seen),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is not seen as itself.
fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    let category = character.general_category();
    matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::Unassigned
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
    ) || is_ignorable(character)
}

/// What has the property `Default_Ignorable_Code_Point`, or a glyph that is empty, and is of
/// another category than those above: letters, marks and symbols. (From
/// `DerivedCoreProperties.txt` of Unicode 18.0. The property is kept stable by reserving
/// unassigned ranges for it.)
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        // Combining grapheme joiner; fillers of Hangul; inherent vowels of Khmer.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}'
        // Variation selectors.
        | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        // Empty by their glyph: a pattern of Braille, a head of a note.
        | '\u{2800}' | '\u{1d159}'
    )
}

/// Whether it is drawn onto the character before it.
fn is_mark(character: char) -> bool {
    matches!(
        character.general_category(),
        GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::EnclosingMark
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
            let text = format!("a{character}");
            let shown = printable(&text);
            assert!(!shown.contains(is_hidden), "{number:x}");
            assert_eq!(matches!(shown, Cow::Owned(_)), is_hidden(character));
        }
        assert_eq!(
            printable("a\u{9b}2Jb\u{202e}\u{7f}"),
            "a\\u{9b}2Jb\\u{202e}\\u{7f}"
        );
    }

    /// Each range of `Default_Ignorable_Code_Point`, and what has `Bidi_Control`.
    #[test]
    fn what_is_ignored_or_turns_text_is_hidden() {
        for range in [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfff8,
            0x1_bca0..=0x1_bca3,
            0x1_d173..=0x1_d17a,
            0xe_0000..=0xe_0fff,
        ] {
            for number in range {
                let character = char::from_u32(number).unwrap();
                assert!(is_hidden(character), "{number:x}");
            }
        }
        // Blanks, a tag's language, private use, noncharacters, interlinear annotations.
        let others = "\u{a0}\u{3000}\u{e0001}\u{e000}\u{ffff}\u{10ffff}\u{fff9}";
        assert!(others.chars().all(is_hidden));
    }

    #[test]
    fn what_is_seen_is_shown() {
        for text in [
            "naïve",
            "nai\u{308}ve",
            "Größe 数 متغير переменная ตัวแปร 🌳 a b",
            "∑→√",
        ] {
            assert!(matches!(printable(text), Cow::Borrowed(_)), "{text}");
        }
        // An accent would be drawn onto what stands before the name.
        assert_eq!(printable("\u{338}e\u{338}"), "\\u{338}e\u{338}");
        assert_eq!(printable("\u{e0001}\u{e0061}x"), "\\u{e0001}\\u{e0061}x");
    }
}
