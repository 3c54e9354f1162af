//! `--timeout`, `--fuel`, and Ctrl-C: a program that ends from outside.
//!
//! ```text
//!  a thread that sleeps   ─┐
//!  the handler of SIGINT  ─┴▶ the engine's epoch goes up ─▶ the store's deadline has come
//! ```

use crate::args::Until;
use crate::errors::Failure;
use mangrove::{Engine, Error, ResourceError, Store};
use std::thread;
use std::time::Instant;

/// Starts what raises the engine's epoch when the time is over, counted from `began` on, or
/// at Ctrl-C.
///
/// # Errors
/// The system gives no thread, or no handler.
pub fn start(engine: &Engine, until: &Until, began: Instant) -> Result<(), Failure> {
    if !until.by_epoch() {
        return Ok(());
    }
    engine.interrupt_on_ctrl_c().map_err(Failure::settings)?;
    let Some(timeout) = until.timeout else {
        return Ok(());
    };
    let clock = engine.clone();
    let thread = thread::Builder::new().spawn(move || {
        thread::sleep(timeout.saturating_sub(began.elapsed()));
        clock.increment_epoch();
    });
    match thread {
        // It ends with the process.
        Ok(_) => Ok(()),
        Err(error) => {
            let error = ResourceError::thread("start a thread for --timeout", &error);
            Err(Failure::settings(error.into()))
        }
    }
}

/// Gives a store its deadline, the first time that the epoch is raised, and its fuel.
///
/// # Errors
/// The engine was made for something else.
pub fn limit(store: &mut Store<()>, until: &Until) -> Result<(), Error> {
    store.set_epoch_deadline(1);
    until.fuel.map_or(Ok(()), |units| store.set_fuel(units))
}
