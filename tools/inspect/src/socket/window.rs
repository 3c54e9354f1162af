//! Where the program's thread and those of the server meet.

use super::KEPT;
use crate::{Capture, CaptureOptions, Snapshot};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a program is looked at through. Its thread calls [`Window::look`] wherever it can be
/// looked at; as long as nobody asks, that is one look at a flag.
#[derive(Clone, Debug)]
pub struct Window(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whether somebody wants something, or holds the program.
    wanted: AtomicBool,
    state: Mutex<State>,
    /// Something has changed that somebody may wait for.
    changed: Condvar,
    program: String,
    began: Instant,
}

#[derive(Debug)]
struct State {
    /// Tickets given out to those who want a moment.
    asked: u64,
    /// All tickets up to this one are answered.
    answered: u64,
    /// How many wait.
    waiting: u32,
    /// Whether one of them wants objects to be known again.
    follow: bool,
    /// The newest last.
    kept: VecDeque<Arc<Snapshot>>,
    /// The number of the next moment.
    next: u32,
    /// Why the last look failed.
    error: Option<String>,
    /// No snapshot before then.
    rest: Instant,
    /// Who holds the program, and until when.
    held: Option<(u64, Instant)>,
    over: bool,
}

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoMoment {
    /// The program came to no place in time.
    Time,
    /// It could not be looked at.
    Store(String),
    /// It has ended.
    Over,
    /// Who asked has gone.
    Gone,
}

impl Window {
    pub(super) fn new(program: &str) -> Self {
        let now = Instant::now();
        Self(Arc::new(Shared {
            wanted: AtomicBool::new(false),
            state: Mutex::new(State {
                asked: 0,
                answered: 0,
                waiting: 0,
                follow: false,
                kept: VecDeque::new(),
                next: 0,
                error: None,
                rest: now,
                held: None,
                over: false,
            }),
            changed: Condvar::new(),
            program: program.to_owned(),
            began: now,
        }))
    }

    /// A panic while the lock was held is reported elsewhere.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the program is called.
    pub(super) fn program(&self) -> &str {
        &self.0.program
    }

    /// Whether somebody wants a look.
    pub fn wanted(&self) -> bool {
        self.0.wanted.load(Ordering::Relaxed)
    }

    /// For the program's thread, where it can be looked at: takes a snapshot if somebody has
    /// asked, and stands still for as long as somebody wants it to.
    pub fn look(&self, store: &mut impl Capture, moment: &str) {
        if !self.wanted() {
            return;
        }
        let mut state = self.lock();
        loop {
            if state.is_asked() && (state.held.is_some() || state.is_rested()) {
                state = self.take(state, store, moment);
            }
            let now = Instant::now();
            match state.held {
                Some((_, until)) if now < until && !state.over => {
                    let waited = self.0.changed.wait_timeout(state, until - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                _ => break,
            }
        }
        state.held = None;
        self.note(&state);
    }

    /// Takes a snapshot. Those who ask meanwhile get the next one.
    fn take<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        store: &mut impl Capture,
        moment: &str,
    ) -> MutexGuard<'a, State> {
        let (ticket, number) = (state.asked, state.next);
        let follow = std::mem::take(&mut state.follow);
        drop(state);
        let began = Instant::now();
        let options = CaptureOptions::default()
            .moment(moment)
            .program(self.program())
            .number(number, self.0.began.elapsed().as_secs_f64())
            .follow(follow);
        let taken = store.snapshot(&options);
        let now = Instant::now();
        let mut state = self.lock();
        state.rest = now + (now - began);
        state.answered = ticket;
        match taken {
            Ok(snapshot) => {
                state.error = None;
                state.next += 1;
                if state.kept.len() == KEPT {
                    state.kept.pop_front();
                }
                state.kept.push_back(Arc::new(snapshot));
            }
            Err(error) => state.error = Some(error.to_string()),
        }
        self.0.changed.notify_all();
        state
    }

    fn note(&self, state: &State) {
        let wanted = state.is_asked() || state.held.is_some();
        self.0
            .wanted
            .store(wanted && !state.over, Ordering::Relaxed);
    }

    /// For the server: asks for a moment, and waits for it. `raise` is called now and then,
    /// to bring the program to a place where it can be looked at; `gone` says that nobody
    /// waits any more. With `hold`, the program stands still behind it, held by this client
    /// until then.
    pub(super) fn ask(
        &self,
        follow: bool,
        wait: Duration,
        hold: Option<(u64, Instant)>,
        raise: &dyn Fn(),
        gone: &mut dyn FnMut() -> bool,
    ) -> Result<Arc<Snapshot>, NoMoment> {
        let until = Instant::now() + wait;
        let mut state = self.lock();
        state.asked += 1;
        state.follow |= follow;
        state.waiting += 1;
        let ticket = state.asked;
        if hold.is_some() {
            state.held = hold;
        }
        self.note(&state);
        self.0.changed.notify_all();
        loop {
            if state.answered >= ticket {
                state.waiting -= 1;
                let newest = state.kept.back().cloned();
                return match (&state.error, newest) {
                    (None, Some(newest)) => Ok(newest),
                    (error, _) => Err(NoMoment::Store(error.clone().unwrap_or_default())),
                };
            }
            let over = state.over;
            let rested = state.is_rested();
            drop(state);
            let failed = match () {
                () if over => Some(NoMoment::Over),
                () if Instant::now() >= until => Some(NoMoment::Time),
                () if gone() => Some(NoMoment::Gone),
                () => None,
            };
            if failed.is_none() && rested {
                raise();
            }
            state = self.lock();
            if let Some(failed) = failed {
                state.waiting -= 1;
                if let Some((client, _)) = hold {
                    self.release_in(&mut state, client);
                }
                self.note(&state);
                return Err(failed);
            }
            let tick = Duration::from_millis(20);
            let waited = self.0.changed.wait_timeout(state, tick);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The program goes on, if this client holds it.
    pub(super) fn release(&self, client: u64) {
        let mut state = self.lock();
        self.release_in(&mut state, client);
        self.note(&state);
    }

    fn release_in(&self, state: &mut State, client: u64) {
        if state.held.is_some_and(|(holder, _)| holder == client) {
            state.held = None;
            self.0.changed.notify_all();
        }
    }

    /// The moments that are kept, the newest last.
    pub(super) fn kept(&self) -> Vec<Arc<Snapshot>> {
        self.lock().kept.iter().cloned().collect()
    }

    /// The program has ended: nothing more comes.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.over = true;
        self.note(&state);
        self.0.changed.notify_all();
    }
}

impl State {
    /// Whether somebody waits for a moment that was not taken yet.
    fn is_asked(&self) -> bool {
        self.answered < self.asked && self.waiting > 0
    }

    fn is_rested(&self) -> bool {
        Instant::now() >= self.rest
    }
}
