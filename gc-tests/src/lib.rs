//! What the collector promises about continuations, as cases that read like a
//! specification: one idea each, in `cases/{clone,cont,heap,inline,objects,roots,trap,validate,weak}`.
//!
//! A case says what it is about in the comment it starts with. Lines in that
//! comment that start with a word of the harness set how it is run:
//!
//! ```text
//!  ;; config: --heap-max 1M         options of the command line, for all runs
//!  ;; only: default, unoptimised    the configurations it is run in
//!  ;; roots --invoke f --at gc:1    (.wat) the root set to compare
//! ```
//!
//! - `NAME.wast` is a script. It is run in every configuration: without zeal,
//!   with each kind of zeal, with minor collections at each of its moments, without optimisation, on stacks that are parked and
//!   mapped anew. ([`matrix`] has all combinations.)
//! - `NAME.wat` is a module. What `mangrove roots` prints for it is compared
//!   with the comment after `;; expected:` at its end. With `MANGROVE_BLESS=1` in
//!   the environment, that comment is written instead.
//!
//! Each run is a command line of `mangrove`, and a failure prints it.
#![forbid(unsafe_code)]

mod case;
pub mod folder;
mod golden;
pub mod matrix;
pub mod specification;

pub use case::{Case, Kind, cases};

use std::ffi::OsString;

/// How scripts are run: a name, and options of the command line.
pub const CONFIGURATIONS: [(&str, &[&str]); 17] = [
    ("default", &[]),
    ("zeal_alloc", &["--zeal", "alloc"]),
    ("zeal_switch", &["--zeal", "switch"]),
    ("zeal_call", &["--zeal", "call"]),
    ("zeal_move", &["--zeal", "move"]),
    ("zeal_interrupt", &["--zeal", "interrupt"]),
    ("zeal_alloc_minor", &["--zeal", "alloc,minor"]),
    ("zeal_switch_minor", &["--zeal", "switch,minor"]),
    ("zeal_call_minor", &["--zeal", "call,minor"]),
    ("zeal_move_minor", &["--zeal", "move,minor"]),
    (
        "zeal_all_minor",
        &["--zeal", "alloc,switch,call,move,interrupt,minor"],
    ),
    ("as_written", &["--opt-level", "speed"]),
    (
        "as_written_zeal_all_minor",
        &[
            "--opt-level",
            "speed",
            "--zeal",
            "alloc,switch,call,move,interrupt,minor",
        ],
    ),
    ("zeal_random", &["--zeal", "random:1,move,minor"]),
    ("unoptimised", &["--opt-level", "none"]),
    ("in_frames", &["--opt-level", "frame"]),
    // The corner of the matrix that is furthest from the default.
    (
        "corner",
        &[
            "--fresh-stacks",
            "--guard",
            "mprotect",
            "--opt-level",
            "none",
            "--park-after",
            "0",
            "--park-keep",
            "0",
            "--park-most",
            "8",
        ],
    ),
];

/// Runs a case with these options besides its own.
///
/// # Errors
/// What is wrong, and the command line that shows it.
pub fn run(case: &Case, options: &[&str]) -> Result<(), String> {
    let mut words: Vec<OsString> = vec!["mangrove".into()];
    match &case.kind {
        Kind::Script => words.extend(["wast".into(), case.path.clone().into()]),
        Kind::Roots(arguments) => {
            words.extend(["roots".into(), case.path.clone().into()]);
            words.extend(arguments.iter().map(OsString::from));
            words.extend(["--view", "roots", "--all"].map(OsString::from));
            // Most are about frames as they were written.
            if !case.options.iter().any(|option| option == "--opt-level") {
                words.extend(["--opt-level", "speed"].map(OsString::from));
            }
        }
    }
    words.extend(case.options.iter().map(OsString::from));
    words.extend(options.iter().map(OsString::from));
    let (printed, result) = mangrove_cli::capture(words.iter().cloned());
    result
        .map_err(|failure| format!("{failure}\n{printed}"))
        .and_then(|()| match case.kind {
            Kind::Script => Ok(()),
            Kind::Roots(_) => golden::check(case, &printed),
        })
        .map_err(|message| {
            let line: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            format!("{}\n{message}", line.join(" "))
        })
}
