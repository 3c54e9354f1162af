//! `mangrove wast`: run scripts and count.

use super::Program;
use super::roots::numbered;
use crate::args::WastArgs;
use crate::errors::Failure;
use crate::inspecting;
use crate::output::Output;
use crate::render;
use crate::timeline::{self, Recording};
use crate::until::{self, Over};
use mangrove::{COMPILED_MAGIC, Engine, Hooks, Store, printable};
use mangrove_inspect::socket::Server;
use mangrove_wast::{FailureKind, FileReport, ScriptError, ScriptOptions};
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What came of all scripts, as it is serialized.
#[derive(Serialize)]
struct Tally {
    passed: usize,
    failed: usize,
    /// Scripts that a lack of resources ended.
    refused: usize,
    files: Vec<FileReport>,
    /// Scripts that could not be read.
    errors: Vec<String>,
}

/// Runs the command.
pub fn run(args: &WastArgs, output: &mut Output) -> Result<(), Failure> {
    let began = Instant::now();
    let mut config = args.engine.config();
    args.until.set(&mut config);
    if args.inspect.is_some() {
        config.epoch_interruption(true).debug_info(true);
    }
    if args.timeline.timeline.is_some() {
        config.hooks(Hooks {
            switches: true,
            ..Hooks::default()
        });
    }
    let engine = super::engine(&config)?;
    let over = until::start(&engine, &args.until, began)?;
    let is_over = over.clone();
    let options = ScriptOptions {
        fuel: args.until.fuel,
        over: Arc::new(move || is_over.is()),
        ..ScriptOptions::default()
    };
    let mut tally = Tally {
        passed: 0,
        failed: 0,
        refused: 0,
        files: Vec::new(),
        errors: Vec::new(),
    };
    // A lack of resources that left no report.
    let mut without_report = None;
    let mut unreadable = Vec::new();
    for (index, file) in args.files.iter().enumerate() {
        let script = Script { file, index };
        match script.run(&engine, &options, args, &over, output) {
            Ok((report, unwritten)) => {
                if let Some(unwritten) = unwritten {
                    tally.errors.push(unwritten.to_string());
                    unreadable.push(unwritten.to_string());
                }
                tally.passed += report.passed;
                tally.failed += report.failed;
                tally.refused += usize::from(report.refused.is_some());
                if !args.json {
                    print(&report, output)?;
                }
                tally.files.push(report);
            }
            Err(error @ Failure::Resource { .. }) => {
                tally.refused += 1;
                tally.errors.push(error.to_string());
                without_report.get_or_insert(error);
            }
            Err(error) => {
                tally.errors.push(error.to_string());
                unreadable.push(error.to_string());
            }
        }
    }
    if args.json {
        output.line(&render::json(&tally)?)?;
    } else if args.files.len() > 1 {
        output.line(&format!("total: {}", counts(tally.passed, tally.failed)))?;
    }
    if !unreadable.is_empty() {
        return Err(Failure::Input(unreadable.join("\nerror: ")));
    }
    match tally.failed {
        0 => match (without_report, tally.refused) {
            (Some(refused), _) => Err(refused),
            (None, 0) => Ok(()),
            (None, refused) => Err(Failure::Resource {
                message: match refused {
                    1 => "1 script could not run to its end".to_owned(),
                    _ => format!("{refused} scripts could not run to their end"),
                },
                backtrace: None,
            }),
        },
        1 => Err(Failure::Check("1 directive failed".to_owned())),
        failed => Err(Failure::Check(format!("{failed} directives failed"))),
    }
}

/// Whether the file is a compiled module. One that cannot be read is none.
fn is_compiled(file: &Path) -> bool {
    let mut start = [0; COMPILED_MAGIC.len()];
    File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && start == COMPILED_MAGIC
}

/// One of the scripts.
struct Script<'a> {
    file: &'a Path,
    /// Which of them.
    index: usize,
}

impl Script<'_> {
    fn run(
        &self,
        engine: &Engine,
        options: &ScriptOptions,
        args: &WastArgs,
        over: &Over,
        output: &mut Output,
    ) -> Result<(FileReport, Option<Failure>), Failure> {
        if is_compiled(self.file) {
            let mut program = Program::open(engine, self.file, args.allow_compiled)?;
            until::limit(&mut program.store, &args.until, over).map_err(Failure::settings)?;
            let watched = self.watch(&mut program.store, engine, args, over)?;
            let report = run_compiled(&mut program, self.file)?;
            return Ok((report, watched.finish(&mut program.store, output).err()));
        }
        let store = Store::new(engine, ());
        let mut store = store.map_err(|error| ScriptError::Setup {
            file: self.file.display().to_string(),
            error: Box::new(error),
        })?;
        let watched = self.watch(&mut store, engine, args, over)?;
        let report = mangrove_wast::run_file_in(&mut store, self.file, options)?;
        Ok((report, watched.finish(&mut store, output).err()))
    }

    /// Begins what was asked for of its store.
    fn watch(
        &self,
        store: &mut Store<()>,
        engine: &Engine,
        args: &WastArgs,
        over: &Over,
    ) -> Result<Watched, Failure> {
        let server = match &args.inspect {
            Some(path) => {
                inspecting::go_on(store, over);
                Some(inspecting::listen(store, engine, path, self.file)?)
            }
            None => None,
        };
        let recording = match &args.timeline.timeline {
            Some(path) => {
                let path = match args.files.len() {
                    1 => path.clone(),
                    _ => numbered(path, self.index + 1),
                };
                Some(timeline::start_in(&path, store, self.file, &args.timeline)?)
            }
            None => None,
        };
        Ok(Watched {
            _server: server,
            recording,
        })
    }
}

/// Who looks at a script's store.
struct Watched {
    _server: Option<Server>,
    recording: Option<Recording>,
}

impl Watched {
    fn finish(self, store: &mut Store<()>, output: &mut Output) -> Result<(), Failure> {
        self.recording
            .map_or(Ok(()), |recording| recording.finish(store, output))
    }
}

/// A compiled module as a script: one directive, which makes an instance of it.
fn run_compiled(program: &mut Program<'_>, file: &Path) -> Result<FileReport, Failure> {
    let failure = match program.instantiate().err() {
        Some(refused @ Failure::Resource { .. }) => return Err(refused),
        // As in a script.
        Some(Failure::Limit(message)) => {
            return Err(Failure::Resource {
                message,
                backtrace: None,
            });
        }
        failure => failure,
    };
    Ok(FileReport {
        refused: None,
        file: file.display().to_string(),
        passed: usize::from(failure.is_none()),
        failed: usize::from(failure.is_some()),
        failures: Vec::from_iter(failure.map(|failure| mangrove_wast::FailedDirective {
            line: 1,
            column: 1,
            directive: "module",
            kind: FailureKind::Module,
            message: failure.to_string().trim_end().to_owned(),
        })),
    })
}

fn print(report: &FileReport, output: &mut Output) -> Result<(), Failure> {
    for failure in report.failures.iter().chain(&report.refused) {
        output.line(&report.line_of(failure))?;
    }
    output.line(&format!(
        "{}: {}",
        printable(&report.file),
        counts(report.passed, report.failed)
            + if report.refused.is_some() {
                ", then refused"
            } else {
                ""
            }
    ))?;
    // A later script may take long.
    output.flush()
}

fn counts(passed: usize, failed: usize) -> String {
    format!("{passed} passed, {failed} failed")
}
