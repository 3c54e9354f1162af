//! From bytes of a terminal to keys.
//!
//! crossterm would read them too, and would catch SIGWINCH for that without `SA_ONSTACK`: its handler could
//! run on a stack of Wasm code, in the thread of the program that is looked at. So the bytes are read
//! here, and the window is asked for its size before each drawing.

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Enter.
    Enter,
    /// Backspace or Delete.
    Backspace,
    /// Escape.
    Escape,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Ctrl-C, or Ctrl-D.
    Interrupt,
    /// Ctrl-L.
    Redraw,
    /// A letter.
    Char(char),
}

/// The longest sequence that is waited for. What is longer is no key.
const LONGEST: usize = 32;

/// Takes bytes as they come: a key may be cut in two.
#[derive(Debug, Default)]
pub struct Keys {
    /// The beginning of a key whose rest has not come.
    rest: Vec<u8>,
}

/// What bytes begin with.
enum Found {
    /// A key, or none that is known, in so many bytes.
    Key(usize, Option<Key>),
    /// The beginning of one.
    Part,
}

impl Keys {
    /// The keys that are complete with these bytes.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.rest.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut at = 0;
        while at < self.rest.len() {
            match first(&self.rest[at..]) {
                Found::Key(len, key) => {
                    keys.extend(key);
                    at += len;
                }
                Found::Part if self.rest.len() - at > LONGEST => at += 1,
                Found::Part => break,
            }
        }
        self.rest.drain(..at);
        keys
    }

    /// Nothing more has come: what waits was not the beginning of anything. A lone escape is the key.
    pub fn settle(&mut self) -> Option<Key> {
        let alone = self.rest == [ESCAPE];
        self.rest.clear();
        alone.then_some(Key::Escape)
    }
}

const ESCAPE: u8 = 0x1b;

fn first(bytes: &[u8]) -> Found {
    match bytes {
        [ESCAPE, rest @ ..] => escaped(rest),
        [byte @ (..=0x1f | 0x7f), ..] => Found::Key(1, control(*byte)),
        _ => letter(bytes),
    }
}

fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        b'\r' | b'\n' => Key::Enter,
        0x08 | 0x7f => Key::Backspace,
        b'\t' => Key::Tab,
        // Ctrl-C and Ctrl-D.
        0x03 | 0x04 => Key::Interrupt,
        // Ctrl-L.
        0x0c => Key::Redraw,
        _ => return None,
    })
}

/// A letter in UTF-8. A byte that is none is passed over.
fn letter(bytes: &[u8]) -> Found {
    let near = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(near) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&near[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() => return Found::Part,
        Err(error) => return Found::Key(error.error_len().unwrap_or(1), None),
    };
    let c = valid.chars().next();
    Found::Key(c.map_or(1, char::len_utf8), c.map(Key::Char))
}

/// What follows an escape: `[` or `O` and a sequence, or a letter that was typed with Alt, which is taken
/// for the letter.
fn escaped(rest: &[u8]) -> Found {
    match rest {
        [] | [b'[' | b'O'] => Found::Part,
        [b'[', rest @ ..] => {
            let end = rest.iter().position(|byte| matches!(byte, 0x40..=0x7e));
            match end {
                Some(end) => Found::Key(end + 3, sequence(&rest[..end], rest[end])),
                None => Found::Part,
            }
        }
        [b'O', last, ..] => Found::Key(3, sequence(&[], *last)),
        // Escape twice, or Escape before another sequence: the first one alone.
        [ESCAPE, ..] => Found::Key(1, Some(Key::Escape)),
        _ => match first(rest) {
            Found::Key(len, key) => Found::Key(len + 1, key),
            Found::Part => Found::Part,
        },
    }
}

fn sequence(parameters: &[u8], last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'Z' => Key::BackTab,
        b'~' => match parameters.split(|byte| *byte == b';').next()? {
            b"1" | b"7" => Key::Home,
            b"4" | b"8" => Key::End,
            b"5" => Key::PageUp,
            b"6" => Key::PageDown,
            b"3" => Key::Backspace,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Key, Keys};

    #[test]
    fn keys_are_read_whole_or_in_pieces() {
        let bytes = b"a\r\x1b[A\x1bOB\x1b[5~\x1b[1;5C\x7f\t\x1b[Z\x03\xc3\xa9\xf0\x9f\x8c\xb3\x1bx";
        let expected = [
            Key::Char('a'),
            Key::Enter,
            Key::Up,
            Key::Down,
            Key::PageUp,
            Key::Right,
            Key::Backspace,
            Key::Tab,
            Key::BackTab,
            Key::Interrupt,
            Key::Char('é'),
            Key::Char('\u{1f333}'),
            Key::Char('x'),
        ];
        assert_eq!(Keys::default().take(bytes), expected);
        let mut keys = Keys::default();
        let found: Vec<Key> = bytes.iter().flat_map(|byte| keys.take(&[*byte])).collect();
        assert_eq!(found, expected);
        assert_eq!(keys.settle(), None);
    }

    #[test]
    fn an_escape_is_a_key_if_nothing_follows() {
        let mut keys = Keys::default();
        assert_eq!(keys.take(b"\x1b"), []);
        assert_eq!(keys.settle(), Some(Key::Escape));
        assert_eq!(keys.take(b"\x1b[1;"), []);
        assert_eq!(keys.settle(), None);
        assert_eq!(keys.take(b"\x1b\x1b[A"), [Key::Escape, Key::Up]);
    }

    #[test]
    fn what_is_no_key_does_not_stay() {
        let mut keys = Keys::default();
        assert_eq!(
            keys.take(b"\xff\xc3(\x01\x1b[99~q"),
            [Key::Char('('), Key::Char('q')]
        );
        let mut long = b"\x1b[".to_vec();
        long.extend([b'1'; 10_000]);
        let found = keys.take(&long);
        assert!(found.iter().all(|key| *key != Key::Escape));
        keys.settle();
        assert_eq!(keys.take(b"z"), [Key::Char('z')]);
    }
}
