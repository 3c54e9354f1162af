//! What a text looks like: colours on a terminal, lines that fit it.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a text looks like, and how much of a list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether to use the colours of terminals.
    pub colour: bool,
    /// Columns that a line may take; none for any number.
    pub width: Option<usize>,
    /// Lines of a list that are shown before "and so many more".
    pub most: usize,
}

impl Default for Look {
    /// As in a pipe.
    fn default() -> Self {
        Self {
            colour: false,
            width: None,
            most: 20,
        }
    }
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// Most of it.
    #[default]
    Plain,
    /// The title of a section.
    Title,
    /// What is less wanted.
    Dim,
    /// What to look at first.
    Alarm,
    /// What can be typed.
    Command,
    /// What came.
    Plus,
    /// What left.
    Minus,
}

impl Paint {
    fn codes(self) -> (&'static str, &'static str) {
        const OFF: &str = "\x1b[0m";
        match self {
            Self::Plain => ("", ""),
            Self::Title => ("\x1b[1m", OFF),
            Self::Dim => ("\x1b[2m", OFF),
            Self::Alarm => ("\x1b[1;33m", OFF),
            Self::Command => ("\x1b[36m", OFF),
            Self::Plus => ("\x1b[31m", OFF),
            Self::Minus => ("\x1b[32m", OFF),
        }
    }
}

impl Look {
    /// The text in its colour.
    pub fn paint<'t>(&self, paint: Paint, text: &'t str) -> Cow<'t, str> {
        match (self.colour, paint.codes()) {
            (false, _) | (true, ("", _)) => Cow::Borrowed(text),
            (true, (on, off)) => Cow::Owned(format!("{on}{text}{off}")),
        }
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// As much of a text as fits, with `…` for the rest.
pub(super) fn clip(text: &str, room: Option<usize>) -> Cow<'_, str> {
    let Some(room) = room.filter(|&room| width(text) > room) else {
        return Cow::Borrowed(text);
    };
    let mut taken = 0;
    let mut end = 0;
    for (index, character) in text.char_indices() {
        taken += character.width().unwrap_or(0);
        if taken + 1 > room {
            break;
        }
        end = index + character.len_utf8();
    }
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_clipped() {
        assert_eq!(clip("roots", None), "roots");
        assert_eq!(clip("roots", Some(5)), "roots");
        assert_eq!(clip("roots", Some(4)), "roo…");
        assert_eq!(clip("根根根", Some(4)), "根…");
        assert_eq!(clip("roots", Some(0)), "…");
    }

    #[test]
    fn colours_are_for_terminals() {
        let look = Look::default();
        assert_eq!(look.paint(Paint::Title, "roots"), "roots");
        let look = Look {
            colour: true,
            ..look
        };
        assert_eq!(look.paint(Paint::Title, "roots"), "\x1b[1mroots\x1b[0m");
        assert_eq!(look.paint(Paint::Plain, "roots"), "roots");
    }
}
