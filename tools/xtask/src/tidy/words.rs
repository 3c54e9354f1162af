//! Words that have no place in a finished tree: promises, addresses of one
//! machine, numbers only one tracker understands.

use super::report::Report;
use super::tree::File;

/// Not ours to word.
const SKIPPED: &[&str] = &["LICENSE", "Cargo.lock"];

/// What may stand nowhere. Spelled in halves, so that this file is clean.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "a promise"),
    (concat!("FIX", "ME"), "a promise"),
    (concat!("XX", "X"), "a promise"),
    (concat!("todo", "!("), "a promise"),
    (concat!("unimpl", "emented!("), "a promise"),
    (concat!("/wo", "rk/"), "a machine's path"),
    (concat!("/ro", "ot/"), "a machine's path"),
    (concat!("/ho", "me/"), "a machine's path"),
    (concat!("/tm", "p/"), "a machine's path"),
    (concat!("../sha", "red"), "a machine's path"),
];

/// Checks every line of every file.
pub fn check(files: &[File], report: &mut Report) {
    for file in files
        .iter()
        .filter(|file| !SKIPPED.contains(&file.path.as_str()))
    {
        for (index, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, index + 1);
            for (word, what) in FORBIDDEN {
                if line.contains(word) {
                    report.error(&place, format!("`{word}`: {what}"));
                }
            }
            if prose(file, line).is_some_and(names_a_ticket) {
                report.error(&place, "a tracker's number");
            }
        }
    }
}

/// The part of a line that is meant for people: all of a document's, the
/// comment of code.
fn prose<'a>(file: &File, line: &'a str) -> Option<&'a str> {
    let mark = if file.is("md") {
        return Some(line);
    } else if file.is("rs") {
        "//"
    } else if file.is("wat") || file.is("wast") {
        ";;"
    } else {
        return None;
    };
    line.find(mark).map(|at| &line[at..])
}

/// Whether a `#` followed by digits only stands in `text`, as a word.
fn names_a_ticket(text: &str) -> bool {
    text.match_indices('#').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let digits = text[at + 1..]
            .chars()
            .take_while(char::is_ascii_digit)
            .count();
        let after = text[at + 1 + digits..].chars().next();
        digits > 0
            && !before.is_some_and(|c| c.is_alphanumeric() || c == '&')
            && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::{File, Report, check, names_a_ticket};

    fn errors(path: &str, text: &str) -> usize {
        let mut report = Report::default();
        check(
            &[File {
                path: path.to_owned(),
                text: text.to_owned(),
            }],
            &mut report,
        );
        report.errors.len()
    }

    #[test]
    fn numbers_are_tickets_only_as_words() {
        let ticket = format!("see {}12.", '#');
        assert!(names_a_ticket(&ticket));
        for clean in ["#[inline]", "&#39;", "#1f2e", "r#\"x\"#", "# Heading"] {
            assert!(!names_a_ticket(clean), "{clean}");
        }
    }

    #[test]
    fn promises_and_paths_are_found_everywhere_numbers_in_prose() {
        assert_eq!(
            errors("a.rs", concat!("fn f() { to", "do!() } // TO", "DO")),
            2
        );
        assert_eq!(errors("a.sh", concat!("cd /wo", "rk/x")), 1);
        assert_eq!(errors("a.rs", concat!("let colour = \"#", "333\";")), 0);
        assert_eq!(errors("a.rs", concat!("let x = 1; // as in #", "333")), 1);
        assert_eq!(errors("LICENSE", concat!("TO", "DO")), 0);
    }
}
