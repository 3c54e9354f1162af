//! Modules whose compilation is measured: files, and one that is made here.
//!
//! The one that is made holds the functions of our own programs many times over
//! under names of their own: code of loops, loads, calls, objects and floats,
//! as large as wanted, for those who have no large module at hand.

use anyhow::{Context, Result, anyhow};
use std::fmt::Write;
use std::path::PathBuf;

/// Where a module comes from.
#[derive(Clone)]
pub enum Source {
    /// Made here.
    Made,
    /// A `.wasm` or `.wat` file.
    File(PathBuf),
}

/// The programs it is made of; they agree on what the memory is.
const PARTS: [&str; 8] = [
    include_str!("../programs/array_sort.wat"),
    include_str!("../programs/binary_trees.wat"),
    include_str!("../programs/fib.wat"),
    include_str!("../programs/hash_table.wat"),
    include_str!("../programs/matmul.wat"),
    include_str!("../programs/nbody.wat"),
    include_str!("../programs/quicksort.wat"),
    include_str!("../programs/sha256.wat"),
];

/// Copies of each, for about a MiB and a half.
const COPIES: usize = 300;

impl Source {
    /// Its name in reports and as a worker's operand.
    pub fn name(&self) -> String {
        match self {
            Self::Made => "made".to_owned(),
            Self::File(path) => path
                .file_stem()
                .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
        }
    }

    /// The module's binary.
    pub fn wasm(&self) -> Result<Vec<u8>> {
        match self {
            Self::Made => {
                let wasm = wat::parse_str(made(COPIES));
                wasm.map_err(|error| anyhow!("the module made here: {error}"))
            }
            Self::File(path) => {
                let name = || path.display().to_string();
                let bytes = std::fs::read(path).with_context(|| format!("reading {}", name()))?;
                let wasm = wat::parse_bytes(&bytes).with_context(name)?;
                Ok(wasm.into_owned())
            }
        }
    }
}

fn made(copies: usize) -> String {
    let mut text = "(module (memory 2)\n".to_owned();
    for copy in 0..copies {
        for (part, source) in PARTS.iter().enumerate() {
            append(&mut text, source, &format!("_{part}_{copy}"));
        }
    }
    text.push(')');
    text
}

/// Appends a module's fields, its names and exports told apart by `suffix`.
fn append(text: &mut String, source: &str, suffix: &str) {
    let fields = source
        .split_once("(module")
        .and_then(|(_, rest)| rest.trim_end().strip_suffix(')'))
        .unwrap_or_default();
    let lines = fields.lines().map(|line| line.split(";;").next());
    for line in lines.flatten().filter(|line| !line.contains("(memory ")) {
        let line = line.replace("\"run\"", &format!("\"run{suffix}\""));
        let mut rest = &line[..];
        while let Some(start) = rest.find('$') {
            let name = &rest[start + 1..];
            let len = name.find([' ', ')', '(']).unwrap_or(name.len());
            let end = start + 1 + len;
            let _ = write!(text, "{}{suffix}", &rest[..end]);
            rest = &rest[end..];
        }
        text.push_str(rest);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTS, made};

    #[test]
    fn copies_hold_every_part_in_full() {
        let functions = |text: &str| text.matches("(func").count();
        let in_parts: usize = PARTS.iter().map(|part| functions(part)).sum();
        let text = made(3);
        assert_eq!(functions(&text), 3 * in_parts);
        wat::parse_str(&text).expect("a module");
    }
}
