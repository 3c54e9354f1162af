//! Everything public in the embedding API has an example.
//!
//! ```text
//!  crates/mangrove/src/lib.rs ──▶ the names it makes public
//!  sources of the libraries ──▶ items with their documentation ──▶ those names, and the
//!                               functions in their `impl` and `trait` blocks
//! ```
//!
//! An item has an example if a listing that uses it by its name stands
//!
//! - in its own documentation, that at a `pub use` of the face included; or
//! - of a function of a type: in the documentation of the type; or
//! - in that of another item, to which one of these leads by `See [`…`]` below `# Examples`.
//!
//! Fields, variants, and what `#[doc(hidden)]` hides need none. A function in the body of a
//! macro, of whatever type, has one of its own.

use super::report::Report;
use super::source::Source;
use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

/// What makes the names public.
const FACE: &str = "crates/mangrove/src/lib.rs";
/// What begins an item's definition, behind `pub`.
const KINDS: &[&str] = &[
    "struct", "enum", "union", "trait", "type", "fn", "const", "static",
];
/// The owner of what a `pub use` says.
const USE: &str = "use";
/// The owner of functions in the body of a macro.
const MACRO: &str = "macro";
/// What may stand before `fn`.
const QUALIFIERS: &[&str] = &["unsafe", "async", "extern"];

/// A public item.
#[derive(Debug)]
struct Item {
    place: String,
    /// The type or trait whose function it is.
    owner: Option<String>,
    name: String,
    /// What the face calls it.
    called: String,
    docs: String,
}

impl Item {
    /// As links name it.
    fn path(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{owner}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether a listing of its documentation uses this item.
    fn shows(&self, item: &Item) -> bool {
        let is_it = |word| word == item.name || word == item.called;
        listings(&self.docs).any(|line| words(line).any(is_it))
    }

    /// The items that `# Examples` leads to.
    fn leads_to(&self) -> impl Iterator<Item = String> {
        let below = self.docs.split("# Examples").nth(1).unwrap_or("");
        below.split("See [`").skip(1).filter_map(|rest| {
            let target = rest.split('`').next()?.trim_end_matches("()");
            let target = target.strip_prefix("crate::").unwrap_or(target);
            Some(match (target.strip_prefix("Self::"), &self.owner) {
                (Some(name), Some(owner)) => format!("{owner}::{name}"),
                _ => target.to_owned(),
            })
        })
    }
}

/// Checks the public names of the face.
pub fn check(sources: &[Source<'_>], report: &mut Report) {
    let Some(face) = sources.iter().find(|source| source.file.path == FACE) else {
        return;
    };
    let mut public = exports(face.tokens.clone());
    // What the face takes by another name from a file of its own.
    for source in sources {
        if source.file.path != FACE && source.file.path.starts_with("crates/mangrove/src/") {
            for (name, known) in exports(source.tokens.clone()) {
                if name != known.called && public.remove(&known.called).is_some() {
                    public.insert(name, known);
                }
            }
        }
    }
    let mut items = Vec::new();
    for source in sources {
        if is_library(&source.file.path) {
            let mut reader = Reader {
                path: &source.file.path,
                public: &public,
                items: &mut items,
            };
            reader.read(source.tokens.clone(), None, false);
        }
    }
    let items = joined(items);
    let by_path: BTreeMap<String, &Item> = items.iter().map(|item| (item.path(), item)).collect();
    for item in &items {
        let of_owner = item.owner.as_ref().and_then(|owner| by_path.get(owner));
        let leads = |from: &Item| {
            from.leads_to().any(|path| {
                let target = by_path.get(&path);
                target.is_some_and(|target| target.shows(item))
            })
        };
        let found = [Some(item), of_owner.copied()]
            .into_iter()
            .flatten()
            .any(|place| place.shows(item) || leads(place));
        if !found {
            report.error(&item.place, format!("`{}` has no example", item.path()));
        }
    }
    for name in public.keys() {
        if !by_path.contains_key(name) {
            report.error(FACE, format!("the definition of `{name}` was not found"));
        }
    }
    report.measure(format!("{} public items with an example", items.len()));
}

/// The libraries that the face is of.
const LIBRARIES: &[&str] = &[
    "abi",
    "collector",
    "compile",
    "continuation",
    "heap",
    "mangrove",
    "runtime",
    "stack",
    "validate",
];

/// Whether a path is of such a library's code, and not of its tests.
fn is_library(path: &str) -> bool {
    let Some((library, file)) = path
        .strip_prefix("crates/")
        .and_then(|rest| rest.split_once("/src/"))
    else {
        return false;
    };
    let mut parts = file.trim_end_matches(".rs").split('/');
    LIBRARIES.contains(&library) && !parts.any(|part| part == "testing" || part.ends_with("tests"))
}

/// Items with what the face itself says of them, at its `pub use`.
fn joined(items: Vec<Item>) -> Vec<Item> {
    let is_use = |item: &Item| item.owner.as_deref() == Some(USE);
    let (uses, mut items): (Vec<_>, Vec<_>) = items.into_iter().partition(is_use);
    for item in items.iter_mut().filter(|item| item.owner.is_none()) {
        let said = uses.iter().filter(|said| said.name == item.name);
        item.docs.extend(said.map(|said| said.docs.as_str()));
    }
    items
}

/// A name that the face makes public.
#[derive(Debug)]
struct Name {
    /// What the face calls it.
    called: String,
    /// The library that it is taken from, if it is not from a file of the face's.
    library: Option<String>,
}

/// The folder of a library.
fn library(name: &str) -> Option<String> {
    name.strip_prefix("mangrove_").map(str::to_owned)
}

/// The names of `pub use` that nothing hides, as they are called where they are defined, and
/// as the face calls them.
fn exports(tokens: TokenStream) -> BTreeMap<String, Name> {
    let mut names = BTreeMap::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut hidden = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.peek() {
                    hidden |= is_hidden(attribute.stream());
                }
            }
            TokenTree::Ident(word) if word == "pub" => {
                let uses = tokens.next_if(|token| is_word(token, "use")).is_some();
                if uses && !hidden {
                    let library = match tokens.peek() {
                        Some(TokenTree::Ident(first)) => library(&first.to_string()),
                        _ => None,
                    };
                    let path = tokens.by_ref().take_while(|token| !is_mark(token, ';'));
                    for (name, called) in used(path.collect()) {
                        let library = library.clone();
                        names.insert(name, Name { called, library });
                    }
                }
                hidden = false;
            }
            TokenTree::Ident(_) => hidden = false,
            _ => {}
        }
    }
    names
}

