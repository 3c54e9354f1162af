//! Compares what is found with what must be, moment by moment, while a program runs.

use super::engine::Ask;
use super::picture::{Labels, Picture};
use crate::random::oracle::Looks;
use mangrove::{Caller, Error, Moment, StoreView};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::IntoIter;

/// A judge, shared between the host function that collects and an observer.
#[derive(Clone)]
pub struct Judge(Arc<Mutex<State>>);

struct State {
    labels: Labels,
    expected: IntoIter<(Looks, Picture)>,
    /// Whether moments may come after the last that is expected.
    more: bool,
    compared: u64,
    /// The first difference.
    problem: Option<String>,
    /// The program collects: the host function has looked already.
    collecting: bool,
}

impl Judge {
    /// One that expects these.
    pub fn new(labels: Labels, expected: Vec<(Looks, Picture)>, more: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            labels,
            expected: expected.into_iter(),
            more,
            compared: 0,
            problem: None,
            collecting: false,
        })))
    }

    /// A panic while the lock was held is reported elsewhere.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is the program's function `gc`: looks, then collects, unless something is wrong, since
    /// a collection may take it for something else.
    ///
    /// # Errors
    /// Something is wrong.
    pub fn collect(&self, mut caller: Caller<'_, ()>, minor: bool) -> Result<(), Error> {
        let mut state = self.lock();
        state.look(Looks::COLLECTION, &mut caller);
        if let Some(problem) = &state.problem {
            return Err(Error::Usage(problem.clone()));
        }
        state.collecting = true;
        drop(state);
        let done = match minor {
            true => caller.gc_minor(),
            false => caller.gc(),
        };
        self.lock().collecting = false;
        done
    }

    /// Looks, if it is one of these moments.
    pub fn observe(&self, looks: Looks, view: &mut StoreView<'_>, moment: Moment) {
        let what = match moment {
            Moment::Suspend(_) => Looks::SUSPENSION,
            Moment::Resume(_) => Looks::RESUMPTION,
            Moment::Collection(_) => Looks::ALLOCATION,
            _ => return,
        };
        let mut state = self.lock();
        if looks.has(what) && !state.collecting {
            state.look(what, view);
        }
    }

    /// What was wrong, and how many moments were compared. All that were expected must have
    /// come.
    pub fn verdict(&self) -> (Option<String>, u64) {
        let state = self.lock();
        let left = state.expected.len();
        let problem = state.problem.clone();
        let missing = (left > 0).then(|| format!("{left} moments never came"));
        (problem.or(missing), state.compared)
    }
}

impl State {
    fn look(&mut self, what: Looks, store: &mut impl Ask) {
        if self.problem.is_some() {
            return;
        }
        let number = self.compared + 1;
        let Some((wanted, expected)) = self.expected.next() else {
            if !self.more {
                self.problem = Some(format!("moment {number} is not one of the program's"));
            }
            return;
        };
        self.compared = number;
        let found = match store.ask() {
            Ok(shown) => shown.picture(&mut self.labels),
            Err(error) => Err(error.to_string()),
        };
        self.problem = match found {
            _ if what != wanted => Some(format!("moment {number} is {what:?}, not {wanted:?}")),
            Ok(found) if found == expected => None,
            Ok(found) => Some(format!(
                "moment {number}: the roots are not what they must be{}",
                self.labels.difference(&expected, &found)
            )),
            Err(problem) => Some(format!("moment {number}: {problem}")),
        };
    }
}
