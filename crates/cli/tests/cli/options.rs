//! An option that a message, a help text or the first page names exists.

use crate::common::mangrove_with;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The options of all commands, as their help has them.
fn options() -> BTreeSet<String> {
    let commands = [
        "run",
        "compile",
        "validate",
        "wast",
        "roots",
        "stress",
        "stress merge",
        "stress export",
    ];
    commands
        .into_iter()
        .flat_map(|command| {
            let words = command.split(' ').chain(["--help"]);
            let help = mangrove_with(&words.collect::<Vec<_>>()).stdout;
            // A line on an option begins with it; what it says may name others.
            let lines = help
                .lines()
                .filter(|line| line.trim_start().starts_with('-'));
            lines.flat_map(named).collect::<Vec<_>>()
        })
        // The command says this to itself only.
        .chain(["--worker".to_owned()])
        .collect()
}

/// The options that a text names.
fn named(text: &str) -> Vec<String> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = text.match_indices("--").map(|(at, _)| at);
    starts
        .filter(|&at| !text[..at].ends_with(|c: char| word(c) || c == '_'))
        // An option of another command.
        .filter(|&at| !text[..at].ends_with("wasm-opt "))
        .map(|at| {
            let end = text[at..]
                .find(|c| !word(c))
                .map_or(text.len(), |end| at + end);
            text[at..end].trim_end_matches('-').to_owned()
        })
        .filter(|name| name.len() > 2 && !name.starts_with("---"))
        .collect()
}

/// The settings that a text names in parentheses, like `(stack_size)`.
fn settings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split('(').skip(1) {
        let name = part.split(')').next().unwrap_or_default();
        let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
        if name.contains('_') && name.chars().all(is_word) && part.len() > name.len() {
            found.push(format!("--{}", name.replace('_', "-")));
        }
    }
    found
}

/// The string literals of a source, more or less: what is between quotes, tests apart.
fn strings(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.flat_map(|line| [line, "\n"]).collect();
    code.split('"')
        .skip(1)
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.ends_with("tests") || path.ends_with("testing.rs") => {}
            _ if path.is_dir() => sources(&path, found),
            Some(extension) if extension == "rs" => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn options_in_messages_exist() {
    let options = options();
    assert!(options.len() > 30, "{options:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for name in [
        "cli",
        "wast",
        "mangrove",
        "runtime",
        "collector",
        "continuation",
        "heap",
        "stack",
        "validate",
        "compile",
    ] {
        sources(&root.join(name).join("src"), &mut files);
    }
    let mut seen = 0;
    for file in files {
        let text = strings(&fs::read_to_string(&file).unwrap());
        for name in [named(&text), settings(&text)].concat() {
            seen += 1;
            assert!(options.contains(&name), "{}: {name}", file.display());
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn options_on_the_first_page_exist() {
    let options = options();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    // Those of cargo and of the shell.
    let others = ["--release", "--"];
    for name in named(&fs::read_to_string(page).unwrap()) {
        let known = options.contains(&name) || others.contains(&name.as_str());
        assert!(known, "{name}");
    }
}
