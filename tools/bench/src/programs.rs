//! The programs: those that travel with the tool, or those of a folder.

use anyhow::{Context, Result, bail};
use std::path::Path;

/// What a program is called with and what one of its operations is, for those
/// known by name.
struct Known {
    name: &'static str,
    source: &'static str,
    arg: i32,
    about: &'static str,
    operation: Option<Operation>,
}

/// What figures per operation count.
#[derive(Clone, Copy)]
pub struct Operation {
    /// What it is, for people.
    pub name: &'static str,
    /// How many of them `run(arg)` performs.
    pub count: fn(i32) -> f64,
}

/// Arguments are chosen so that one call takes about 0.1 to 1 s on the slower
/// engine. `cont_new_run` stays below the number of continuations Wasmtime can
/// make in one store, warm-up included.
const KNOWN: &[Known] = &[
    Known {
        name: "suspend_resume",
        source: include_str!("../programs/suspend_resume.wat"),
        arg: 10_000_000,
        about: "one generator, n suspend/resume pairs",
        operation: Some(Operation {
            name: "pair",
            count: |n| n.into(),
        }),
    },
    Known {
        name: "cont_new_run",
        source: include_str!("../programs/cont_new_run.wat"),
        arg: 15_000,
        about: "n continuations made and run to their ends",
        operation: Some(Operation {
            name: "continuation",
            count: |n| n.into(),
        }),
    },
    Known {
        name: "gc_alloc",
        source: include_str!("../programs/gc_alloc.wat"),
        arg: 50_000_000,
        about: "n short-lived structs",
        operation: Some(Operation {
            name: "struct",
            count: |n| n.into(),
        }),
    },
    Known {
        name: "binary_trees",
        source: include_str!("../programs/binary_trees.wat"),
        arg: 16,
        about: "complete trees up to depth n + 1",
        operation: None,
    },
    Known {
        name: "gc_in_conts",
        source: include_str!("../programs/gc_in_conts.wat"),
        arg: 10_000,
        about: "5,000,000 structs while n continuations hold 8 references each",
        operation: None,
    },
    Known {
        name: "array_sort",
        source: include_str!("../programs/array_sort.wat"),
        arg: 2_000_000,
        about: "quicksort of n i32 in a garbage-collected array",
        operation: Some(Operation {
            name: "element",
            count: |n| n.into(),
        }),
    },
    Known {
        name: "fib",
        source: include_str!("../programs/fib.wat"),
        arg: 37,
        about: "doubly recursive Fibonacci",
        operation: None,
    },
    Known {
        name: "matmul",
        source: include_str!("../programs/matmul.wat"),
        arg: 512,
        about: "n x n matrices of f64 in linear memory",
        operation: Some(Operation {
            name: "step",
            count: |n| f64::from(n).powi(3),
        }),
    },
];

/// A program to measure.
pub struct Program {
    /// Its name: the file's, without `.wat`.
    pub name: String,
    /// What `run` is called with.
    pub arg: i32,
    /// One line on what it does; empty where unknown.
    pub about: &'static str,
    /// What figures per operation count, if anything.
    pub operation: Option<Operation>,
}

/// The source of a program, from `dir` or from those that travel along.
pub fn source(name: &str, dir: Option<&Path>) -> Result<String> {
    match dir {
        Some(dir) => {
            let path = dir.join(format!("{name}.wat"));
            std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
        }
        None => match known(name) {
            Some(known) => Ok(known.source.to_owned()),
            None => bail!("no program `{name}`; `--list` shows them"),
        },
    }
}

/// The programs asked for as `NAME` or `NAME=ARG`, or all there are. Programs
/// of a folder that bear a known name have its usual argument; others need
/// one, their own or `arg`.
pub fn select(requests: &[String], dir: Option<&Path>, arg: Option<i32>) -> Result<Vec<Program>> {
    let available = match dir {
        Some(dir) => names_in(dir)?,
        None => KNOWN.iter().map(|known| known.name.to_owned()).collect(),
    };
    let requests = if requests.is_empty() {
        &available
    } else {
        requests
    };
    let mut programs = Vec::new();
    for request in requests {
        let (name, own) = match request.split_once('=') {
            Some((name, text)) => {
                let own = text.parse::<i32>();
                (
                    name,
                    Some(own.with_context(|| format!("`{request}`: `{text}` is no i32"))?),
                )
            }
            None => (request.as_str(), None),
        };
        if !available.iter().any(|other| other == name) {
            bail!("no program `{name}`; there are {}", available.join(", "));
        }
        let known = known(name);
        let Some(arg) = own.or(known.map(|known| known.arg)).or(arg) else {
            bail!("`{name}` has no usual argument: give `{name}=N` or `--arg N`");
        };
        programs.push(Program {
            name: name.to_owned(),
            arg,
            about: known.map_or("", |known| known.about),
            operation: known.and_then(|known| known.operation),
        });
    }
    Ok(programs)
}

fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

fn names_in(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wat")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() {
        bail!("no .wat files in {}", dir.display());
    }
    names.sort();
    Ok(names)
}
