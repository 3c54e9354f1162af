//! `--timeout`, `--fuel`, and Ctrl-C: a program that ends from outside.
//!
//! ```text
//!  a thread that sleeps   ─┐
//!  the handler of SIGINT  ─┴▶ the engine's epoch goes up ─▶ the store's deadline has come
//! ```

use crate::args::Until;
use crate::errors::Failure;
use mangrove::{Engine, Error, ResourceError, Store, ctrl_c_came};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a program whose time is over is told so.
const AGAIN: Duration = Duration::from_millis(50);

/// Whether what raises the epoch is about to do so, or has. A store that is made later has
/// a deadline that has come.
#[derive(Clone, Debug, Default)]
pub struct Over(Arc<AtomicBool>);

impl Over {
    /// Whether it is.
    pub fn is(&self) -> bool {
        self.0.load(Ordering::SeqCst) || ctrl_c_came()
    }
}

/// Starts what raises the engine's epoch when the time is over, counted from `began` on, or
/// at Ctrl-C.
///
/// # Errors
/// The system gives no thread, or no handler.
pub fn start(engine: &Engine, until: &Until, began: Instant) -> Result<Over, Failure> {
    let over = Over::default();
    if !until.by_epoch() {
        return Ok(over);
    }
    engine.interrupt_on_ctrl_c().map_err(Failure::settings)?;
    let Some(timeout) = until.timeout else {
        return Ok(over);
    };
    let (clock, told) = (engine.clone(), over.clone());
    let thread = thread::Builder::new().spawn(move || {
        thread::sleep(timeout.saturating_sub(began.elapsed()));
        told.0.store(true, Ordering::SeqCst);
        // Again and again: a program that was just told to go on has a new deadline.
        loop {
            clock.increment_epoch();
            thread::sleep(AGAIN);
        }
    });
    match thread {
        // It ends with the process.
        Ok(_) => Ok(over),
        Err(error) => {
            let error = ResourceError::thread("start a thread for --timeout", &error);
            Err(Failure::settings(error.into()))
        }
    }
}

/// Gives a store its deadline, the next time that the epoch is raised, and its fuel.
///
/// # Errors
/// The engine was made for something else.
pub fn limit(store: &mut Store<()>, until: &Until, over: &Over) -> Result<(), Error> {
    store.set_epoch_deadline(1);
    // It may have been raised just before.
    if over.is() {
        store.set_epoch_deadline(0);
    }
    until.fuel.map_or(Ok(()), |units| store.set_fuel(units))
}
