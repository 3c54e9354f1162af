//! `mangrove roots --terminal`: the moments in a program for the terminal. What runs does so in a thread,
//! and stops where the keys say, or `--at`.

use super::saved;
use crate::args::{RootsArgs, Target};
use crate::commands::Program;
use crate::errors::{Failure, shown};
use crate::output;
use mangrove::{Engine, Hooks, Stops};
use mangrove_inspect::terminal::{self, Live, Options, Saved, Stopper, TerminalError, Until};
use mangrove_inspect::{CaptureOptions, Snapshot};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Shows a moment, behind an earlier one if there is one.
pub fn taken(earlier: Option<Snapshot>, snapshot: Snapshot) -> Result<(), Failure> {
    let snapshots = earlier.into_iter().chain([snapshot]).collect();
    terminal::run(&mut Saved::new(snapshots), &Options::default()).map_err(failure)
}

/// Shows moments that were saved in these files, in their order. They are read while the terminal is there already.
pub fn opened(files: Vec<PathBuf>) -> Result<(), Failure> {
    terminal::check().map_err(failure)?;
    let doing = match files.last() {
        Some(file) => format!("reads {}", shown(file)),
        None => String::new(),
    };
    let failed = Arc::new(Mutex::new(None));
    let fails = Arc::clone(&failed);
    let open = move || {
        let read = files.iter().map(|file| saved::read(file));
        read.collect::<Result<Vec<_>, _>>().map_err(|failure| {
            let text = failure.to_string();
            *fails.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            text
        })
    };
    let opening = Saved::opening(doing, open);
    let mut opening = opening.map_err(|error| no_thread("start a thread that reads", &error))?;
    let shown = terminal::run(&mut opening, &Options::default());
    shown.map_err(|error| why(error, &failed))
}

/// What ended the terminal; if there was nothing to show, what that failed by.
fn why(error: TerminalError, failed: &Mutex<Option<Failure>>) -> Failure {
    match error {
        TerminalError::Nothing(text) => {
            let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
            failed.unwrap_or_else(|| failure(TerminalError::Nothing(text)))
        }
        error => failure(error),
    }
}

fn no_thread(wanted: &'static str, error: &std::io::Error) -> Failure {
    Failure::settings(mangrove::ResourceError::thread(wanted, error).into())
}

/// Runs a program, and shows it where it stops.
pub fn live(args: &RootsArgs) -> Result<(), Failure> {
    // A program is not compiled for nothing.
    terminal::check().map_err(failure)?;
    let _held = output::hold_notes();
    let mut config = args.engine.config();
    config.debug_info(true);
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    let stops = Stops::new(args.at.iter().cloned());
    stops.prepare(&mut config);
    let engine = super::super::engine(&config)?;
    let file = &args.target.file;
    let name = file.file_name().unwrap_or(file.as_os_str());
    let capture = CaptureOptions::default()
        .program(name.to_string_lossy())
        .follow(true);
    let target = args.target.clone();
    let failed = Arc::new(Mutex::new(None));
    let fails = Arc::clone(&failed);
    let live = Live::start(capture, move |stopper| {
        match execute(&engine, &target, stops, stopper) {
            Ok(()) => "the program has ended".to_owned(),
            Err(failure) => {
                let text = failure.to_string();
                *fails.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                text
            }
        }
    });
    let mut live = live.map_err(|error| no_thread("start a thread for the program", &error))?;
    let options = Options {
        first: match args.at.is_empty() {
            true => Until::Collection,
            false => Until::End,
        },
        ..Options::default()
    };
    // The program may never come to where it could be looked at.
    terminal::run(&mut live, &options).map_err(|error| why(error, &failed))
}

fn execute(
    engine: &Engine,
    target: &Target,
    mut stops: Stops,
    stopper: &Stopper,
) -> Result<(), Failure> {
    let file = &target.file;
    let mut program = Program::load(engine, target)?;
    let no_place = |error| Failure::Input(format!("{}: {error}", shown(file)));
    stops.resolve(&program.module).map_err(no_place)?;
    let stop = stopper.clone();
    let stopping = stops.watch(&mut program.store, move |view, at| {
        stop.stop(view, at.to_string())
    });
    let stopping = stopping.map_err(|error| Failure::engine(file, error))?;
    program.store.observe(stopper.observer());
    let instance = program.instantiate()?;
    let results = match program.function(instance, target)? {
        Some((func, values)) => program.call(func, &values)?,
        None => Vec::new(),
    };
    // The results are held until here: what they refer to is alive.
    stopping.finish(&mut program.store);
    drop(results);
    Ok(())
}

fn failure(error: TerminalError) -> Failure {
    match error {
        TerminalError::NoTerminal => Failure::Input(format!(
            "--terminal: {error}; without it `mangrove roots` writes text"
        )),
        TerminalError::Io(error) => Failure::Output(error),
        error => Failure::Check(error.to_string()),
    }
}
