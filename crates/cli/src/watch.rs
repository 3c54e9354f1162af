//! `--watch`: the report on continuations while the program runs.
//!
//! ```text
//!  a thread          every so often: a report is due; says so if the last one still is
//!      │ NOTHING ─▶ DUE ─▶ MAKING ─▶ NOTHING
//!      ▼
//!  an observer       at the next entry of a function, head of a loop, or collection: if one
//!                    is due, makes it and prints it; the program stands still meanwhile
//! ```
//!
//! A store is looked at by its own thread alone, and only where its stacks are
//! stopped at calls. A program that comes to no such point, for as long as a host function
//! runs, is not looked at, and the output says that.

use crate::errors::Failure;
use crate::inspecting::can_look;
use crate::render;
use crate::render::alike::{Alike, With};
use mangrove::{ContinuationsReport, Module, ReportOptions, ResourceError, Store, StoreView};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Stacks beyond which their pages are not counted at each refresh.
const MANY_STACKS: u64 = 64 << 10;

/// No report is wanted yet.
const NOTHING: u8 = 0;
/// One is, as soon as there is a moment to make it.
const DUE: u8 = 1;
/// It is being made.
const MAKING: u8 = 2;

/// A watch under way. It ends when it is dropped.
pub struct Watching {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    every: Duration,
    screen: Arc<Mutex<Screen>>,
}

impl Watching {
    /// Begins to watch the store, which runs this module.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        store: &mut Store<()>,
        module: Module,
        every: Duration,
        options: ReportOptions,
        json: bool,
    ) -> Result<Self, Failure> {
        let next = Arc::new(AtomicU8::new(NOTHING));
        let screen = Arc::new(Mutex::new(Screen::new(json)));
        let (stop, stopped) = mpsc::channel();
        let thread = {
            let (next, screen) = (Arc::clone(&next), Arc::clone(&screen));
            let engine = module.engine().clone();
            let thread = thread::Builder::new().spawn(move || {
                while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                    let (from, to, order) = (NOTHING, DUE, Ordering::Relaxed);
                    if next.compare_exchange(from, to, order, order) == Err(DUE) {
                        lock(&screen).nothing();
                    }
                    engine.increment_epoch();
                }
            });
            thread.map_err(|error| {
                let error = ResourceError::thread("start a thread for --watch", &error);
                Failure::settings(error.into())
            })?
        };
        let shared = Arc::clone(&screen);
        store.observe(Box::new(move |view, moment| {
            if can_look(moment) && next.load(Ordering::Relaxed) == DUE {
                next.store(MAKING, Ordering::Relaxed);
                let looked = look(view, options).map_err(|error| error.to_string());
                let looked = looked.and_then(|report| Ok((report, Alike::of(view)?)));
                match looked {
                    Ok((report, alike)) => lock(&screen).show(&report, &alike, &module),
                    Err(error) => lock(&screen).write(&format!("{error}\n")),
                }
                next.store(NOTHING, Ordering::Relaxed);
            }
        }));
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
            every,
            screen: shared,
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell that matters now.
            let _ = thread.join();
        }
        // Two reports were due, and the thread did not come to say that there was none:
        // the machine had other things to do.
        let mut screen = lock(&self.screen);
        if !screen.told && screen.began.elapsed() >= 2 * self.every {
            screen.nothing();
        }
    }
}

fn look(
    view: &mut StoreView<'_>,
    options: ReportOptions,
) -> Result<ContinuationsReport, mangrove::Error> {
    let counts = view.report();
    let stacks = counts.committed_bytes / counts.stack_size.max(1);
    view.continuations(ReportOptions {
        resident: stacks <= MANY_STACKS,
        ..options
    })
}

/// A panic while the lock was held is reported elsewhere.
fn lock(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard error, and what is on it.
struct Screen {
    began: Instant,
    /// When the last report was shown.
    shown: Instant,
    json: bool,
    terminal: bool,
    /// Lines to overwrite.
    lines: usize,
    /// Whether anything was written.
    told: bool,
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    /// Since the run began.
    seconds: f64,
    /// Whether there was a moment to look; without one there is no report.
    safepoint: bool,
    #[serde(flatten)]
    report: Option<With<'a>>,
}

impl Screen {
    fn new(json: bool) -> Self {
        let now = Instant::now();
        Self {
            began: now,
            shown: now,
            json,
            terminal: io::stderr().is_terminal(),
            lines: 0,
            told: false,
        }
    }

    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn show(&mut self, report: &ContinuationsReport, alike: &Alike, module: &Module) {
        self.shown = Instant::now();
        let seconds = self.seconds();
        let text = if self.json {
            self.json_line(Some(alike.with(report)))
        } else if self.terminal {
            let report = render::report::continuations(report, alike, module);
            format!("after {seconds:.1} s\n{report}")
        } else {
            let summary = render::report::summary(&report.registry);
            format!("after {seconds:.1} s: {summary}\n")
        };
        self.write(&text);
    }

    /// A report was due, and there was no moment to make one.
    fn nothing(&mut self) {
        let text = if self.json {
            self.json_line(None)
        } else {
            format!(
                "after {:.1} s: nothing new for {:.1} s: the program came to no place where it could be \
                 looked at\n",
                self.seconds(),
                self.shown.elapsed().as_secs_f64()
            )
        };
        self.write(&text);
    }

    fn json_line(&self, report: Option<With<'_>>) -> String {
        let line = Line {
            seconds: self.seconds(),
            safepoint: report.is_some(),
            report,
        };
        let text = render::json_line(&line);
        text.map_or_else(|error| error.to_string(), |text| text + "\n")
    }

    /// Writes in place of the last text, on a terminal. Nowhere is left to say
    /// that standard error is closed.
    fn write(&mut self, text: &str) {
        self.told = true;
        let mut stderr = io::stderr().lock();
        if self.terminal && !self.json {
            let up = std::mem::replace(&mut self.lines, text.lines().count());
            if up > 0 {
                let _ = write!(stderr, "\x1b[{up}A\x1b[J");
            }
        }
        let _ = stderr.write_all(text.as_bytes());
    }
}
