//! A filter on a snapshot: names become indices, and conditions are tried on nodes.

use super::filter::{Compare, Filter, FilterError, What};
use super::near::hint;
use crate::Snapshot;
use crate::snapshot::{Continuation, Kind, Names, Node, NodeId, Space, State};

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
    Functions(Standing),
    Continuation(u64),
    State(State),
    Parked(bool),
    Age(u64),
    Bytes(u64),
}

/// Where some functions are met. It is found once for all nodes: any number of continuations may
/// have one stack, of any depth.
#[derive(Clone, Debug)]
struct Standing {
    /// By site: whether it is in one of them.
    sites: Vec<bool>,
    /// By stack: whether one of its sites is.
    stacks: Vec<bool>,
    /// By origin: whether they are made from one of them.
    origins: Vec<bool>,
}

impl Standing {
    /// Of these functions, by function.
    fn of(names: &Names, functions: &[bool]) -> Self {
        let among = |function: u32| functions.get(function as usize) == Some(&true);
        let sites: Vec<bool> = names
            .sites
            .iter()
            .map(|site| {
                among(site.function) || site.inlined.iter().any(|frame| among(frame.function))
            })
            .collect();
        let at = |site: &u32| sites.get(*site as usize) == Some(&true);
        let stacks = names.stacks.iter().map(|stack| stack.iter().any(at));
        let origins = names.origins.iter().map(|origin| among(origin.function));
        Self {
            stacks: stacks.collect(),
            origins: origins.collect(),
            sites,
        }
    }
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
            Test::Functions(Standing::of(
                names,
                &named("function", name, known.collect())?,
            ))
        }
        What::Module(name) => {
            let known = names.modules.iter().map(|module| module.name.clone());
            let modules = named("module", name, known.collect())?;
            let of = names.functions.iter().map(|function| function.module);
            let is = |module: Option<u32>| {
                module.is_some_and(|module| modules.get(module as usize) == Some(&true))
            };
            let functions: Vec<bool> = of.map(is).collect();
            Test::Functions(Standing::of(names, &functions))
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
            Test::Functions(standing) => compare.is(self.stands_in(standing, node)?),
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
    fn stands_in(&self, standing: &Standing, node: NodeId) -> Option<bool> {
        let is = |of: &[bool], index: u32| of.get(index as usize) == Some(&true);
        match self.snapshot.nodes().get(node) {
            Node::Frame(row) => Some(is(&standing.sites, row.site)),
            Node::Continuation(row) => {
                Some(is(&standing.origins, row.origin) || is(&standing.stacks, row.stack))
            }
            _ => None,
        }
    }
}
