//! `mangrove roots`: everything that is alive at moments of a run, and why.
//!
//! ```text
//!  program ─ take ─┐
//!                  ├─▶ snapshots ─ ask ─▶ view ─ show ─▶ text, JSON, …
//!  file ─── open ──┤ │      └─ save ─▶ file
//!  socket ─ attach ┘ └─ terminal
//! ```

mod ask;
mod attach;
mod saved;
mod show;
mod take;
mod terminal;

use crate::args::RootsArgs;
use crate::errors::{Failure, shown};
use crate::output::Output;
use mangrove_inspect::Snapshot;

pub(super) use saved::numbered;

/// Runs the command.
pub fn run(args: &RootsArgs, output: &mut Output) -> Result<(), Failure> {
    // What cannot be is told before a program has run for an hour.
    ask::check(args)?;
    let file = &args.target.file;
    let earlier = match &args.ask.diff {
        Some(Some(earlier)) => Some(earlier),
        _ => None,
    };
    if args.show.terminal && !args.attach && saved::is_saved(file)? {
        nothing_runs(args)?;
        return terminal::opened(earlier.into_iter().chain([file]).cloned().collect());
    }
    let earlier = earlier.map(|file| saved::read(file)).transpose()?;
    let snapshots = match args.attach {
        true => match args.serve {
            Some(port) => return attach::serve(args, port, output),
            None if args.show.terminal => return terminal::taken(earlier, attach::take(args)?),
            None => vec![attach::take(args)?],
        },
        false => match saved::is_saved(file)? {
            true => vec![open(args)?],
            false if args.show.terminal => return terminal::live(args),
            false => take::take(args)?,
        },
    };
    if let Some(file) = &args.show.save {
        saved::save(file, &snapshots)?;
    }
    show::show(args, earlier.as_ref(), &snapshots, output)
}

/// Opens a saved moment.
fn open(args: &RootsArgs) -> Result<Snapshot, Failure> {
    nothing_runs(args)?;
    saved::read(&args.target.file)
}

/// Refuses what is about a run, of a saved moment.
fn nothing_runs(args: &RootsArgs) -> Result<(), Failure> {
    let what = if !args.at.is_empty() {
        "--at"
    } else if args.target.invoke.is_some() {
        "--invoke"
    } else {
        return Ok(());
    };
    let file = shown(&args.target.file);
    Err(Failure::Input(format!(
        "{file} is a saved moment: nothing runs, so {what} means nothing"
    )))
}
