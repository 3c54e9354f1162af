//! From the options to the view.

use crate::args::{Format, Part, RootsArgs};
use crate::errors::Failure;
use mangrove_inspect::Snapshot;
use mangrove_inspect::faces::View;
use mangrove_inspect::questions::{Filter, Gone, NameError, NodeName};

/// Whether the options go together.
pub fn check(args: &RootsArgs) -> Result<(), Failure> {
    let ask = &args.ask;
    let wrong = |message: &str| Err(Failure::Input(message.to_owned()));
    let compares = ask.diff.is_some() || ask.view == Some(Part::Diff);
    let saved = matches!(ask.diff, Some(Some(_))) || args.second().is_some();
    if compares && !saved && args.at.len() < 2 {
        return wrong(
            "--diff compares two moments: give --at twice, or a saved snapshot: --diff FILE, \
             or two of them: mangrove roots BEFORE AFTER --diff",
        );
    }
    let other = !matches!(ask.view, None | Some(Part::Diff | Part::Suspects))
        || ask.filter.is_some()
        || ask.why.is_some()
        || ask.open.is_some()
        || !ask.what_if_drop.is_empty();
    if ask.diff.is_some() && other {
        return wrong("--diff goes with --suspects, and with no other question");
    }
    if ask.filter.is_some() && !matches!(ask.view, None | Some(Part::Stacks)) {
        return wrong("--filter lists nodes, or stacks with --view stacks");
    }
    let asks = ask.view.is_some_and(|view| view != Part::Summary)
        || ask.suspects
        || ask.filter.is_some()
        || ask.why.is_some()
        || ask.open.is_some()
        || !ask.what_if_drop.is_empty();
    match args.show.format {
        Format::Html | Format::Heapsnapshot if asks => {
            wrong("a page and a heap snapshot have everything in them: they take no question")
        }
        Format::Heapsnapshot if args.at.len() > 1 && args.show.out.is_none() => {
            wrong("a heap snapshot has one moment: several need --out FILE, for a file each")
        }
        _ => Ok(()),
    }
}

/// The view that is asked for, of this snapshot.
pub fn view(args: &RootsArgs, snapshot: &Snapshot) -> Result<View, Failure> {
    let ask = &args.ask;
    let find = |name: &NodeName| name.find(snapshot).map_err(no_node);
    if let Some(name) = &ask.why {
        return Ok(View::Why {
            node: find(name)?,
            ways: ask.ways.max(1) as usize,
        });
    }
    if let Some(name) = &ask.open {
        return Ok(View::Open {
            node: find(name)?,
            depth: ask.depth,
        });
    }
    if !ask.what_if_drop.is_empty() {
        let gone = ask
            .what_if_drop
            .iter()
            .map(|name| find(name).map(Gone::Node));
        return Ok(View::Dropped(gone.collect::<Result<_, _>>()?));
    }
    if ask.suspects {
        return Ok(View::Suspects);
    }
    let filter: Option<Filter> = ask.filter.clone();
    Ok(match (ask.view, filter) {
        (Some(Part::Stacks), filter) => View::Stacks(filter),
        (_, Some(filter)) => View::List(filter),
        (Some(Part::Diff), None) => View::Diff,
        (None, None) if ask.diff.is_some() => View::Diff,
        (Some(Part::Summary) | None, None) => View::Summary,
        (Some(Part::Roots), None) => View::Roots,
        (Some(Part::Shapes), None) => View::Shapes,
        (Some(Part::Types), None) => View::Types,
        (Some(Part::Suspects), None) => View::Suspects,
    })
}

fn no_node(error: NameError) -> Failure {
    Failure::Input(error.to_string())
}
