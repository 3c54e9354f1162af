//! What people call a node: `@0x40`, `continuation 7`, `global $pool`.
//!
//! | name | node |
//! |-|-|
//! | `@0x40`, `0x40`, `object 0x40`, `$node @0x40` | the object at that offset |
//! | `continuation 7`, `7`, `continuation 7 of $gen` | the continuation with that number |
//! | `frame 0 of continuation 7`, `7.0` | a frame of it, with or without `: $gen at 0x3a` behind it |
//! | `global 2`, `global $pool`, `global 2 $pool` | a global; likewise `table` and `segment` |
//! | `handle 3`, `host handle 3`, `weak handle 1` | a handle |
//! | `roots` | node 0 |
//!
//! Each title of a node is one of its names. What stands in a title behind what tells the node
//! has to fit.

use super::near::nearest;
use crate::Snapshot;
use crate::snapshot::{Kind, Node, NodeId};
use mangrove::printable;
use std::fmt;
use std::str::FromStr;

/// A node's name.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::NodeName;
///
/// # let mut builder = Builder::new();
/// # let row = Static { instance: Some(0), index: 2, name: Some("pool".into()), len: 0 };
/// # let global = builder.fixed(Kind::Global, row, []);
/// # let snapshot = builder.finish(About::default())?;
/// assert_eq!("global $pool".parse::<NodeName>()?.find(&snapshot)?, global);
/// assert_eq!(snapshot.title(global).parse::<NodeName>()?.find(&snapshot)?, global);
///
/// let error = "global $pol".parse::<NodeName>()?.find(&snapshot).unwrap_err();
/// assert_eq!(error.to_string(), "there is no `global $pol`; did you mean `global 2 $pool`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeName {
    /// As it was written.
    text: String,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Roots,
    /// At an offset, with the text before `@`.
    Object(u32, Option<String>),
    /// With the text behind its number.
    Continuation(u32, Option<String>),
    /// Index, continuation, and the text behind those.
    Frame(u32, u32, Option<String>),
    /// A global, table, segment or handle: by its index, and what is behind it.
    Fixed(Kind, Option<u32>, Option<String>),
}

/// What is wrong with a node's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is no name of a node.
    #[error(
        "`{}` is no name of a node: write `7` or `continuation 7`, `7.0` or `frame 0 of continuation 7`, \
         `0x40`, `global 2`, `global $pool`, `table 0`, `segment 0`, `handle 3` or `weak handle 1`",
        printable(.0)
    )]
    Syntax(String),
    /// No node has this name.
    #[error("there is no `{}`{}", printable(.name), Hint(.near))]
    Unknown {
        /// What was written.
        name: String,
        /// The title of the node that was meant, most likely.
        near: Option<String>,
    },
    /// What stands behind the number is not so: `continuation 7 of $other`.
    #[error("`{}` is `{title}` in this snapshot", printable(.name))]
    Differs {
        /// What was written.
        name: String,
        /// The node's title.
        title: String,
    },
    /// Several nodes have this name.
    #[error("`{}` is {}: which of them?", printable(.name), titles.join(" and "))]
    Several {
        /// What was written.
        name: String,
        /// Titles of the first of them.
        titles: Vec<String>,
    },
}

struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

/// How the kinds are called outside of stacks and objects.
const FIXED: [(&str, Kind); 8] = [
    ("global ", Kind::Global),
    ("table ", Kind::Table),
    ("element segment ", Kind::Segment),
    ("segment ", Kind::Segment),
    ("host handle ", Kind::Handle),
    ("weak handle ", Kind::Weak),
    ("handle ", Kind::Handle),
    ("weak ", Kind::Weak),
];

impl FromStr for NodeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let trimmed = text.trim();
        match form(trimmed) {
            Some(form) => Ok(Self {
                text: trimmed.to_owned(),
                form,
            }),
            None => Err(NameError::Syntax(text.to_owned())),
        }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.text))
    }
}

