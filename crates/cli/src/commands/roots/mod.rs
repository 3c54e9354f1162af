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
    let earlier = match &args.ask.diff {
        Some(Some(file)) => Some(saved::read(file)?),
        _ => None,
    };
    let snapshots = match args.attach {
        true => match args.serve {
            Some(port) => return attach::serve(args, port, output),
            None if args.show.terminal => return terminal::saved(earlier, attach::take(args)?),
            None => vec![attach::take(args)?],
        },
        false => match saved::is_saved(&args.target.file)? {
            true if args.show.terminal => return terminal::saved(earlier, open(args)?),
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
    let what = if !args.at.is_empty() {
        "--at"
    } else if args.target.invoke.is_some() {
        "--invoke"
    } else {
        return saved::read(&args.target.file);
    };
    let file = shown(&args.target.file);
    Err(Failure::Input(format!(
        "{file} is a saved moment: nothing runs, so {what} means nothing"
    )))
}
