//! `model`: a million random steps of stack switching, each compared with a
//! model of the proposal's semantics.
//!
//! ```text
//!  choose ──command──▶ machine (lists for stacks) ──▶ events and end that must follow
//!     │                                                        ║ equal?
//!     └────command──▶ puppet (Wasm, on the engine) ──▶ events and end that do
//! ```
//!
//! A *puppet* is a module whose continuations run a command loop. Commands are
//! chosen with the model in view: most succeed, some are null, consumed,
//! unhandled. Whatever arrives anywhere is told of and compared: values, boxes
//! in payloads, bound arguments and locals, where a suspension or an exception
//! lands, which trap ends it all; and after collections, how many continuations
//! are live.

mod choose;
mod driver;
mod event;
mod handlers;
mod machine;
mod operations;
mod puppet;
mod reach;
mod state;
mod trace;
mod twist;
mod vocabulary;

pub use driver::{Met, Run, run, run_told};
pub use twist::Twist;

/// How many kinds of events a puppet can tell of: what [`Met::events`] is at most.
pub fn events() -> usize {
    event::Event::count()
}
