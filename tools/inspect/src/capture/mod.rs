//! From a store to a [`Snapshot`], in one pass over all it has.
//!
//! ```text
//!  store.survey ─ items ─▶ Taker ─▶ Builder ─┐
//!                            │ keys          ├─▶ Snapshot
//!  store.names ◀─ each once ─┘ Interned ─────┘
//! ```
//!
//! While the store shows what it has, numbers are noted: functions, sites and types, each
//! once. What they are called is asked when that is over.

mod interned;
mod named;
mod taker;

use crate::snapshot::{About, BuildError, Builder, Snapshot};
use interned::Interned;
use mangrove::{
    Caller, Error, ModuleId, RegistryReport, Store, StoreNames, StoreView, SurveyItem,
    SurveyOptions, SurveySummary,
};
use std::ops::ControlFlow;
use taker::Taker;

/// How a snapshot is taken.
///
/// # Examples
/// ```
/// use mangrove_inspect::CaptureOptions;
///
/// let options = CaptureOptions::default().contents(64).follow(true).moment("gc:3");
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct CaptureOptions {
    /// Bytes of the contents of each object that are kept, at most.
    contents: usize,
    follow: bool,
    about: About,
}

impl Default for CaptureOptions {
    /// All contents, and nothing is to be known again.
    fn default() -> Self {
        Self {
            contents: usize::MAX,
            follow: false,
            about: About::default(),
        }
    }
}

impl CaptureOptions {
    /// Keeps so many bytes of the contents of each object at most; 0 for none.
    #[must_use]
    pub fn contents(mut self, most: usize) -> Self {
        self.contents = most;
        self
    }

    /// Whether objects and continuations are to be known again in later snapshots of the
    /// store: see [`SurveyOptions::follow`].
    #[must_use]
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// What the moment is called.
    #[must_use]
    pub fn moment(mut self, name: impl Into<String>) -> Self {
        self.about.moment = name.into();
        self
    }

    /// What the program is called, or its file.
    #[must_use]
    pub fn program(mut self, name: impl Into<String>) -> Self {
        self.about.program = name.into();
        self
    }

    /// Which snapshot of the run this is, and how many seconds since it began.
    #[must_use]
    pub fn number(mut self, number: u32, seconds: f64) -> Self {
        self.about.number = number;
        self.about.seconds = seconds;
        self
    }
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The store could not be looked at.
    #[error(transparent)]
    Store(#[from] Error),
    /// What it showed does not fit together, or is more than a snapshot can hold.
    #[error("the store shows what does not fit together: {0}")]
    Build(#[from] BuildError),
}

/// What snapshots can be taken of.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Linker, Module, Store};
/// use mangrove_inspect::{Capture, CaptureOptions, snapshot::Kind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(&Config::new())?;
/// let module = Module::new(&engine, b"(module
///     (type $point (struct (field $x i32)))
///     (global $kept (ref $point) (struct.new $point (i32.const 7))))")?;
/// let mut store = Store::new(&engine, ())?;
/// Linker::new(&engine).instantiate(&mut store, &module)?;
/// let snapshot = store.snapshot(&CaptureOptions::default())?;
/// let nodes = snapshot.nodes();
/// let global = nodes.of(Kind::Global).next().expect("there is one");
/// let point = nodes.edges(global).next().expect("it holds one").to;
/// let contents = snapshot.contents(point).expect("an object");
/// let x = contents.part(0).expect("it has a field");
/// assert_eq!(snapshot.place_name(point, x.at), "field 0 $x");
/// assert_eq!(snapshot.value_text(&x.value), "7");
/// # Ok(())
/// # }
/// ```
pub trait Capture {
    /// What is there now. Nothing moves.
    ///
    /// # Errors
    /// [`CaptureError::Store`] if a frame or the heap is not as it must be,
    /// [`CaptureError::Build`] if there is more than 2^32 of something.
    fn snapshot(&mut self, options: &CaptureOptions) -> Result<Snapshot, CaptureError>;
}

/// What a store is asked.
trait Source {
    fn show(
        &mut self,
        options: SurveyOptions,
        visit: &mut dyn FnMut(SurveyItem<'_>) -> ControlFlow<()>,
    ) -> Result<SurveySummary, Error>;
    fn look_up(&self) -> StoreNames<'_>;
    fn counts(&self) -> RegistryReport;
}

macro_rules! sources {
    ($([$($header:tt)*] $store:ty;)*) => { $(
        $($header)* Source for $store {
            fn show(
                &mut self,
                options: SurveyOptions,
                visit: &mut dyn FnMut(SurveyItem<'_>) -> ControlFlow<()>,
            ) -> Result<SurveySummary, Error> {
                self.survey(options, visit)
            }

            fn look_up(&self) -> StoreNames<'_> {
                self.names()
            }

            fn counts(&self) -> RegistryReport {
                self.report()
            }
        }

        $($header)* Capture for $store {
            fn snapshot(&mut self, options: &CaptureOptions) -> Result<Snapshot, CaptureError> {
                capture(self, options)
            }
        }
    )* };
}

sources! {
    [impl<T>] Store<T>;
    [impl<T>] Caller<'_, T>;
    [impl] StoreView<'_>;
}

fn capture<S: Source>(store: &mut S, options: &CaptureOptions) -> Result<Snapshot, CaptureError> {
    let modules: Vec<ModuleId> = store.look_up().modules_of_instances();
    let mut builder = Builder::new();
    let mut interned = Interned::new(modules);
    let mut taker = Taker::new(&mut builder, &mut interned, options);
    let survey = SurveyOptions {
        follow: options.follow,
    };
    let summary = store.show(survey, &mut |item| {
        taker.item(item);
        ControlFlow::Continue(())
    })?;
    let places = taker.finish();
    let counts = store.counts();
    let names = store.look_up();
    for (row, place) in builder.fixed_rows().iter_mut().zip(places) {
        row.name = names.fixed(place);
    }
    interned.name_all(&names, builder.names());
    let about = about(options, &summary, &counts);
    Ok(builder.finish(about)?)
}

fn about(options: &CaptureOptions, summary: &SurveySummary, counts: &RegistryReport) -> About {
    let (heap, totals) = (summary.heap, summary.totals);
    let counted = [
        ("live_objects", totals.objects),
        ("live_object_bytes", totals.object_bytes),
        ("forgotten_objects", totals.forgotten_objects),
        ("forgotten_object_bytes", totals.forgotten_bytes),
        ("young_bytes", heap.young_used),
        ("young_space_bytes", heap.young_size),
        ("old_bytes", heap.old_used),
        ("old_bytes_after_full_collection", heap.live_then),
        ("heap_limit", heap.limit),
        ("live_continuations", counts.live),
        ("continuations_returned", counts.ended.returned),
        ("continuations_thrown", counts.ended.thrown),
        ("continuations_trapped", counts.ended.trapped),
        ("continuations_collected", counts.ended.collected),
        ("continuations_parked", counts.parked),
        ("activations", counts.activations),
    ];
    About {
        run: summary.run,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        minor_collections: heap.minor_collections,
        full_collections: heap.full_collections,
        created: counts.created,
        heap_used: heap.young_used + heap.old_used,
        heap_committed: heap.committed,
        stack_bytes: counts.stack_bytes,
        parked_bytes: counts.parked_bytes,
        stack_committed: counts.committed_bytes,
        counts: counted.map(|(name, count)| (name.to_owned(), count)).into(),
        ..options.about.clone()
    }
}
