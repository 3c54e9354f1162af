//! A program that runs in another process, through its socket.

use crate::args::RootsArgs;
use crate::errors::{Failure, shown};
use crate::output::Output;
use mangrove_inspect::Snapshot;
use mangrove_inspect::faces::page::{self, PageOptions};
use mangrove_inspect::socket::{AttachError, AttachOptions, Client, HttpServer};
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A snapshot of it.
pub fn take(args: &RootsArgs) -> Result<Snapshot, Failure> {
    let client = Client::attach(&args.target.file);
    let taken = client.and_then(|mut client| client.snapshot(&options(args)));
    taken.map_err(|error| failure(args, &error))
}

/// Serves a page of it, until somebody ends this. A connection that broke is made anew when
/// the page is asked for again: the program may have been started again.
pub fn serve(args: &RootsArgs, port: u16, output: &mut Output) -> Result<(), Failure> {
    let usage = |error: mangrove_inspect::socket::HttpError| Failure::Input(error.to_string());
    let client = Client::attach(&args.target.file).map_err(|error| failure(args, &error))?;
    let options = options(args);
    // The one that was shown last: what has changed since is on the page.
    let shared = Mutex::new((Some(client), None::<Snapshot>));
    let socket = args.target.file.clone();
    let server = HttpServer::bind(port).map_err(usage)?;
    output.line(&server.address())?;
    output.flush()?;
    let served: Result<Infallible, _> = server.serve(move || {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (connection, before) = &mut *shared;
        let taken = snapshot(connection, &socket, &options);
        let taken = taken.map_err(|error| mangrove::printable(&error.to_string()).into_owned())?;
        let all: Vec<&Snapshot> = before.iter().chain([&taken]).collect();
        let mut html = Vec::new();
        page::write(&all, &PageOptions::default(), &mut html).map_err(|error| error.to_string())?;
        *before = Some(taken);
        Ok(html)
    });
    match served {
        Err(error) => Err(usage(error)),
        Ok(never) => match never {},
    }
}

/// A snapshot by way of this connection, or a new one. Only a refusal leaves it so that the
/// next answer is that of the next request.
fn snapshot(
    connection: &mut Option<Client>,
    socket: &Path,
    options: &AttachOptions,
) -> Result<Snapshot, AttachError> {
    let mut client = match connection.take() {
        Some(client) => client,
        None => Client::attach(socket)?,
    };
    let taken = client.snapshot(options);
    if matches!(taken, Ok(_) | Err(AttachError::Refused { .. })) {
        *connection = Some(client);
    }
    taken
}

fn options(args: &RootsArgs) -> AttachOptions {
    let follow = args.serve.is_some() || args.ask.diff.is_some() || args.show.save.is_some();
    AttachOptions::default().wait(args.wait).follow(follow)
}

/// What did not come in time is as a moment that never came.
fn failure(args: &RootsArgs, error: &AttachError) -> Failure {
    let message = format!("{}: {error}", shown(&args.target.file));
    match error {
        AttachError::Refused { kind, .. } if kind == "time" || kind == "over" => {
            Failure::Check(message)
        }
        AttachError::Ended => Failure::Check(message),
        AttachError::Connect { .. } => Failure::Input(error.to_string()),
        _ => Failure::Input(message),
    }
}
