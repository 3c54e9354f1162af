//! The expected root set at the end of a case, as a comment.
//!
//! ```text
//!  (module …)
//!
//!  ;; expected:
//!  ;; 1 roots, …
//! ```

use crate::case::Case;
use std::fs;

const MARK: &str = ";; expected:\n";

/// Compares what was printed with the comment, or writes the comment.
pub fn check(case: &Case, printed: &str) -> Result<(), String> {
    let io = |error: std::io::Error| format!("{}: {error}", case.path.display());
    let text = fs::read_to_string(&case.path).map_err(io)?;
    let (module, expected) = split(&text);
    if std::env::var_os("MANGROVE_BLESS").is_some_and(|value| value == "1") {
        return fs::write(
            &case.path,
            format!("{module}\n\n{MARK}{}", comment(printed)),
        )
        .map_err(io);
    }
    let Some(expected) = expected else {
        return Err(format!(
            "nothing is expected; MANGROVE_BLESS=1 writes down this:\n{printed}"
        ));
    };
    let expected = uncomment(expected);
    if expected == printed {
        return Ok(());
    }
    Err(format!(
        "expected:\n{expected}\nprinted:\n{printed}{}",
        first_difference(&expected, printed)
    ))
}

/// The case without its expectation, and the expectation.
fn split(text: &str) -> (&str, Option<&str>) {
    let at = if text.starts_with(MARK) {
        Some(0)
    } else {
        text.rfind(&format!("\n{MARK}"))
    };
    match at {
        Some(at) => {
            let (module, rest) = text.split_at(at);
            let rest = rest.trim_start_matches('\n');
            (module.trim_end(), rest.strip_prefix(MARK))
        }
        None => (text.trim_end(), None),
    }
}

fn comment(text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", format!(";; {line}").trim_end()))
        .collect()
}

fn uncomment(text: &str) -> String {
    text.lines()
        .map(|line| {
            let line = line.strip_prefix(";;").unwrap_or(line);
            format!("{}\n", line.strip_prefix(' ').unwrap_or(line))
        })
        .collect()
}

fn first_difference(expected: &str, printed: &str) -> String {
    let mut lines = expected.lines().zip(printed.lines()).zip(1..);
    match lines.find(|((expected, printed), _)| expected != printed) {
        Some(((expected, printed), number)) => {
            format!("\nline {number} differs:\n-{expected}\n+{printed}")
        }
        None => "\none ends before the other".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_and_back() {
        let printed = "1 roots\n\ncontinuation 1\n  frame 0\n";
        let text = format!(";; An idea.\n(module)\n\n{MARK}{}", comment(printed));
        assert!(text.ends_with(";; 1 roots\n;;\n;; continuation 1\n;;   frame 0\n"));
        let (module, expected) = split(&text);
        assert_eq!(module, ";; An idea.\n(module)");
        assert_eq!(uncomment(expected.unwrap()), printed);
        assert_eq!(split("(module)\n"), ("(module)", None));
    }

    #[test]
    fn a_difference_is_shown() {
        assert!(first_difference("a\nb\n", "a\nc\n").contains("line 2 differs:\n-b\n+c"));
        assert!(first_difference("a\n", "a\nb\n").contains("ends before"));
    }
}
