//! `mangrove roots`: the root set at one moment of a run.
//!
//! The program runs with an observer, which takes the root set when its moment
//! comes. Then the program goes on to its end, or traps: neither matters any more.

use super::Program;
use crate::args::{Format, RootsArgs};
use crate::errors::Failure;
use crate::output::Output;
use crate::render;
use crate::render::view::View;
use mangrove::{Error, Module, RootSet, StopAt, Stops, Val};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs the command.
pub fn run(args: &RootsArgs, output: &mut Output) -> Result<(), Failure> {
    let mut stops = Stops::new([args.at.clone()]);
    let mut config = args.engine.config();
    stops.prepare(&mut config);
    let engine = super::engine(&config)?;
    let mut program = Program::load(&engine, &args.target)?;
    let found = stops.resolve(&program.module);
    found.map_err(|error| program.input(&error.to_string()))?;
    let seen: Arc<Mutex<Option<Result<RootSet, Error>>>> = Arc::default();
    let tell = Arc::clone(&seen);
    let stopping = stops.watch(&mut program.store, move |view, stop| {
        *tell.lock().unwrap_or_else(PoisonError::into_inner) = Some(view.roots());
        // A time is given for programs that may not end.
        if matches!(stop, StopAt::After(_)) {
            view.interrupt();
        }
    });
    let stopping = stopping.map_err(Failure::settings)?;
    let result = execute(&mut program, args);
    let take = || seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let roots = match (take(), result) {
        (Some(roots), _) => roots,
        // The results are held until here: what they refer to is alive.
        (None, Ok(_results)) => {
            let missed = stopping.finish(&mut program.store);
            match (take(), missed.first()) {
                (Some(roots), _) => roots,
                (None, Some(missed)) => return Err(Failure::Check(missed.to_string())),
                (None, None) => return Err(Failure::Check("the run did not end".to_owned())),
            }
        }
        (None, Err(failure)) => return Err(failure),
    };
    let roots = roots.map_err(|error| Failure::engine(&args.target.file, error))?;
    show(&roots, &program.module, args.format, output)
}

fn execute(program: &mut Program<'_>, args: &RootsArgs) -> Result<Vec<Val>, Failure> {
    let instance = program.instantiate()?;
    match program.function(instance, &args.target)? {
        Some((func, values)) => program.call(func, &values),
        None => Ok(Vec::new()),
    }
}

fn show(
    roots: &RootSet,
    module: &Module,
    format: Format,
    output: &mut Output,
) -> Result<(), Failure> {
    let view = View::new(roots, module);
    match format {
        Format::Text => output.text(&render::text::page(&view)),
        Format::Json => output.line(&render::json(roots)?),
        Format::Dot => output.text(&render::dot::graph(&view)),
        Format::Html => output.text(&render::html::page(&view)),
    }
}
