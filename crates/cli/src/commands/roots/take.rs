//! Runs a program, and takes a snapshot whenever a moment comes that is wanted.
//!
//! When the last of them has come, the program is interrupted: what it would do then does not
//! matter any more.

use super::super::Program;
use crate::args::RootsArgs;
use crate::errors::{Failure, shown};
use mangrove::{Missed, StopAt, Stopping, Stops, StoreView, Val};
use mangrove_inspect::{Capture, CaptureError, CaptureOptions, Snapshot};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What was taken so far.
struct Taken {
    snapshots: Vec<Snapshot>,
    error: Option<CaptureError>,
    /// How many moments are still to come.
    left: usize,
}

/// The snapshots of a run, in the order in which their moments came.
pub fn take(args: &RootsArgs) -> Result<Vec<Snapshot>, Failure> {
    let mut at = args.at.clone();
    if at.is_empty() {
        at.push(StopAt::End);
    }
    let file = &args.target.file;
    let mut config = args.engine.config();
    // What the slots of frames hold, and lines of text.
    config.debug_info(true);
    let mut stops = Stops::new(at.iter().cloned());
    stops.prepare(&mut config);
    let engine = super::super::engine(&config)?;
    let mut program = Program::load(&engine, &args.target)?;
    let no_place = |error| Failure::Input(format!("{}: {error}", shown(file)));
    stops.resolve(&program.module).map_err(no_place)?;
    let taken = Arc::new(Mutex::new(Taken {
        snapshots: Vec::new(),
        error: None,
        left: at.len(),
    }));
    let stopping = watch(&mut program, stops, file, &taken, at.len() > 1)?;
    let result = execute(&mut program, args);
    let missed = match &result {
        // The results are held until here: what they refer to is alive. A program that ends
        // itself is over too.
        Ok(_) | Err(Failure::Exit(_)) => stopping.finish(&mut program.store),
        Err(_) => Vec::new(),
    };
    let mut taken = lock(&taken);
    if let Some(error) = taken.error.take() {
        return Err(failure(file, error));
    }
    match (taken.left, result) {
        (0, _) => Ok(std::mem::take(&mut taken.snapshots)),
        (_, Ok(_) | Err(Failure::Exit(_))) => Err(never_came(&missed)),
        (_, Err(failure)) => Err(failure),
    }
}

/// Has a snapshot taken at each moment.
fn watch(
    program: &mut Program<'_>,
    stops: Stops,
    file: &Path,
    taken: &Arc<Mutex<Taken>>,
    follow: bool,
) -> Result<Stopping, Failure> {
    let name = file.file_name().unwrap_or(file.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let began = Instant::now();
    let taken = Arc::clone(taken);
    let stopping = stops.watch(&mut program.store, move |view, stop| {
        let mut taken = lock(&taken);
        let number = taken.snapshots.len() as u32;
        let options = CaptureOptions::default()
            .moment(stop.to_string())
            .program(name.clone())
            .number(number, began.elapsed().as_secs_f64())
            .follow(follow);
        taken.add(view, &options);
    });
    stopping.map_err(|error| Failure::engine(file, error))
}

impl Taken {
    fn add(&mut self, view: &mut StoreView<'_>, options: &CaptureOptions) {
        self.left = self.left.saturating_sub(1);
        match view.snapshot(options) {
            Ok(snapshot) => self.snapshots.push(snapshot),
            Err(error) => {
                self.error.get_or_insert(error);
                self.left = 0;
            }
        }
        if self.left == 0 {
            view.interrupt();
        }
    }
}

/// A panic while the lock was held is reported elsewhere.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

fn execute(program: &mut Program<'_>, args: &RootsArgs) -> Result<Vec<Val>, Failure> {
    let instance = program.instantiate()?;
    match program.function(instance, &args.target)? {
        Some((func, values)) => program.call(func, &values),
        None => Ok(Vec::new()),
    }
}

fn never_came(missed: &[Missed]) -> Failure {
    let missed: Vec<String> = missed.iter().map(Missed::to_string).collect();
    Failure::Check(missed.join("; "))
}

fn failure(file: &Path, error: CaptureError) -> Failure {
    match error {
        CaptureError::Store(error) => Failure::engine(file, error),
        error => Failure::Check(format!("{}: {error}", shown(file))),
    }
}