/// The last names of the paths of a `use`, and what it calls them.
fn used(path: TokenStream) -> Vec<(String, String)> {
    let mut names = Vec::new();
    let mut last = None;
    let mut renames = false;
    for token in path {
        match token {
            TokenTree::Group(group) => {
                names.extend(used(group.stream()));
                last = None;
            }
            TokenTree::Punct(mark) if mark.as_char() == ',' => {
                names.extend(last.take());
                renames = false;
            }
            TokenTree::Ident(word) if word == "as" => renames = true,
            TokenTree::Ident(word) => {
                let called = word.to_string();
                last = match last.take() {
                    Some((name, _)) if renames => Some((name, called)),
                    _ => Some((called.clone(), called)),
                };
            }
            _ => {}
        }
    }
    names.extend(last);
    names
}

/// Finds public items.
struct Reader<'a> {
    path: &'a str,
    public: &'a BTreeMap<String, Name>,
    items: &'a mut Vec<Item>,
}

type Tokens = Peekable<IntoIter<TokenTree>>;

impl Reader<'_> {
    /// Reads a file, or a block: that of `owner`, in which everything is public for a trait.
    fn read(&mut self, tokens: TokenStream, owner: Option<&str>, is_trait: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut tokens = tokens.into_iter().peekable();
        let (mut docs, mut hidden) = (String::new(), false);
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    tokens.next_if(|token| is_mark(token, '!'));
                    if let Some(TokenTree::Group(attribute)) =
                        tokens.next_if(|token| matches!(token, TokenTree::Group(_)))
                    {
                        hidden |= is_hidden(attribute.stream());
                        docs.extend(doc(attribute.stream()));
                    }
                    continue;
                }
                TokenTree::Ident(word) if word == "impl" => self.block(&mut tokens),
                TokenTree::Ident(word) if word == "pub" || is_trait && word == "fn" => {
                    if !is_trait && tokens.next_if(|token| is_word(token, "use")).is_some() {
                        let path = tokens.by_ref().take_while(|token| !is_mark(token, ';'));
                        let line = token.span().start().line;
                        for (name, _) in used(path.collect()) {
                            if self.path.starts_with("crates/mangrove/") {
                                self.item(line, "use", Some(USE), &name, &docs);
                            }
                        }
                        (docs, hidden) = (String::new(), false);
                        continue;
                    }
                    let kind = match word == "fn" {
                        true => Some("fn".to_owned()),
                        false => kind(&mut tokens),
                    };
                    if let (Some(kind), Some(TokenTree::Ident(name))) = (kind, tokens.peek()) {
                        let name = name.to_string();
                        let line = token.span().start().line;
                        if !hidden {
                            self.item(line, &kind, owner, &name, &docs);
                        }
                        match kind.as_str() {
                            "trait" => self.body(&mut tokens, &name),
                            "struct" | "enum" | "union" => definition(&mut tokens),
                            _ => {}
                        }
                    }
                }
                // Behind documentation, and of a trait's function.
                TokenTree::Ident(word) if QUALIFIERS.iter().any(|known| word == known) => continue,
                // Variants and fields are no items.
                TokenTree::Ident(word) if word == "struct" || word == "enum" || word == "union" => {
                    definition(&mut tokens);
                }
                // Of a macro's body.
                TokenTree::Ident(word) if word == "macro_rules" => {
                    tokens.next();
                    tokens.next();
                    if let Some(TokenTree::Group(body)) = tokens.next() {
                        self.read(body.stream(), Some(MACRO), false);
                    }
                }
                // What a macro makes of a documented name.
                TokenTree::Ident(name) if !docs.is_empty() && owner.is_none() => {
                    let line = token.span().start().line;
                    if self.public.contains_key(&name.to_string()) {
                        self.item(line, "", None, &name.to_string(), &docs);
                    }
                }
                TokenTree::Group(group)
                    if group.delimiter() == Delimiter::Brace || owner == Some(MACRO) =>
                {
                    self.read(group.stream(), owner.filter(|owner| *owner == MACRO), false);
                }
                _ => {}
            }
            (docs, hidden) = (String::new(), false);
        }
    }

    fn item(&mut self, line: usize, kind: &str, owner: Option<&str>, name: &str, docs: &str) {
        let of = owner.filter(|owner| *owner != USE).unwrap_or(name);
        // Macros that make what only the libraries see stand in the others.
        let in_macro = owner == Some(MACRO)
            && kind == "fn"
            && ["crates/mangrove/", "crates/runtime/"]
                .iter()
                .any(|library| self.path.starts_with(library));
        // Only types have a name of their own among all libraries.
        let is_here = |known: &Name| {
            let library = known.library.as_ref().filter(|_| owner.is_none());
            library.is_none_or(|library| self.path.starts_with(&format!("crates/{library}/")))
        };
        if in_macro || self.public.get(of).is_some_and(is_here) {
            let known = self.public.get(name).map(|known| known.called.clone());
            self.items.push(Item {
                called: known.unwrap_or(name.to_owned()),
                place: format!("{}:{line}", self.path),
                owner: owner.map(str::to_owned),
                name: name.to_owned(),
                docs: docs.to_owned(),
            });
        }
    }

    /// Behind `impl`: the functions of the type itself.
    fn block(&mut self, tokens: &mut Tokens) {
        let mut depth = 0_i32;
        let mut owner = None;
        let (mut is_open, mut in_macro) = (true, false);
        for token in tokens.by_ref() {
            match &token {
                TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
                // Not that of an arrow: those of closures stand inside of groups or bounds.
                TokenTree::Punct(mark) if mark.as_char() == '>' => depth -= 1,
                TokenTree::Punct(mark) if mark.as_char() == ';' => return,
                TokenTree::Punct(mark) if mark.as_char() == '$' => in_macro = true,
                TokenTree::Ident(word) if depth <= 0 && word == "for" => owner = None,
                TokenTree::Ident(word) if word == "for" => {}
                TokenTree::Ident(word) if word == "where" => is_open = false,
                TokenTree::Ident(word) if depth <= 0 && is_open => owner = Some(word.to_string()),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let name = match in_macro {
                        true => Some(MACRO.to_owned()),
                        false => owner.filter(|name| self.public.contains_key(name)),
                    };
                    self.read(group.stream(), name.as_deref(), false);
                    return;
                }
                _ => {}
            }
        }
    }

    /// Behind `trait`: its functions.
    fn body(&mut self, tokens: &mut Tokens, name: &str) {
        for token in tokens.by_ref() {
            if let TokenTree::Group(group) = &token
                && group.delimiter() == Delimiter::Brace
            {
                self.read(group.stream(), Some(name), true);
                return;
            }
        }
    }
}

