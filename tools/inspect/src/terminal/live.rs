//! A program that runs while it is looked at: in a thread of its own, which waits in an observer at each
//! moment where it is to stop.
//!
//! ```text
//!  terminal's thread            program's thread
//!   go(until) ────────────────▶  runs … an observer is told of a moment
//!   poll() ◀─── snapshot ──────  the one that is wanted: takes a snapshot,
//!   go(until) ────────────────▶  and waits here
//! ```
//!
//! The terminal is served by the main thread, so that signals to the process are delivered there, and not
//! on a stack of Wasm code.

use super::source::{Progress, Source, Until};
use crate::{Capture, CaptureOptions, Snapshot};
use mangrove::{Moment, Observer, StoreView};
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// What the program's thread tells.
enum Told {
    Stopped(Box<Snapshot>),
    Over(String),
}

/// What ends a program whose terminal has gone: no fault of anyone.
struct Left;

/// A program in a thread.
///
/// When this is dropped a program that waits ends, as by a panic of a host function. One that runs goes on
/// until it comes to where it would have waited, or to its end, or to that of the process.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Linker, Module, Store};
/// use mangrove_inspect::CaptureOptions;
/// use mangrove_inspect::terminal::{Live, Progress, Source, Until};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(&Config::new())?;
/// let module = Module::new(&engine, b"(module (func (export \"main\")))")?;
/// let mut live = Live::start(CaptureOptions::default(), move |stopper| {
///     let run = || {
///         let mut store = Store::new(&engine, ())?;
///         store.observe(stopper.observer());
///         let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
///         let main = instance.func(&store, "main").expect("it is exported");
///         main.call(&mut store, &[])
///     };
///     match run() {
///         Ok(_) => "the program returned".to_owned(),
///         Err(error) => error.to_string(),
///     }
/// })?;
/// live.go(Until::End);
/// let snapshot = loop {
///     if let Progress::Stopped(snapshot) = live.poll() {
///         break snapshot;
///     }
/// };
/// assert_eq!(snapshot.about().moment, "end");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Live {
    until: Arc<AtomicU8>,
    go: Sender<()>,
    told: Receiver<Told>,
    /// Whether it has not told what it does since it was sent on.
    goes: bool,
}

impl Live {
    /// Starts a thread, in which the program runs once it is sent on. It is handed what stops it, of which
    /// it gives the observer to its store before anything runs there, and says what became of it in
    /// the end.
    ///
    /// To stop at switches the store's engine needs [`mangrove::Hooks::switches`]; without it such a
    /// program runs to its end.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        options: CaptureOptions,
        program: impl FnOnce(&Stopper) -> String + Send + 'static,
    ) -> io::Result<Self> {
        let until = Arc::new(AtomicU8::new(Until::End as u8));
        let (go, may_go) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let wanted = Arc::clone(&until);
        thread::Builder::new()
            .name("program".to_owned())
            .spawn(move || {
                if may_go.recv().is_err() {
                    return;
                }
                let stopper = Stopper {
                    until: wanted,
                    waiting: Arc::new(Mutex::new(Waiting {
                        options,
                        began: Instant::now(),
                        taken: 0,
                        last: String::new(),
                        left: false,
                        may_go,
                        tell: tell.clone(),
                    })),
                };
                let text = match catch_unwind(AssertUnwindSafe(|| program(&stopper))) {
                    Ok(text) => text,
                    Err(payload) if payload.is::<Left>() => return,
                    Err(payload) => format!("the program panicked: {}", message(&*payload)),
                };
                // Nobody may be there to hear it.
                let _ = tell.send(Told::Over(text));
            })?;
        Ok(Self {
            until,
            go,
            told,
            goes: false,
        })
    }
}

/// Stops the program of a [`Live`], and waits until it is sent on.
#[derive(Clone, Debug)]
pub struct Stopper {
    until: Arc<AtomicU8>,
    waiting: Arc<Mutex<Waiting>>,
}

/// What is needed to stop. It is used by the program's thread only.
#[derive(Debug)]
struct Waiting {
    options: CaptureOptions,
    began: Instant,
    /// Snapshots that were taken.
    taken: u32,
    /// What the last moment was called.
    last: String,
    /// Whether the terminal has gone. What else the store tells while it ends is of no interest.
    left: bool,
    may_go: Receiver<()>,
    tell: Sender<Told>,
}

impl Stopper {
    /// The observer that stops where the terminal says.
    pub fn observer(&self) -> Observer {
        let this = self.clone();
        Box::new(move |store: &mut StoreView<'_>, moment: Moment| {
            if let Some(name) = name(&this.until, moment) {
                this.stop(store, name);
            }
        })
    }

    /// Stops here and now, at a moment that is called so: for other moments than the observer's. If the
    /// program has stopped at this one already, it goes on.
    ///
    /// # Panics
    /// The terminal has gone. The panic is to end the program, and has no message.
    pub fn stop(&self, store: &mut StoreView<'_>, name: String) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Names of moments but for the trap and the end have numbers, and come once.
        if waiting.left || name.contains(':') && name == waiting.last {
            return;
        }
        waiting.last.clone_from(&name);
        let seconds = waiting.began.elapsed().as_secs_f64();
        let options = waiting.options.clone().moment(name);
        let options = options.number(waiting.taken, seconds);
        waiting.taken += 1;
        let told = match store.snapshot(&options) {
            Ok(snapshot) => Told::Stopped(Box::new(snapshot)),
            Err(error) => Told::Over(error.to_string()),
        };
        if waiting.tell.send(told).is_err() || waiting.may_go.recv().is_err() {
            waiting.left = true;
            drop(waiting);
            resume_unwind(Box::new(Left));
        }
    }
}

/// What a moment is called, if the program is to stop there. A trap and the end are the last chance.
fn name(until: &AtomicU8, moment: Moment) -> Option<String> {
    let until = until.load(Ordering::Relaxed);
    let is = |wanted: Until| until == wanted as u8;
    match moment {
        Moment::Collection(n) => is(Until::Collection).then(|| format!("gc:{n}")),
        Moment::Suspend(n) => is(Until::Switch).then(|| format!("suspend:{n}")),
        Moment::Resume(n) => is(Until::Switch).then(|| format!("resume:{n}")),
        Moment::Trap => Some("trap".to_owned()),
        Moment::End => Some("end".to_owned()),
        // Others stop there, if they are asked to.
        Moment::Collected(_) | Moment::Enter | Moment::Reach | Moment::Deadline => None,
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}

impl Source for Live {
    fn go(&mut self, until: Until) {
        self.until.store(until as u8, Ordering::Relaxed);
        if !self.goes {
            // Its thread has ended if this fails: `poll` says so.
            let _ = self.go.send(());
            self.goes = true;
        }
    }

    fn poll(&mut self) -> Progress {
        match self.told.try_recv() {
            Ok(Told::Stopped(snapshot)) => {
                self.goes = false;
                Progress::Stopped(Arc::new(*snapshot))
            }
            Ok(Told::Over(text)) => Progress::Over(text),
            Err(TryRecvError::Empty) => Progress::Running,
            Err(TryRecvError::Disconnected) => Progress::Over("the program has ended".to_owned()),
        }
    }
}
