//! The suites' programs for every engine: `mangrove stress export`.
//!
//! ```text
//!  suite, seed ──▶ Case ─┐
//!                        ├─ stand_ins: no import but gc.collect ─▶ Program ─▶ .wat .wasm .wast .json
//!  roots: Program, root ─┘                                            └─▶ Folder: MANIFEST
//!         sets of the oracle
//! ```
//!
//! A program and what it must do, by what the specification says alone: nothing in it asks
//! an engine how many continuations live, or how often it has collected. The same seeds
//! give the same bytes. `docs/CORPUS.md` describes the form for those who read it.

mod facts;
mod folder;
mod program;
mod script;
pub(crate) mod stand_ins;
mod uses;

use crate::case::Size;
use crate::options::{ChoiceError, choose};
use crate::random::{self, roots};
use crate::suite::{Round, Suite};
use crate::trials::Live;
use folder::Folder;
use mangrove::{Config, Zeal};
use mangrove_workers::Rng;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use program::{Ending, Moment, Program, RootSet};
pub use uses::Feature;

/// The function that exported programs import: an engine may collect in it, or do nothing.
pub const COLLECT: (&str, &str) = ("gc", "collect");

/// The version of the form: another one if files of the same name mean something else.
pub const FORM: u32 = 1;

/// A file that a program is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Text.
    Wat,
    /// Binary.
    Wasm,
    /// A script that asserts what must come of it, with the module as text.
    Wast,
    /// The same script with modules as binary, for engines that read no text.
    BinWast,
}

impl Form {
    /// The end of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wat => "wat",
            Self::Wasm => "wasm",
            Self::Wast => "wast",
            Self::BinWast => "bin.wast",
        }
    }
}

/// What to export, and as what.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Names of the suites; empty means `random`.
    pub suites: Vec<String>,
    /// The seeds.
    pub seeds: Range<u64>,
    /// Size of the programs; 1 is what `stress` plays.
    pub scale: f64,
    /// The files of each, beside the one with the facts (`.json`).
    pub forms: BTreeSet<Form>,
    /// Random programs are made without these, and others that use any are left out.
    pub without: BTreeSet<Feature>,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            suites: Vec::new(),
            seeds: 1..2,
            scale: 1.0,
            forms: [Form::Wat, Form::Wasm, Form::Wast].into(),
            without: BTreeSet::new(),
        }
    }
}

/// What became of a suite's seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The suite.
    pub suite: &'static str,
    /// Programs that were written.
    pub written: u64,
    /// Programs that use what was to be left out, or a limit of the engine.
    pub left_out: u64,
}

