//! The page for those who come from `wasmtime` has a row for each name that crate exports,
//! and for no other. The names are in `wasmtime-48.0.8.txt`, made by `mangrove-xtask
//! peer-names`; that what stands beside them exists is checked where the page is built.

use std::collections::{BTreeMap, BTreeSet};

type Names = BTreeMap<String, BTreeSet<String>>;

const PAGE: &str = include_str!("../src/coming_from_wasmtime.md");

fn exported() -> Names {
    let lines = include_str!("wasmtime-48.0.8.txt").lines();
    lines
        .map(|line| {
            let (name, methods) = line.split_once(": ").unwrap_or((line, ""));
            let methods = methods.split_whitespace().map(str::to_owned).collect();
            (name.to_owned(), methods)
        })
        .collect()
}

/// The rows of the tables about that crate: the names, and what stands beside them.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let end = PAGE.find("## What only").expect("the page ends with that");
    let lines = PAGE[..end].lines();
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split_once(" | ").expect("two cells"));
    cells.filter(|(left, _)| *left != "`wasmtime`")
}

/// The names in quotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_name_has_a_counterpart_or_a_reason() {
    let mut told = Names::new();
    for (left, right) in rows() {
        let mut names = quoted(left);
        let name = names.next().expect("a row begins with a name");
        let methods = told.entry(name.to_owned()).or_default();
        for method in names {
            assert!(methods.insert(method.to_owned()), "{name}::{method} twice");
        }
        assert!(!right.trim().is_empty(), "{name} has neither");
    }
    let exported = exported();
    assert!(exported.len() > 100, "the list is whole");
    for (name, methods) in &exported {
        let told = told.remove(name).unwrap_or_else(|| panic!("no {name}"));
        let missing: Vec<_> = methods.difference(&told).collect();
        assert!(missing.is_empty(), "of {name}: {missing:?}");
        let unknown: Vec<_> = told.difference(methods).collect();
        assert!(unknown.is_empty(), "{name} has no {unknown:?}");
    }
    assert!(told.is_empty(), "not exported: {:?}", told.keys());
}
