//! Looking at a program while it runs: at the places where code looks for the end of its time.
//!
//! ```text
//!  --watch: a thread, now and then ─┐
//!  --inspect: somebody who asks  ───┴▶ the engine's epoch goes up ─▶ Moment::Deadline
//! ```
//!
//! What runs is asked for no more than that, and goes on.

use crate::errors::Failure;
use crate::until::Over;
use mangrove::{Engine, Moment, Store, UpdateDeadline};
use mangrove_inspect::socket::{ListenError, Server, ServerOptions};
use std::path::Path;

/// Lets a program go on when its deadline has come only because somebody looks.
pub fn go_on(store: &mut Store<()>, over: &Over) {
    let over = over.clone();
    store.epoch_deadline_callback(move |_| {
        Ok(match over.is() {
            true => UpdateDeadline::Interrupt,
            false => UpdateDeadline::Continue(1),
        })
    });
}

/// Whether the store can be looked at, of a moment that an observer is told of.
pub fn can_look(moment: Moment) -> bool {
    !matches!(moment, Moment::Collected(_) | Moment::Trap | Moment::End)
}

/// Listens for those who want to look. It ends when it is dropped.
///
/// # Errors
/// There is something else at the path, or the system refuses.
pub fn listen(
    store: &mut Store<()>,
    engine: &Engine,
    path: &Path,
    program: &Path,
) -> Result<Server, Failure> {
    let name = program.file_name().unwrap_or(program.as_os_str());
    let engine = engine.clone();
    let options = ServerOptions::new(name.to_string_lossy(), move || engine.increment_epoch());
    let (server, window) = Server::listen(path, options).map_err(|error| match error {
        ListenError::Thread(error) => {
            let error = mangrove::ResourceError::thread("start a thread for --inspect", &error);
            Failure::settings(error.into())
        }
        other => Failure::Input(format!("--inspect {other}")),
    })?;
    store.observe(Box::new(move |view, moment| {
        if window.wanted() && !matches!(moment, Moment::Collected(_)) {
            window.look(view, &name_of(moment));
        }
    }));
    Ok(server)
}

fn name_of(moment: Moment) -> String {
    match moment {
        Moment::Collection(number) => format!("gc:{number}"),
        Moment::Suspend(number) => format!("suspend:{number}"),
        Moment::Resume(number) => format!("resume:{number}"),
        Moment::Trap => "trap".to_owned(),
        Moment::End => "end".to_owned(),
        _ => "when asked".to_owned(),
    }
}