/// Why an export ended.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A name is no suite's.
    #[error(transparent)]
    Suite(#[from] ChoiceError),
    /// A suite has no programs that another engine could run.
    #[error("suite {suite}: {why}")]
    NotForOthers {
        /// The suite.
        suite: &'static str,
        /// Why they cannot be exported.
        why: String,
    },
    /// A file is in the way that no export has written.
    #[error("{path}: not a file of an export; nothing was written over it")]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The folder's manifest is none, or of another version.
    #[error("{path}: {why}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file system refused something.
    #[error("{path}: {source}")]
    Io {
        /// What for.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes programs to a folder, one after the other, and tells `done` of each.
///
/// The folder is made if there is none. What is in it from an earlier export of the same
/// version stays, or is written again; anything else is left alone.
///
/// # Errors
/// See [`ExportError`]. What was written by then is named in `MANIFEST.part`.
///
/// # Examples
/// ```
/// use mangrove_stress::export::{ExportOptions, export};
///
/// # let folder = std::env::temp_dir().join(format!("export-example-{}", std::process::id()));
/// let options = ExportOptions { seeds: 17..19, scale: 0.01, ..ExportOptions::default() };
/// let exported = export(&options, &folder, &mut |_, _| {})?;
/// assert_eq!(exported[0].written, 2);
/// assert!(folder.join("random-17.wast").exists());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export(
    options: &ExportOptions,
    folder: &Path,
    done: &mut dyn FnMut(&str, u64),
) -> Result<Vec<Exported>, ExportError> {
    let default = ["random".to_owned()];
    let names = match options.suites.is_empty() {
        true => &default[..],
        false => &options.suites,
    };
    let suites = choose(names)?;
    // A suite that cannot be exported is found before anything is written.
    for suite in &suites {
        let scale = options.scale.min(0.01);
        program(suite, options.seeds.start, scale, &options.without)?;
    }
    let mut folder = Folder::open(folder)?;
    let mut exported = Vec::new();
    for suite in suites {
        let mut of = Exported {
            suite: suite.name,
            written: 0,
            left_out: 0,
        };
        for seed in options.seeds.clone() {
            let program = program(suite, seed, options.scale, &options.without)?;
            if options.without.is_disjoint(&program.uses)
                && !program.uses.contains(&Feature::Limits)
            {
                write(&program, &options.forms, &mut folder)?;
                of.written += 1;
            } else {
                of.left_out += 1;
            }
            done(suite.name, seed);
        }
        exported.push(of);
    }
    folder.close()?;
    Ok(exported)
}

/// The program of a seed, made without these features where a suite can choose.
///
/// # Errors
/// The suite is none, or has none for other engines.
///
/// # Examples
/// ```
/// use mangrove_stress::export::{Feature, program_of};
///
/// let program = program_of("random", 17, 0.01, &[Feature::Switch].into())?;
/// assert!(!program.uses.contains(&Feature::Switch));
/// assert!(program.json().starts_with("{\"form\":1,"));
/// # Ok::<(), mangrove_stress::export::ExportError>(())
/// ```
pub fn program_of(
    suite: &str,
    seed: u64,
    scale: f64,
    without: &BTreeSet<Feature>,
) -> Result<Program, ExportError> {
    let suites = choose(&[suite.to_owned()])?;
    program(suites[0], seed, scale, without)
}

fn program(
    suite: &'static Suite,
    seed: u64,
    scale: f64,
    without: &BTreeSet<Feature>,
) -> Result<Program, ExportError> {
    let refused = |why| ExportError::NotForOthers {
        suite: suite.name,
        why,
    };
    if suite.name == roots::SUITE.name {
        return roots::exported(seed, without).map_err(refused);
    }
    if suite.name == random::SUITE.name {
        let (mut rng, size) = (Rng::new(seed), Size::new(scale, Zeal::NONE));
        let case = random::exported::case_without(&mut rng, size, without);
        let program = Program::of_case(suite.name, seed, &case).map_err(refused)?;
        return Ok(Program {
            without: without.clone(),
            ..program
        });
    }
    let own = "its rounds are not programs that stand for themselves";
    if !suite.programs {
        return Err(refused(own.to_owned()));
    }
    let made = RefCell::new(None);
    let round = Round {
        seed,
        size: Size::new(scale, Zeal::NONE),
        config: &Config::new(),
        made: Some(&made),
        trials: &Live(&|_| ()),
    };
    (suite.play)(&round, &mut |_| {});
    match made.into_inner() {
        Some(case) => Program::of_case(suite.name, seed, &case).map_err(refused),
        None => Err(refused(own.to_owned())),
    }
}

fn write(
    program: &Program,
    forms: &BTreeSet<Form>,
    folder: &mut Folder,
) -> Result<(), ExportError> {
    let name = program.name();
    for form in forms {
        let file = format!("{name}.{}", form.extension());
        match form {
            Form::Wat => folder.write(&file, program.wat.as_bytes())?,
            Form::Wasm => folder.write(&file, &program.wasm)?,
            Form::Wast => folder.write(&file, program.script().as_bytes())?,
            Form::BinWast => folder.write(&file, program.binary_script().as_bytes())?,
        }
    }
    folder.write(&format!("{name}.json"), program.json().as_bytes())
}