fn form(text: &str) -> Option<Form> {
    if matches!(text, "roots" | "the roots") {
        return Some(Form::Roots);
    }
    if let Some(rest) = text.strip_prefix("frame ") {
        let (index, rest) = number(rest)?;
        let rest = rest.trim_start().strip_prefix("of continuation ")?;
        let (continuation, rest) = number(rest)?;
        return Some(Form::Frame(index, continuation, behind(rest)));
    }
    if let Some(rest) = text.strip_prefix("continuation ") {
        let (number, rest) = number(rest)?;
        return Some(Form::Continuation(number, behind(rest)));
    }
    for (word, kind) in FIXED {
        if let Some(rest) = text.strip_prefix(word) {
            let rest = rest.trim_start();
            return match number(rest) {
                Some((index, rest)) => Some(Form::Fixed(kind, Some(index), behind(rest))),
                None if rest.is_empty() => None,
                None => Some(Form::Fixed(kind, None, Some(rest.to_owned()))),
            };
        }
    }
    object(text).or_else(|| {
        if let Some((continuation, index)) = text.split_once('.') {
            let (continuation, _) = number(continuation)?;
            let (index, rest) = number(index)?;
            return rest
                .is_empty()
                .then_some(Form::Frame(index, continuation, None));
        }
        let (number, rest) = number(text)?;
        rest.is_empty().then_some(Form::Continuation(number, None))
    })
}

/// `@0x40`, `0x40`, `object 0x40` or `$node @0x40`.
fn object(text: &str) -> Option<Form> {
    let hex = |digits: &str| {
        let digits = digits.strip_prefix("0x")?;
        let plain = !digits.starts_with('+');
        u32::from_str_radix(digits, 16).ok().filter(|_| plain)
    };
    if let Some((before, digits)) = text.rsplit_once('@')
        && let Some(offset) = hex(digits)
        && (before.is_empty() || before.ends_with(' '))
    {
        let before = before.trim();
        let ty = (!before.is_empty() && before != "object").then(|| before.to_owned());
        return Some(Form::Object(offset, ty));
    }
    let digits = text.strip_prefix("object ").unwrap_or(text).trim_start();
    Some(Form::Object(hex(digits)?, None))
}

/// A number at the beginning of a text that ends there, and what follows.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    let ends = rest.is_empty() || rest.starts_with([' ', ':']);
    let number = digits.parse().ok()?;
    ends.then_some((number, rest))
}

fn behind(rest: &str) -> Option<String> {
    let rest = rest.trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}

impl NodeName {
    /// The node of this name.
    ///
    /// # Errors
    /// There is none, or there are several, or what stands behind its number does not fit.
    pub fn find(&self, snapshot: &Snapshot) -> Result<NodeId, NameError> {
        let nodes = snapshot.nodes();
        let (found, rest) = match &self.form {
            Form::Roots => ((!nodes.is_empty()).then_some(NodeId::ROOTS), None),
            Form::Object(offset, ty) => (nodes.object_at(*offset), ty.as_ref()),
            Form::Continuation(number, rest) => {
                (nodes.continuation_numbered(*number), rest.as_ref())
            }
            Form::Frame(index, number, rest) => {
                let continuation = nodes.continuation_numbered(*number);
                let frame = continuation.and_then(|node| {
                    let at = crate::snapshot::At::Frame(*index);
                    Some(nodes.edge_at(node, at)?.to)
                });
                (frame, rest.as_ref())
            }
            Form::Fixed(kind, index, rest) => {
                return self.fixed(snapshot, *kind, *index, rest.as_deref());
            }
        };
        let Some(node) = found else {
            return Err(self.unknown(snapshot));
        };
        let title = snapshot.title(node);
        // What is behind the number is the rest of the title, and of an object what is before.
        let fits = match (rest, &self.form, nodes.object(node)) {
            (None, ..) => true,
            (Some(ty), _, Some(row)) => {
                let name = snapshot.type_name(row.ty);
                let name = name.trim();
                name == ty || name.strip_prefix('$') == Some(ty)
            }
            (Some(rest), Form::Continuation(number, _), _) => {
                title.trim_end() == format!("continuation {number} {rest}")
            }
            (Some(rest), ..) => title.trim_end().ends_with(rest.as_str()) && rest.starts_with(':'),
        };
        match fits {
            true => Ok(node),
            false => Err(NameError::Differs {
                name: self.text.clone(),
                title,
            }),
        }
    }

