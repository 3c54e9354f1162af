//! What a Rust file names: the paths in it, and what its `use` lines bring into sight.
//!
//! Read from tokens, tests left out. A call of a method needs no path, so it is
//! not seen here.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path as segments; a module's are those from the crate's root.
pub type Path = Vec<String>;

/// What brings a path to the name of an item.
const ITEMS: &[&str] = &[
    "struct", "enum", "union", "trait", "type", "const", "static", "fn",
];

/// A path, and the module it stands in.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// The module.
    pub within: Path,
    /// The path as written.
    pub path: Path,
}

/// A name that a `use` line of a module makes known there.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The name; `*` for all of the path's.
    pub name: String,
    /// What it stands for.
    pub target: Named,
}

/// What a file names.
#[derive(Debug, Default)]
pub struct Uses {
    /// Every path of two segments or more, and all of `use`.
    pub paths: Vec<Named>,
    /// The names its modules import, private ones too: a child sees those.
    pub imports: Vec<Import>,
    /// The items its modules define.
    pub items: Vec<(Path, String)>,
    /// The modules it declares for tests only.
    pub tests: Vec<Path>,
}

impl Uses {
    /// Reads the file of `module`.
    pub fn of(module: &[String], tokens: TokenStream) -> Self {
        let mut uses = Self::default();
        uses.scan(module, tokens, true);
        uses
    }

    /// `items`: whether the tokens are a module's, not a body's.
    fn scan(&mut self, module: &[String], tokens: TokenStream, items: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += match &rest[0] {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(rest) => {
                    self.skip_item(module, rest)
                }
                TokenTree::Ident(word) if word == "use" => self.import(module, rest, items),
                TokenTree::Ident(word) if word == "mod" => self.module(module, rest, items),
                TokenTree::Ident(_) => self.path(module, rest, items),
                TokenTree::Group(group) => {
                    self.scan(module, group.stream(), false);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Passes over an item for tests: up to its semicolon or its braces.
    fn skip_item(&mut self, module: &[String], rest: &[TokenTree]) -> usize {
        for (index, token) in rest.iter().enumerate() {
            match token {
                TokenTree::Ident(word) if word == "mod" => {
                    if let Some(TokenTree::Ident(name)) = rest.get(index + 1) {
                        self.tests.push(child(module, &name.to_string()));
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => return index + 1,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    return index + 1;
                }
                _ => {}
            }
        }
        rest.len()
    }

    fn module(&mut self, module: &[String], rest: &[TokenTree], items: bool) -> usize {
        let [_, TokenTree::Ident(name), TokenTree::Group(body), ..] = rest else {
            return 1;
        };
        self.scan(&child(module, &name.to_string()), body.stream(), items);
        3
    }

    /// A `use` line. `use<'a>` in a type is none.
    fn import(&mut self, module: &[String], rest: &[TokenTree], items: bool) -> usize {
        let is_end =
            |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
        let starts = match rest.get(1) {
            Some(TokenTree::Ident(_)) => true,
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        let end = rest.iter().position(is_end);
        let Some(end) = end.filter(|_| starts) else {
            return 1;
        };
        let mut found = Vec::new();
        tree(&[], &rest[1..end], &mut found);
        for (name, path) in found {
            let named = || Named {
                within: module.to_vec(),
                path: path.clone(),
            };
            self.paths.push(named());
            if items {
                self.imports.push(Import {
                    name,
                    target: named(),
                });
            }
        }
        end + 1
    }

    /// A path, or the name of an item, or just a word.
    fn path(&mut self, module: &[String], rest: &[TokenTree], items: bool) -> usize {
        let mut path = Path::new();
        let mut at = 0;
        while let Some(TokenTree::Ident(word)) = rest.get(at) {
            path.push(word.to_string());
            at += 1;
            if !is_separator(&rest[at..]) {
                break;
            }
            at += 2;
        }
        if path.len() > 1 {
            self.paths.push(Named {
                within: module.to_vec(),
                path,
            });
        } else if items
            && ITEMS.contains(&path[0].as_str())
            && let Some(TokenTree::Ident(name)) = rest.get(1)
        {
            self.items.push((module.to_vec(), name.to_string()));
        }
        at
    }
}

fn child(module: &[String], name: &str) -> Path {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    path
}

fn is_separator(rest: &[TokenTree]) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    is_colon(rest.first()) && is_colon(rest.get(1))
}

/// Whether an attribute stands here that leaves its item to tests: `cfg` with
/// `test` in it, and no `not`.
fn is_for_tests(rest: &[TokenTree]) -> bool {
    let Some(TokenTree::Group(attribute)) = rest.get(1) else {
        return false;
    };
    let words = words(attribute);
    let says = |word: &str| words.iter().any(|other| other == word);
    words.first().is_some_and(|word| word == "cfg") && says("test") && !says("not")
}

fn words(group: &Group) -> Vec<String> {
    let mut found = Vec::new();
    for token in group.stream() {
        match token {
            TokenTree::Ident(word) => found.push(word.to_string()),
            TokenTree::Group(inner) => found.extend(words(&inner)),
            _ => {}
        }
    }
    found
}

/// The names a tree of `use` brings, each with its path.
fn tree(before: &[String], tokens: &[TokenTree], found: &mut Vec<(String, Path)>) {
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    for branch in tokens.split(is_comma) {
        let mut path = before.to_vec();
        let mut renamed = None;
        let mut tokens = branch.iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => renamed = tokens.next(),
                // `use a::{self}` is `use a`.
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '*' => {
                    found.push(("*".to_owned(), path.clone()));
                    path.clear();
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    tree(&path, &inner, found);
                    path.clear();
                }
                _ => {}
            }
        }
        if let Some(last) = path.last() {
            let name = renamed.map_or_else(|| last.clone(), ToString::to_string);
            found.push((name, path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Uses;

    fn uses(text: &str) -> Uses {
        Uses::of(&["a".to_owned()], text.parse().unwrap())
    }

    fn paths(text: &str) -> Vec<String> {
        let paths = uses(text).paths.into_iter();
        paths
            .map(|named| format!("{}: {}", named.within.join("::"), named.path.join("::")))
            .collect()
    }

    #[test]
    fn every_branch_of_a_use_is_a_path() {
        let text = "use super::{b, c::{self, D as E}, f::*}; fn g() -> impl Sized + use<> {}";
        let found = [
            "a: super::b",
            "a: super::c",
            "a: super::c::D",
            "a: super::f",
        ];
        assert_eq!(paths(text), found);
        let imports = uses(text).imports;
        let names: Vec<_> = imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(names, ["b", "c", "E", "*"]);
    }

    #[test]
    fn paths_are_found_in_bodies_types_and_macros() {
        let text = "fn f(x: crate::b::X) { m!(self::c::y(x)); g::<super::d::Z>() } mod i { use super::e; }";
        let found = [
            "a: crate::b::X",
            "a: self::c::y",
            "a: super::d::Z",
            "a::i: super::e",
        ];
        assert_eq!(paths(text), found);
        assert_eq!(uses(text).items, [(vec!["a".to_owned()], "f".to_owned())]);
    }

    #[test]
    fn what_is_for_tests_is_left_out() {
        let text = "#[cfg(test)] mod tests { use super::b; } #[cfg(any(test, x))] use crate::c;\n\
                    #[cfg(test)] mod more; #[cfg(not(test))] use crate::d; // crate::e::f";
        assert_eq!(paths(text), ["a: crate::d"]);
        let tests = uses(text).tests;
        assert_eq!(tests, [["a", "tests"], ["a", "more"]]);
    }
}