/// Passes over the rest of a type's definition.
fn definition(tokens: &mut Tokens) {
    for token in tokens.by_ref() {
        let body =
            matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if body || is_mark(&token, ';') {
            return;
        }
    }
}

/// What kind of item stands behind `pub`, if it is public everywhere.
fn kind(tokens: &mut Tokens) -> Option<String> {
    if matches!(tokens.peek(), Some(TokenTree::Group(_))) {
        return None;
    }
    loop {
        let word = match tokens.peek()? {
            TokenTree::Ident(word) => word.to_string(),
            // Of `extern "C"`.
            TokenTree::Literal(_) => String::new(),
            _ => return None,
        };
        let qualifies = word.is_empty() || QUALIFIERS.iter().any(|known| *known == word);
        if !qualifies && !KINDS.iter().any(|known| *known == word) {
            return None;
        }
        tokens.next();
        if qualifies {
            continue;
        }
        // `const fn`.
        if word == "const" && tokens.next_if(|token| is_word(token, "fn")).is_some() {
            return Some("fn".to_owned());
        }
        return Some(word);
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

/// Whether an attribute is `doc(hidden)`.
fn is_hidden(attribute: TokenStream) -> bool {
    let text = attribute.to_string();
    text.starts_with("doc") && text.contains("hidden") && !text.contains('=')
}

/// The line of a documentation comment.
fn doc(attribute: TokenStream) -> Option<String> {
    let mut tokens = attribute.into_iter();
    let is_doc = is_word(&tokens.next()?, "doc") && is_mark(&tokens.next()?, '=');
    match tokens.next()? {
        TokenTree::Literal(text) if is_doc => Some(line(&text)),
        _ => None,
    }
}

/// The text of a literal, as far as a search for names needs it.
fn line(literal: &Literal) -> String {
    let text = literal.to_string();
    let text = text.trim_start_matches('r').trim_matches('#');
    format!("{}\n", text.trim_matches('"').replace("\\\"", "\""))
}

/// The lines of the Rust listings of a documentation.
fn listings(docs: &str) -> impl Iterator<Item = &str> {
    let (mut inside, mut runs) = (false, false);
    docs.lines().filter(move |line| {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            inside = !inside;
            runs = inside && matches!(info.trim(), "" | "no_run" | "should_panic" | "compile_fail");
            return false;
        }
        inside && runs
    })
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::super::tree::File;
    use super::{FACE, Report, Source, check};

    /// The items without an example, of a face and a library.
    fn missing(face: &str, library: &str) -> Vec<String> {
        let files = [(FACE, face), ("crates/runtime/src/a.rs", library)];
        let files = files.map(|(path, text)| File {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        let sources: Vec<_> = files
            .iter()
            .map(|file| Source::parse(file).unwrap())
            .collect();
        let mut report = Report::default();
        check(&sources, &mut report);
        report.errors
    }

    #[test]
    fn an_example_uses_the_item_by_its_name() {
        let face = "pub use runtime::{A, b as c};\n#[doc(hidden)] pub use runtime::D;";
        let shown =
            "/// ```\n/// A.go(); b();\n/// ```\npub struct A;\nimpl A { pub fn go(self) {} }
            /// # Examples\n/// See [`A`].\npub fn b() {}\npub struct D;";
        assert_eq!(missing(face, shown), [""; 0]);
        let not = "/// A.go();\npub struct A;\nimpl<T: Fn(u8)> A<T> where T: X { pub fn go(self) {}
            pub(crate) fn no() {} #[doc(hidden)] pub fn no() {} fn no() {} }
            impl Debug for A { fn no() {} }
            /// # Examples\n/// See [`A`].\npub const fn b() {}";
        assert_eq!(
            missing(face, not),
            [
                "crates/runtime/src/a.rs:2: `A` has no example",
                "crates/runtime/src/a.rs:3: `A::go` has no example",
                "crates/runtime/src/a.rs:8: `b` has no example"
            ]
        );
    }

    #[test]
    fn functions_of_traits_and_names_in_macros_count() {
        let face = "pub use runtime::{T, V};";
        let library = "pub trait T { fn go(); }\nviews! { /// A view.\n V any }";
        let found = missing(face, library);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].contains("`T::go`") && found[2].contains("`V`"));
    }

    #[test]
    fn what_the_face_says_of_a_name_counts_for_it() {
        let face = "/// ```\n/// A; c();\n/// ```\npub use runtime::{A, b as c};";
        assert_eq!(missing(face, "pub struct A; pub fn b() {}"), [""; 0]);
        let macros = "macro_rules! m { ($x:ident) => { impl $x { pub fn go(self) {} } } }";
        let found = missing(face, &format!("pub struct A; pub fn b() {{}} {macros}"));
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_listing_that_is_not_run_is_none() {
        let text = "/// ```text\n/// A\n/// ```\npub struct A;";
        assert_eq!(missing("pub use runtime::A;", text).len(), 1);
        // What the reader of sources does not find would pass unseen.
        assert_eq!(missing("pub use runtime::B;", text).len(), 1);
    }
}
