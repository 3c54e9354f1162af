//! An exported program: module, what it is called with, and what must come of that.

use super::stand_ins::stand_in;
use super::uses::{Feature, uses};
use super::{COLLECT, stand_ins};
use crate::case::Case;
use crate::random::{End, Trap};
use std::collections::BTreeSet;
use wasmparser::{Parser, Payload};

/// A program for every engine.
///
/// It exports `run`. It imports nothing, or the function `gc.collect`.
#[derive(Clone, Debug)]
pub struct Program {
    /// The suite it is of.
    pub suite: &'static str,
    /// The seed it was made from.
    pub seed: u64,
    /// What it was made without: of the same seed, another program than with it.
    pub without: BTreeSet<Feature>,
    /// What was chosen for it, for people.
    pub parameters: String,
    /// Its text.
    pub wat: String,
    /// What the text is in binary.
    pub wasm: Vec<u8>,
    /// What `run` is called with, all i32.
    pub arguments: Vec<i32>,
    /// What must come of it.
    pub ending: Ending,
    /// Exported globals of type i64, and what must be in them afterwards.
    pub globals: Vec<(&'static str, i64)>,
    /// How often `gc.collect` is called at least.
    pub collections: u64,
    /// What it uses that an engine may lack.
    pub uses: BTreeSet<Feature>,
    /// What must be held each time `gc.collect` is called, if that is known.
    pub roots: Option<Vec<Moment>>,
}

/// How a call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It returns this.
    Returns(i64),
    /// It traps, and this is what scripts call the reason.
    Traps(&'static str),
    /// An exception leaves it.
    Throws,
}

/// What is held when a program collects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What is used later: a collector that frees any of it is wrong.
    pub needed: RootSet,
    /// What is in variables until they are set, and on operand stacks: no frame has more.
    pub most: RootSet,
}

/// References from outside of objects to structs that have a number in their fields. Arrays
/// and exceptions have none, and are left out; what is in them is in reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootSet {
    /// Of frames on any stack that can still be reached: function, offset of the
    /// instruction it stands at, object.
    pub frames: Vec<(u32, u32, u64)>,
    /// Of values that are bound to continuations which have not begun.
    pub bound: Vec<u64>,
    /// Of globals: global, object.
    pub globals: Vec<(u32, u64)>,
    /// Of tables: table, element, object.
    pub tables: Vec<(u32, u64, u64)>,
    /// Of element segments: segment, element, object.
    pub segments: Vec<(u32, u32, u64)>,
    /// Objects in reach of these.
    pub reachable: Vec<u64>,
}

impl Program {
    /// What is before the dot in the names of its files.
    pub fn name(&self) -> String {
        let mut name = format!("{}-{}", self.suite, self.seed);
        if !self.without.is_empty() {
            name.push_str("-without");
        }
        for feature in &self.without {
            name.push('-');
            name.push_str(feature.name());
        }
        name
    }

    /// The program of a case.
    pub(super) fn of_case(suite: &'static str, seed: u64, case: &Case) -> Result<Self, String> {
        let wat = stand_in(&case.wat, stand_ins::OF_CASES)?;
        let program = Self::new(suite, seed, wat)?;
        let mut uses = program.uses.clone();
        if case.continuations_in_objects {
            uses.insert(Feature::ContinuationsInObjects);
        }
        Ok(Self {
            parameters: case.parameters.clone(),
            arguments: case.arguments.clone(),
            collections: case.collections,
            uses,
            ..program.ends(case.told.end, case.checksum)
        })
    }

    /// The same, that ends so with this checksum.
    pub(crate) fn ends(mut self, end: End, checksum: i64) -> Self {
        // It counts in there what it finds wrong.
        self.globals = vec![("faults", 0)];
        self.ending = match end {
            End::Returned => Ending::Returns(checksum),
            End::Trapped(trap) => Ending::Traps(trap.name()),
            End::Thrown => Ending::Throws,
        };
        if end != End::Returned {
            self.globals.push(("sum", checksum));
        }
        if end == End::Trapped(Trap::AllocationTooLarge) {
            self.uses.insert(Feature::Limits);
        }
        self
    }

    /// A program of this text that takes nothing and returns 0, to begin with.
    pub(crate) fn new(suite: &'static str, seed: u64, wat: String) -> Result<Self, String> {
        let wasm = wat::parse_str(&wat).map_err(|error| error.to_string())?;
        for (module, name) in imports(&wasm).map_err(|error| error.to_string())? {
            if (module.as_str(), name.as_str()) != COLLECT {
                return Err(format!(
                    "its programs import {module}.{name}, which other engines do not have"
                ));
            }
        }
        let uses = uses(&wasm).map_err(|error| error.to_string())?;
        Ok(Self {
            suite,
            seed,
            without: BTreeSet::new(),
            parameters: String::new(),
            wat,
            wasm,
            arguments: Vec::new(),
            ending: Ending::Returns(0),
            globals: Vec::new(),
            collections: 0,
            uses,
            roots: None,
        })
    }
}

/// What a module imports, by module and name.
fn imports(wasm: &[u8]) -> Result<Vec<(String, String)>, wasmparser::BinaryReaderError> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports.into_imports() {
                let import = import?;
                found.push((import.module.to_owned(), import.name.to_owned()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Program;

    #[test]
    fn nothing_but_the_one_function_may_be_imported() {
        let program = |import: &str| Program::new("random", 1, format!("(module {import})"));
        let good = "(import \"gc\" \"collect\" (func))";
        assert!(program(good).is_ok() && program("").is_ok());
        let clones = program("(import \"mangrove\" \"clone_cont\" (func))").unwrap_err();
        assert!(clones.contains("mangrove.clone_cont"), "{clones}");
        let strings = program("(import \"gc\" \"collect\" (func)) (import \"a\" \"\" (memory 0))");
        assert!(strings.is_err());
    }
}