    /// A global, table, segment or handle.
    fn fixed(
        &self,
        snapshot: &Snapshot,
        kind: Kind,
        index: Option<u32>,
        rest: Option<&str>,
    ) -> Result<NodeId, NameError> {
        let nodes = snapshot.nodes();
        let row = |node: NodeId| match nodes.get(node) {
            Node::Static(_, row) => Some(row),
            _ => None,
        };
        let mut found: Vec<NodeId> = nodes
            .of(kind)
            .filter(|&node| index.is_none_or(|index| row(node).is_some_and(|r| r.index == index)))
            .collect();
        if found.is_empty() {
            return Err(self.unknown(snapshot));
        }
        let first = found[0];
        if let Some(rest) = rest {
            // The whole title tells more than the name.
            let by_title = |&node: &NodeId| {
                let title = snapshot.title(node);
                let index = row(node).map_or(0, |row| row.index);
                let behind = title.strip_prefix(&format!("{} {index}", kind.name()));
                behind.map(str::trim) == Some(rest)
            };
            let by_name = |&node: &NodeId| {
                let name = row(node).and_then(|row| row.name.as_deref());
                let name = name.map(printable);
                name.as_deref() == Some(rest) || name.as_deref() == rest.strip_prefix('$')
            };
            let all = found;
            found = all.iter().copied().filter(by_title).collect();
            if found.is_empty() {
                found = all.into_iter().filter(by_name).collect();
            }
        }
        match &found[..] {
            [one] => Ok(*one),
            [] if index.is_some() => Err(NameError::Differs {
                name: self.text.clone(),
                title: snapshot.title(first),
            }),
            [] => Err(self.unknown(snapshot)),
            several => Err(NameError::Several {
                name: self.text.clone(),
                titles: several
                    .iter()
                    .take(5)
                    .map(|&node| snapshot.title(node))
                    .collect(),
            }),
        }
    }

    fn unknown(&self, snapshot: &Snapshot) -> NameError {
        NameError::Unknown {
            name: self.text.clone(),
            near: self.near(snapshot),
        }
    }

    /// The title of the node that was meant, if that can be told.
    fn near(&self, snapshot: &Snapshot) -> Option<String> {
        let nodes = snapshot.nodes();
        let node = match &self.form {
            Form::Roots => return None,
            // The object that the offset lies in, if it is not the beginning of one.
            Form::Object(offset, _) => nodes.of(Kind::Object).find(|&node| {
                let row = nodes.object(node);
                row.is_some_and(|row| {
                    row.offset < *offset
                        && u64::from(row.offset) + nodes.bytes(node) > u64::from(*offset)
                })
            })?,
            Form::Continuation(..) => return None,
            Form::Frame(_, number, _) => nodes.continuation_numbered(*number)?,
            Form::Fixed(kind, _, rest) => {
                let wanted = rest.as_deref()?;
                let wanted = wanted.strip_prefix('$').unwrap_or(wanted);
                let named = nodes.of(*kind).filter_map(|node| match nodes.get(node) {
                    Node::Static(_, row) => Some((row.name.as_deref()?, node)),
                    _ => None,
                });
                let named: Vec<(&str, NodeId)> = named.collect();
                let near = nearest(wanted, named.iter().map(|&(name, _)| name))?;
                named.iter().find(|&&(name, _)| name == near)?.1
            }
        };
        Some(snapshot.title(node))
    }
}
