//! Runs WebAssembly test scripts (`.wast`).
//!
//! ```text
//!  text ──script──▶ directives ──runner──▶ outcomes ──report──▶ FileReport
//!                                 │  ▲
//!                          values │  │ patterns, messages: is that what the script expects?
//!                                 ▼  │
//!                            mangrove (engine, store, linker)
//! ```
//!
//! Each directive passes or fails on its own; a failure never ends the script,
//! but directives that need an instance which an earlier one failed to make
//! fail too, and say so.
#![forbid(unsafe_code)]

mod directive;
mod messages;
mod patterns;
mod report;
mod runner;
mod script;
mod spectest;
mod values;

pub use report::{FailedDirective, FailureKind, FileReport};
pub use runner::{ScriptOptions, run_file, run_file_in, run_source};
pub use script::{ModuleSource, STANDARD_INPUT, ScriptError, read_module};
pub use spectest::{Sink, define_spectest, imports_spectest};
pub use values::{parse_float32, parse_float64};
