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
pub mod model;
pub mod overflow;
mod programs;
mod progress;
mod random;
mod round;
mod run;
mod suite;
mod suites;
mod summary;

pub use case::{Case, Size};
pub use progress::{ConsoleProgress, Progress, Quiet};
pub use random::play_choices;
pub use run::{StressOptions, UnknownSuite, run, run_by};
pub use suite::{FailedRound, Figures, Suite};
pub use suites::suites;
pub use summary::{SuiteReport, Summary};
