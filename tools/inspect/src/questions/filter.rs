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
use crate::Snapshot;
use crate::snapshot::{Continuation, Kind, Node, NodeId, Space, State};
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
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    what: What,
    compare: Compare,
}

/// What is compared, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
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
enum Compare {
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
    #[error("there is no {key} `{}` in the snapshot{}", printable(.value), printable(.near))]
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

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let conditions = words(text)?.into_iter().map(condition);
        let conditions = conditions.collect::<Result<_, _>>()?;
        Ok(Self { conditions })
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
            near: hint(key, KEYS),
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

/// A filter that was looked up in a snapshot.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    snapshot: &'a Snapshot,
    tests: Vec<(Test, Compare)>,
}

/// A condition by indices.
#[derive(Clone, Debug)]
enum Test {
    Kind(Kind),
    /// By type.
    Types(Vec<bool>),
    Space(Space),
    /// By function.
    Functions(Vec<bool>),
    Continuation(u64),
    State(State),
    Parked(bool),
    Age(u64),
    Bytes(u64),
}

impl Filter {
    /// Looks the names in it up in a snapshot. Names are as titles show them; `$` may be left out.
    ///
    /// # Errors
    /// No type, function, module or continuation of a name is there.
    pub fn on<'a>(&self, snapshot: &'a Snapshot) -> Result<Matcher<'a>, FilterError> {
        let tests = self.conditions.iter().map(|condition| {
            let test = test(snapshot, &condition.what)?;
            Ok((test, condition.compare))
        });
        Ok(Matcher {
            snapshot,
            tests: tests.collect::<Result<_, _>>()?,
        })
    }
}

fn test(snapshot: &Snapshot, what: &What) -> Result<Test, FilterError> {
    let names = snapshot.names();
    Ok(match what {
        What::Kind(kind) => Test::Kind(*kind),
        What::Space(space) => Test::Space(*space),
        What::State(state) => Test::State(*state),
        What::Parked(parked) => Test::Parked(*parked),
        What::Age(age) => Test::Age(*age),
        What::Bytes(bytes) => Test::Bytes(*bytes),
        What::Continuation(number) => {
            let known = u32::try_from(*number).ok();
            let known = known.and_then(|number| snapshot.nodes().continuation_numbered(number));
            if known.is_none() {
                return Err(unknown("continuation", &number.to_string(), &[]));
            }
            Test::Continuation(*number)
        }
        What::Type(name) => {
            let known = (0..names.types.len() as u32).map(|ty| snapshot.type_name(ty));
            Test::Types(named("type", name, known.collect())?)
        }
        What::Function(name) => {
            let known = (0..names.functions.len() as u32).map(|of| snapshot.function_name(of));
            Test::Functions(named("function", name, known.collect())?)
        }
        What::Module(name) => {
            let known = names.modules.iter().map(|module| module.name.clone());
            let modules = named("module", name, known.collect())?;
            let of = names.functions.iter().map(|function| function.module);
            let is = |module: Option<u32>| {
                module.is_some_and(|module| modules.get(module as usize) == Some(&true))
            };
            Test::Functions(of.map(is).collect())
        }
    })
}

/// Which of some names are this one, with or without `$`, or behind a module's name.
fn named(key: &'static str, name: &str, known: Vec<String>) -> Result<Vec<bool>, FilterError> {
    let bare = |name: &str| name.strip_prefix('$').unwrap_or(name).to_owned();
    let is = |known: &String| {
        known == name
            || bare(known) == bare(name)
            || known
                .split_once('!')
                .is_some_and(|(_, function)| bare(function) == bare(name))
    };
    let found: Vec<bool> = known.iter().map(is).collect();
    match found.contains(&true) {
        true => Ok(found),
        false => Err(unknown(key, name, &known)),
    }
}

fn unknown(key: &'static str, value: &str, known: &[String]) -> FilterError {
    FilterError::Unknown {
        key,
        value: value.to_owned(),
        near: hint(value, known.iter().map(String::as_str)),
    }
}

impl Compare {
    fn numbers(self, one: u64, other: u64) -> bool {
        match self {
            Self::Equal => one == other,
            Self::NotEqual => one != other,
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::More => one > other,
            Self::AtLeast => one >= other,
        }
    }

    fn is(self, same: bool) -> bool {
        same != (self == Self::NotEqual)
    }
}

impl Matcher<'_> {
    /// Whether a node is meant.
    ///
    /// # Panics
    /// There is no such node.
    pub fn matches(&self, node: NodeId) -> bool {
        self.tests
            .iter()
            .all(|(test, compare)| self.holds(test, *compare, node).unwrap_or(false))
    }

    /// All nodes that are meant, in their order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        let nodes = self.snapshot.nodes();
        nodes.all().filter(|&node| self.matches(node))
    }

    /// None if the condition says nothing of such a node.
    fn holds(&self, test: &Test, compare: Compare, node: NodeId) -> Option<bool> {
        let nodes = self.snapshot.nodes();
        Some(match test {
            Test::Kind(kind) => compare.is(nodes.kind(node) == *kind),
            Test::Bytes(bytes) => compare.numbers(nodes.bytes(node), *bytes),
            Test::Types(types) => {
                let ty = nodes.object(node)?.ty;
                compare.is(types.get(ty as usize) == Some(&true))
            }
            Test::Space(space) => compare.is(nodes.object(node)?.space == *space),
            Test::Functions(functions) => compare.is(self.stands_in(functions, node)?),
            Test::Continuation(number) => {
                compare.numbers(self.continuation(node)?.number.into(), *number)
            }
            Test::State(state) => compare.is(self.continuation(node)?.state == *state),
            Test::Parked(parked) => compare.is(self.continuation(node)?.parked == *parked),
            Test::Age(age) => compare.numbers(self.continuation(node)?.age.into(), *age),
        })
    }

    /// A continuation's row, or that of a frame's continuation.
    fn continuation(&self, node: NodeId) -> Option<&Continuation> {
        let nodes = self.snapshot.nodes();
        match nodes.get(node) {
            Node::Continuation(row) => Some(row),
            Node::Frame(row) => nodes.continuation(row.continuation),
            _ => None,
        }
    }

    /// Whether a frame is of one of these functions, or a continuation has to do with one.
    fn stands_in(&self, functions: &[bool], node: NodeId) -> Option<bool> {
        let names = self.snapshot.names();
        let of = |function: u32| functions.get(function as usize) == Some(&true);
        let at = |site: u32| {
            let site = names.sites.get(site as usize);
            site.is_some_and(|site| {
                of(site.function) || site.inlined.iter().any(|frame| of(frame.function))
            })
        };
        match self.snapshot.nodes().get(node) {
            Node::Frame(row) => Some(at(row.site)),
            Node::Continuation(row) => {
                let origin = names.origins.get(row.origin as usize);
                let stack = names.stacks.get(row.stack as usize);
                let made = origin.is_some_and(|origin| of(origin.function));
                Some(made || stack.is_some_and(|sites| sites.iter().any(|&site| at(site))))
            }
            _ => None,
        }
    }
}
