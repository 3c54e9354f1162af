//! One name for one thing: a type that is public in a library stands in one of them.
//!
//! The tools and tests have words of their own: each is read by itself.

use super::report::Report;
use super::source::Source;
use proc_macro2::TokenTree;
use std::collections::BTreeMap;

/// What begins a type's definition, behind `pub`.
const KINDS: &[&str] = &["struct", "enum", "union", "trait", "type"];

/// Checks all sources together.
pub fn check(sources: &[Source<'_>], report: &mut Report) {
    let mut homes: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for source in sources {
        let path = source.file.path.as_str();
        let Some(library) = library(path) else {
            continue;
        };
        for (line, name) in public_types(source) {
            match homes.get(&name) {
                Some((other, first)) if *other != library => {
                    let message = format!("`{name}` is public in {first} too");
                    report.error(format!("{path}:{line}"), message);
                }
                Some(_) => {}
                None => {
                    homes.insert(name, (library, path));
                }
            }
        }
    }
}

/// The library whose code, and not only tests, a path is of.
fn library(path: &str) -> Option<&str> {
    let (library, file) = path.strip_prefix("crates/")?.split_once("/src/")?;
    let name = file.strip_suffix(".rs")?;
    let mut parts = name.split('/');
    let tests = parts.any(|part| part == "testing" || part.ends_with("tests"));
    (!tests).then_some(library)
}

/// Types that are `pub` at the top of a file, each with its line.
fn public_types(source: &Source<'_>) -> Vec<(usize, String)> {
    let tokens: Vec<TokenTree> = source.tokens.clone().into_iter().collect();
    let is = |token: Option<&TokenTree>, word: &str| matches!(token, Some(TokenTree::Ident(ident)) if ident == word);
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if !is(Some(token), "pub") {
            continue;
        }
        let mut rest = tokens[index + 1..].iter().peekable();
        rest.next_if(|token| is(Some(token), "unsafe"));
        let kind = rest.next();
        if let Some(TokenTree::Ident(name)) = rest.next()
            && KINDS.iter().any(|word| is(kind, word))
        {
            found.push((token.span().start().line, name.to_string()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tree::File;
    use super::{Report, Source, check};

    /// How often a public name of one library stands in another.
    fn doubles(files: &[(&str, &str)]) -> usize {
        let files: Vec<File> = files
            .iter()
            .map(|&(path, text)| File {
                path: path.to_owned(),
                text: text.to_owned(),
            })
            .collect();
        let sources: Vec<_> = files
            .iter()
            .map(|file| Source::parse(file).unwrap())
            .collect();
        let mut report = Report::default();
        check(&sources, &mut report);
        report.errors.len()
    }

    #[test]
    fn a_public_type_stands_in_one_library() {
        let one = ("crates/a/src/x.rs", "pub struct Frame { pub fp: u64 }");
        for text in [
            "pub enum Frame {}",
            "pub unsafe trait Frame {}",
            "pub type Frame = u8;",
        ] {
            assert_eq!(
                doubles(&[one, ("crates/b/src/y/mod.rs", text)]),
                1,
                "{text}"
            );
            assert_eq!(doubles(&[one, ("crates/a/src/y.rs", text)]), 0, "{text}");
            for elsewhere in [
                "crates/b/src/testing.rs",
                "crates/b/src/y/tests.rs",
                "crates/b/tests/y.rs",
                "tools/b/src/y.rs",
            ] {
                assert_eq!(doubles(&[one, (elsewhere, text)]), 0, "{elsewhere}: {text}");
            }
        }
        let inner = "pub(crate) struct Frame; pub use other::Frame; pub fn Frame() {}";
        assert_eq!(doubles(&[one, ("crates/b/src/y.rs", inner)]), 0);
    }
}
