//! When does the message of a trap agree with the one a script expects?
//!
//! The rule is the specification's: **the expected text is a prefix of the
//! actual message.** One thing is added. The specification's interpreter appends
//! the element's index to `uninitialized element`, and scripts expect it; our
//! traps do not carry the index. So the expected text may also be the actual
//! message followed by a space and a decimal number.

/// Whether a message agrees with the expected text.
pub(crate) fn agrees(actual: &str, expected: &str) -> bool {
    actual.starts_with(expected) || is_numbered(actual, expected)
}

fn is_numbered(actual: &str, expected: &str) -> bool {
    expected
        .strip_prefix(actual)
        .and_then(|rest| rest.strip_prefix(' '))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::agrees;

    #[test]
    fn a_prefix_agrees() {
        assert!(agrees("unhandled tag", "unhandled"));
        assert!(agrees("cast failure", "cast failure"));
        assert!(!agrees("cast failure", "cast failures"));
        assert!(!agrees(
            "out of bounds table access",
            "out of bounds memory access"
        ));
        assert!(!agrees("unhandled tag", "tag"));
    }

    #[test]
    fn an_index_may_follow() {
        assert!(agrees("uninitialized element", "uninitialized element 7"));
        assert!(!agrees("uninitialized element", "uninitialized element "));
        assert!(!agrees("uninitialized element", "uninitialized element x"));
        assert!(!agrees("uninitialized element", "uninitialized element7"));
    }
}
