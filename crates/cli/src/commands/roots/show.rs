//! Shows what is asked, in the form that is wanted.

use super::ask;
use super::saved::{self, Refused};
use crate::args::{Format, RootsArgs};
use crate::errors::Failure;
use crate::output::Output;
use mangrove_inspect::Snapshot;
use mangrove_inspect::faces::devtools::{self, WriteError};
use mangrove_inspect::faces::page::{self, PageError, PageOptions};
use mangrove_inspect::faces::text::{FaceError, Look};
use mangrove_inspect::faces::{Asked, View, dot, json, text};
use std::io::Write;

/// Lines of a list, and of the list of roots.
const LINES: (usize, usize) = (20, 200);
/// Items of a list in JSON.
const ITEMS: usize = 1000;
/// Nodes of a graph.
const NODES: usize = 200;

/// Shows the snapshots. The first is compared with `earlier`, and each with the one before it.
pub fn show(
    args: &RootsArgs,
    earlier: Option<&Snapshot>,
    snapshots: &[Snapshot],
    output: &mut Output,
) -> Result<(), Failure> {
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (index, snapshot) in snapshots.iter().enumerate() {
        let before = match earlier {
            Some(earlier) => Some(earlier),
            None => index
                .checked_sub(1)
                .and_then(|before| snapshots.get(before)),
        };
        asked.push(match before {
            Some(before) => Asked::since(snapshot, before),
            None => Asked::new(snapshot),
        });
    }
    let mut views = Vec::new();
    for asked in &asked {
        let view = ask::view(args, asked.snapshot())?;
        // The first of several has nothing to be compared with.
        let compared = view == View::Diff || args.ask.diff.is_some();
        if !compared || asked.before().is_some() {
            views.push((asked, view));
        }
    }
    if let (Format::Heapsnapshot, Some(out)) = (args.show.format, &args.show.out) {
        return saved::each(out, snapshots, output, |snapshot, to| {
            devtools::write(snapshot, &devtools::Options::default(), to)
        });
    }
    let look = look(args, output);
    let fill = |to: &mut dyn Write| match args.show.format {
        Format::Text => texts(&views, look, args, to),
        Format::Json => documents(&views, limit(args, ITEMS), to),
        Format::Dot => graphs(&views, limit(args, NODES), to),
        Format::Html => {
            let all: Vec<&Snapshot> = earlier.into_iter().chain(snapshots).collect();
            Ok(page::write(&all, &PageOptions::default(), to)?)
        }
        Format::Heapsnapshot => heap_snapshot(snapshots, to),
    };
    match &args.show.out {
        Some(out) => saved::write(out, fill),
        None => output.stream(fill).map_err(|refused| match refused {
            Refused::Io(error) => Failure::Output(error),
            Refused::Input(message) => Failure::Input(message),
        }),
    }
}

/// How much of each list is shown.
fn limit(args: &RootsArgs, usual: usize) -> usize {
    match args.show.limit {
        _ if args.show.all => usize::MAX,
        Some(limit) => limit as usize,
        None => usual,
    }
}

/// What text looks like where it goes.
fn look(args: &RootsArgs, output: &Output) -> Look {
    let terminal = match args.show.out {
        Some(_) => None,
        None => output.terminal(),
    };
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    Look {
        colour: terminal.is_some() && !is_set("NO_COLOR") && !dumb,
        width: terminal.flatten(),
        most: limit(args, LINES.0),
    }
}

fn texts(
    views: &[(&Asked<'_>, View)],
    look: Look,
    args: &RootsArgs,
    to: &mut dyn Write,
) -> Result<(), Refused> {
    for (index, (asked, view)) in views.iter().enumerate() {
        if index > 0 {
            writeln!(to, "\n{}\n", "-".repeat(60))?;
        }
        let look = Look {
            most: match view {
                View::Roots => limit(args, LINES.1),
                _ => look.most,
            },
            ..look
        };
        text::write(asked, view, look, to)?;
    }
    Ok(())
}

/// One document, or a list of them.
fn documents(views: &[(&Asked<'_>, View)], most: usize, to: &mut dyn Write) -> Result<(), Refused> {
    let several = views.len() > 1;
    for (index, (asked, view)) in views.iter().enumerate() {
        if several {
            writeln!(to, "{}", if index == 0 { "[" } else { "," })?;
        }
        json::write(asked, view, most, to)?;
    }
    if several {
        writeln!(to, "]")?;
    }
    Ok(())
}

fn graphs(views: &[(&Asked<'_>, View)], most: usize, to: &mut dyn Write) -> Result<(), Refused> {
    for (asked, view) in views {
        dot::write(asked, view, most, to)?;
    }
    Ok(())
}

/// The only one: several have a file each.
fn heap_snapshot(snapshots: &[Snapshot], to: &mut dyn Write) -> Result<(), Refused> {
    for snapshot in snapshots {
        devtools::write(snapshot, &devtools::Options::default(), &mut *to)?;
    }
    Ok(())
}

impl From<FaceError> for Refused {
    fn from(error: FaceError) -> Self {
        match error {
            FaceError::Io(error) => Self::Io(error),
            other => Self::Input(other.to_string()),
        }
    }
}

impl From<PageError> for Refused {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Write(error) => Self::Io(error),
            other => Self::Input(other.to_string()),
        }
    }
}

impl From<WriteError> for Refused {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(error) => Self::Io(error),
            other => Self::Input(other.to_string()),
        }
    }
}
