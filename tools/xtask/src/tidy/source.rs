//! A Rust file as tokens: where its functions, its unsafe, its assembly and its events are.
//!
//! Tokens, not a syntax tree: what stands inside macros counts as well, and
//! strings and comments never mislead.

use super::tree::File;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of its `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace.
    pub len: usize,
}

/// What the rules look at in a Rust file.
pub struct Source<'a> {
    /// The file.
    pub file: &'a File,
    /// Its tokens.
    pub tokens: TokenStream,
    /// Its functions.
    pub functions: Vec<Function>,
    /// Lines of `unsafe {` and `unsafe impl`.
    pub unsafe_places: Vec<usize>,
    /// Whether the keyword `unsafe` occurs at all.
    pub any_unsafe: bool,
    /// Lines of inline, global or naked assembly.
    pub assembly: Vec<usize>,
    /// Lines of events that name no target.
    pub lost_events: Vec<usize>,
    /// Whether the file says `#![forbid(unsafe_code)]`.
    pub forbids_unsafe: bool,
    /// Whether the file says `#![deny(unsafe_code)]`.
    pub denies_unsafe: bool,
}

const ASSEMBLY: &[&str] = &["asm", "naked_asm", "global_asm"];

/// The macros of `tracing`; their names alone do not say whose they are.
const EVENTS: &[&str] = &["trace", "debug", "info", "warn", "error", "event"];

impl<'a> Source<'a> {
    /// Reads the tokens of a file.
    pub fn parse(file: &'a File) -> Result<Self, String> {
        let stream: TokenStream = file
            .text
            .parse()
            .map_err(|error| format!("is no Rust: {error}"))?;
        let says = |attribute| file.text.lines().any(|line| line.trim() == attribute);
        let mut source = Self {
            file,
            tokens: stream.clone(),
            functions: Vec::new(),
            unsafe_places: Vec::new(),
            any_unsafe: false,
            assembly: Vec::new(),
            lost_events: Vec::new(),
            forbids_unsafe: says("#![forbid(unsafe_code)]"),
            denies_unsafe: says("#![deny(unsafe_code)]"),
        };
        source.scan(stream);
        Ok(source)
    }

    fn scan(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            let rest = &tokens[index + 1..];
            let line = token.span().start().line;
            match token {
                TokenTree::Ident(word) if word == "fn" => {
                    self.functions.extend(function(line, rest));
                }
                TokenTree::Ident(word) if word == "unsafe" && !is_attribute(rest) => {
                    self.any_unsafe = true;
                    if rest.first().is_some_and(opens_unsafe) {
                        self.unsafe_places.push(line);
                    }
                }
                TokenTree::Ident(word) if ASSEMBLY.iter().any(|name| word == name) => {
                    if matches!(rest.first(), Some(TokenTree::Punct(mark)) if mark.as_char() == '!')
                    {
                        self.assembly.push(line);
                    }
                }
                TokenTree::Ident(word) if word == "tracing" && is_lost_event(rest) => {
                    self.lost_events.push(line);
                }
                TokenTree::Group(group) => self.scan(group.stream()),
                _ => {}
            }
        }
    }
}

/// The function whose `fn` stands on `line` with `rest` behind it; none if
/// this is a function type or a declaration without a body.
fn function(line: usize, rest: &[TokenTree]) -> Option<Function> {
    let TokenTree::Ident(name) = rest.first()? else {
        return None;
    };
    for token in rest {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ';' => return None,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let len = group.span_close().end().line + 1 - line;
                return Some(Function {
                    name: name.to_string(),
                    line,
                    len,
                });
            }
            _ => {}
        }
    }
    None
}

/// `#[unsafe(naked)]` and its like: an attribute's spelling, not unsafe code.
fn is_attribute(rest: &[TokenTree]) -> bool {
    matches!(rest.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

fn opens_unsafe(next: &TokenTree) -> bool {
    match next {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Ident(word) => word == "impl",
        _ => false,
    }
}

/// Whether `::NAME!(…)` stands here, or an import of `NAME` which would hide such,
/// without `target:` first in the parentheses.
fn is_lost_event(rest: &[TokenTree]) -> bool {
    let is = |at: usize, mark: char| matches!(rest.get(at), Some(TokenTree::Punct(found)) if found.as_char() == mark);
    if !is(0, ':') || !is(1, ':') {
        return false;
    }
    match (rest.get(2), rest.get(4)) {
        (Some(TokenTree::Ident(_)), Some(TokenTree::Group(group))) if is(3, '!') => {
            let first = group.stream().into_iter().next();
            !matches!(first, Some(TokenTree::Ident(word)) if word == "target")
        }
        (Some(TokenTree::Ident(word)), _) if EVENTS.iter().any(|name| word == name) => is(3, ';'),
        (Some(TokenTree::Group(group)), _) => group.stream().into_iter().any(
            |token| matches!(token, TokenTree::Ident(word) if EVENTS.iter().any(|name| word == name)),
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{File, Function, Source};

    fn file(text: &str) -> File {
        File {
            path: "a.rs".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn functions_are_measured_wherever_they_stand() {
        let file = file(
            "mod a {\n fn one() -> [u8; 2] {\n  \"fn no() {\";\n }\n}\n\
             macro_rules! m { () => { fn two() {} } }\n\
             trait T { fn declared(); }\ntype F = fn(u8);\n",
        );
        let source = Source::parse(&file).unwrap();
        assert_eq!(
            source.functions,
            [
                Function {
                    name: "one".to_owned(),
                    line: 2,
                    len: 3
                },
                Function {
                    name: "two".to_owned(),
                    line: 6,
                    len: 1
                },
            ]
        );
    }

    #[test]
    fn unsafe_places_are_blocks_and_impls() {
        let file = file(
            "#[unsafe(naked)]\nunsafe fn f() {}\nunsafe impl Send for X {}\n\
             fn g() { // unsafe {\n let _ = vec![unsafe { 1 }]; }\n",
        );
        let source = Source::parse(&file).unwrap();
        assert_eq!(source.unsafe_places, [3, 5]);
        assert!(source.any_unsafe);
    }

    #[test]
    fn an_attribute_or_a_comment_is_not_unsafe() {
        let file = file("#![forbid(unsafe_code)]\n#[unsafe(no_mangle)]\nfn f() {} // unsafe\n");
        let source = Source::parse(&file).unwrap();
        assert!(!source.any_unsafe);
        assert!(source.forbids_unsafe);
    }

    #[test]
    fn assembly_is_found() {
        let file = file("fn f() {\n core::arch::naked_asm!(\"ret\");\n let asm = 1;\n}\n");
        assert_eq!(Source::parse(&file).unwrap().assembly, [2]);
    }

    #[test]
    fn an_event_names_its_target_first() {
        let file = file(
            "fn f() {\n tracing::debug!(target: T, x);\n tracing::warn!(%error, \"no\");\n}\n\
             use tracing::error;\nuse tracing::{info, Level};\nuse tracing::Level;\n\
             fn g() { tracing::enabled!(target: T, Level::TRACE) }\n",
        );
        assert_eq!(Source::parse(&file).unwrap().lost_events, [3, 5, 6]);
    }
}
