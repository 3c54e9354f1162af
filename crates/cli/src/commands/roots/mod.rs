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
use std::path::Path;

pub(super) use saved::numbered;

/// Runs the command.
pub fn run(args: &RootsArgs, output: &mut Output) -> Result<(), Failure> {
    // What cannot be is told before a program has run for an hour.
    ask::check(args)?;
    saved::check(args)?;
    let from = source(args)?;
    if args.show.terminal {
        return in_terminal(args, &from);
    }
    let (earlier, snapshots) = match from {
        Source::Attached => {
            let earlier = earlier(args)?;
            match args.serve {
                Some(port) => return attach::serve(args, port, output),
                None => (earlier, vec![attach::take(args)?]),
            }
        }
        Source::Saved => (earlier(args)?, vec![saved::read(&args.target.file)?]),
        Source::TwoSaved(second) => (
            Some(saved::read(&args.target.file)?),
            vec![saved::read(second)?],
        ),
        Source::Program => (earlier(args)?, take::take(args)?),
    };
    if let Some(file) = &args.show.save {
        saved::save(file, &snapshots, output)?;
    }
    show::show(args, earlier.as_ref(), &snapshots, output)
}

/// Where moments come from.
enum Source<'a> {
    /// A program that is run here.
    Program,
    /// One that runs in another process.
    Attached,
    /// A file.
    Saved,
    /// Two files: this is the later one.
    TwoSaved(&'a Path),
}

/// Where the moments come from. What means nothing there is no option.
fn source(args: &RootsArgs) -> Result<Source<'_>, Failure> {
    let file = &args.target.file;
    let (source, why) = if args.attach {
        (
            Source::Attached,
            "--attach looks at what runs already".to_owned(),
        )
    } else if saved::is_saved(file)? {
        let why = format!("{} is a saved snapshot: nothing runs", shown(file));
        match args.second() {
            Some(second) => (Source::TwoSaved(second), why),
            None => (Source::Saved, why),
        }
    } else {
        args.target.check()?;
        return Ok(Source::Program);
    };
    if let Some(option) = args.given.first() {
        return Err(Failure::Input(format!("{why}, so {option} means nothing")));
    }
    match (&source, args.target.args.first()) {
        (Source::TwoSaved(_), _) | (_, None) => Ok(source),
        (_, Some(other)) => {
            let (file, other) = (shown(file), shown(Path::new(other)));
            Err(Failure::Input(format!(
                "{why}, so `{other}` means nothing; two saved snapshots are compared by: mangrove \
                 roots {file} {other} --diff"
            )))
        }
    }
}

/// The saved snapshot that `--diff` names.
fn earlier(args: &RootsArgs) -> Result<Option<Snapshot>, Failure> {
    match &args.ask.diff {
        Some(Some(file)) => saved::read(file).map(Some),
        _ => Ok(None),
    }
}

/// Shows it all in a terminal, which is there before files are read.
fn in_terminal(args: &RootsArgs, from: &Source<'_>) -> Result<(), Failure> {
    let file = &args.target.file;
    let named = match &args.ask.diff {
        Some(Some(earlier)) => Some(earlier),
        _ => None,
    };
    match from {
        Source::Program => terminal::live(args),
        Source::Attached => match args.serve {
            Some(_) => Err(Failure::Input(
                "--serve shows a page, and --terminal a terminal".to_owned(),
            )),
            None => terminal::taken(earlier(args)?, attach::take(args)?),
        },
        Source::Saved => terminal::opened(named.into_iter().chain([file]).cloned().collect()),
        Source::TwoSaved(second) => terminal::opened(vec![file.clone(), second.to_path_buf()]),
    }
}
