//! A timeline of a run: who runs when, what resumes what, collections with their phases, and
//! what heap and stacks take meanwhile. For Perfetto's UI, or in Chrome's JSON.
//!
//! ```text
//!  store ─ events, phases ─▶ recorder ─ points on tracks ─▶ perfetto | chrome ─▶ sink ─▶ file
//!                              │ chains: slices, nested      (one form)
//!                              └ tracks: one each, or one for many
//! ```
//!
//! It is written as it happens, and takes memory by what lives and by how much code there is, not by how long it
//! runs.

mod chains;
mod chrome;
mod form;
mod names;
mod perfetto;
mod recorder;
mod sink;
mod tracks;
mod wire;

use form::Form;
use mangrove::Store;
use recorder::Recorder;
use sink::Sink;
use std::fs::File;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long what was gathered waits to be written, where little happens.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// How a timeline is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimelineForm {
    /// Perfetto's protobuf.
    #[default]
    Perfetto,
    /// Chrome's JSON.
    Chrome,
}

/// What a timeline is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineOptions {
    /// Its form.
    pub form: TimelineForm,
    /// What it is called.
    pub title: String,
    /// Bytes after which nothing more is recorded.
    pub limit: u64,
    /// How many continuations get a track of their own. Those that are made later share one
    /// with the others of their function that were made at the same place.
    pub tracks: u64,
}

impl Default for TimelineOptions {
    /// Perfetto's form, 256 MiB, 2,000 tracks.
    fn default() -> Self {
        Self {
            form: TimelineForm::default(),
            title: "mangrove".to_owned(),
            limit: 256 << 20,
            tracks: 2_000,
        }
    }
}

/// What became of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineSummary {
    /// What is on its tracks: slices count twice, at their begin and their end.
    pub points: u64,
    /// Its size.
    pub bytes: u64,
    /// Whether it ends before the run, at its limit.
    pub truncated: bool,
}

/// A timeline that is being written. It ends when it is finished, or dropped.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Hooks, Linker, Module, Store};
/// use mangrove_inspect::timeline::{Timeline, TimelineOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut config = Config::new();
/// // Without hooks it has collections and calls only.
/// config.hooks(Hooks { switches: true, ..Hooks::default() });
/// let engine = Engine::new(&config)?;
/// let module = Module::new(&engine, "(module
///     (type $f (func)) (type $k (cont $f)) (func $f) (elem declare func $f)
///     (func (export \"main\") (resume $k (cont.new $k (ref.func $f)))))")?;
/// let mut store = Store::new(&engine, ())?;
/// # let path = std::env::temp_dir().join(format!("timeline-{}", std::process::id()));
/// let timeline = Timeline::start(&mut store, std::fs::File::create(&path)?, &TimelineOptions::default());
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "main")?.call(&mut store, ())?;
/// let summary = timeline.finish(&mut store)?;
/// assert!(!summary.truncated);
/// assert_eq!(std::fs::metadata(&path)?.len(), summary.bytes);
/// # std::fs::remove_file(path)?;
/// # Ok(())
/// # }
/// ```
pub struct Timeline {
    recorder: Arc<Mutex<Recorder>>,
    /// Ends the thread that writes what waits.
    _flushing: Option<mpsc::Sender<()>>,
}

impl Timeline {
    /// Begins one, in a file that is empty. Switches are on it where the store's code has hooks on them
    /// ([`mangrove::Hooks::switches`]). What cannot be written is an error when it is finished.
    pub fn start<T>(store: &mut Store<T>, file: File, options: &TimelineOptions) -> Self {
        let form: Box<dyn Form> = match options.form {
            TimelineForm::Perfetto => Box::new(perfetto::Perfetto::default()),
            TimelineForm::Chrome => Box::new(chrome::Chrome::default()),
        };
        let sink = Sink::new(file, form.tail());
        let bounds = (options.limit, options.tracks);
        let mut recorder = Recorder::new(form, sink, &options.title, bounds);
        recorder.count(&store.counts());
        let recorder = Arc::new(Mutex::new(recorder));
        let hears = Arc::clone(&recorder);
        store.observe_events(move |event| lock(&hears).hear(event));
        let hears = Arc::clone(&recorder);
        store.observe_phases(move |report| lock(&hears).phase(report));
        let _flushing = start_flushing(&recorder);
        Self {
            recorder,
            _flushing,
        }
    }

    /// Ends it. What is open ends now, and counters show what there is.
    ///
    /// # Errors
    /// The first error of writing the file.
    pub fn finish<T>(self, store: &mut Store<T>) -> io::Result<TimelineSummary> {
        let mut recorder = lock(&self.recorder);
        recorder.finish(Some(&store.counts()))?;
        let (points, bytes) = recorder.size();
        Ok(TimelineSummary {
            points,
            bytes,
            truncated: recorder.truncated,
        })
    }
}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timeline").finish_non_exhaustive()
    }
}

impl Drop for Timeline {
    /// The file is whole in any case; nobody is left to hear of an error.
    fn drop(&mut self) {
        let _ = lock(&self.recorder).finish(None);
    }
}

/// Has what was gathered written now and then, also while the program tells nothing: it may
/// be ended from outside. Without a thread it is written when there is enough of it.
fn start_flushing(recorder: &Arc<Mutex<Recorder>>) -> Option<mpsc::Sender<()>> {
    let recorder = Arc::downgrade(recorder);
    let (going, stopped) = mpsc::channel();
    let thread = thread::Builder::new().spawn(move || {
        while stopped.recv_timeout(FLUSH_EVERY) == Err(RecvTimeoutError::Timeout) {
            match recorder.upgrade() {
                Some(recorder) => lock(&recorder).flush(),
                None => return,
            }
        }
    });
    thread.is_ok().then_some(going)
}

/// A panic while the lock was held is reported elsewhere.
fn lock(recorder: &Mutex<Recorder>) -> MutexGuard<'_, Recorder> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}
