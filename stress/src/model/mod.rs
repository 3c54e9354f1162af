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
mod host;
mod machine;
mod operations;
mod puppet;
mod reach;
mod recording;
mod shrink;
mod state;
mod trace;
mod twist;
mod vocabulary;

use crate::suite::{Round, RoundEnd, RoundResult, Suite};

pub use driver::{Run, run, run_told};
pub use host::Met;
pub use shrink::{Shortest, shortest};
pub use twist::Twist;

/// How many kinds of events a puppet can tell of: what [`Met::events`] is at most.
pub fn events() -> usize {
    event::Event::count()
}

/// Steps in a round at full size.
const STEPS: u32 = 250_000;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "model",
    about: "random steps of every instruction, each compared with a model of its semantics",
    breaks: "the rules of stack switching: where control lands, with which values, what traps",
    least: 4,
    programs: false,
    play: play_round,
};

fn play_round(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let steps = u64::from(of.size.of(STEPS, 500));
    let parameters = format!("steps={steps}");
    let mut result = of.play(begin, &parameters, &mut || {
        let run = run(of.seed, steps, of.config, None)?;
        Ok(RoundResult::new(run.figures, run.difference))
    });
    if let RoundEnd::Failed(failure) = &mut result.end {
        shrink::of_round(of, steps, failure);
    }
    result.of_seed(of.seed, &parameters)
}
