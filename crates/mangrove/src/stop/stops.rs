//! An observer that counts, and tells when the moments that are wanted have come.

use super::at::StopAt;
use super::place::PlaceError;
use crate::access::{Store, StoreView};
use crate::{Config, Module};
use mangrove_abi::FuncIndex;
use mangrove_collector::{CollectionKind, ModuleId};
use mangrove_runtime::{Error, EventKind, Moment, ResourceError, UpdateDeadline};
use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Moments of one run at which it is to be looked at.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Linker, Module, Stops, Store};
/// use std::sync::mpsc::channel;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stops = Stops::new(["enter:step:3".parse()?, "end".parse()?]);
/// let mut config = Config::new();
/// stops.prepare(&mut config);
/// let engine = Engine::new(&config)?;
/// let module = Module::new(&engine, b"(module
///     (func $step (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
///     (func (export \"count\") (param i32)
///         (loop (br_if 0 (local.tee 0 (call $step (local.get 0)))))))")?;
/// stops.resolve(&module)?;
///
/// let mut store = Store::new(&engine, ())?;
/// let (tell, told) = channel();
/// let stopping = stops.watch(&mut store, move |view, stop| {
///     tell.send((stop.to_string(), view.roots().unwrap().frames)).unwrap();
/// })?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let count = instance.get_typed_func::<i32, ()>(&mut store, "count")?;
/// count.call(&mut store, 5)?;
/// assert!(stopping.finish(&mut store).is_empty());
/// let told: Vec<_> = told.try_iter().map(|(stop, _)| stop).collect();
/// assert_eq!(told, ["enter:step:3", "end"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stops {
    list: Vec<Stop>,
}

/// One of them.
#[derive(Clone, Debug)]
struct Stop {
    at: StopAt,
    /// The function where it is, in each module that has its place.
    places: Vec<(ModuleId, FuncIndex)>,
    /// How many of its kind there were.
    seen: u64,
    over: bool,
}

/// What a run came to, of what it was watched for. It ends when it is dropped and the store
/// is.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Missed, StopAt, Stopping, Stops, Store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stops = Stops::new(["gc:2".parse()?, "gc-minor:1".parse()?]);
/// let mut config = Config::new();
/// stops.prepare(&mut config);
/// let mut store = Store::new(&Engine::new(&config)?, ())?;
/// let stopping: Stopping = stops.watch(&mut store, |_, stop| {
///     assert_eq!(stop.to_string(), "gc:2");
/// })?;
/// store.gc()?;
/// store.gc()?;
/// let missed: Vec<Missed> = stopping.finish(&mut store);
/// let minor: StopAt = "gc-minor:1".parse()?;
/// assert_eq!(missed, [Missed { stop: minor, seen: 0 }]);
/// let text = "minor collection 1 never came: the run ended after 0";
/// assert_eq!(missed[0].to_string(), text);
/// # Ok(())
/// # }
/// ```
pub struct Stopping {
    shared: Arc<Mutex<Shared>>,
}

/// A moment that did not come.
///
/// # Examples
/// See [`Stopping`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The moment.
    pub stop: StopAt,
    /// How many of its kind there were.
    pub seen: u64,
}

/// Who is told of a moment that has come.
type Tell = Box<dyn FnMut(&mut StoreView<'_>, &StopAt) + Send>;

struct Shared {
    list: Vec<Stop>,
    began: Instant,
    tell: Tell,
    /// While it is here the clock goes on.
    _clock: Option<mpsc::Sender<()>>,
}

impl Stops {
    /// Of these moments. One that comes is told of once.
    pub fn new(stops: impl IntoIterator<Item = StopAt>) -> Self {
        let stop = |at| Stop {
            at,
            places: Vec::new(),
            seen: 0,
            over: false,
        };
        Self {
            list: stops.into_iter().map(stop).collect(),
        }
    }

    /// Has an engine compile what the moments need, and nothing else: hooks on switches for
    /// suspensions and resumptions, a hook at each place that is named, a look at the epoch
    /// for times.
    pub fn prepare(&self, config: &mut Config) {
        for stop in &self.list {
            stop.at.prepare(config);
        }
    }

    /// Finds the places in a module that is to run, which was compiled for them. What is not
    /// found in any module never comes.
    ///
    /// # Errors
    /// The module has no such place; the others are found all the same.
    pub fn resolve(&mut self, module: &Module) -> Result<(), PlaceError> {
        let mut first = Ok(());
        for stop in &mut self.list {
            let Some(place) = stop.at.place() else {
                continue;
            };
            match module.hooked_place(&place) {
                Ok(function) => stop.places.push((module.id(), function)),
                Err(error) => first = first.and(Err(error)),
            }
        }
        first
    }

    /// Watches a store that was made for it, and tells of each moment once, when it comes.
    /// The run goes on afterwards, unless it is interrupted ([`StoreView::interrupt`]). Where
    /// times are among them, the store's deadline and what is asked at it are these stops'
    /// own from now on, and the time begins now.
    ///
    /// # Errors
    /// [`Error::Resource`] if the system gives no thread to watch the time.
    ///
    /// # Panics
    /// What is told may panic, as an observer may.
    pub fn watch<T: 'static>(
        self,
        store: &mut Store<T>,
        tell: impl FnMut(&mut StoreView<'_>, &StopAt) + Send + 'static,
    ) -> Result<Stopping, Error> {
        let mut times: Vec<Duration> = self.list.iter().filter_map(|stop| stop.at.time()).collect();
        times.sort_unstable();
        let began = Instant::now();
        let clock = match times.is_empty() {
            true => None,
            false => Some(start_clock(store, began, times)?),
        };
        let shared = Arc::new(Mutex::new(Shared {
            list: self.list,
            began,
            tell: Box::new(tell),
            _clock: clock,
        }));
        let observer = Arc::clone(&shared);
        store.observe(Box::new(move |view, moment| {
            lock(&observer).come(view, moment);
        }));
        Ok(Stopping { shared })
    }
}

/// Raises the engine's epoch at each of these times. The store goes on then.
fn start_clock<T: 'static>(
    store: &mut Store<T>,
    began: Instant,
    times: Vec<Duration>,
) -> Result<mpsc::Sender<()>, Error> {
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
    store.set_epoch_deadline(1);
    let engine = store.engine().clone();
    let (going, stopped) = mpsc::channel();
    let thread = thread::Builder::new().spawn(move || {
        for time in times {
            let left = time.saturating_sub(began.elapsed());
            if stopped.recv_timeout(left) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            engine.increment_epoch();
        }
    });
    match thread {
        Ok(_) => Ok(going),
        Err(error) => Err(ResourceError::thread("start a thread for a stop", &error).into()),
    }
}

