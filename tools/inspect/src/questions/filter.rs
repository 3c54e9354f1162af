//! Which nodes are meant: `type=$node age>=3`.
//!
//! Conditions are separated by spaces or commas, and hold together. A value with spaces stands in
//! quotes or parentheses: `type=(array i8)`.
//!
//! | condition | what it is true of |
//! |-|-|
//! | `kind=object` | nodes of a kind: `global`, `table`, `segment`, `handle`, `weak`, `continuation`, `frame`, `object` |
//! | `type=$node` | objects of a type |
//! | `space=old` | objects of a space: `young`, `old`, `large` |
//! | `function=$gen` | frames of a function; continuations that stand in it or were made from it |
//! | `module=x` | as `function`, of all functions of a module |
//! | `continuation=7` | a continuation and its frames, by its number |
//! | `state=suspended` | continuations, and their frames: `fresh`, `running`, `parent`, `suspended` |
//! | `parked=yes` | continuations without a stack, and their frames: or `no` |
//! | `age>=3` | continuations by full collections, and their frames |
//! | `bytes>1000` | nodes by the bytes they take themselves |
//!
//! All take `=` and `!=`; numbers take `<`, `<=`, `>` and `>=` as well. What a condition says
//! nothing of, as an age of an object, it is not true of, whichever way it is asked.

use super::near::hint;
use crate::snapshot::{Kind, Space, State};
use mangrove::printable;
use std::str::FromStr;

/// Which nodes are meant: conditions that hold together.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::Filter;
///
/// # let mut builder = Builder::new();
/// # builder.names().types.push(ObjectType { name: "$node".into(), ..ObjectType::default() });
/// # let object = builder.object(16, 0, 16, 0, Space::Old, None, &[], []);
/// # let snapshot = builder.finish(About::default())?;
/// let filter: Filter = "type=$node, bytes>=16".parse()?;
/// assert_eq!(filter.on(&snapshot)?.nodes().collect::<Vec<_>>(), [object]);
///
/// let error = "typ=$node".parse::<Filter>().unwrap_err();
/// assert_eq!(error.to_string(), "there is no condition `typ`; did you mean `type`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub what: What,
    pub compare: Compare,
}

/// What is compared, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Kind(Kind),
    Type(String),
    Space(Space),
    Function(String),
    Module(String),
    Continuation(u64),
    State(State),
    Parked(bool),
    Age(u64),
    Bytes(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// There is no condition in it.
    #[error(
        "a filter has a condition at least, like `type=$node` or `age>=3`: there are {}",
        KEYS.join(", ")
    )]
    Empty,
    /// There is no such condition.
    #[error("there is no condition `{}`{near}", printable(.key))]
    Key {
        /// What was written.
        key: String,
        /// What was meant, as the message tells it; or nothing.
        near: String,
    },
    /// A condition has no sign, or no value.
    #[error("`{}` is no condition: write `type=$node` or `age>=3`", printable(.0))]
    Syntax(String),
    /// A quote or a parenthesis is not closed.
    #[error("a quote or a parenthesis is not closed in `{}`", printable(.0))]
    Open(String),
    /// A value is not one of those that the condition takes.
    #[error("`{}` is no value of `{key}`: it takes {takes}{near}", printable(.value))]
    Value {
        /// The condition.
        key: &'static str,
        /// What was written.
        value: String,
        /// What it takes.
        takes: &'static str,
        /// What was meant, as the message tells it; or nothing.
        near: String,
    },
    /// A condition does not take this sign.
    #[error("`{key}` takes `=` and `!=` only")]
    Sign {
        /// The condition.
        key: &'static str,
    },
    /// Nothing in the snapshot has this name.
    #[error("there is no {key} `{}`{}", printable(.value), printable(.near))]
    Unknown {
        /// What of.
        key: &'static str,
        /// What was written.
        value: String,
        /// What was meant, as the message tells it; or nothing.
        near: String,
    },
}

const KEYS: [&str; 10] = [
    "kind",
    "type",
    "space",
    "function",
    "module",
    "continuation",
    "state",
    "parked",
    "age",
    "bytes",
];

