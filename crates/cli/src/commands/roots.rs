//! `mangrove roots`: the root set at one moment of a run.
//!
//! The program runs with an observer, which takes the root set when its moment
//! comes. Then the program goes on to its end, or traps: neither matters any more.

use super::Program;
use crate::args::{At, Format, RootsArgs};
use crate::errors::Failure;
use crate::output::Output;
use crate::render;
use crate::render::view::View;
use mangrove::{Error, Hooks, Module, Moment, RootSet, Val};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the observer has seen.
#[derive(Default)]
struct Seen {
    roots: Option<Result<RootSet, Error>>,
    collections: u64,
    suspensions: u64,
}

/// Runs the command.
pub fn run(args: &RootsArgs, output: &mut Output) -> Result<(), Failure> {
    let mut config = args.engine.config();
    let switches = args.engine.switches || matches!(args.at, At::Suspend(_));
    config.hooks(Hooks {
        switches,
        ..Hooks::default()
    });
    let engine = super::engine(&config)?;
    let mut program = Program::load(&engine, &args.target)?;
    let seen = observe(&mut program, args.at);
    let result = execute(&mut program, args);
    let mut seen = lock(&seen);
    let roots = match (seen.roots.take(), result, args.at) {
        (Some(roots), _, _) => roots,
        // The results are held until here: what they refer to is alive.
        (None, Ok(_results), At::End) => program.store.roots(),
        (None, Ok(_), at) => return Err(never_came(at, &seen)),
        (None, Err(failure), _) => return Err(failure),
    };
    let roots = roots.map_err(|error| Failure::engine(&args.target.file, error))?;
    show(&roots, &program.module, args.format, output)
}

fn observe(program: &mut Program<'_>, at: At) -> Arc<Mutex<Seen>> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let observer = Arc::clone(&seen);
    program.store.observe(Box::new(move |store, moment| {
        let mut seen = lock(&observer);
        match moment {
            Moment::Collection(n) => seen.collections = n,
            Moment::Suspend(n) => seen.suspensions = n,
            Moment::Collected(_) | Moment::Resume(_) | Moment::Trap | Moment::End => {}
        }
        let is_now = match (at, moment) {
            (At::Collection(wanted), Moment::Collection(n))
            | (At::Suspend(wanted), Moment::Suspend(n)) => wanted == n,
            (At::Trap, Moment::Trap) => true,
            _ => false,
        };
        if is_now {
            seen.roots = Some(store.roots());
        }
    }));
    seen
}

/// A panic while the lock was held is reported elsewhere.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn execute(program: &mut Program<'_>, args: &RootsArgs) -> Result<Vec<Val>, Failure> {
    let instance = program.instantiate()?;
    match program.function(instance, &args.target)? {
        Some((func, values)) => program.call(func, &values),
        None => Ok(Vec::new()),
    }
}

fn never_came(at: At, seen: &Seen) -> Failure {
    Failure::Check(match at {
        At::Collection(n) => {
            format!(
                "collection {n} never came: the run ended after {}",
                seen.collections
            )
        }
        At::Suspend(n) => {
            format!(
                "suspension {n} never came: the run ended after {}",
                seen.suspensions
            )
        }
        At::Trap => "the run ended without a trap".to_owned(),
        At::End => "the run did not end".to_owned(),
    })
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
