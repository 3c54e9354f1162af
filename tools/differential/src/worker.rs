//! The worker: runs seeds on both engines in one process, a line of JSON before
//! and after each, so that whoever reads knows which one it did not survive.

use crate::generate::Case;
use crate::ours;
use crate::theirs;
use crate::trace::{Difference, Trace, compare};
use mangrove::Error;
use serde_json::json;
use std::io::{self, Write};
use std::ops::Range;
use std::thread;

/// What a seed came to.
pub enum Verdict {
    /// Both engines did the same; how many calls each made.
    Same(usize),
    /// The traces are equal up to a limit.
    Cut,
    /// No module came of the seed, or neither engine takes it.
    Nothing,
    /// The engines differ.
    Differs(Difference),
}

/// Runs the seeds.
///
/// # Errors
/// When nobody reads what is said, or there is no thread to be had.
pub fn main(seeds: Range<u64>) -> io::Result<()> {
    // Wasmtime runs Wasm on the thread's own stack.
    thread::Builder::new()
        .stack_size(4 * ours::STACK)
        .spawn(move || seeds.into_iter().try_for_each(say))?
        .join()
        .map_err(|_| io::Error::other("panicked"))?
}

fn say(seed: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", json!({ "begin": seed }))?;
    out.flush()?;
    let (verdict, calls, text) = match judge(seed) {
        Verdict::Same(calls) => ("same", calls, String::new()),
        Verdict::Cut => ("cut", 0, String::new()),
        Verdict::Nothing => ("nothing", 0, String::new()),
        Verdict::Differs(difference) => ("differs", 0, difference.to_string()),
    };
    let line = json!({ "end": seed, "verdict": verdict, "calls": calls, "text": text });
    writeln!(out, "{line}")?;
    out.flush()
}

/// Runs one seed.
pub fn judge(seed: u64) -> Verdict {
    let Some(mut case) = Case::new(seed) else {
        return Verdict::Nothing;
    };
    let refused = |ours: String, theirs: String| {
        Verdict::Differs(Difference {
            place: "compilation".to_owned(),
            ours,
            theirs,
        })
    };
    let (ours, theirs) = match (ours::compile(&case), theirs::compile(&case.wasm)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        // Limits on sizes differ, and both are right.
        (Err(Error::Unsupported(_) | Error::Limit(_) | Error::Resource(_)), _)
        | (Err(_), Err(_)) => {
            return Verdict::Nothing;
        }
        (Err(error), Ok(_)) => return refused(error.to_string(), "takes it".to_owned()),
        (Ok(_), Err(error)) => return refused("takes it".to_owned(), error),
    };
    let calls = ours::plan(&ours, &mut case.rng);
    let (ours, theirs): (Trace, Trace) = (ours::run(&ours, &calls), theirs::run(&theirs, &calls));
    match compare(&ours, &theirs) {
        Some(difference) => Verdict::Differs(difference),
        None if ours.is_cut() || theirs.is_cut() => Verdict::Cut,
        None => Verdict::Same(ours.steps.len()),
    }
}
