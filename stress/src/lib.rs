//! Programs that are hard on the meeting point of continuations and the
//! collector, and the means to judge them.
//!
//! ```text
//!  seed ──scenario──▶ Case: program + what it must compute ──round──▶ passed, or a FailedRound with its seed
//!                                                │
//!                       mangrove (engine, store) ┘  zeal, limits
//! ```
//!
//! A case's program checks every object itself as it meets it again, and
//! returns a checksum; what the checksum must be is computed here, by code that
//! shares nothing with compiler, stacks, collector or heap. A root that was
//! lost or not updated gives a wrong value, and a wrong value fails the round.
#![forbid(unsafe_code)]

mod case;
pub mod export;
pub mod model;
mod options;
pub mod overflow;
mod programs;
mod progress;
mod random;
mod reduce;
mod report;
mod round;
mod run;
mod schedule;
mod setting;
mod shard;
mod suite;
mod suites;
mod summary;
mod trials;
mod workers;
mod world;

pub use case::{Case, Size};
pub use options::{ChoiceError, RoundOptions, StressOptions};
pub use progress::{ConsoleProgress, Progress, Quiet, RoundBegins};
pub use random::play_choices;
pub use report::{Build, Campaign, MergeError, Merged, NamedReport, Report, ReportError, merge};
pub use run::{run, run_by};
pub use shard::{Origin, Shard, ShardError};
pub use suite::{FailedRound, FailureKind, Figures, Suite};
#[doc(hidden)]
pub use suites::few;
pub use suites::soak::{Soak, resident};
pub use suites::suites;
pub use summary::{Details, SuiteReport, Summary, Verdict};
pub use workers::{Workers, run_with_workers, serve_standard};
