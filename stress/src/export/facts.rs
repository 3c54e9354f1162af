//! What is known of a program, as JSON.

use super::program::{Ending, Moment, Program, RootSet};
use super::{COLLECT, FORM};
use serde::Serialize;

/// The file's contents. Numbers of 64 bits are decimal strings: not every reader of JSON
/// has them as numbers.
#[derive(Serialize)]
struct Facts<'a> {
    form: u32,
    suite: &'a str,
    seed: String,
    without: Vec<&'static str>,
    parameters: &'a str,
    uses: Vec<&'static str>,
    imports: [Import; 1],
    invoke: &'static str,
    arguments: Vec<Value>,
    expects: Expects,
    globals: Vec<Global>,
    collections: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    roots: Option<Vec<Roots<'a>>>,
}

#[derive(Serialize)]
struct Import {
    module: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct Value {
    #[serde(rename = "type")]
    ty: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Global {
    name: &'static str,
    #[serde(flatten)]
    value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Expects {
    Returns([Value; 1]),
    Traps(&'static str),
    Throws(bool),
}

#[derive(Serialize)]
struct Roots<'a> {
    needed: Set<'a>,
    most: Set<'a>,
}

#[derive(Serialize)]
struct Set<'a> {
    frames: &'a [(u32, u32, u64)],
    bound: &'a [u64],
    globals: &'a [(u32, u64)],
    tables: &'a [(u32, u64, u64)],
    segments: &'a [(u32, u32, u64)],
    reachable: &'a [u64],
}

impl<'a> From<&'a RootSet> for Set<'a> {
    fn from(set: &'a RootSet) -> Self {
        Self {
            frames: &set.frames,
            bound: &set.bound,
            globals: &set.globals,
            tables: &set.tables,
            segments: &set.segments,
            reachable: &set.reachable,
        }
    }
}

impl<'a> From<&'a Moment> for Roots<'a> {
    fn from(moment: &'a Moment) -> Self {
        Self {
            needed: Set::from(&moment.needed),
            most: Set::from(&moment.most),
        }
    }
}

impl Value {
    fn i32(value: i32) -> Self {
        let value = value.to_string();
        Self { ty: "i32", value }
    }

    fn i64(value: i64) -> Self {
        let value = value.to_string();
        Self { ty: "i64", value }
    }
}

impl Program {
    /// What is known of it, as one line of JSON.
    pub fn json(&self) -> String {
        let moments = self.roots.as_ref().map(|moments| moments.iter());
        let roots = moments.map(|moments| moments.map(Roots::from).collect());
        let facts = Facts {
            form: FORM,
            suite: self.suite,
            seed: self.seed.to_string(),
            without: self.without.iter().map(|feature| feature.name()).collect(),
            parameters: &self.parameters,
            uses: self.uses.iter().map(|feature| feature.name()).collect(),
            imports: [Import {
                module: COLLECT.0,
                name: COLLECT.1,
            }],
            invoke: "run",
            arguments: self
                .arguments
                .iter()
                .map(|&value| Value::i32(value))
                .collect(),
            expects: match self.ending {
                Ending::Returns(value) => Expects::Returns([Value::i64(value)]),
                Ending::Traps(reason) => Expects::Traps(reason),
                Ending::Throws => Expects::Throws(true),
            },
            globals: self
                .globals
                .iter()
                .map(|&(name, value)| Global {
                    name,
                    value: Value::i64(value),
                })
                .collect(),
            collections: self.collections,
            roots,
        };
        // Strings and numbers only: nothing in it can fail to be written.
        let mut text = serde_json::to_string(&facts).unwrap_or_default();
        text.push('\n');
        text
    }
}
