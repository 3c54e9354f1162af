//! Names, each once: DevTools leaves out objects whose class's name is in its list twice, without a word.

use crate::Snapshot;
use crate::snapshot::{At, Edge, Kind, Node, NodeId, Static};
use mangrove::printable;
use std::borrow::Cow;
use std::collections::HashMap;

/// What all names may have together: DevTools reads them as one string, and V8's are at most 2^29 - 24 long.
pub(super) const MOST_BYTES: usize = 1 << 28;

/// Letters of a name: what is longer is cut. memlab takes time by the square of what names have together.
const MOST_LETTERS: usize = 200;

/// Not made yet.
const NONE: u32 = u32::MAX;

/// The names of a snapshot, as they come to be needed.
pub(super) struct Strings<'a> {
    snapshot: &'a Snapshot,
    all: Vec<String>,
    numbers: HashMap<String, u32>,
    bytes: usize,
    /// By type: of its objects.
    types: Vec<u32>,
    /// By function: of its frames.
    frames: Vec<u32>,
    /// By function: of the continuations made from it.
    continuations: Vec<u32>,
    /// By site, of its slots; by type, of its fields: where they begin in `places`.
    slots: Vec<u32>,
    fields: Vec<u32>,
    /// Names of places.
    places: Vec<u32>,
}

impl<'a> Strings<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let names = snapshot.names();
        let mut strings = Self {
            snapshot,
            all: Vec::new(),
            numbers: HashMap::new(),
            bytes: 0,
            types: vec![NONE; names.types.len()],
            frames: vec![NONE; names.functions.len()],
            continuations: vec![NONE; names.functions.len()],
            slots: vec![NONE; names.sites.len()],
            fields: vec![NONE; names.types.len()],
            places: Vec::new(),
        };
        // V8's first string, which stands for no name.
        strings.number("<dummy>");
        strings
    }

    /// All names, in the order of their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(String::as_str)
    }

    /// # Errors
    /// They are more than readers can hold.
    pub(super) fn check(&self) -> Result<(), super::WriteError> {
        if self.bytes > MOST_BYTES {
            return Err(super::WriteError::TooManyNames(self.bytes));
        }
        Ok(())
    }

    /// The number of a name.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        let name = tame(name);
        if let Some(&number) = self.numbers.get(&*name) {
            return number;
        }
        let number = self.all.len() as u32;
        // With the quotes and the comma, and `\uffff` for what is not ASCII.
        let letters = name.chars().map(|c| if c.is_ascii() { 1 } else { 12 });
        self.bytes += letters.sum::<usize>() + 3;
        self.all.push(name.clone().into_owned());
        self.numbers.insert(name.into_owned(), number);
        number
    }

    /// What a node is called: one name for all of a class.
    pub(super) fn node(&mut self, node: NodeId) -> u32 {
        let snapshot = self.snapshot;
        match snapshot.nodes().get(node) {
            Node::Roots => self.number("(GC roots)"),
            Node::Static(kind, row) => self.fixed(node, kind, row),
            Node::Continuation(row) => match snapshot.names().origins.get(row.origin as usize) {
                Some(origin) => {
                    self.of_function(origin.function, "Continuation of", |s| &mut s.continuations)
                }
                None => self.number("Continuation"),
            },
            Node::Frame(row) => match snapshot.names().sites.get(row.site as usize) {
                Some(site) => self.of_function(site.function, "frame", |s| &mut s.frames),
                None => self.number("frame"),
            },
            Node::Object(row) => {
                let known = self.types.get(row.ty as usize).copied();
                if let Some(number) = known.filter(|&number| number != NONE) {
                    return number;
                }
                let name = class(&snapshot.type_name(row.ty)).into_owned();
                let number = self.number(&name);
                if let Some(place) = self.types.get_mut(row.ty as usize) {
                    *place = number;
                }
                number
            }
        }
    }

    /// Of handles there may be as many as of objects: they have a name together.
    fn fixed(&mut self, node: NodeId, kind: Kind, row: &Static) -> u32 {
        match kind {
            Kind::Handle | Kind::Weak if row.name.is_none() => self.number(kind.name()),
            _ => {
                let name = self.snapshot.title(node);
                self.number(&name)
            }
        }
    }

    fn of_function(
        &mut self,
        function: u32,
        what: &str,
        table: impl Fn(&mut Self) -> &mut Vec<u32>,
    ) -> u32 {
        let known = table(self).get(function as usize).copied();
        if let Some(number) = known.filter(|&number| number != NONE) {
            return number;
        }
        let name = format!("{what} {}", self.snapshot.function_name(function));
        let number = self.number(&name);
        if let Some(place) = table(self).get_mut(function as usize) {
            *place = number;
        }
        number
    }

    /// What the place of an edge is called that is no element.
    pub(super) fn place(&mut self, node: NodeId, edge: Edge) -> u32 {
        let snapshot = self.snapshot;
        let nodes = snapshot.nodes();
        let known = match (edge.at, nodes.get(node)) {
            (At::Slot(index), Node::Frame(row)) => {
                let sites = &snapshot.names().sites;
                let site = sites.get(row.site as usize);
                let count = site.map_or(0, |site| site.slots.len());
                self.of_list(
                    |s| &mut s.slots,
                    row.site,
                    count,
                    index,
                    |index| snapshot.place_name(node, At::Slot(index)),
                )
            }
            (At::Field(index), Node::Object(row)) => {
                let ty = snapshot.names().types.get(row.ty as usize);
                let count = ty.map_or(0, |ty| ty.fields.len());
                self.of_list(
                    |s| &mut s.fields,
                    row.ty,
                    count,
                    index,
                    |index| {
                        let name = ty.and_then(|ty| ty.fields[index as usize].name.as_ref());
                        name.map_or_else(
                            || index.to_string(),
                            |name| format!("${}", printable(name)),
                        )
                    },
                )
            }
            _ => None,
        };
        known.unwrap_or_else(|| {
            let name = snapshot.place_name(node, edge.at);
            self.number(&name)
        })
    }

    /// The name of one of the places of a site or a type, which are made together.
    fn of_list(
        &mut self,
        table: impl Fn(&mut Self) -> &mut Vec<u32>,
        list: u32,
        count: usize,
        index: u32,
        name: impl Fn(u32) -> String,
    ) -> Option<u32> {
        if index as usize >= count {
            return None;
        }
        let mut first = *table(self).get(list as usize)?;
        if first == NONE {
            first = self.places.len() as u32;
            for index in 0..count as u32 {
                let number = self.number(&name(index));
                self.places.push(number);
            }
            table(self)[list as usize] = first;
        }
        Some(self.places[(first + index) as usize])
    }
}