/// The condition that was meant, or all there are when none is like it.
fn near_key(key: &str) -> String {
    let near = hint(key, KEYS);
    if near.is_empty() {
        return format!(": they are {}", KEYS.join(", "));
    }
    near
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let conditions = words(text)?.into_iter().map(condition);
        let conditions: Vec<Condition> = conditions.collect::<Result<_, _>>()?;
        match conditions.is_empty() {
            true => Err(FilterError::Empty),
            false => Ok(Self { conditions }),
        }
    }
}

/// The conditions of a text, quotes taken off.
fn words(text: &str) -> Result<Vec<String>, FilterError> {
    let mut words = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0u32);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                continue;
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                words.push(String::new());
                continue;
            }
            c if c.is_whitespace() && !quoted && depth == 0 => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    if quoted || depth > 0 {
        return Err(FilterError::Open(text.to_owned()));
    }
    words.retain(|word| !word.is_empty());
    Ok(words)
}

fn condition(word: String) -> Result<Condition, FilterError> {
    let Some(at) = word.find(['=', '!', '<', '>']) else {
        return Err(FilterError::Syntax(word));
    };
    let (key, rest) = word.split_at(at);
    let signs = [
        ("!=", Compare::NotEqual),
        ("<=", Compare::AtMost),
        (">=", Compare::AtLeast),
        ("=", Compare::Equal),
        ("<", Compare::Less),
        (">", Compare::More),
    ];
    let sign = signs
        .iter()
        .find_map(|&(sign, compare)| Some((rest.strip_prefix(sign)?, compare)));
    let Some((value, compare)) = sign.filter(|(value, _)| !value.is_empty()) else {
        return Err(FilterError::Syntax(word));
    };
    let Some(&key) = KEYS.iter().find(|&&known| known == key) else {
        return Err(FilterError::Key {
            near: near_key(key),
            key: key.to_owned(),
        });
    };
    let what = what(key, value)?;
    let ordered = matches!(what, What::Age(_) | What::Bytes(_) | What::Continuation(_));
    if !ordered && !matches!(compare, Compare::Equal | Compare::NotEqual) {
        return Err(FilterError::Sign { key });
    }
    Ok(Condition { what, compare })
}

fn what(key: &'static str, value: &str) -> Result<What, FilterError> {
    let number = || {
        value.parse::<u64>().map_err(|_| FilterError::Value {
            key,
            value: value.to_owned(),
            takes: "a number",
            near: String::new(),
        })
    };
    Ok(match key {
        "type" => What::Type(value.to_owned()),
        "function" => What::Function(value.to_owned()),
        "module" => What::Module(value.to_owned()),
        "continuation" => What::Continuation(number()?),
        "age" => What::Age(number()?),
        "bytes" => What::Bytes(number()?),
        "kind" => What::Kind(one_of(key, value, &KINDS, KINDS_TEXT)?),
        "space" => What::Space(one_of(key, value, &SPACES, "young, old or large")?),
        "parked" => What::Parked(one_of(
            key,
            value,
            &[("yes", true), ("no", false)],
            "yes or no",
        )?),
        _ => What::State(one_of(key, value, &STATES, STATES_TEXT)?),
    })
}

const KINDS: [(&str, Kind); 8] = [
    ("global", Kind::Global),
    ("table", Kind::Table),
    ("segment", Kind::Segment),
    ("handle", Kind::Handle),
    ("weak", Kind::Weak),
    ("continuation", Kind::Continuation),
    ("frame", Kind::Frame),
    ("object", Kind::Object),
];
const KINDS_TEXT: &str = "global, table, segment, handle, weak, continuation, frame or object";
const SPACES: [(&str, Space); 3] = [
    ("young", Space::Young),
    ("old", Space::Old),
    ("large", Space::Large),
];
const STATES: [(&str, State); 4] = [
    ("fresh", State::Fresh),
    ("running", State::Running),
    ("parent", State::Parent),
    ("suspended", State::Suspended),
];
const STATES_TEXT: &str = "fresh, running, parent or suspended";

/// The value of one of some words.
fn one_of<T: Copy>(
    key: &'static str,
    value: &str,
    known: &[(&str, T)],
    takes: &'static str,
) -> Result<T, FilterError> {
    let found = known.iter().find(|(word, _)| *word == value);
    found
        .map(|&(_, thing)| thing)
        .ok_or_else(|| FilterError::Value {
            key,
            value: value.to_owned(),
            takes,
            near: hint(value, known.iter().map(|&(word, _)| word)),
        })
}
