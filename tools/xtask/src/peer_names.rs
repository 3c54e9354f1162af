//! The names that a crate exports, from what rustdoc writes as JSON: its types with their
//! methods, and everything else by name. For the list that the API is compared with.
//!
//! ```sh
//! cargo +nightly rustdoc -p wasmtime -- -Z unstable-options --output-format json
//! cargo run -p mangrove-xtask -- peer-names target/doc/wasmtime.json
//! ```

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// Prints a line for each name, with the methods of types and traits behind a colon.
///
/// # Errors
/// The file cannot be read, or is none that rustdoc writes.
pub fn print(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let document: Value = serde_json::from_slice(&bytes)?;
    let index = document["index"].as_object();
    let index = index.ok_or_else(|| io::Error::other("it has no index of items"))?;
    let mut names = Names {
        index,
        found: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    names.module(&key(&document["root"]), "");
    for (name, methods) in &names.found {
        let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
        let colon = if methods.is_empty() { "" } else { ": " };
        println!("{name}{colon}{}", methods.join(" "));
    }
    Ok(())
}

struct Names<'d> {
    index: &'d Map<String, Value>,
    found: BTreeMap<String, BTreeSet<String>>,
    /// Modules that were looked into.
    seen: BTreeSet<String>,
}

/// Items are named by numbers, and listed under those as text.
fn key(id: &Value) -> String {
    id.to_string()
}

impl Names<'_> {
    /// What a module exports, under names that begin with `prefix`.
    fn module(&mut self, id: &str, prefix: &str) {
        if !self.seen.insert(id.to_owned()) {
            return;
        }
        let items = &self.index[id]["inner"]["module"]["items"];
        for item in items.as_array().into_iter().flatten() {
            self.item(&key(item), prefix);
        }
    }

    fn item(&mut self, id: &str, prefix: &str) {
        let Some(item) = self.index.get(id) else {
            return;
        };
        // What `pub(crate)` exports, and what is there for macros only.
        if item["visibility"] != "public" || item["name"] == "_internal" {
            return;
        }
        let used = &item["inner"]["use"];
        if used.is_null() {
            let name = item["name"].as_str().unwrap_or_default();
            return self.named(id, item, name, prefix);
        }
        let id = key(&used["id"]);
        let name = used["name"].as_str().unwrap_or_default();
        match self.index.get(&id) {
            Some(_) if used["is_glob"] == true => self.module(&id, prefix),
            Some(item) => self.named(&id, item, name, prefix),
            // Of another crate.
            None => {
                self.found.entry(format!("{prefix}{name}")).or_default();
            }
        }
    }

    fn named(&mut self, id: &str, item: &Value, name: &str, prefix: &str) {
        let inner = &item["inner"];
        if !inner["module"].is_null() {
            return self.module(id, &format!("{prefix}{name}::"));
        }
        let mut methods = BTreeSet::new();
        for kind in ["struct", "enum", "union"] {
            for id in inner[kind]["impls"].as_array().into_iter().flatten() {
                let of = &self.index.get(&key(id)).unwrap_or(&Value::Null)["inner"]["impl"];
                if of["trait"].is_null() {
                    methods.extend(self.public(&of["items"]));
                }
            }
        }
        methods.extend(self.members(&inner["trait"]["items"], |_| true));
        self.found.insert(format!("{prefix}{name}"), methods);
    }

    fn public(&self, items: &Value) -> Vec<String> {
        self.members(items, |item| item["visibility"] == "public")
    }

    fn members(&self, items: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
        let items = items.as_array().into_iter().flatten();
        let items = items.filter_map(|id| self.index.get(&key(id)));
        let names = items.filter(|item| wanted(item));
        names
            .filter_map(|item| item["name"].as_str().map(str::to_owned))
            .collect()
    }
}