/// A name for objects of a type that no reader takes for one of V8's or of the browser's: these have names
/// that mean something (`Object`, `Array`, `system / Context`, what begins with `<`, `Detached <`,
/// `Object(`, and the classes in brackets that DevTools makes itself). Names of the text format and
/// their types as text are none of these.
fn class(name: &str) -> Cow<'_, str> {
    let text = ["$", "(array ", "(struct", "(cont "];
    match text.iter().any(|begin| name.starts_with(begin)) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("object {name}")),
    }
}

/// A name that is not too long, and that memlab does not take for that of an entry of a weak map, which
/// holds what another object decides.
fn tame(name: &str) -> Cow<'_, str> {
    let mut name = Cow::Borrowed(name);
    if let Some((end, _)) = name.char_indices().nth(MOST_LETTERS) {
        name = Cow::Owned(format!("{}…", &name[..end]));
    }
    if name.contains("WeakMap") && name.contains(") ->") {
        name = Cow::Owned(name.replace(") ->", ") - >"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::samples::generators;

    #[test]
    fn names_are_there_once_and_not_too_long() {
        let snapshot = generators(2, 2).unwrap();
        let mut strings = Strings::new(&snapshot);
        let long = "é".repeat(1000);
        let number = strings.number(&long);
        assert_eq!(strings.number(&"é".repeat(999)), number);
        assert_eq!(strings.all().last().unwrap().chars().count(), 201);
        let all: Vec<u32> = snapshot
            .nodes()
            .all()
            .map(|node| strings.node(node))
            .collect();
        assert!(
            snapshot
                .nodes()
                .all()
                .map(|node| strings.node(node))
                .eq(all)
        );
        let mut names: Vec<&str> = strings.all().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn readers_take_no_type_for_one_of_the_browsers() {
        for name in [
            "Object",
            "Array",
            "<div id=x>",
            "Detached <div>",
            "Object(x)",
            "(synthetic)",
            "Function",
            "system / Context",
            "InternalNode",
            "",
        ] {
            assert_eq!(class(name), format!("object {name}"));
        }
        for name in [
            "$Object",
            "$<div id=x>",
            "(array i8)",
            "(struct)",
            "(struct (field i32))",
        ] {
            assert_eq!(class(name), name);
        }
        assert_eq!(
            tame("$x / part of key (a @5) -> value (b @7) pair in WeakMap (table @9)"),
            "$x / part of key (a @5) - > value (b @7) pair in WeakMap (table @9)"
        );
    }

    #[test]
    fn more_than_readers_hold_is_an_error() {
        let snapshot = generators(0, 0).unwrap();
        let mut strings = Strings::new(&snapshot);
        assert!(strings.check().is_ok());
        strings.bytes = MOST_BYTES + 1;
        assert!(strings.check().is_err());
    }
}
