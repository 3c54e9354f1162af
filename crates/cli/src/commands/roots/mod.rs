//! `mangrove roots`: everything that is alive at moments of a run, and why.
//!
//! ```text
//!  program ─ take ─┐
//!                  ├─▶ snapshots ─ ask ─▶ view ─ show ─▶ text, JSON, …
//!  file ─── open ──┤        └─ save ─▶ file
//!  socket ─ attach ┘
//! ```

mod ask;
mod attach;
mod saved;
mod show;
mod take;

use crate::args::RootsArgs;
use crate::errors::{Failure, shown};
use crate::output::Output;
use mangrove_inspect::Snapshot;

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
            None => vec![attach::take(args)?],
        },
        false if saved::is_saved(&args.target.file)? => vec![open(args)?],
        false => take::take(args)?,
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
        "{file}: is a saved moment: nothing runs, so {what} means nothing"
    )))
}
