//! What stands in for the imports that only this engine has.
//!
//! The programs ask how many continuations live and how often there was a collection, and
//! compare. Another engine may keep what it likes and collect when it likes: there the
//! first answer is always what the program expects, and collections are those it asked for.

/// A piece of a program's text, and what it becomes.
pub(super) type StandIn = (&'static str, &'static str);

const CONTINUATIONS: StandIn = (
    "(import \"mangrove\" \"continuations\" (func $continuations (result i64)))",
    "(func $continuations (result i64) (global.get $live))",
);

/// In the programs of cases.
pub(super) const OF_CASES: &[StandIn] = &[
    (
        "(import \"mangrove\" \"gc\" (func $gc))",
        ";; An engine may collect in it, or do nothing.
  (import \"gc\" \"collect\" (func $collect))",
    ),
    (
        "(import \"mangrove\" \"collections\" (func $collections (result i64)))",
        ";; Collections that were asked for.
  (global $asked (mut i64) (i64.const 0))
  (func $gc
    (global.set $asked (i64.add (global.get $asked) (i64.const 1)))
    (call $collect))
  (func $collections (result i64) (global.get $asked))",
    ),
    CONTINUATIONS,
    (
        "(global $patience i32 (i32.const 100000))",
        "(global $patience i32 (i32.const 1))",
    ),
];

/// In the programs of `roots`, where the call of `gc` itself is a place in a frame.
pub(crate) const OF_ROOTS: &[StandIn] = &[
    (
        "(import \"oracle\" \"gc\" (func $gc))",
        ";; An engine may collect in it, or do nothing.
  (import \"gc\" \"collect\" (func $gc))",
    ),
    (
        "(import \"mangrove\" \"collections\" (func $collections (result i64)))",
        "(func $collections (result i64) (i64.const 0))",
    ),
    CONTINUATIONS,
];

/// A text with its imports stood in for.
///
/// # Errors
/// One of them is not in it, or more than once.
pub(crate) fn stand_in(wat: &str, stand_ins: &[StandIn]) -> Result<String, String> {
    let mut text = wat.to_owned();
    for (from, to) in stand_ins {
        if text.matches(from).count() != 1 {
            return Err(format!("its programs have not `{from}` once"));
        }
        text = text.replacen(from, to, 1);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{CONTINUATIONS, stand_in};

    #[test]
    fn what_is_not_there_once_is_an_error() {
        let once = format!("(module {})", CONTINUATIONS.0);
        let stood = stand_in(&once, &[CONTINUATIONS]).unwrap();
        assert_eq!(stood, format!("(module {})", CONTINUATIONS.1));
        assert!(stand_in("(module)", &[CONTINUATIONS]).is_err());
        assert!(stand_in(&once.repeat(2), &[CONTINUATIONS]).is_err());
    }
}
