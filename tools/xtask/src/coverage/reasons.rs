//! Why lines are not reached: written by hand, by what is in the line or around it, so that
//! other changes of a file do not make it wrong.
//!
//! ```text
//!  # a comment
//!  file.rs | text of the line | reason
//!  file.rs | fn name | reason         all lines of that function
//! ```

use std::io;

/// What was written.
#[derive(Debug)]
pub struct Reasons(Vec<Reason>);

#[derive(Debug)]
struct Reason {
    file: String,
    text: String,
    reason: String,
}

impl Reasons {
    /// Reads them.
    ///
    /// # Errors
    /// A line has no three parts.
    pub fn parse(text: &str) -> io::Result<Self> {
        let mut reasons = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.splitn(3, " | ").map(str::trim).collect();
            let [file, text, reason] = parts[..] else {
                let message = format!("{line:?} is not `file | text | reason`");
                return Err(io::Error::other(message));
            };
            reasons.push(Reason {
                file: file.to_owned(),
                text: text.to_owned(),
                reason: reason.to_owned(),
            });
        }
        Ok(Self(reasons))
    }

    /// The reason for a line of a file, counted from 1: that of its text, or of its function.
    pub fn of(&self, file: &str, source: &[&str], line: u32) -> Option<&str> {
        let at = line as usize - 1;
        let text = source.get(at)?.trim();
        let function = source[..=at].iter().rev().find_map(|line| name(line));
        let fits = |reason: &&Reason| {
            let whole = reason.text.strip_prefix("fn ");
            reason.file == file
                && match whole {
                    Some(name) => function == Some(name),
                    None => reason.text == text,
                }
        };
        self.0
            .iter()
            .find(fits)
            .map(|reason| reason.reason.as_str())
    }
}

/// The name of the function whose definition begins in this line.
fn name(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let words = ["pub", "pub(super)", "pub(crate)", "unsafe", "const"];
    let is_definition = before.split_whitespace().all(|word| words.contains(&word));
    let end = rest.find(['(', '<'])?;
    is_definition.then_some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::Reasons;

    #[test]
    fn a_line_is_found_by_its_text_or_its_function() {
        let text = "# why\na.rs | go(); | never\na.rs | fn whole | not asked for\n";
        let reasons = Reasons::parse(text).unwrap();
        let source = [
            "fn one() {",
            "    go();",
            "}",
            "pub(super) fn whole() {",
            "    on();",
        ];
        assert_eq!(reasons.of("a.rs", &source, 2), Some("never"));
        assert_eq!(reasons.of("a.rs", &source, 5), Some("not asked for"));
        assert_eq!(reasons.of("a.rs", &source, 1), None);
        assert_eq!(reasons.of("b.rs", &source, 2), None);
        assert!(Reasons::parse("a.rs | go();").is_err());
    }
}
