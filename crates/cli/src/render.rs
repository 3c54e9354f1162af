//! What the runtime tells, in forms to look at or to process.
//!
//! Root sets and snapshots have faces of their own: `mangrove_inspect::faces`.

pub mod alike;
mod names;
pub mod report;

use crate::errors::Failure;
use mangrove::printable;
use serde::Serialize;
use std::borrow::Cow;

/// JSON, indented.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| lines(&text))
        .map_err(|error| Failure::Output(error.into()))
}

/// JSON in a line.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(|text| lines(&text))
}

/// JSON has its own escapes for the control characters of ASCII, and takes the rest
/// as it is. Names are what has them, and so they are in strings.
fn lines(text: &str) -> String {
    let escaped = |line: &str| match printable(line) {
        Cow::Borrowed(line) => line.to_owned(),
        Cow::Owned(_) => line
            .chars()
            .map(
                |character| match printable(character.encode_utf8(&mut [0; 4])) {
                    Cow::Borrowed(_) => character.to_string(),
                    Cow::Owned(_) => units(character),
                },
            )
            .collect(),
    };
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    lines.join("\n")
}

/// The escape of a character in JSON: of its one or two units in UTF-16.
fn units(character: char) -> String {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units).iter();
    units.map(|unit| format!("\\u{unit:04x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::json_line;

    #[test]
    fn what_is_hidden_is_escaped_and_read_back() {
        let name = "a\u{202e}\u{e0001}ü\n";
        let line = json_line(&name).unwrap();
        assert_eq!(line, "\"a\\u202e\\udb40\\udc01ü\\n\"");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }
}