impl Stopping {
    /// The run is over: tells of the end if that is wanted. What did not come.
    pub fn finish<T>(&self, store: &mut Store<T>) -> Vec<Missed> {
        let mut shared = lock(&self.shared);
        shared.fire(&mut store.view(), |stop| stop.at == StopAt::End);
        let missed = shared.list.iter().filter(|stop| !stop.over);
        missed
            .map(|stop| Missed {
                stop: stop.at.clone(),
                seen: stop.seen,
            })
            .collect()
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        // While it is told of a moment, there is nothing to see.
        if let Ok(shared) = self.shared.try_lock() {
            list.entries(&shared.list);
        }
        list.finish()
    }
}

impl Shared {
    /// A moment has come.
    fn come(&mut self, view: &mut StoreView<'_>, moment: Moment) {
        let event = view.event().map(|event| event.kind().clone());
        let passed = self.began.elapsed();
        self.fire(view, |stop| stop.comes(moment, event.as_ref(), passed));
    }

    fn fire(&mut self, view: &mut StoreView<'_>, mut is_now: impl FnMut(&mut Stop) -> bool) {
        for stop in &mut self.list {
            if !stop.over && is_now(stop) {
                stop.over = true;
                (self.tell)(view, &stop.at);
            }
        }
    }
}

impl Stop {
    /// Counts, and says whether this is it.
    fn comes(&mut self, moment: Moment, event: Option<&EventKind>, passed: Duration) -> bool {
        let wanted = match &self.at {
            StopAt::Collection { kind, number } => {
                if !matches!(moment, Moment::Collection(_)) || !is_of(event, *kind) {
                    return false;
                }
                *number
            }
            StopAt::Suspend(number) if matches!(moment, Moment::Suspend(_)) => *number,
            StopAt::Resume(number) if matches!(moment, Moment::Resume(_)) => *number,
            StopAt::Trap if moment == Moment::Trap => 1,
            StopAt::Enter { number, .. } => match event {
                Some(EventKind::Entered { at, .. })
                    if self.places.contains(&(at.module, at.function)) =>
                {
                    *number
                }
                _ => return false,
            },
            StopAt::Offset { offset, number } => match event {
                Some(EventKind::Reached { at, .. })
                    if at.wasm_offset.is_some_and(|at| at.as_u32() == *offset)
                        && self.places.contains(&(at.module, at.function)) =>
                {
                    *number
                }
                _ => return false,
            },
            StopAt::After(time) => return moment == Moment::Deadline && passed >= *time,
            StopAt::Suspend(_) | StopAt::Resume(_) | StopAt::Trap | StopAt::End => return false,
        };
        self.seen += 1;
        self.seen == wanted
    }
}

/// Whether a collection of this kind begins.
fn is_of(event: Option<&EventKind>, wanted: Option<CollectionKind>) -> bool {
    match (event, wanted) {
        (_, None) => true,
        (Some(EventKind::Collection { kind, .. }), Some(wanted)) => *kind == wanted,
        _ => false,
    }
}

impl StopAt {
    fn time(&self) -> Option<Duration> {
        match self {
            Self::After(time) => Some(*time),
            _ => None,
        }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.seen;
        let what = match &self.stop {
            StopAt::Collection { kind, number } => match kind {
                None => format!("collection {number}"),
                Some(CollectionKind::Minor) => format!("minor collection {number}"),
                Some(CollectionKind::Full) => format!("full collection {number}"),
            },
            StopAt::Suspend(number) => format!("suspension {number}"),
            StopAt::Resume(number) => format!("resumption {number}"),
            StopAt::Enter { function, number } => {
                format!(
                    "entry {number} of {}",
                    mangrove_validate::printable(function)
                )
            }
            StopAt::Offset { offset, number } => format!("execution {number} of {offset:#x}"),
            StopAt::Trap => return f.write_str("the run ended without a trap"),
            StopAt::End => return f.write_str("the run did not end"),
            StopAt::After(time) => {
                return write!(
                    f,
                    "the run ended before {} s had passed",
                    time.as_secs_f64()
                );
            }
        };
        write!(f, "{what} never came: the run ended after {seen}")
    }
}

/// A panic while the lock was held is reported elsewhere.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
